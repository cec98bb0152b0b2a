"""Whole refreshes through Dagster: what is published, what is blocked, what stops them. In one file for one process."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.publish.builds import kept
from orchestration.state import State
from stammkunde.places import Places
from tests.conftest import PROJECT
from tests.malformed import ERRORS
from tests.refreshes import (
    Refresh,
    RefreshServer,
    assert_readers_saw_nothing,
    command_of_another_shell,
    content,
    environment_of_refresh,
    last_build,
    new_places,
    published_figures,
    published_rows,
    webhook,
    write_shop,
)


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


def test_each_table_and_column_says_in_the_published_file_what_it_is(shop: Places) -> None:
    without = published_rows(
        shop,
        """
        select table_name, null from duckdb_tables() where schema_name = 'marts' and comment is null
        union all
        select table_name, column_name from duckdb_columns() where schema_name = 'marts' and comment is null
        """,
    )
    assert without == []
    said = published_rows(
        shop,
        "select comment from duckdb_columns() where table_name = 'orders' and column_name = 'order_number'",
    )
    assert said == [
        (
            "Position among the orders of the customer, 1 for the first, by `ordered_at` and then `order_id`. Null if "
            "unattributed.",
        )
    ]


@contextmanager
def instance_of(places: Places, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What Dagster noted of the runs."""
    import dagster as dg

    monkeypatch.setenv("DAGSTER_HOME", str(places.dagster_home))
    with dg.DagsterInstance.from_config(str(places.dagster_home)) as instance:
        yield instance


def last_run(places: Places, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[Any]]:
    """Its id and its events."""
    with instance_of(places, monkeypatch) as instance:
        (run,) = instance.get_runs(limit=1)
        return run.run_id, [entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.dagster_event]


