"""The benchmark measures what it says, and its page says what was measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import duckdb
import psutil
import pytest

from bench.measure import Cost, Watch, measure_command
from bench.page import PAGE, REFRESHES, RESULTS, page
from bench.refreshes import idle_seconds, watched
from bench.windows import scores_by_counts, scores_by_window
from tests.conftest import PROJECT, Build


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """A small shop, measured on all engines but Spark, by engine."""
    folder = tmp_path_factory.mktemp("bench")
    results = folder / "results.json"
    engines = [part for engine in ("duckdb", "pandas", "polars", "signals") for part in ("--engines", engine)]
    command = [sys.executable, "-m", "bench.run", "--orders", "20000", *engines]
    subprocess.run([*command, "--work", str(folder / "work"), "--results", str(results)], cwd=PROJECT, check=True)
    return {one["engine"]: one for one in json.loads(results.read_text(encoding="utf-8"))}


@pytest.mark.long
def test_every_model_and_test_is_measured_beside_its_floor(measured: dict[str, dict], sample: Build) -> None:
    found = measured["duckdb"]
    nodes = sample.manifest()["nodes"].values()
    assert found["models"].keys() == {node["name"] for node in nodes if node["resource_type"] == "model"}
    assert {"staging", "intermediate/orders", "outcomes", "marts/core", "data tests"} <= found["phases"].keys()
    assert len(found["floors"]) == 2
    costs = [*found["floors"], *found["models"].values(), found["build"]]
    assert all(cost["seconds"] > 0 and cost["cpu_seconds"] >= 0 and cost["peak_mib"] > 1 for cost in costs)
    models = sum(cost["seconds"] for cost in found["models"].values())
    assert found["whole"]["seconds"] == pytest.approx(models, abs=0.1)
    assert found["marts_of_peers"]["seconds"] < models


@pytest.mark.long
def test_signals_are_measured_beside_the_same_shop_with_orders_alone(measured: dict[str, dict]) -> None:
    found = measured["signals"]
    assert found["orders_alone"]["models"].keys() == found["signals"]["models"].keys()
    staged = [found[shop]["models"]["stg_activities"]["cpu_seconds"] for shop in ("orders_alone", "signals")]
    assert staged[0] < staged[1] < found["signals"]["whole"]["cpu_seconds"] < found["signals"]["build"]["cpu_seconds"]


@pytest.mark.long
@pytest.mark.parametrize("peer", ["pandas", "polars"])
def test_a_peer_gives_the_same_figures(measured: dict[str, dict], peer: str) -> None:
    assert measured[peer]["differences"] == []
    assert measured[peer]["whole"]["cpu_seconds"] > 0


def test_a_command_is_measured_with_its_children() -> None:
    child = "x = bytearray(200_000_000); sum(range(10**7))"
    work = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{child}'])"
    cost = measure_command([sys.executable, "-c", work], PROJECT)
    assert cost.peak_mib > 190
    assert 0 < cost.cpu_seconds < cost.seconds * 3


def test_a_command_that_fails_is_not_measured() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        measure_command([sys.executable, "-c", "raise SystemExit(3)"], PROJECT)


def test_a_watch_adds_up_processes_that_come_and_go() -> None:
    """A process that used some CPU time and has ended stays in the sum."""
    running: list[psutil.Process] = []
    with Watch(lambda: list(running)) as watch:
        began = time.time()
        busy = subprocess.Popen(
            [sys.executable, "-c", "import time\nx = bytearray(100_000_000)\nwhile time.process_time() < 2: pass"]
        )
        running.append(psutil.Process(busy.pid))
        busy.wait()
        running.clear()
    cost = watch.cost(began, time.time())
    assert 1 < cost.cpu_seconds < 3
    assert cost.peak_mib > 90


def test_a_refresh_is_measured_step_by_step() -> None:
    steps = """
