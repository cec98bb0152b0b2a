"""The history of customers' states: what it holds after any sequence of days, and that nothing takes it away."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.person.erase import erase, files_by_day
from orchestration.person.export import export_person
from orchestration.person.find import find_person
from orchestration.publish import customer_states
from orchestration.publish.customer_states import TABLE, files_of_days, follow
from orchestration.publish.place import rollback
from orchestration.state import State
from stammkunde.database import path_literal, quoted
from stammkunde.files import REPLACED
from stammkunde.places import Places
from tests.conftest import made_once
from tests.refreshes import RefreshServer, named_copy, published_rows
from tests.states import Compiled, Shop, rows_in

MONDAY = date(2024, 1, 1)
Standing = tuple[str, str, str | None, float | None]  # stage, segment, band, score
Customers = Mapping[str, Standing]
GONE: Standing = (None, None, None, None)  # type: ignore[assignment]
STAGES, SEGMENTS, BANDS = ("new", "active", "lost"), ("champions", "gone"), ("healthy", "watch", None)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return Compiled.by_dbt(made_once(tmp_path_factory, "compiled_states", lambda folder: None))


@pytest.fixture
def daily(tmp_path: Path, compiled: Compiled) -> Shop:
    return Shop.in_folder(tmp_path / "it's [a] shop", compiled)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def query(customers: Customers) -> str:
    """The customers as a query."""
    rows = [
        "(" + ", ".join("null" if value is None else repr(value) for value in (customer, *state)) + ")"
        for customer, state in customers.items()
    ]
    values = ", ".join(rows) or "(null, null, null, null, null)"
    return (
        "select cast(id as varchar) as customer_id, cast(stage as varchar) as lifecycle_stage, "
        "cast(segment as varchar) as rfm_segment, cast(band as varchar) as health_band, "
        f"cast(score as double) as health_score from (values {values}) as _(id, stage, segment, band, score) "
        "where id is not null"
    )


# The rules once more, plainly


def history(published: Mapping[date, Customers]) -> list[tuple]:
    """The rows of the history, from what was published of each day."""
    found, known = [], {}
    for as_of in sorted(published):
        customers = published[as_of]
        for customer in {*known, *customers}:
            state = customers.get(customer, GONE)
            if known.get(customer, GONE)[:3] != state[:3]:
                found.append((as_of, customer, *state))
                known[customer] = state
    return sorted(found, key=str)


def standing_on(published: Mapping[date, Customers], wanted: date) -> Customers:
    """What was published last, on that day or before."""
    days = [as_of for as_of in published if as_of <= wanted]
    return published[max(days)] if days else {}


def changed(chance: random.Random, customers: Customers) -> dict[str, Standing]:
    """The customers of a next run: some change, some go, some come or come back."""
    now = dict(customers)
    for number in range(8):
        customer = f"guest:{number}" if number % 3 else f"k{number}"
        fate = chance.random()
        if fate < 0.1:
            now.pop(customer, None)
        elif fate < 0.5:
            band = chance.choice(BANDS)
            score = None if band is None else (3.5 if band == "healthy" else 2.5) + chance.random()
            now[customer] = (chance.choice(STAGES), chance.choice(SEGMENTS), band, score)
        elif fate < 0.7 and customer in now and now[customer][2]:
            now[customer] = (*now[customer][:3], now[customer][3] + 0.01)  # type: ignore[operator]
    return now


def any_sequence(daily: Shop, seed: int, steps: int) -> None:
    """Runs of later days, of the same day, of days before; builds of past days, or that are not published; rollbacks.
    After each the records, what readers see and any day's state are what the plain rules say."""
    chance = random.Random(seed)
    published: dict[date, Customers] = {}
    builds: list[tuple[Path, dict[date, Customers]]] = []
    today, customers = day(100), {}
    for _ in range(steps):
        before, customers = daily.recorded(), changed(chance, customers)
        step = chance.choice(("later", "later", "again", "back", "past", "not published", "rollback"))
        if step in ("past", "not published"):
            wanted = today - timedelta(days=chance.randrange(1, 9)) if step == "past" else today
            file = daily.build(wanted, query(customers))
            known = {as_of: states for as_of, states in published.items() if as_of < wanted}
            assert daily.shown(file) == history({**known, wanted: customers})
            assert daily.recorded() == before
            continue
        if step == "rollback" and len(builds) > 1:
            builds.pop()
            file, published = builds[-1]
            today = max(published)
            daily.put_in_place(file)
            follow(daily.places)
        else:
            today += timedelta(days={"later": chance.randrange(1, 4), "back": -chance.randrange(1, 6)}.get(step, 0))
            published = {as_of: states for as_of, states in published.items() if as_of < today} | {today: customers}
            file = daily.publish(today, query(customers))
            builds.append((file, published))
        assert daily.recorded() == daily.shown(file) == history(published)
        for wanted in (today - timedelta(days=number) for number in range(-2, 20)):
            states = {customer: state for customer, _, *state in daily.on(file, wanted)}
            expected = standing_on(published, wanted)
            assert {customer: tuple(state[:3]) for customer, state in states.items()} == {
                customer: state[:3] for customer, state in expected.items()
            }


