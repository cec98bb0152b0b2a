"""What refreshes note about themselves survives what happens to them; one refresh runs at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration import session as sessions
from orchestration.notify import Failure
from orchestration.outage import LockedError, locked
from orchestration.progress import Telling
from orchestration.publish.publish import publish
from orchestration.session import (
    Session,
    note_interrupted,
    refresh_session,
    take_records_over,
)
from orchestration.state import KEPT_REFRESHES, State, columns, definitions, is_by_day, is_record
from stammkunde.places import Places
from stammkunde.request import RefreshRequest
from stammkunde.shops import FILE, remembered
from tests.conftest import PROJECT

SAMPLE_VALUES = {
    "string": 'it\'s; "so"\nä€',
    "timestamp": datetime(2024, 2, 29, 23, 59, 58),
    "date": date(2024, 2, 29),
    "bigint": 2**53 + 1,
    "decimal(28,2)": Decimal("12345678901234567890123456.78"),
    "decimal(18,2)": Decimal("-0.01"),
    "decimal(18,4)": Decimal("-0.0001"),
}
TABLES = ("builds", "validation_results", "raw_entities", "published_orders")


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(places_beside(tmp_path / "the shop's.duckdb"))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = places_beside(tmp_path / "shop.duckdb")
    found.state.mkdir()
    return found


def places_beside(warehouse: Path) -> Places:
    folder = warehouse.parent
    return Places(folder / "raw", None, warehouse, folder / "published" / "retention.duckdb")


def filled(table: str, **given: object) -> dict[str, object]:
    return {**{name: SAMPLE_VALUES[kind] for name, kind in columns(table).items()}, **given}


def empty(table: str, **given: object) -> dict[str, object]:
    return {**dict.fromkeys(columns(table)), **given}


# Tables


@pytest.mark.parametrize("table", TABLES)
def test_rows_come_back_as_they_were_written(state: State, table: str) -> None:
    assert state.rows(table) == []
    rows = [filled(table), empty(table)]
    state.write(table, rows)
    assert state.rows(table) == rows
    state.write(table, [])
    assert state.rows(table) == []


@pytest.mark.parametrize("table", TABLES)
def test_files_have_the_types_that_dbt_expects(state: State, table: str) -> None:
    state.write(table, [])
    with duckdb.connect() as connection:
        path = str(state.path(table)).replace("'", "''")
        found = connection.execute(f"describe select * from '{path}'").fetchall()
    shown = {"string": "VARCHAR"}
    assert {row[0]: row[1] for row in found} == {
        name: shown.get(kind, kind.upper()) for name, kind in columns(table).items()
    }


def test_a_table_that_is_not_defined_has_no_columns() -> None:
    with pytest.raises(KeyError, match="guesses"):
        columns("guesses")


def test_columns_that_an_older_version_did_not_write_are_null(state: State) -> None:
    state.path("builds").parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        path = str(state.path("builds")).replace("'", "''")
        connection.execute(f"copy (select 'failed' as outcome, 'b1' as build_id) to '{path}' (format parquet)")
    assert state.rows("builds") == [empty("builds", build_id="b1", outcome="failed")]
    state.note("b2", outcome="running")
    assert [row["outcome"] for row in state.rows("builds")] == ["failed", "running"]


def test_rows_of_a_query_are_cast_to_their_types(state: State) -> None:
    with duckdb.connect() as connection:
        others = {"order_id": "7", "order_date": "'2024-01-02'", "net_amount": "1.005"}
        asked = {**dict.fromkeys(columns("published_orders"), "null"), **others}
        query = "select 'x' as ignored, " + ", ".join(f"{value} as {name}" for name, value in asked.items())
        state.write_query("published_orders", connection, query)
    row = empty("published_orders", order_id="7", order_date=date(2024, 1, 2), net_amount=Decimal("1.01"))
    assert state.rows("published_orders") == [row]


def test_a_crash_while_a_table_is_written_leaves_the_one_before(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    state.note("b1", outcome="published")
    before = state.path("builds").read_bytes()

    def dead(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "replace", dead)
        state.note("b2", outcome="running")
    with duckdb.connect() as connection, pytest.raises(duckdb.Error):
        state.write_query("builds", connection, "select error('the query fails')")
    assert state.path("builds").read_bytes() == before
    state.note("b2", outcome="failed")
    assert [row["build_id"] for row in state.rows("builds")] == ["b1", "b2"]
    assert [path.name for path in state.places.records.iterdir()] == ["builds.parquet"]


def test_a_note_adds_to_what_is_known_of_its_build(state: State) -> None:
    state.note("b1", outcome="running", shop="a")
    state.note("b2", outcome="running")
    state.note("b1", outcome="published", orders=3)
    assert state.rows("builds") == [
        empty("builds", build_id="b1", build_number=1, outcome="published", shop="a", orders=3),
        empty("builds", build_id="b2", build_number=2, outcome="running"),
    ]
    state.note("b1", shop=None)
    assert state.rows("builds")[0] == empty("builds", build_id="b1", build_number=1, outcome="published", orders=3)


def test_builds_are_counted_and_the_clock_does_not_matter(state: State) -> None:
    """Two refreshes that an earlier version noted, three while the clock was ten years ahead, and one after that."""
    older = ["20260101T050000Z-a", "20260102T050000Z-b"]
    state.write("builds", [{"build_id": build_id, "outcome": "published"} for build_id in older])
    ahead = [f"2036010{day}T050000Z-c" for day in (3, 2, 1)]
    for build_id in (*ahead, "20260103T050000Z-d"):
        state.note(build_id, outcome="published")
    builds = [(row["build_number"], row["build_id"]) for row in state.rows("builds")]
    assert builds == [*((None, build_id) for build_id in older), *enumerate((*ahead, "20260103T050000Z-d"), start=1)]


def test_the_counter_goes_on_where_the_history_was_lost(state: State) -> None:
    state.places.kept_builds.mkdir(parents=True)
    (state.places.kept_builds / "b7.json").write_text('{"build_id": "b7", "build_number": 7}', encoding="utf-8")
    (state.places.kept_builds / "b9.json").write_text("[", encoding="utf-8")
    state.note("b1", outcome="running")
    assert [row["build_number"] for row in state.rows("builds")] == [8]


def test_no_note_holds_an_email(state: State) -> None:
    """What an error says may come from a file, and publish would refuse a history with an address for ever after."""
    state.note("b1", outcome="failed", reason="row 3: 'ann@example.com, Bea <b.c@x.example>' is no number")
    assert state.rows("builds")[0]["reason"] == ("row 3: '(an e-mail address), Bea <(an e-mail address)>' is no number")
    state.write("builds", [{"build_id": "b1", "accepted_reason": "ann@example.com said so", "reason": "5 @ 3. And"}])
    state.leave_emails_out()
    row = state.rows("builds")[0]
    assert (row["accepted_reason"], row["reason"]) == ("(an e-mail address) said so", "5 (at) 3. And")


def test_only_the_rows_of_one_build_are_replaced(state: State) -> None:
    state.replace("raw_entities", "b1", [{"build_id": "b1", "entity": "orders", "rows": 1}])
    state.replace("raw_entities", "b2", [{"build_id": "b2", "entity": "orders", "rows": 2}])
    state.replace("raw_entities", "b1", [{"build_id": "b1", "entity": "orders", "rows": 3}])
    assert [row["rows"] for row in state.of_build("raw_entities", "b1")] == [3]
    assert [row["rows"] for row in state.of_build("raw_entities", "b2")] == [2]
    assert state.of_build("raw_entities", None) == []
    state.replace("raw_entities", "b1", [])
    assert [row["build_id"] for row in state.rows("raw_entities")] == ["b2"]


def test_a_shop_that_gets_a_name_keeps_its_history(state: State) -> None:
    for build_id, shop in (("b1", "raw-1"), ("b2", "other"), ("b3", None), ("b4", "my shop")):
        state.note(build_id, outcome="published", shop=shop)
    state.rename_shop({"raw-1", "my shop"}, "my shop")
    assert [row["shop"] for row in state.rows("builds")] == ["my shop", "other", None, "my shop"]


def test_rows_of_builds_long_ago_are_forgotten(state: State) -> None:
    old = [{"build_id": f"b{number:04}", "entity": "orders"} for number in range(KEPT_REFRESHES + 5)]
    state.write("raw_entities", old)
    state.replace("raw_entities", "b9999", [{"build_id": "b9999", "entity": "orders"}])
    kept = [row["build_id"] for row in state.rows("raw_entities")]
    assert kept == [row["build_id"] for row in old[5:]] + ["b9999"]


# One refresh at a time


def holder(places: Places) -> subprocess.Popen[str]:
    """Another process that holds the lock until it is told to let go."""
    code = """
