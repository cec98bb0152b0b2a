"""Whole refreshes through Dagster: what is published, and what stops it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from orchestration.places import Places
from orchestration.publish import kept
from orchestration.state import State
from tests.conftest import PROJECT
from tests.refreshes import (
    Refresh,
    RefreshServer,
    copied,
    last_build,
    new_places,
    published_figures,
    published_rows,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RefreshServer]:
    started = RefreshServer(tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def shop(server: RefreshServer, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The small shop, refreshed once. Tests work on copies of it."""
    places = new_places(tmp_path_factory.mktemp("shop") / "shop")
    status, output = server.run(places)
    assert status == 0, output
    return places


def content(places: Places) -> str:
    return hashlib.sha256(places.published.read_bytes()).hexdigest()


def assert_readers_saw_nothing(places: Places, before: str, outcome: str) -> None:
    assert content(places) == before
    assert last_build(places)["outcome"] == outcome
    assert not list(places.published.parent.rglob("*.wal"))


def test_a_refresh_publishes_the_marts_and_nothing_else(shop: Places) -> None:
    schemas = published_rows(shop, "select distinct table_schema from information_schema.tables")
    assert schemas == [("marts",)]
    tables = {row[0] for row in published_rows(shop, "select table_name from information_schema.tables")}
    assert {"orders", "retention_kpis", "build", "builds", "check_results", "restatements", "kpi_glossary"} <= tables
    build_id, orders = published_rows(shop, "select build_id, orders from marts.build")[0]
    assert orders == published_rows(shop, "select count(*) from marts.orders")[0][0]
    manifest = json.loads(shop.manifest.read_text(encoding="utf-8"))
    assert manifest["build_id"] == build_id == last_build(shop)["build_id"]
    assert manifest["tables"]["orders"] == orders
    assert last_build(shop)["outcome"] == "published"
    assert published_rows(shop, "select outcome from marts.builds where is_this_build") == [("published",)]


def test_a_first_refresh_has_nothing_to_be_compared_with_and_says_so(shop: Places) -> None:
    outcomes = dict(
        published_rows(shop, "select suite, string_agg(distinct outcome) from marts.check_results group by all")
    )
    assert outcomes["drift"] == "no_baseline"
    assert outcomes["reconciliation"] == "passed"
    assert published_rows(shop, "select baseline_build_id from marts.build") == [(None,)]


def test_what_changed_since_is_restated_and_explained(shop: Places, server: RefreshServer, tmp_path: Path) -> None:
    """One order of January 2025 is refunded by a newer version, one of February comes late: both are explained."""
    places = copied(shop, tmp_path / "shop")
    with (places.raw / "orders.csv").open("a", encoding="utf-8") as file:
        file.write("late,c1,2025-02-10 10:00:00,30.00,\n")
        file.write("o0-40,c0,2025-01-25 08:40:00,10.00,2025-06-30 09:00:00\n")
    before = published_rows(places, "select net_amount, order_date from marts.orders where order_id = 'o0-40'")
    assert [str(row[1])[:7] for row in before] == ["2025-01"]
    status, output = server.run(places)
    assert status == 0, output
    restated = published_rows(
        places,
        """
        select strftime(period_start, '%Y-%m'), late_orders, updated_orders, unexplained_orders,
            net_revenue_change, order_ids
        from marts.restatements where period_grain = 'month' order by 1
        """,
    )
    assert restated == [
        ("2025-01", 0, 1, 0, 10 - before[0][0], "o0-40"),
        ("2025-02", 1, 0, 0, 30, "late"),
    ]
    assert published_rows(places, "select baseline_build_id from marts.build") == [(last_build(shop)["build_id"],)]


def test_a_failing_suite_blocks_and_is_told_and_can_be_accepted_once(
    shop: Places, server: RefreshServer, tmp_path: Path
) -> None:
    """A third of February 2025 is missing: blocked, told, let through with a reason, and not noticed again."""
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    lines = (places.raw / "orders.csv").read_text(encoding="utf-8").splitlines()
    of_month = [line for line in lines if ",2025-02-" in line.split(",c", 1)[1]]
    gone = set(of_month[::3])
    (places.raw / "orders.csv").write_text(
        "\n".join(line for line in lines if line not in gone) + "\n", encoding="utf-8"
    )
    with webhook() as (address, received):
        status, output = server.run(places, {"STAMMKUNDE_WEBHOOK": address})
    assert status == 1
    assert_readers_saw_nothing(places, before, "blocked")
    assert "The closed month February 2025 changed" in output
    assert "Traceback" not in output
    text = received[0]["text"]
    assert "The closed month February 2025 changed" in text
    assert "expected at most 0.5 %" in text
    assert "/runs/" in text

    blocked = last_build(places)
    status, output = server.run(places, accepted_build=blocked["build_id"], accepted_reason="the shop deleted them")
    assert status == 0, output
    accepted = published_rows(places, "select accepted_reason, failures from marts.build")
    assert accepted == [("the shop deleted them", 1)]
    outcomes = published_rows(places, "select check_name from marts.check_results where outcome = 'accepted'")
    assert outcomes == [("unexplained_revenue_share",)]
    history = published_rows(places, "select outcome from marts.builds order by build_id")
    assert history == [("published",), ("blocked",), ("published",)]

    status, output = server.run(places, accepted_build=blocked["build_id"], accepted_reason="again")
    assert status == 0, output
    assert published_rows(places, "select accepted_reason, failures from marts.build") == [(None, 0)]


def test_an_acceptance_is_for_the_files_that_were_blocked(shop: Places, server: RefreshServer, tmp_path: Path) -> None:
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    State(places.state).note("20990101T000000Z-blocked", outcome="blocked", raw_fingerprint="of other files")
    status, output = server.run(places, accepted_build="20990101T000000Z-blocked", accepted_reason="it is right")
    assert status == 1
    assert "the raw files have changed" in output
    assert content(places) == before


