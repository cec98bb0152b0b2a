"""The replay of the gate: past days are what a refresh gives, alarms are counted, and proposed limits pass."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb
import pandas as pd
import pytest
import yaml
from pandas.testing import assert_frame_equal
from rich.console import Console
from typer.testing import CliRunner

from cli.app import app
from orchestration.compared import keep_published_orders
from orchestration.progress import Telling
from orchestration.publish import copy
from orchestration.publish.builds import Kept
from orchestration.quality.evidence import NOTED, Evidence, Noted, gathered
from orchestration.quality.gate import judge
from orchestration.quality.results import BLOCKING
from orchestration.quality.suites import NAMES, SUITES
from orchestration.quality.thresholds import FILE, Threshold, Thresholds, load_thresholds
from orchestration.raw import measure, measure_columns
from orchestration.replay.alarms import PASSED, WARNED, Alarms, DayVerdict, Judge, outcome_of
from orchestration.replay.compiled import BUILD_ID, compile_models
from orchestration.replay.past import Known, Past, PastDay, ReplayError, how_known, known_by_order_date, opened
from orchestration.replay.proposal import kept_goal, proposals
from orchestration.replay.replay import replay, report, wanted_days
from orchestration.state import Row, State
from stammkunde.database import rows
from stammkunde.manifest import Manifest
from stammkunde.places import SAMPLE, Places
from tests.conftest import WAREHOUSE, Build, build_models
from tests.damages.shops import MIDDLE, generated

DAY = timedelta(days=1)
# A shop of a year with versions, refunds, guests, registrations and foreign currencies.
SMALL = generated(
    type(MIDDLE)(**{**MIDDLE.__dict__, "first_day": date(2024, 10, 1), "last_day": date(2025, 9, 30), "seed": 8,
                    "orders_per_day": (2.0, 4.0)})
)  # fmt: skip


@dataclass(frozen=True)
class Replayable:
    """A shop that was built once."""

    build: Build
    raw: Path

    @property
    def places(self) -> Places:
        return Places(self.raw, None, self.build.warehouse, self.build.warehouse.parent / "published" / "r.duckdb")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Replayable:
    folder = tmp_path_factory.mktemp("small")
    SMALL.export(SMALL.last_day).write(folder / "raw")
    return Replayable(build_models(folder / "built", folder / "raw"), folder / "raw")


@pytest.fixture(scope="module")
def manifest(small: Replayable, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return compile_models(small.places, {}, tmp_path_factory.mktemp("compiled"))


@pytest.fixture(scope="module")
def past(small: Replayable, manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    with opened(small.build.warehouse, manifest, tmp_path_factory.mktemp("past"), {}) as found:
        yield found


@contextmanager
def the_day(past: Past, day: date) -> Iterator[PastDay]:
    with closing(past.days([day - DAY, day])) as days:  # type: ignore[type-var]
        yield next(days)


# Days


def refreshed(
    raw: Path, folder: Path, day: date, monkeypatch: pytest.MonkeyPatch, before: Kept | None = None, **noted: object
) -> Build:
    """What dbt builds of a raw folder as it was known on a day, compared with the build before."""
    state = State(Places(raw, None, folder / WAREHOUSE, folder / "p.duckdb"))
    state.write("builds", [{"build_id": BUILD_ID, **noted}])
    keep_published_orders(state, before)
    monkeypatch.setenv("STAMMKUNDE_BUILD_ID", BUILD_ID)
    return build_models(folder, raw, {"as_of_date": str(day)})


def published(build: Build, folder: Path) -> Kept:
    """A build as it is kept, for the next one to be compared with."""
    kept = Kept(folder / "published.duckdb", {})
    copy.write(build.warehouse, kept.file, BUILD_ID, {})
    copy.keep_excluded_orders(build.warehouse, kept.excluded_orders)
    return kept


def aggregates(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """Every aggregate of the gate, in one order of their rows."""
    found = {}
    for suite in NAMES:
        for table in SUITES[suite].tables:
            frame = evidence.aggregate(suite, table)
            assert frame is not None, f"{suite}.{table.name} has nothing to compare with"
            found[f"{suite}.{table.name}"] = in_order(frame)
    return found


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Its rows in the order of what is text or a date, then of figures."""
    figures = frame.select_dtypes("number").columns
    return frame.sort_values([*frame.columns.difference(figures, sort=False), *figures], ignore_index=True)