@pytest.mark.parametrize("seed", range(2))
def test_any_sequence_of_days_follows_the_plain_rules(daily: Shop, seed: int) -> None:
    any_sequence(daily, seed, steps=10)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 130))
def test_many_sequences_of_days_follow_the_plain_rules(daily: Shop, seed: int) -> None:
    any_sequence(daily, seed, steps=40)


ANN: Standing = ("new", "champions", "healthy", 4.0)
LOST: Standing = ("lost", "gone", None, None)


def test_a_run_of_the_same_day_replaces_its_rows_and_keeps_no_copy(daily: Shop) -> None:
    daily.publish(day(1), query({"a": ANN}))
    daily.publish(day(2), query({"a": LOST, "b": ANN}))
    daily.publish(day(2), query({"a": ANN}))
    assert daily.recorded() == [(day(1), "a", *ANN)]
    assert not list(daily.places.records.rglob(f"*{REPLACED}*"))


def test_later_days_are_set_aside_where_as_of_date_goes_back(daily: Shop) -> None:
    """The latest order was cancelled, or a clock was ahead: nothing of these days is shown, and nothing is lost."""
    for number in (1, 3, 5):
        daily.publish(day(number), query({"a": (f"stage {number}", "s", None, None)}))
    daily.publish(day(2), query({"a": ANN}))
    assert [row[0] for row in daily.recorded()] == [day(1), day(2)]
    kept = sorted(daily.places.records.rglob(f"*{REPLACED}1"))
    assert [path.name for path in kept] == [f"{day(number)}.parquet{REPLACED}1" for number in (3, 5)]
    assert [row[2] for file in kept for row in rows_in(f"read_parquet({path_literal(file)})")] == [
        "stage 3",
        "stage 5",
    ]
    daily.publish(day(6), query({"a": LOST}))
    assert daily.recorded() == [(day(1), "a", "stage 1", "s", None, None), (day(2), "a", *ANN), (day(6), "a", *LOST)]


def test_a_rollback_brings_back_also_what_later_builds_had_set_aside(daily: Shop) -> None:
    files = [daily.publish(day(number), query({"a": (f"stage {number}", "s", None, None)})) for number in (1, 2, 3)]
    daily.publish(day(1), query({"a": LOST}))
    daily.put_in_place(files[-1])
    follow(daily.places)
    assert [row[2] for row in daily.recorded()] == ["stage 1", "stage 2", "stage 3"]