def test_a_file_that_cannot_be_read_fails_in_one_line(shop: Places, server: RefreshServer, tmp_path: Path) -> None:
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    (places.raw / "orders.csv").write_bytes(b"%PDF-1.7 no table at all")
    status, output = server.run(places)
    assert status == 1
    assert "orders.csv" in output
    assert "Traceback" not in output
    assert_readers_saw_nothing(places, before, "failed")


def test_a_crashed_dbt_stops_the_refresh(shop: Places, server: RefreshServer, tmp_path: Path) -> None:
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    refresh = server.start(places)
    assert refresh.wait_for(lambda: bool(dbt_processes(refresh)))
    for process in dbt_processes(refresh):
        os.kill(process, signal.SIGKILL)
    assert refresh.wait() == 1
    assert "dbt" in refresh.output
    assert_readers_saw_nothing(places, before, "failed")


def dbt_processes(refresh: Refresh) -> list[int]:
    """Children of a refresh that are a dbt build."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == refresh.pid and "build" in (process / "cmdline").read_text().split("\0"):
                found.append(int(process.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def test_a_full_disk_stops_publish(server: RefreshServer, shop: Places, tmp_path: Path) -> None:
    places = copied(shop, tmp_path / "shop")
    before = places.published.read_bytes()
    shutil.rmtree(places.published.parent)
    places.published.parent.mkdir()
    size = len(before) + 400_000  # the good build and its manifests fit, another does not
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(places.published.parent)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        places.published.write_bytes(before)
        status, output = server.run(places)
        assert status == 1
        assert "could not be written" in output
        assert places.published.read_bytes() == before
        assert last_build(places)["outcome"] == "failed"
    finally:
        subprocess.run(["umount", str(places.published.parent)], check=True)


def test_two_refreshes_at_once_come_one_after_the_other(shop: Places, server: RefreshServer, tmp_path: Path) -> None:
    places = copied(shop, tmp_path / "shop")
    first, second = server.start(places), server.start(places)
    assert (first.wait(), second.wait()) == (0, 0), first.output + second.output
    assert "another refresh runs; this one waits for it" in first.output + second.output
    builds = State(places.state).rows("builds")[1:]
    assert [row["outcome"] for row in builds] == ["published", "published"]
    assert published_figures(places) == published_figures(shop)
    assert len(kept(places)) == 3


@pytest.mark.parametrize("seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 25))])
def test_after_a_kill_the_next_refresh_is_as_if_nothing_had_been(
    seed: int, shop: Places, server: RefreshServer, tmp_path: Path
) -> None:
    """Killed at a random moment of a random step; the next refresh gives what an undisturbed one gives."""
    moment = random.Random(seed)
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    step = moment.choice(["raw ...", "models ...", "models ...", "gate ...", "build ...", "publish ..."])
    refresh = server.start(places)
    refresh.wait_for(lambda: step in refresh.output)
    pause = threading.Event()
    pause.wait(moment.uniform(0, {"models ...": 10, "publish ...": 0.2}.get(step, 3)))
    try:
        os.kill(refresh.pid, signal.SIGKILL)
    except ProcessLookupError:
        pytest.fail("it had ended before it could be killed")
    assert refresh.wait() in (-signal.SIGKILL, 0)
    if last_build(places)["outcome"] == "running":
        published_rows(places, "select count(*) from marts.orders")  # opens, whatever was going on
        assert content(places) == before or last_build(places)["build_id"] in str(
            published_rows(places, "from marts.build")
        )
    status, output = server.run(places)
    assert status == 0, output
    assert published_figures(places) == published_figures(shop)
    assert "running" not in {row["outcome"] for row in State(places.state).rows("builds")}
    assert not list(places.published.parent.rglob("*unfinished*"))
    assert not list(places.published.parent.rglob("*.wal"))


class Broken:
    """A copy of the project with something taken out or put in."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        ignored = shutil.ignore_patterns(".git", ".venv", "target", "logs", "warehouse", "__pycache__", ".pytest_cache")
        shutil.copytree(PROJECT, self.project, ignore=ignored)


def test_a_failing_dbt_test_and_a_missing_suite_stop_publish(shop: Places, tmp_path: Path) -> None:
    """In a copy of the project: first a dbt test that fails, then a suite that is not there."""
    broken = Broken(tmp_path)
    failing = broken.project / "tests" / "data" / "assert_no_orders_at_all.sql"
    failing.write_text("select order_id from {{ ref('orders') }}\n", encoding="utf-8")
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    server = RefreshServer(tmp_path / "server", broken.project)
    try:
        status, output = server.run(places)
        assert status == 1
        assert "assert_no_orders_at_all" in output
        assert_readers_saw_nothing(places, before, "failed")
    finally:
        server.stop()

    failing.unlink()
    suites = broken.project / "orchestration" / "quality" / "suites.py"
    text = suites.read_text(encoding="utf-8")
    assert '    "drift": drift,\n' in text
    suites.write_text(text.replace('    "drift": drift,\n', ""), encoding="utf-8")
    server = RefreshServer(tmp_path / "server", broken.project)
    try:
        status, output = server.run(places)
        assert status == 1
        assert "the suite drift is missing" in output
        assert_readers_saw_nothing(places, before, "failed")
    finally:
        server.stop()


class webhook:  # noqa: N801 - a context manager, used as a function
    """A real server on 127.0.0.1 that keeps what is posted to it."""

    def __enter__(self) -> tuple[str, list[dict]]:
        received: list[dict] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/", received

    def __exit__(self, *arguments: object) -> None:
        self.server.shutdown()
        self.server.server_close()
