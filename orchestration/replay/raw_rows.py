"""The raw entities as they would have been measured on past days: without the rows that came later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from intake.entities import Entity, entities
from orchestration.raw import Known, measure_file, rows_of_columns, rows_of_values
from orchestration.state import Row
from stammkunde.database import identifier, rows


@dataclass
class Measured:
    """What was measured of one entity up to a day."""

    rows: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    values: dict[tuple[str, str], Known] = field(default_factory=dict)


@dataclass
class RawRows:
    """All raw rows, each with the day from which on it was exported."""

    connection: duckdb.DuckDBPyConnection
    database: str
    measured: dict[str, Measured] = field(default_factory=dict)
    measured_until: date | None = None

    @classmethod
    def kept(cls, connection: duckdb.DuckDBPyConnection, build: str, database: str, by_order_date: bool) -> RawRows:
        """The raw rows of a build, kept in another database. Rows without a readable date were always there."""
        found = cls(connection, database)
        for entity in entities().values():
            dates = [day_of(column.name) for column in entity.columns.values() if column.kind == "timestamp"]
            changed_on = [day_of("updated_at")] if entity.name == "orders" and not by_order_date else []
            known_on = f"greatest({', '.join([dates[0], *changed_on])})" if dates else "null"
            texts = "".join(f"{text_of(entity, name)} as {name}, " for name in entity.columns)
            connection.execute(
                f"""
                create table {found.table(entity)} as
                select
                    {texts} malformed_line,
                    cast({dates[0] if dates else "null"} as date) as row_date,
                    cast({known_on} as date) as known_on
                from {identifier(build)}.raw.{identifier(entity.name)}
                """
            )
            for column in without_values(connection, found.table(entity), entity.columns):
                connection.execute(f"alter table {found.table(entity)} drop column {column}")
        return found

    def table(self, entity: Entity) -> str:
        return f"{self.database}.{identifier(f'rows_of_{entity.name}')}"

    def until(self, day: date) -> Mapping[str, Sequence[Row]]:
        """What a refresh in the night after a day would have noted of the raw folder. Only the rows that came since the
        day before are looked at."""
        if self.measured_until is None or day < self.measured_until:
            self.measured, self.measured_until = {}, None
        found: dict[str, list[Row]] = {"raw_entities": [], "raw_columns": [], "raw_values": []}
        for entity in entities().values():
            known = self.measured.setdefault(entity.name, Measured())
            new = f"(select * exclude (row_date, known_on) from {self.table(entity)} where {self._came_until(day)})"
            known.rows += measure_file(self.connection, entity, new, known.filled, known.values)
            found["raw_entities"] += self._entity(entity, day)
            found["raw_columns"] += rows_of_columns(entity.name, known.rows, known.filled)
            found["raw_values"] += rows_of_values(entity.name, known.values)
        self.measured_until = day
        return found

    def _came_until(self, day: date) -> str:
        until = f"known_on <= date '{day}'"
        if self.measured_until is None:
            return f"({until} or known_on is null)"
        return f"{until} and known_on > date '{self.measured_until}'"

    def _entity(self, entity: Entity, day: date) -> list[dict[str, object]]:
        return rows(
            self.connection,
            f"""
            select
                '{entity.name}' as entity,
                count(*) as rows,
                count(malformed_line) as malformed_rows,
                min(row_date) as first_date,
                max(row_date) as last_date
            from {self.table(entity)}
            where known_on <= date '{day}' or known_on is null
            """,
        )


def day_of(column: str) -> str:
    """The day of a raw timestamp as it is measured before dbt has run (orchestration/raw.py): read in ISO form."""
    return f"coalesce(cast({column}_typed as date), try_cast(left(trim({column}), 10) as date))"


def text_of(entity: Entity, column: str) -> str:
    """A raw column as text, also where it arrived typed."""
    if entity.columns[column].kind == "string":
        return column
    return f"coalesce({column}, cast({column}_typed as varchar))"


def without_values(connection: duckdb.DuckDBPyConnection, table: str, columns: Iterable[str]) -> list[str]:
    """Columns that no row has a value in: most files do not have them."""
    names = list(columns)
    counted = connection.execute(f"select {', '.join(f'count({name})' for name in names)} from {table}").fetchall()[0]
    return [name for name, count in zip(names, counted, strict=True) if not count]