def test_a_build_of_an_earlier_version_had_no_states(daily: Shop) -> None:
    """All that is recorded is of later builds: where it is published again, these are withdrawn."""
    with duckdb.connect(str(daily.places.published)) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.build as select 'old' as build_id, date '{day(1)}' as as_of_date")
    old = daily.places.published.read_bytes()
    follow(daily.places)
    assert list(State(daily.places).days(TABLE).iterdir()) == [State(daily.places).path(TABLE)]
    daily.publish(day(2), query({"a": ANN}))
    daily.places.published.write_bytes(old)
    follow(daily.places)
    assert daily.recorded() == []
    assert len(list(daily.places.records.rglob(f"*{REPLACED}*"))) == 1


def test_another_shop_that_is_published_has_a_history_of_its_own(daily: Shop, tmp_path: Path) -> None:
    """The model reads nothing of the first shop then (its unit tests); its rows are set aside."""
    daily.publish(day(1), query({"a": ANN}))
    first = daily.publish(day(2), query({"a": LOST}))
    other = Shop.in_folder(tmp_path / "other", daily.compiled)
    other.builds = 7
    daily.put_in_place(other.publish(day(2), query({"b": ANN})))
    follow(daily.places)
    assert daily.recorded() == [(day(2), "b", *ANN)]
    daily.put_in_place(first)
    follow(daily.places)
    assert daily.recorded() == [(day(1), "a", *ANN), (day(2), "a", *LOST)]


@pytest.mark.parametrize("lost", ["a day", "all"])
def test_what_is_lost_is_written_again_from_what_is_published(daily: Shop, lost: str) -> None:
    for number, state in ((1, ANN), (2, LOST), (3, ANN)):
        daily.publish(day(number), query({"a": state}))
    whole = daily.recorded()
    for file in files_of_days(daily.places)[: 1 if lost == "a day" else None]:
        file.unlink()
    follow(daily.places)
    assert daily.recorded() == whole
    assert len(whole) == 3


def test_where_no_customer_is_known_there_is_no_day(daily: Shop) -> None:
    daily.publish(day(1), query({"a": ANN}))
    daily.publish(None, query({}))
    assert daily.recorded() == []
    assert len(list(daily.places.records.rglob(f"*{REPLACED}*"))) == 1