import sys
from orchestration.session import locked
from stammkunde.shops import find_places
with locked(find_places(), print):
    print("held", flush=True)
    sys.stdin.readline()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**places.environment(), "PATH": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_second_refresh_says_that_it_waits_and_goes_on_when_the_first_is_done(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMKUNDE_LOCK_WAIT", "120")
    first, said = holder(places), []

    def say(text: str) -> None:
        said.append((text, first.poll()))
        first.communicate("done\n")

    try:
        with locked(places, say):
            assert said == [("another refresh runs; this one waits for it", None)]
            assert first.returncode == 0
    finally:
        if first.returncode is None:
            end(first)


def test_a_second_refresh_gives_up_after_the_time_that_is_set(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_LOCK_WAIT", "0.1")
    first, entered = holder(places), []
    try:
        with (
            pytest.raises(LockedError, match="another refresh still runs after 0 s"),
            locked(places, lambda text: None),
        ):
            entered.append(True)
    finally:
        end(first)
    assert entered == []


def test_the_lock_of_a_killed_refresh_is_free(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_LOCK_WAIT", "0")
    end(holder(places))
    said: list[str] = []
    for _ in range(2):
        with locked(places, said.append):
            pass
    assert said == []


# What is remembered


def session_of(places: Places) -> Session:
    request = RefreshRequest()
    return Session(places, State(places), "run", "b1", request, Telling(lambda text: None))


def test_a_new_shop_is_remembered_before_it_can_be_read_and_a_known_one_after(places: Places, tmp_path: Path) -> None:
    """A first attempt that fails must not lead to the sample; a later one must not lead away from what can be read."""
    first, later = (replace(places, shop="my shop", raw=tmp_path / day) for day in ("monday", "tuesday"))
    (tmp_path / "monday").mkdir()
    session_of(first).claim()
    assert [source.raw for source in remembered(places)] == [tmp_path / "monday"]
    (tmp_path / "tuesday").mkdir()
    session_of(later).claim()
    assert [source.raw for source in remembered(places)] == [tmp_path / "monday"]
    session_of(later).keep_source()
    assert [source.raw for source in remembered(places)] == [tmp_path / "tuesday"]


def test_a_folder_that_is_not_there_is_not_remembered(places: Places) -> None:
    session_of(replace(places, shop="my shop")).claim()
    assert remembered(places) == []


# Records of an earlier version

OF_AN_EARLIER_VERSION = """
    select
        '20260301T050000Z-0a1b2c3d' as build_id, timestamp '2026-03-01 05:00:00' as started_at,
        timestamp '2026-03-01 05:02:00' as finished_at, 'published' as outcome, '{}' as request,
        '{"shop":"my shop","raw":"/exports"}' as source, cast(null as varchar) as reason, 'my shop' as shop,
        '{}' as settings, 'ab12' as settings_hash, 'cd34' as raw_fingerprint,
        cast(null as varchar) as baseline_build_id, cast(null as date) as baseline_as_of_date,
        cast(null as varchar) as accepted_reason, date '2026-02-28' as as_of_date, 12::bigint as raw_order_rows,
        10::bigint as orders, 5::bigint as customers, 99.5::decimal(28, 2) as net_revenue, 30::bigint as checks,
        0::bigint as warnings, 0::bigint as failures
"""


def write_state_of_an_earlier_version(places: Places) -> None:
    """The state folder as versions up to 0.1 left it: history and known shops lay in it."""
    places.state.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"copy ({OF_AN_EARLIER_VERSION}) to '{places.state}/builds.parquet' (format parquet)")
    known = [{"shop": "my shop", "raw": "/exports", "mapping": None, "raw_tables": "", "target": "duckdb"}]
    (places.state / FILE).write_text(json.dumps(known), encoding="utf-8")


def test_records_of_an_earlier_version_are_read_where_they_lie_and_moved_by_the_first_refresh(places: Places) -> None:
    write_state_of_an_earlier_version(places)
    known, rows = remembered(places), State(places).rows("builds")
    assert [(source.shop, source.raw) for source in known] == [("my shop", Path("/exports"))]
    assert [(row["build_id"], row["net_revenue"]) for row in rows] == [("20260301T050000Z-0a1b2c3d", Decimal("99.50"))]
    said: list[str] = []
    with refresh_session(places, "run", RefreshRequest(), Telling(said.append)) as session:
        session.done.append("publish")
    assert f"  {places.state / FILE} is now kept as {places.records / FILE}" in said
    records = [table if is_by_day(table) else f"{table}.parquet" for table in definitions() if is_record(table)]
    assert sorted(path.name for path in places.records.iterdir()) == sorted([*records, FILE])
    assert not (places.state / FILE).exists() and not (places.state / "builds.parquet").exists()
    assert places.records.stat().st_mode & 0o777 == 0o700
    assert remembered(places) == known
    assert [row["outcome"] for row in State(places).rows("builds")] == ["published", "published"]
    assert State(places).rows("builds")[0] == rows[0]


def test_records_of_both_versions_are_kept(places: Places) -> None:
    """After a refresh of this version an earlier one ran once more, with a history of its own."""
    State(places).note("b1", outcome="published")
    write_state_of_an_earlier_version(places)
    assert [row["build_id"] for row in State(places).rows("builds")] == ["b1"]
    for _ in range(2):
        list(take_records_over(places))
        write_state_of_an_earlier_version(places)
    kept = sorted(path.name for path in places.records.iterdir() if path.name.startswith("builds"))
    other = "builds.parquet.of_an_earlier_version"
    assert kept == ["builds.parquet", f"{other}-1", f"{other}-2"]
    assert [row["build_id"] for row in State(places).rows("builds")] == ["b1"]


def test_tables_that_nothing_was_noted_in_are_there_without_rows(places: Places) -> None:
    State(places).note("b1", outcome="running")
    State(places).complete()
    assert all(State(places).path(table).exists() for table in definitions())
    assert [row["build_id"] for row in State(places).rows("builds")] == ["b1"]


# Refreshes that were killed


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, list[Failure]]]:
    messages: list[tuple[str, str, list[Failure]]] = []
    monkeypatch.setattr(sessions, "notify", lambda *message: messages.append(message))
    return messages