import time
print("raw ...")
while time.process_time() < 1: pass
print("raw took 1.0 s")
print("models ...", flush=True)
print("models took 2.0 s", flush=True)
"""
    found = watched([sys.executable, "-u", "-c", steps], PROJECT, os.environ)
    assert list(found.steps) == ["start", "raw", "models", "end"]
    assert found.steps["raw"] > 0.5
    assert sum(found.steps.values()) == pytest.approx(found.cost.seconds)
    assert min(found.steps.values()) >= 0
    assert found.cost.cpu_seconds >= 1


def test_idle_are_the_seconds_in_which_less_than_a_tenth_of_a_core_is_used() -> None:
    """Looks at 0, 1, 3, 4 and 6 s: 1 s of CPU in the first second, 0.1 s in the next two, 0.1 s in one, none in two."""
    watch = Watch(lambda: [], times=[0, 1, 3, 4, 6], cpu_seconds=[0, 1, 1.1, 1.21, 1.21])
    assert idle_seconds(watch) == 4


def test_costs_add_up_in_time_and_not_in_memory() -> None:
    assert Cost(1, 2, 300) + Cost(10, 20, 100) == Cost(11, 22, 300)


def test_scores_are_the_same_by_a_window_and_by_counts() -> None:
    """Written for Spark, whose datediff has two arguments. Of 200 customers many share a value."""
    with duckdb.connect() as connection:
        connection.execute("create macro datediff(later, earlier) as later - earlier")
        connection.execute("create schema intermediate")
        connection.execute("create table intermediate.int_as_of as select date '2024-12-31' as as_of_date")
        connection.execute(
            "create table intermediate.int_customers as select 'c' || i as customer_id, 1 + i * i % 7 as orders, "
            "(i * 37 % 90)::decimal(28, 2) as net_revenue, date '2024-01-01' + (i * 11 % 60)::int as last_order_date "
            "from range(200) as _(i)"
        )
        by_window, by_counts = (
            connection.execute(query).fetchall() for query in (scores_by_window(), scores_by_counts())
        )
    assert by_window == by_counts
    assert len(by_window) > 50
    assert sum(row[-1] for row in by_window) == 200


def entry(engine: str, orders: int, cpu_seconds: float, peak_mib: float, **more: object) -> dict:
    cost = {"seconds": cpu_seconds / 2, "cpu_seconds": cpu_seconds, "peak_mib": peak_mib}
    floor = {"seconds": orders / 1e6, "cpu_seconds": orders / 1e6, "peak_mib": 100}
    return {
        "engine": engine, "orders": orders, "date": "2026-01-01", "whole": cost, "build": cost, "marts_of_peers": cost,
        "floors": [floor, {**floor, "cpu_seconds": 3 * orders / 1e6}],
        "phases": {"staging": cost}, "models": {"one": cost},
        "machine": {"cpu": "some", "cores": 2, "memory_gib": 16, "system": "Linux"}, "versions": {engine: "1"}, **more,
    }  # fmt: skip


def test_the_page_says_whether_goals_are_reached() -> None:
    """Floors of 1 and 3 s per million are 2 s: 75 s at 10 million are 3.8 times 20 s. 6.5 to 7.5 are 1.15 times."""
    results = [entry("duckdb", 1_000_000, 6.5, 500), entry("duckdb", 10_000_000, 75, 5000)]
    text = page([*results, entry("duckdb", 100_000_000, 2000, 16384, build=None)])
    rows = cells(text)
    assert ("10 million orders: at most 4 times the floor's CPU time", "3.8 times", "yes") in rows
    assert ("10 million orders: at most 3.5 GiB of memory", "4.9 GiB", "no") in rows
    growth = "from 1 to 10 million orders: at most linear growth + 10 %"
    assert (growth, "1.15 times the CPU time per order", "no") in rows
    assert ("1 million orders: at most 5.5 times the floor's CPU time", "3.2 times", "yes") in rows
    assert ("100 million orders: done within 16 GiB on two cores", "16.0 GiB", "yes") in rows


def cells(text: str) -> list[tuple[str, ...]]:
    """The rows of all tables of a page, without the blanks that fill up their columns."""
    rows = (line.strip("|").split("|") for line in text.splitlines() if line.startswith("|"))
    return [tuple(cell.strip() for cell in row) for row in rows]


def test_the_page_compares_peers_of_the_same_size() -> None:
    """50 s of wall time are 5 times the 10 s of the same models."""
    results = [entry("duckdb", 1000, 20, 500), entry("pandas", 1000, 100, 2048, differences=["one row"])]
    text = page([*results, entry("polars", 2000, 1, 1, differences=[])])
    assert ("", "pandas 1", "50.0 s", "100 s", "2.0 GiB", "5.0", "no") in cells(text)
    assert "polars 1 |" not in text.partition("## On Apache Spark")[0].partition("## Beside")[2]


def test_the_page_says_where_the_seconds_of_a_refresh_go() -> None:
    steps = {"start": 4, "raw": 3, "models": 9.5, "gate": 1, "publish": 0.5, "end": 2}
    cost = {"seconds": 20, "cpu_seconds": 25, "peak_mib": 512}
    known = {"machine": {}, "date": "2026-11-27", "idle_seconds": 1.5}
    refreshes = [
        {"what": "sample, once more", "target": "duckdb", "cost": cost, "steps": steps, **known},
        {"what": "make test", "target": "duckdb", "cost": cost, "steps": {"start": 20}, **known},
    ]
    rows = cells(page([], refreshes))
    assert ("", "engine", "wall", "CPU", "memory", "idle", *steps, "date") in rows
    seconds = ("4.0 s", "3.0 s", "9.5 s", "1.0 s", "0.5 s", "2.0 s")
    assert ("sample, once more", "duckdb", "20.0 s", "25.0 s", "0.5 GiB", "1.5 s", *seconds, "2026-11-27") in rows
    assert ("make test", "duckdb", "20.0 s", "25.0 s", "0.5 GiB", "1.5 s", *[""] * 6, "2026-11-27") in rows


def test_the_committed_page_is_that_of_the_committed_results() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(
        *(json.loads(file.read_text(encoding="utf-8")) for file in (RESULTS, REFRESHES))
    )