def assert_equals_a_refresh(raw: Path, past: Past, day: date, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = published(refreshed(raw, folder / "before", day - DAY, monkeypatch), folder)
    now = refreshed(raw, folder / "now", day, monkeypatch, before, baseline_as_of_date=day - DAY)
    with the_day(past, day) as found:
        # What was noted of the raw folder is the same: with AS_OF_DATE it holds what came later, too.
        with gathered(noted_in(found.evidence), day + DAY, now.warehouse, before.file) as evidence:
            expected = aggregates(evidence)
        replayed = aggregates(found.evidence)
    assert replayed.keys() == expected.keys()
    for name, frame in expected.items():
        assert_frame_equal(replayed[name], frame, check_dtype=False, obj=f"{name} of {day}")


def noted_in(evidence: Evidence) -> Noted:
    """What an evidence holds of notes."""
    now, before = (
        {table: rows(evidence.connection, f"from {table}{suffix}") for table in NOTED if not suffix or NOTED[table]}
        for suffix in ("", "_before")
    )
    return Noted(now, before)


def test_a_past_day_is_what_a_refresh_of_that_day_builds(
    small: Replayable, past: Past, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date(2025, 1, 1) + Random(1).randrange(240) * DAY
    assert_equals_a_refresh(small.raw, past, day, tmp_path, monkeypatch)


@pytest.mark.long
@pytest.mark.parametrize("position", range(10))
def test_ten_past_days_of_the_sample_are_what_refreshes_build(
    position: int, sample: Build, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = Random(2026).sample([date(2025, 1, 19) + number * DAY for number in range(365)], 10)[position]
    with opened(sample.warehouse, manifest, tmp_path, {}) as past:
        assert_equals_a_refresh(SAMPLE, past, day, tmp_path, monkeypatch)


def test_what_is_noted_of_a_raw_folder_is_what_was_exported_that_day(past: Past, tmp_path: Path) -> None:
    for day in (date(2025, 2, 3), date(2025, 2, 4), date(2025, 9, 30)):
        SMALL.export(day).write(tmp_path / "raw")
        columns, values = measure_columns(tmp_path / "raw")
        measured = {"raw_entities": measure(tmp_path / "raw", day), "raw_columns": columns, "raw_values": values}
        found = past.raw.until(day)
        for table, expected in measured.items():
            assert noted_rows(found[table]) == noted_rows(expected), table


def noted_rows(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Rows that say that there is something, without what is known of files alone."""
    return sorted(
        tuple(
            f"{value:.6f}" if isinstance(value, float) else str(value)
            for name, value in sorted(row.items())
            if name not in ("files", "bytes")
        )
        for row in rows
        if row.get("filled", row["rows"])
    )


def test_a_day_leaves_nothing_behind(past: Past) -> None:
    before = past.connection.execute("select count(*) from duckdb_databases()").fetchall()
    for _ in past.days([date(2025, 2, 2) + number * DAY for number in range(3)]):
        pass
    assert past.connection.execute("select count(*) from duckdb_databases()").fetchall() == before


# Verdicts


@pytest.mark.parametrize("limit", [None, 0.001])
def test_verdicts_are_those_of_the_gate(past: Past, limit: float | None) -> None:
    """Also where next to nothing may differ, so that many checks fail or warn."""
    thresholds = load_thresholds()
    if limit is not None:
        thresholds = narrowed(thresholds, limit)
    outcomes = set()
    for day in (date(2024, 12, 2), date(2025, 6, 30)):
        with the_day(past, day) as replayed:
            found = [(one.name, one.outcome, one.said) for one in Judge(thresholds).verdicts(replayed)]
            results = judge(NAMES, replayed.evidence, thresholds)
        assert [(name, outcome) for name, outcome, _ in found] == [
            ((result.suite, result.check_name), result.outcome) for result in results
        ]
        said = {(result.suite, result.check_name): result.explanation for result in results}
        assert all(said[name] == text for name, outcome, text in found if outcome in (BLOCKING, WARNED))
        outcomes |= {outcome for _, outcome, _ in found}
    assert outcomes >= ({PASSED} if limit is None else {PASSED, BLOCKING, WARNED})


def narrowed(thresholds: Thresholds, limit: float) -> Thresholds:
    return {
        suite: {
            check: Threshold(
                severity=given.severity,
                min=None if given.min is None else 1 + limit,
                max=None if given.max is None or given.min is not None else limit,
            )
            for check, given in checks.items()
        }
        for suite, checks in thresholds.items()
    }


# What was known


def order_versions(*rows: tuple[str, str, str]) -> duckdb.DuckDBPyConnection:
    """stg_orders of order ids, dates and dates of change."""
    connection = duckdb.connect()
    connection.execute(
        "create table orders (order_id varchar, order_date date, updated_at timestamp, updated_date date, "
        "rejection_reason varchar)"
    )
    for order_id, order_date, updated in rows:
        connection.execute(
            "insert into orders values (?, ?, ?, ?, null)", [order_id, order_date, updated or None, updated or None]
        )
    return connection


def test_an_export_of_latest_states_is_recognised() -> None:
    states = order_versions(
        ("a", "2025-01-01", "2025-01-09"), ("b", "2025-01-02", "2025-01-02"), ("c", "2025-01-03", "2025-02-01")
    )
    known = how_known(states, "orders")
    assert (known.orders, known.without_a_past, known.by_order_date) == (3, 2, True)
    versions = order_versions(
        ("a", "2025-01-01", "2025-01-01"), ("a", "2025-01-01", "2025-01-09"), ("b", "2025-01-02", ""),
    )  # fmt: skip
    known = how_known(versions, "orders")
    assert (known.orders, known.without_a_past, known.by_order_date) == (2, 0, False)


def test_of_latest_states_the_first_version_is_known_from_the_day_of_the_order_on() -> None:
    connection = order_versions(
        ("a", "2025-01-01", "2025-01-09"), ("b", "2025-01-02", "2025-01-05"), ("b", "2025-01-02", "2025-01-20")
    )
    connection.execute(known_by_order_date("orders"))
    found = connection.execute("select order_id, updated_at::date, updated_date from orders order by all").fetchall()
    assert found == [
        ("a", date(2025, 1, 9), None), ("b", date(2025, 1, 5), None), ("b", date(2025, 1, 20), date(2025, 1, 20)),
    ]  # fmt: skip


@pytest.mark.long
def test_a_day_of_latest_states_has_the_orders_of_that_day(manifest: Manifest, tmp_path: Path) -> None:
    export = SMALL.export(SMALL.last_day)
    latest = {row["order_id"]: row for row in sorted(export.orders, key=lambda row: row["updated_at"])}
    export.with_orders(latest.values()).write(tmp_path / "raw")
    shop = Replayable(build_models(tmp_path / "built", tmp_path / "raw"), tmp_path / "raw")
    day = date(2025, 6, 1)
    with opened(shop.build.warehouse, manifest, tmp_path, {}) as past:
        assert past.known.by_order_date
        with the_day(past, day) as replayed:
            found = replayed.evidence.connection.execute("select max(order_date), count(*) from orders").fetchall()[0]
        text = "\n".join(replay(shop.places, day, 5, 1, Telling(lambda text: None)))
    counted = shop.build.rows(f"select max(order_date), count(*) from marts.orders where order_date <= date '{day}'")[0]
    assert found == counted
    assert "latest states" in text
    assert "late" not in text.partition("How near")[0].replace("latest", "")


# Alarms


def verdict(
    day: int, value: float, limits: Threshold, check: str = "mart_rows_kept", key: str = "a", unit: str = "number"
) -> DayVerdict:
    outcome = outcome_of(pd.Series([value]).to_numpy(), limits)
    broken = frozenset() if outcome == PASSED else frozenset({(key,)})
    return DayVerdict(
        date(2025, 1, 1) + day * DAY, ("drift", check), unit, limits, outcome, value, value, broken, "so it is"
    )


def alarms_of(verdicts: Sequence[DayVerdict], days: int = 365) -> Alarms:
    return Alarms([date(2025, 1, 1) + day * DAY for day in range(days)], 1, verdicts)


FAIL, WARN = Threshold(severity="fail", max=0.25), Threshold(severity="warn", max=0.25)


def test_days_in_a_row_with_the_same_key_are_one_event() -> None:
    days = {3: "a", 4: "a", 6: "a", 7: "b", 9: "c"}
    verdicts = [
        verdict(day, 0.3 if day in days else 0.1, WARN, check="rfm_shift", key=days.get(day, "a")) for day in range(12)
    ]
    events = alarms_of(verdicts).events(WARNED)
    assert [[one.day.day for one in event.verdicts] for event in events] == [[4, 5], [7], [8], [10]]


def test_a_refresh_that_several_checks_block_counts_once() -> None:
    verdicts = [verdict(5, 0.3, FAIL), verdict(5, 0.3, FAIL, check="rfm_shift"), verdict(6, 0.3, WARN, check="x")]
    assert alarms_of(verdicts).blocked() == [date(2025, 1, 6)]


def test_what_may_be_left_is_counted_by_the_length_of_the_replay() -> None:
    warned = [verdict(2 * day, 0.3, WARN) for day in range(20)]
    assert not kept_goal(alarms_of(warned))
    assert kept_goal(alarms_of(warned, days=2 * 365))


def test_proposed_limits_leave_the_days_that_lie_furthest_out() -> None:
    values = {10: 0.3, 20: 0.9, 30: 0.41, 40: 0.2}
    alarms = alarms_of([verdict(day, value, FAIL) for day, value in values.items()])
    (proposal,) = proposals(alarms)
    assert proposal.limits == Threshold(severity="fail", max=0.46)  # 0.41 and a tenth, in two digits
    assert alarms.with_limits({proposal.name: proposal.limits}).blocked() == [date(2025, 1, 21)]


def test_a_lower_limit_is_lowered() -> None:
    limits = Threshold(severity="fail", min=0.85)
    alarms = alarms_of([verdict(day, value, limits) for day, value in ((1, 0.8), (3, 0.5), (5, 1.0))])
    (proposal,) = proposals(alarms)
    assert proposal.limits == Threshold(severity="fail", min=0.72)


def test_that_something_must_not_be_is_not_widened() -> None:
    must = Threshold(severity="fail", max=0)
    alarms = alarms_of([verdict(day, 1, must) for day in (1, 5)])
    assert proposals(alarms) == []
    assert "No limits would let these pass" in "\n".join(report(alarms, Known(10, 0)))


@pytest.mark.parametrize("seed", range(20))
def test_with_the_proposed_limits_the_past_is_within_the_goal(seed: int) -> None:
    dice = Random(seed)
    checks = {
        "mart_rows_kept": FAIL, "order_rows_kept": Threshold(severity="fail", min=0.85), "rfm_shift": WARN,
        "orders_per_day": Threshold(severity="warn", min=0.5, max=2),
    }  # fmt: skip
    verdicts = [
        verdict(day, abs(dice.gauss(0.2 if limits.min is None else 1.0, 0.3)), limits, check)
        for day in range(365)
        for check, limits in checks.items()
    ]
    alarms = alarms_of(verdicts)
    assert not kept_goal(alarms)
    proposed = proposals(alarms)
    assert kept_goal(alarms.with_limits({proposal.name: proposal.limits for proposal in proposed}))
    lines = "drift:\n" + "".join(f"  {proposal.line()}\n" for proposal in proposed)
    read = FILE.validate_python(yaml.safe_load(lines))["drift"]
    assert read == {proposal.name[1]: proposal.limits for proposal in proposed}


# The command


def test_a_replay_says_what_it_found_and_changes_nothing(small: Replayable) -> None:
    before = hashlib.sha256(small.build.warehouse.read_bytes()).hexdigest()
    log = io.StringIO()
    telling = Telling(lambda text: None, Console(file=log, soft_wrap=True))
    lines = list(replay(small.places, date(2025, 5, 1), 21, 7, telling))
    text = "\n".join(lines)
    assert "Replayed 3 refreshes, 2025-05-07 to 2025-05-21, each compared with the one 7 days before." in text
    assert "from their dates of change" in text
    assert "Blocked refreshes" in text and "at most 1 a year" in text
    assert all(f"{suite}." in text for suite in NAMES)
    assert "3 of 3 days replayed" in log.getvalue()
    assert hashlib.sha256(small.build.warehouse.read_bytes()).hexdigest() == before


def test_days_are_those_that_there_are(past: Past) -> None:
    last = SMALL.last_day
    assert wanted_days(past, None, 3, 1) == [last - 3 * DAY, last - 2 * DAY, last - DAY, last]
    assert wanted_days(past, None, 5000, 1)[:2] == [past.first_order_date, past.first_order_date + DAY]
    assert wanted_days(past, date(2025, 2, 1), 8, 7) == [date(2025, 1, 25), date(2025, 2, 1), date(2025, 2, 8)]
    with pytest.raises(ReplayError, match="nothing to replay from 2030-01-01 on"):
        wanted_days(past, date(2030, 1, 1), 365, 1)


def test_without_a_build_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_WAREHOUSE", str(tmp_path / "w.duckdb"))
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(tmp_path / "p.duckdb"))
    failed = CliRunner().invoke(app, ["replay"])
    assert isinstance(failed.exception, ReplayError)
    assert "there is no build yet" in str(failed.exception) and "stammkunde run" in str(failed.exception)
    wrong = CliRunner().invoke(app, ["replay", "--from", "1.5.2025"])
    assert str(wrong.exception) == "--from is '1.5.2025': it must be a date YYYY-MM-DD"


def test_a_warehouse_that_holds_no_build_is_named(manifest: Manifest, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("create table other (a int)")
    with (
        pytest.raises(ReplayError, match="does not hold a build of this version"),
        opened(tmp_path / "w.duckdb", manifest, tmp_path, {}),
    ):
        pass