OPERATIONS = 8  # writes, renames and removals of the case below


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("at", range(12))
def test_whoever_is_killed_leaves_each_day_as_it_was_or_as_it_is_published(
    daily: Shop, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days 2 and 3 are published, then day 2 otherwise: one file is replaced, one set aside, another brought back."""
    daily.publish(day(1), query({"a": ANN}))
    daily.publish(day(2), query({"a": LOST, "b": ANN}))
    daily.publish(day(3), query({"a": ANN, "b": LOST}))
    before = by_day(daily)
    file = daily.build(day(2), query({"a": ANN, "c": ANN}))
    daily.put_in_place(file)
    left = at

    def counted(work):
        def call(*args: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return work(*args, **named)

        return call

    with monkeypatch.context() as patched:
        for owner, name in (
            (Path, "rename"), (Path, "replace"), (Path, "unlink"),
            (customer_states, "copy_to_parquet"), (customer_states, "write_json"), (customer_states, "to_disk"),
        ):  # fmt: skip
            patched.setattr(owner, name, counted(getattr(owner, name)))
        try:
            follow(daily.places)
            was_killed = False
        except Killed:
            was_killed = True
    assert was_killed == (at < OPERATIONS)
    after = {as_of: rows for as_of in {row[0] for row in daily.shown(file)} if (rows := of(daily.shown(file), as_of))}
    for as_of in {*before, *after}:
        assert by_day(daily).get(as_of, []) in (before.get(as_of, []), after.get(as_of, []))
    follow(daily.places)  # as the next refresh does first
    assert daily.recorded() == daily.shown(file)


def by_day(daily: Shop) -> dict[date, list[tuple]]:
    rows = daily.recorded()
    return {as_of: of(rows, as_of) for as_of in {row[0] for row in rows}}


def of(rows: list[tuple], as_of: date) -> list[tuple]:
    return [row for row in rows if row[0] == as_of]


# A year of many customers

TURN = 70  # days after which a customer changes again: 1.4 % change a day, as in the sample
BYTES_OF_A_ROW = 8


def of_day(number: int, customers: int) -> str:
    """The customers of a day, each with whether something of them is otherwise than the day before."""
    turn = f"(c + {number}) // {TURN}"
    return (
        f"select 'customer-' || c as customer_id, "
        f"['new', 'active', 'loyal', 'at_risk', 'lost'][1 + ({turn}) % 5] as lifecycle_stage, "
        f"['champions', 'promising', 'slipping', 'gone'][1 + cast(hash(c, {turn}) % 4 as int)] as rfm_segment, "
        f"['healthy', 'watch', 'critical'][1 + ({turn}) % 3] as health_band, "
        f"1 + cast(hash(c, {number}) % 400 as int) / 100 as health_score, "
        f"{number} = 0 or (c + {number}) % {TURN} = 0 as is_changed from range({customers}) as _(c)"
    )


def year(daily: Shop, customers: int, days: int, modelled: int) -> tuple[float, float]:
    """The days before the last ones are written as the model would; the last ones are made by it. What is recorded is
    as large as the changes. Gives the seconds of the model and of the records on the last day."""
    folder = State(daily.places).days(TABLE)
    with duckdb.connect() as connection:
        for number in range(days - modelled):
            names = f"date '{day(number)}' as as_of_date, * exclude (is_changed)"
            connection.execute(
                f"copy (select {names} from ({of_day(number, customers)}) where is_changed order by customer_id) "
                f"to {quoted(str(folder / f'{day(number)}.parquet'))} (format parquet)"
            )
    for number in range(days - modelled, days):
        with daily.warehouse(day(number), f"select * exclude (is_changed) from ({of_day(number, customers)})") as made:
            started = time.monotonic()
            made.execute(f"create table marts.history as {daily.compiled.model}")
            seconds_of_model = time.monotonic() - started
        file = daily.build(day(number), f"select * exclude (is_changed) from ({of_day(number, customers)})")
        daily.put_in_place(file)
        started = time.monotonic()
        follow(daily.places)
        seconds_of_records = time.monotonic() - started
    rows = len_of(file)
    assert rows == customers + sum((customers - 1 + number) // TURN - (number - 1) // TURN for number in range(1, days))
    assert files_of_days(daily.places)[-1].stem == str(day(days - 1))
    on_disk = sum(path.stat().st_size for path in folder.iterdir())
    assert on_disk < BYTES_OF_A_ROW * rows + 3000 * days
    print(
        f"{customers:,} customers, {days} days: {rows:,} rows, {on_disk / 1e6:.1f} MB of records, "
        f"{file.stat().st_size / 1e6:.1f} MB in the published file, model {seconds_of_model:.1f} s, "
        f"records {seconds_of_records:.1f} s"
    )
    return seconds_of_model, seconds_of_records


def len_of(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute("select count(*) from marts.customer_state_history").fetchall()[0][0]


def test_a_month_of_a_few_customers_is_as_large_as_its_changes(daily: Shop) -> None:
    year(daily, 7_000, 30, modelled=3)


@pytest.mark.long
def test_a_year_of_a_million_customers_stays_small_and_quick(daily: Shop) -> None:
    """docs/operations.md has the figures."""
    seconds_of_model, seconds_of_records = year(daily, 1_000_000, 365, modelled=2)
    assert seconds_of_model < 60 and seconds_of_records < 30


# Whole refreshes of a small shop


def whole_states(places: Places) -> dict[str, bytes]:
    folder = State(places).days(TABLE)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_only_what_is_published_is_recorded_and_a_rollback_takes_it_back(places: Places, server: RefreshServer) -> None:
    """The next day, a past day, a refresh that is blocked, and the day before once more."""
    shown = f"select * exclude (valid_to) from marts.{customer_states.MART} order by all"
    recorded = f"from read_parquet({path_literal(State(places).days(TABLE), '*.parquet')}) order by all"
    first = whole_states(places)
    (file,) = files_of_days(places)
    assert len(rows_in(f"read_parquet({path_literal(file)})")) == 60
    next_day = date.fromisoformat(file.stem) + timedelta(days=1)
    with (places.raw / "orders.csv").open("a", encoding="utf-8") as orders:  # type: ignore[operator]
        orders.write(f"o-new,c-new,{next_day} 08:00:00,20.00,{next_day} 08:00:00\n")
    status, output = server.run(places)
    assert status == 0, output
    assert [found.stem for found in files_of_days(places)] == [file.stem, str(next_day)]
    assert duckdb.sql(recorded).fetchall() == published_rows(places, shown)
    assert (next_day, "c-new") in published_rows(
        places, f"select as_of_date, customer_id from marts.{customer_states.MART}"
    )
    second = whole_states(places)

    past = next_day - timedelta(days=40)
    status, output = server.run(places, as_of_date=str(past))
    assert status == 0, output
    with duckdb.connect(str(places.as_of(str(past))), read_only=True) as connection:
        found = connection.execute(f"select distinct as_of_date from marts.{customer_states.MART}").fetchall()
    assert found == [(past,)]
    assert whole_states(places) == second

    status, output = server.run(places, without_suite="drift")
    assert status != 0
    assert whole_states(places) == second

    rollback(places)
    after = whole_states(places)
    assert {name: content for name, content in after.items() if name != customer_states.FOLLOWED} == {
        **{name: content for name, content in first.items() if name != customer_states.FOLLOWED},
        f"{next_day}.parquet{REPLACED}1": second[f"{next_day}.parquet"],
    }


def test_an_erased_person_is_in_no_file_of_states_and_is_shown_them_before(
    shop: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also not on a day that was set aside, and in records that a restore replaced. Other files are not touched."""
    places = named_copy(shop, tmp_path / "copy", monkeypatch)
    (today,) = files_of_days(places)
    set_aside = today.with_name(f"{day(1)}.parquet{REPLACED}1")
    of_others, unreadable = (
        today.with_name(f"{day(2)}.parquet{REPLACED}1"),
        today.with_name(f"{day(3)}.parquet{REPLACED}1"),
    )
    states = f"read_parquet({path_literal(today)})"
    with duckdb.connect() as connection:
        changed_rows = f"select * replace (date '{day(1)}' as as_of_date) from {states}"
        connection.execute(f"copy ({changed_rows}) to {quoted(str(set_aside))} (format parquet)")
        connection.execute(
            f"copy (select * from {states} where customer_id <> 'c7') to {quoted(str(of_others))} (format parquet)"
        )
    shutil.copytree(places.records, places.records.with_name(f"{places.records.name}{REPLACED}1"))
    unreadable.write_text("no Parquet file")
    files = {file: file.stat().st_mtime_ns for file in files_by_day(places, TABLE)}
    person = find_person(places, "c7")

    folder, rows, unread = export_person(places, person)
    assert rows["records.customer_states"] == 2  # the day, and the one that was set aside; the same twice is one
    assert rows[f"marts.{customer_states.MART}"] == 1
    assert unreadable in unread
    assert (folder / "records.customer_states.csv").read_text().count("c7") == 2

    erased = erase(places, person, print)
    assert erased.left == []
    assert not unreadable.exists()
    left = [file for file in files_by_day(places, TABLE) if file.name != State(places).path(TABLE).name]
    assert len(left) == 6
    for file in left:
        assert {row[1] for row in rows_in(f"read_parquet({path_literal(file)})")} == {
            f"c{n}" for n in range(60) if n != 7
        }
    touched = {file for file in left if file.stat().st_mtime_ns != files[file]}
    assert touched == {file for file in left if not file.name.startswith(str(day(2)))}
    follow(places)
    assert len(rows_in(f"read_parquet({path_literal(today)})")) == 59
