"""Past days of a shop, each built from what one build has read, as it was known that day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from orchestration.compared import closed_months_of, months_to_note, published_orders
from orchestration.publish.copy import excluded_orders
from orchestration.quality.evidence import BESIDE_MARTS, Evidence, Noted, shown
from orchestration.replay.compiled import (
    BUILD_ID,
    BUILDS,
    NO_DAY,
    PUBLISHED_ORDERS,
    STAGING,
    Compiled,
    Relation,
    chain,
    relation_of,
)
from orchestration.replay.raw_rows import RawRows
from orchestration.state import Row, columns
from stammkunde.database import attach_read_only, connect, identifier, quoted
from stammkunde.environment import environment
from stammkunde.errors import StammkundeError, one_line
from stammkunde.manifest import Manifest

KEPT = "kept"  # what is the same on every day
SCHEMAS = ("staging", "intermediate", "marts", "quality")
ORDERS = Relation("staging", "stg_orders")
BESIDE = frozenset(Relation(*table.split(".")) for table in BESIDE_MARTS.values())
# Beyond this share of orders that were changed later and have no older version, their versions are no history.
LATEST_STATES = 0.1
FEW_ORDERS = 100_000  # with which several threads cost more than they gain


class ReplayError(StammkundeError):
    """The past cannot be replayed; the text says why and what to do."""


@dataclass(frozen=True)
class Known:
    """How orders became known: from their dates of change, or from their order date where the source keeps only the
    latest state of each."""

    orders: int
    without_a_past: int  # changed after the day they were placed, and no older version was kept

    @property
    def share(self) -> float:
        return self.without_a_past / self.orders if self.orders else 0.0

    @property
    def by_order_date(self) -> bool:
        return self.share > LATEST_STATES


@dataclass
class PastDay:
    """What a refresh in the night after a day has to judge. Who judges says whether a person had to let it through."""

    day: date
    evidence: Evidence
    is_accepted: bool = False


@dataclass(frozen=True)
class Past:
    """One build, from which past days are built."""

    connection: duckdb.DuckDBPyConnection
    compiled: Compiled
    known: Known
    raw: RawRows
    first_order_date: date
    as_of_date: date

    def days(self, wanted: Sequence[date]) -> Iterator[PastDay]:
        """Each day, compared with the day before in the list. The first one is there to compare with."""
        there: list[date] = []
        raw: dict[date, Mapping[str, Sequence[Row]]] = {}
        months: list[Row] = []
        try:
            for day in wanted:
                before = there[-1] if there else None
                there.append(day)
                raw[day] = self.raw.until(day)
                self.build(day, before)
                is_accepted = False
                if before:
                    found = PastDay(
                        day, self.evidence(day, before, Noted({**raw[day], "closed_months": months}, raw[before]))
                    )
                    yield found
                    is_accepted = found.is_accepted
                    self.forget(there.pop(0))
                    del raw[before]
                months += self.months_to_note(months, day, is_accepted)
        finally:
            for day in there:
                self.forget(day)

    def build(self, day: date, before: date | None) -> None:
        """All models of a day, in a database in memory."""
        database = database_of(day)
        self.connection.execute(f"attach ':memory:' as {database}")
        for schema in SCHEMAS:
            self.connection.execute(f"create schema {database}.{schema}")
        self._note(day, before)
        for relation in self.compiled.shown:
            self.connection.execute(f"create view {relation.inside(database)} as from {relation.inside(KEPT)}")
        for model in self.compiled.models:
            query = model.sql_on(day.isoformat(), database)
            try:
                self.connection.execute(f"create table {model.relation.inside(database)} as {query}")
            except duckdb.Error as error:
                raise ReplayError(f"{model.relation.name} of {day} cannot be built: {one_line(error)}") from error
            if model.relation == ORDERS and self.known.by_order_date:
                self.connection.execute(known_by_order_date(ORDERS.inside(database)))

    def _note(self, day: date, before: date | None) -> None:
        """What the refresh of a day would have noted before dbt starts: itself, and the orders of the one before."""
        nothing = dict.fromkeys(columns(PUBLISHED_ORDERS.name), "null")
        orders = f"{selected(nothing)} where false"
        if before:
            earlier = database_of(before)
            orders = published_orders(f"{earlier}.marts.orders", f"({excluded_orders(earlier)})")
        for table, query in ((BUILDS, noted_build(before)), (PUBLISHED_ORDERS, orders)):
            casts = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in columns(table.name).items())
            relation = table.inside(database_of(day))
            self.connection.execute(f"create table {relation} as select {casts} from ({query})")

    def forget(self, day: date) -> None:
        """Give up what was built of a day."""
        self.connection.execute(f"detach {database_of(day)}")

    def evidence(self, day: date, before: date, noted: Noted) -> Evidence:
        """A refresh in the night after a day: the daily one reads what came until midnight."""
        return shown(self.connection, noted, day + timedelta(days=1), database_of(day), database_of(before))

    def months_to_note(self, history: Sequence[Row], day: date, is_accepted: bool) -> list[Row]:
        """What is published of closed months with the refresh of a day."""
        with self.connection.cursor() as cursor:
            cursor.execute(f"use {database_of(day)}")
            months = closed_months_of(cursor)
        build = {"build_id": day.isoformat(), "shop": BUILD_ID, "as_of_date": day}
        return months_to_note(history, months, build, is_accepted)


def noted_build(before: date | None) -> str:
    """The row of a refresh among the builds."""
    noted = {**dict.fromkeys(columns(BUILDS.name), "null"), "build_id": quoted(BUILD_ID)}
    if before:
        noted |= {"baseline_build_id": quoted(before.isoformat()), "baseline_as_of_date": quoted(before.isoformat())}
    return selected(noted)


def selected(values: Mapping[str, str]) -> str:
    """A query of one row of values."""
    return "select " + ", ".join(f"{value} as {name}" for name, value in values.items())


def database_of(day: date) -> str:
    return f"day_{day:%Y%m%d}"


def known_by_order_date(orders: str) -> str:
    """The first version of each order is known from the day of the order on, later ones from their dates of change."""
    return f"""
    create or replace table {orders} as
    select * replace (
        case
            when row_number() over (partition by order_id, rejection_reason order by updated_at nulls first) > 1
                then updated_date
        end as updated_date
    )
    from {orders}
    """


@contextmanager
def opened(
    warehouse: Path,
    manifest: Manifest,
    folder: Path,
    secrets: Mapping[str, str],
    marts: Collection[str] | None = None,
    as_built: Collection[str] = (),
) -> Iterator[Past]:
    """The past of the build in a warehouse, which is read at once: a refresh must not wait for the replay. `marts`: of
    these alone, and not what the gate reads besides. `as_built`: models that are on every day what they are today.

    Raises ReplayError where there is no build, or it is another version's.
    """
    with connect() as connection:
        for name, secret in secrets.items():
            connection.execute(f"set variable {identifier(name)} = {quoted(secret)}")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"set temp_directory = {quoted(str(folder / 'temporary'))}")
        if memory := environment().memory:
            connection.execute(f"set memory_limit = {quoted(memory)}")
        connection.execute(f"attach {quoted(str(folder / f'{KEPT}.duckdb'))} as {KEPT}")
        try:
            past = read(connection, warehouse, manifest, marts, as_built)
        except duckdb.IOException as error:
            raise ReplayError(f"{warehouse} cannot be opened: {one_line(error)}. Close it elsewhere") from error
        except duckdb.Error as error:
            raise ReplayError(
                f"{warehouse} does not hold a build of this version ({one_line(error)}): stammkunde run first"
            ) from error
        yield past


def read(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Path,
    manifest: Manifest,
    marts: Collection[str] | None,
    as_built: Collection[str],
) -> Past:
    """Take what is needed of a warehouse, and leave it."""
    build = warehouse.stem  # it keeps its name, which its views were made with
    attach_read_only(connection, warehouse, build)
    try:
        query = f"select first_order_date, as_of_date from {Relation('intermediate', 'int_as_of').inside(build)}"
        first_order_date, as_of_date = connection.execute(query).fetchall()[0]
        if as_of_date is None:
            raise ReplayError("no order counts in the last build: there is no past to replay")
        besides = BESIDE if marts is None else frozenset[Relation]()
        compiled = chain(manifest, besides, empty_relations(connection, manifest, build), KEPT, marts, as_built)
        for relation in sorted(compiled.kept, key=lambda relation: (relation.schema, relation.name)):
            connection.execute(f"create schema if not exists {KEPT}.{relation.schema}")
            connection.execute(f"create table {relation.inside(KEPT)} as from {relation.inside(build)}")
        known = how_known(connection, ORDERS.inside(build))
        raw = RawRows.kept(connection, build, KEPT, known.by_order_date)
        if known.orders < FEW_ORDERS:
            connection.execute("set threads = 1")
    finally:
        connection.execute(f"detach {identifier(build)}")
    return Past(connection, compiled, known, raw, first_order_date, as_of_date)


def empty_relations(connection: duckdb.DuckDBPyConnection, manifest: Manifest, build: str) -> frozenset[Relation]:
    """Staging models that depend on the day and have no rows."""
    asked = [
        relation_of(node)
        for node in manifest.models()
        if node["original_file_path"].startswith(STAGING) and NO_DAY in node["compiled_code"]
    ]
    return frozenset(
        relation
        for relation in asked
        if not connection.execute(f"select 1 from {relation.inside(build)} limit 1").fetchall()
    )


def how_known(connection: duckdb.DuckDBPyConnection, orders: str) -> Known:
    """How many orders there are, and how many were changed after their day and have no older version."""
    counted = connection.execute(
        f"""
        select count(*), count(*) filter (versions = 1 and last_changed > order_date)
        from (
            select
                count(*) as versions,
                max(updated_date) as last_changed,
                min(order_date) as order_date
            from {orders}
            where rejection_reason is null
            group by order_id
        )
        """
    ).fetchall()[0]
    return Known(*counted)
