"""Days of customers' states without whole refreshes: the compiled model, a published file, and the records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.publish.customer_states import TABLE, files_of_days, follow
from orchestration.state import State, columns
from stammkunde.database import path_literal, quoted
from stammkunde.files import aside
from stammkunde.places import Places
from tests.conftest import WAREHOUSE, run_dbt

DATABASE = Path(WAREHOUSE).stem
MODEL, CLAIM = "customer_state_history", "assert_states_of_today_are_those_of_the_customers"
ANY_DAY = "select * from {{ customer_states_on('$day') }} as states"


@dataclass(frozen=True)
class Compiled:
    """What dbt makes of the model, of the claim about it, and of the macro for any day (`$day`)."""

    model: str
    claim: str
    any_day: str

    @classmethod
    def by_dbt(cls, folder: Path) -> Compiled:
        build = run_dbt(["compile", "--select", MODEL, CLAIM], folder, artefacts=True)
        assert build.exit_code == 0, build.output
        found = {node["name"]: node.get("compiled_code") for node in build.manifest()["nodes"].values()}
        inline = run_dbt(["--quiet", "compile", "--inline", ANY_DAY], folder)
        assert inline.exit_code == 0, inline.output
        return cls(found[MODEL], found[CLAIM], inline.output[inline.output.index("select * from") :])


@dataclass
class Shop:
    """A shop whose builds have nothing but customers and their states."""

    places: Places
    compiled: Compiled
    builds: int = 0

    @classmethod
    def in_folder(cls, folder: Path, compiled: Compiled) -> Shop:
        places = Places(folder / "raw", None, folder / "shop.duckdb", folder / "published" / "retention.duckdb")
        places.published.parent.mkdir(parents=True)
        shop = cls(places, compiled)
        State(places).complete()
        return shop

    @contextmanager
    def warehouse(self, day: date | None, customers: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """What the model reads, as dbt finds it on a day; `customers` is a query."""
        with duckdb.connect() as connection:
            connection.execute(f"attach ':memory:' as {DATABASE}")
            connection.execute(f"use {DATABASE}")
            for schema in ("quality", "intermediate", "marts"):
                connection.execute(f"create schema {schema}")
            builds = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in columns("builds").items())
            days = State(self.places).days(TABLE)
            as_of = f"date '{day}'" if day else "null::date"
            for statement in (
                f"create view quality.builds as select {builds} where false",
                f"create view quality.customer_states as from read_parquet({path_literal(days, '*.parquet')})",
                f"create table intermediate.int_as_of as select {as_of} as as_of_date",
                f"create table marts.customers as {customers}",
            ):
                connection.execute(statement)
            yield connection

    def build(self, day: date | None, customers: str) -> Path:
        """The marts of a day in a file that is ready to be published, the claim on it checked. Nothing is recorded."""
        self.builds += 1
        file = self.places.published.with_name(f"build-{self.builds}.duckdb")
        with self.warehouse(day, customers) as connection:
            connection.execute(f"create table marts.{MODEL} as {self.compiled.model}")
            assert connection.execute(self.compiled.claim).fetchall() == []
            connection.execute(f"attach {quoted(str(file))} as written")
            connection.execute("create schema written.marts")
            connection.execute(f"create table written.marts.{MODEL} as from marts.{MODEL}")
            connection.execute(
                "create table written.marts.build as select ? as build_id, as_of_date from intermediate.int_as_of",
                [f"build-{self.builds}"],
            )
        return file

    def put_in_place(self, file: Path) -> None:
        """What publish and rollback do: readers see a build; of the records nothing is written yet."""
        aside(self.places.published).write_bytes(file.read_bytes())
        aside(self.places.published).replace(self.places.published)

    def publish(self, day: date | None, customers: str) -> Path:
        file = self.build(day, customers)
        self.put_in_place(file)
        follow(self.places)
        return file

    def recorded(self) -> list[tuple]:
        """All rows of the records, each file with the rows of its day alone."""
        found = []
        for file in files_of_days(self.places):
            rows = rows_in(f"read_parquet({path_literal(file)})")
            assert {str(row[0]) for row in rows} <= {file.stem}
            found += rows
        return sorted(found, key=str)

    def shown(self, file: Path) -> list[tuple]:
        """The rows of a build without `valid_to`."""
        with duckdb.connect(str(file), read_only=True) as connection:
            return sorted(connection.execute(f"select * exclude (valid_to) from marts.{MODEL}").fetchall(), key=str)

    def on(self, file: Path, day: date) -> list[tuple]:
        """What the macro gives for a day."""
        asked = self.compiled.any_day.replace("$day", f"date '{day}'").replace(f'"{DATABASE}".', "")
        with duckdb.connect(str(file), read_only=True) as connection:
            return sorted(connection.execute(asked).fetchall(), key=str)


def rows_in(source: str) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(f"select {', '.join(columns(TABLE))} from {source}").fetchall()