def publish_hand_made(places: Places, build_id: str) -> None:
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute("create schema staging")
        connection.execute(
            "create table staging.excluded_orders as select 'x' as order_id, date '2024-01-01' as order_date, "
            "1.0 as net_amount, null::timestamp as updated_at, 'cancelled' as exclusion_reason"
        )
        connection.execute("create schema marts")
        connection.execute(f"create table marts.build as select '{build_id}' as build_id")
    publish(places, build_id)


def test_a_refresh_that_was_killed_has_failed_and_is_told(places: Places, told: list) -> None:
    state = State(places)
    state.note("b1", outcome="running")
    state.note("b2", outcome="blocked", reason="too few orders")
    note_interrupted(places, state)
    reason = "was interrupted: its process was ended, or the machine"
    first, second = state.rows("builds")
    assert (first["outcome"], first["reason"]) == ("failed", reason)
    assert first["finished_at"] is not None
    assert (second["outcome"], second["reason"], second["finished_at"]) == ("blocked", "too few orders", None)
    assert told == [("b1", "failed", [Failure("refresh", f"The refresh b1 {reason}")])]
    note_interrupted(places, state)
    assert len(told) == 1


def test_a_refresh_that_was_killed_after_readers_had_it_is_published(places: Places, told: list) -> None:
    state = State(places)
    publish_hand_made(places, "b1")
    state.note("b1", outcome="running")
    note_interrupted(places, state)
    row = state.rows("builds")[0]
    assert (row["outcome"], row["reason"], told) == ("published", None, [])
    assert row["finished_at"] is not None


def test_only_the_one_that_readers_have_is_published(places: Places, told: list) -> None:
    state = State(places)
    publish_hand_made(places, "b1")
    for build_id, outcome in (("b1", "published"), ("b2", "running"), ("b3", "running")):
        state.note(build_id, outcome=outcome)
    note_interrupted(places, state)
    assert [row["outcome"] for row in state.rows("builds")] == ["published", "failed", "failed"]
    assert [message[:2] for message in told] == [("b2", "failed"), ("b3", "failed")]