def test_each_check_is_about_the_build_that_it_judged(shop: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, events = last_run(shop, monkeypatch)
    checks = [event.event_specific_data for event in events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
    assert len(checks) > 100
    assert {check.target_materialization_data.run_id for check in checks} == {run_id}


def test_dagster_shows_the_key_figures_of_each_build(shop: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """As numbers, which its page draws over builds."""
    import dagster as dg

    with instance_of(shop, monkeypatch) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["published", "retention"]))
    assert event is not None and event.asset_materialization is not None
    shown = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    rate, orders = published_rows(
        shop,
        """
        select customer_retention_rate, (select orders from marts.build) from marts.retention_kpis
        where period_grain = 'month' and is_complete order by period_start desc limit 1
        """,
    )[0]
    assert (shown["customer_retention_rate (month)"], shown["orders"], shown["shop"]) == (rate, orders, "small")
    assert shown["as_of_date"] == "2025-06-30"


def test_a_first_refresh_has_nothing_to_be_compared_with_and_says_so(shop: Places) -> None:
    outcomes = dict(
        published_rows(
            shop,
            "select suite, string_agg(distinct outcome, ',' order by outcome) from marts.check_results group by all",
        )
    )
    assert outcomes["drift"] == "no_baseline"
    assert outcomes["staging"] == "no_baseline,passed"
    assert published_rows(shop, "select baseline_build_id from marts.build") == [(None,)]


def test_a_failing_suite_blocks_and_is_told_and_can_be_accepted_once(
    shop: Places, places: Places, server: RefreshServer
) -> None:
    """A third of February 2025 is missing: blocked, told, and let through with a reason.

    A refund of January by a newer version and a late order of March are explained, and restated beside it. An attempt
    that fails by itself uses nothing up, and the person who lets it through names neither folder nor shop.
    """
    before = content(places)
    lines = (places.raw / "orders.csv").read_text(encoding="utf-8").splitlines()
    of_month = [line for line in lines if ",2025-02-" in line.split(",c", 1)[1]]
    gone = set(of_month[::3])
    kept_lines = [line for line in lines if line not in gone]
    late = "late,c1,2025-03-10 10:00:00,30.00,"
    refund = "o0-40,c0,2025-01-25 08:40:00,10.00,2025-06-30 09:00:00"
    was = published_rows(places, "select net_amount, order_date from marts.orders where order_id = 'o0-40'")[0]
    assert str(was[1]) == "2025-01-25"
    (places.raw / "orders.csv").write_text("\n".join([*kept_lines, late, refund]) + "\n", encoding="utf-8")
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

    blocked = str(last_build(places)["build_id"])
    accepted = {"accepted_build": blocked, "accepted_reason": "the shop deleted them"}
    status, _ = server.run(places, {"STAMMKUNDE_THRESHOLDS": str(places.state / "none.yml")}, **accepted)
    assert status == 1
    assert_readers_saw_nothing(places, before, "failed")
    let_through = command_of_another_shell(places, "accept", "--reason", "the shop deleted them")
    assert let_through.returncode == 0, let_through.stdout + let_through.stderr
    assert f"Letting these checks of build {blocked} fail once more" in let_through.stdout
    assert "accepted: The closed month February 2025 changed" in let_through.stdout
    assert "[closed_months.unexplained_revenue_share]" in let_through.stdout
    accepted = published_rows(places, "select accepted_reason, failures from marts.build")
    assert accepted == [("the shop deleted them", 4)]
    outcomes = published_rows(
        places, "select check_name from marts.check_results where outcome = 'accepted' order by 1"
    )
    assert [check for (check,) in outcomes] == [
        "changed_since_published", "settled_orders_changed", "unexplained_revenue_share", "unexplained_since_published",
    ]  # fmt: skip
    restated = published_rows(
        places,
        """
        select strftime(period_start, '%Y-%m'), late_orders, updated_orders, unexplained_orders
        from marts.restatements where period_grain = 'month' order by 1
        """,
    )
    assert restated == [("2025-01", 0, 1, 0), ("2025-02", 0, 0, len(gone)), ("2025-03", 1, 0, 0)]
    changes = published_rows(
        places,
        """
        select net_revenue_change, order_ids from marts.restatements
        where period_grain = 'month' and unexplained_orders = 0 order by period_start
        """,
    )
    assert changes == [(10 - was[0], "o0-40"), (30, "late")]
    assert published_rows(places, "select baseline_build_id from marts.build") == [(last_build(shop)["build_id"],)]
    history = published_rows(places, "select outcome from marts.builds order by build_id")
    assert history == [("published",), ("blocked",), ("failed",), ("published",)]

    again = command_of_another_shell(places, "accept", "--reason", "again")
    assert again.returncode == 1
    assert "there is nothing to accept" in again.stderr


def test_another_shop_takes_the_place_only_by_name_and_nothing_of_both_is_mixed(
    places: Places, server: RefreshServer, tmp_path: Path
) -> None:
    before = content(places)
    write_shop(tmp_path / "raw")
    other = replace(places, raw=tmp_path / "raw")
    status, output = server.run(other, {"STAMMKUNDE_SHOP": "other"})
    assert status == 1
    assert "holds the figures of the shop small, and the shop other" in output
    assert "Traceback" not in output
    assert_readers_saw_nothing(places, before, "failed")

    status, output = server.run(other, {"STAMMKUNDE_SHOP": "other"}, replace_shop="small")
    assert status == 0, output
    assert "the figures of the shop small are given up for those of other" in output
    assert published_rows(places, "select shop, baseline_build_id from marts.build") == [("other", None)]
    assert published_rows(places, "select distinct shop, outcome from marts.builds order by outcome") == [
        ("other", "failed"),
        ("other", "published"),
    ]
    assert published_rows(places, "select count(*) from marts.restatements") == [(0,)]
    outcomes = "select distinct outcome from marts.check_results where suite = 'drift'"
    assert published_rows(places, outcomes) == [("no_baseline",)]

    kept_back = command_of_another_shell(places, "rollback")
    assert kept_back.returncode == 1
    assert "is of another shop, small, not of other" in kept_back.stderr
    back = command_of_another_shell(places, "rollback", "--replace-shop", "other")
    assert back.returncode == 0, back.stderr
    assert content(places) == before
    outcome = {row["shop"]: row["outcome"] for row in State(places).rows("builds")}
    assert outcome == {"small": "published", "other": "withdrawn"}


def test_dagsters_own_command_makes_one_refresh_of_a_run(places: Places) -> None:
    """It makes the resources of a run once more when it is over: no refresh begins then."""
    orders = places.raw / "orders.csv"
    header, *lines = orders.read_text(encoding="utf-8").splitlines(keepends=True)
    orders.write_text("".join([header, *lines[::2]]), encoding="utf-8")
    before, known = content(places), len(State(places).rows("builds"))
    command = [sys.executable, "-m", "dagster", "job", "execute", "-m", "orchestration.definitions", "-j", "refresh"]
    ended = subprocess.run(
        command, cwd=PROJECT, env=environment_of_refresh(places), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    (made,) = State(places).rows("builds")[known:]
    assert (made["outcome"], made["reason"]) == (
        "blocked",
        "Only 481 order rows came, 962 before: is the export complete?",
    )
    assert_readers_saw_nothing(places, before, "blocked")


def test_an_acceptance_is_for_the_files_that_were_blocked(places: Places, server: RefreshServer) -> None:
    before = content(places)
    State(places).note("20990101T000000Z-blocked", outcome="blocked", raw_fingerprint="of other files")
    status, output = server.run(places, accepted_build="20990101T000000Z-blocked", accepted_reason="it is right")
    assert status == 1
    assert "the raw files have changed" in output
    assert content(places) == before


@pytest.mark.parametrize(
    "name",
    [
        "empty",
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in ("latin_1", "mapping_preset_unknown", "folder_linked_to_itself")
        ),
    ],
)
def test_what_cannot_be_read_fails_in_one_line(
    name: str, places: Places, server: RefreshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, warehouse = content(places), places.warehouse.read_bytes()
    case = next(case for case in ERRORS if case.name == name)
    shutil.rmtree(places.raw)
    case.write(places.raw)
    status, output = server.run(places)
    assert status == 1
    assert case.error[0] in output
    assert "Traceback" not in output
    assert places.warehouse.read_bytes() == warehouse
    assert_readers_saw_nothing(places, before, "failed")
    # On Dagster's page, too: the sentence, and no word about where the code noticed it.
    _, events = last_run(places, monkeypatch)
    errors = [getattr(event.event_specific_data, "error", None) for event in events if event.is_failure]
    assert len(errors) == 2  # of the step and of the run
    assert all(case.error[0] in error.message and error.stack == [] for error in errors)


def test_a_crashed_dbt_stops_the_refresh(places: Places, server: RefreshServer) -> None:
    before = content(places)
    refresh = server.start(places, dbt_as_user=True)
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


@pytest.mark.long  # the quick set fills a disk in tests/test_publish.py, without the rest of a refresh
def test_a_full_disk_stops_publish(places: Places, server: RefreshServer) -> None:
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


def test_a_failing_dbt_test_stops_publish(places: Places, server: RefreshServer, tmp_path: Path) -> None:
    """In a copy of the dbt project, in which a test forbids one order of the shop."""
    project = tmp_path / "project"
    for part in ("models", "macros", "seeds", "tests/data"):
        shutil.copytree(PROJECT / part, project / part)
    for part in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / part, project)
    test = project / "tests" / "data" / "assert_usable_orders_are_complete.sql"
    assert test.exists()
    test.write_text("select order_id from {{ ref('stg_orders') }} where order_id = 'o0-1'\n", encoding="utf-8")
    before = content(places)
    status, output = server.run(places, {"DBT_PROJECT_DIR": str(project)}, dbt_as_user=True)
    assert status == 1
    assert test.stem in output
    assert_readers_saw_nothing(places, before, "failed")


def test_a_missing_suite_stops_publish(places: Places, server: RefreshServer) -> None:
    before = content(places)
    status, output = server.run(places, without_suite="drift")
    assert status == 1
    assert "the suite drift is missing" in output
    assert "Traceback" not in output
    assert_readers_saw_nothing(places, before, "failed")


@pytest.mark.parametrize("both_succeed", [False, pytest.param(True, marks=pytest.mark.long)])
def test_two_refreshes_at_once_come_one_after_the_other(
    both_succeed: bool, shop: Places, places: Places, server: RefreshServer, tmp_path: Path
) -> None:
    first = server.start(places)
    assert first.wait_for(lambda: "raw ..." in first.output)
    second = server.start(places, {} if both_succeed else {"STAMMKUNDE_THRESHOLDS": str(tmp_path / "none.yml")})
    assert (first.wait(), second.wait()) == (0, 0 if both_succeed else 1), first.output + second.output
    assert "another refresh runs; this one waits for it" in second.output
    builds = State(places).rows("builds")[1:]
    assert [row["outcome"] for row in builds] == ["published", "published" if both_succeed else "failed"]
    assert published_figures(places) == published_figures(shop)
    assert len(kept(places)) == 2 + both_succeed


@pytest.mark.long
def test_a_refresh_reads_tables_of_the_engine_as_it_reads_files(
    shop: Places, server: RefreshServer, tmp_path: Path
) -> None:
    """The shop's orders as a table of the warehouse, and no folder at all."""
    places = replace(new_places(tmp_path / "shop"), raw=None)
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute("create schema erp")
        connection.execute(f"create table erp.sales as from read_csv('{shop.raw}/orders.csv', all_varchar = true)")
    status, output = server.run(places, {"STAMMKUNDE_RAW_TABLES": "orders = erp.sales"})
    assert status == 0, output
    assert published_figures(places) == published_figures(shop)
    measured = {row["entity"]: row for row in State(places).rows("raw_entities")}
    rows = published_rows(places, "select sum(rows) from marts.row_accounting where entity = 'orders'")[0][0]
    assert (measured["orders"]["rows"], measured["customers"]["rows"]) == (rows, 0)
    assert str(measured["orders"]["first_date"]) == "2024-01-01"


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 25))])
def test_after_a_kill_the_next_refresh_is_as_if_nothing_had_been(
    seed: int, shop: Places, places: Places, server: RefreshServer
) -> None:
    """Killed at a random moment of a random step; the next refresh gives what an undisturbed one gives."""
    moment = random.Random(seed)
    before = content(places)
    step = moment.choice(["raw ...", "models ...", "models ...", "gate ...", "build ...", "publish ..."])
    refresh = server.start(places, dbt_as_user=True)
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
    assert "running" not in {row["outcome"] for row in State(places).rows("builds")}
    assert not list(places.published.parent.rglob("*unfinished*"))
    assert not list(places.published.parent.rglob("*.wal"))
