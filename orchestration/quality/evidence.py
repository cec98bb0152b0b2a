"""What the gate looks at: the build that is judged and the published build before it, under plain names for SQL.

The aggregates in sql/ read `orders` and every other mart of the build that is judged, `orders_before` of the published
one, `raw_entities` and `raw_entities_before` as they were measured before dbt, `marts` and `marts_before` (a row
for each, with its rows) and the variable `today`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from stammkunde.database import attach_read_only, identifier, in_memory, quoted

if TYPE_CHECKING:
    import pandas as pd

    from orchestration.quality.checks import Table

SQL = Path(__file__).with_name("sql")
PUBLISHED_BEFORE = "published_before"
RAW_COLUMNS = {
    "entity": "varchar",
    "rows": "bigint",
    "malformed_rows": "bigint",
    "first_date": "date",
    "last_date": "date",
}
Row = Mapping[str, object]


class AggregateError(Exception):
    """An aggregate cannot be had from what there is. The text names its file and says why."""


@dataclass
class Evidence:
    """A connection in which every aggregate can be asked for, and what there is to compare with: `raw`, `marts`."""

    connection: duckdb.DuckDBPyConnection
    before: frozenset[str]
    _known: dict[Path, pd.DataFrame] = field(default_factory=dict)

    def aggregate(self, suite: str, table: Table) -> pd.DataFrame | None:
        """The aggregate of a table; None where there is no build before to compare with. Raises AggregateError."""
        if table.compared_with and table.compared_with not in self.before:
            return None
        file = SQL / suite / f"{table.name}.sql"
        if file not in self._known:
            self._known[file] = self._ask(file)
        return self._known[file]

    def _ask(self, file: Path) -> pd.DataFrame:
        try:
            return self.connection.execute(file.read_text(encoding="utf-8")).df()
        except (OSError, duckdb.ProgrammingError) as error:  # a file, table or column that is not there
            reason = next(iter(str(error).splitlines()), "")
            raise AggregateError(f"{file.parent.name}/{file.name} cannot be asked: {reason}") from error


@contextmanager
def gathered(
    raw_now: Sequence[Row],
    raw_before: Sequence[Row],
    today: date,
    warehouse: Path | None = None,
    baseline: Path | None = None,
) -> Iterator[Evidence]:
    """The evidence there is: no `warehouse` before dbt has run, no `baseline` if there is nothing to compare with."""
    with in_memory() as connection:
        if warehouse:  # it keeps its name, which its views were made with
            attach_read_only(connection, warehouse, warehouse.stem)
        if baseline:
            attach_read_only(connection, baseline, PUBLISHED_BEFORE)
        now, before = warehouse.stem if warehouse else None, PUBLISHED_BEFORE if baseline else None
        yield shown(connection, raw_now, raw_before, today, now, before)


def shown(
    connection: duckdb.DuckDBPyConnection,
    raw_now: Sequence[Row],
    raw_before: Sequence[Row],
    today: date,
    now: str | None,
    before: str | None,
) -> Evidence:
    """The evidence in a connection that has the build that is judged and the one before attached, by these names. What
    was shown in it before is replaced."""
    connection.execute((SQL / "macros.sql").read_text(encoding="utf-8"))
    connection.execute(f"set variable today = date '{today}'")
    hold_rows(connection, "raw_entities", raw_now)
    hold_rows(connection, "raw_entities_before", raw_before)
    if now:
        show_marts(connection, now, "")
    if before:
        show_marts(connection, before, "_before")
    there = {"raw": bool(raw_before), "marts": before is not None}
    return Evidence(connection, frozenset(kind for kind, is_there in there.items() if is_there))


def hold_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> None:
    """A table of raw entities as they were measured."""
    defined = ", ".join(f"{column} {kind}" for column, kind in RAW_COLUMNS.items())
    connection.execute(f"create or replace table {table} ({defined})")
    if rows:
        values = [[row[column] for column in RAW_COLUMNS] for row in rows]
        connection.executemany(f"insert into {table} values ({', '.join('?' * len(RAW_COLUMNS))})", values)


def show_marts(connection: duckdb.DuckDBPyConnection, catalog: str, suffix: str) -> None:
    """A view `<mart><suffix>` over every mart of a database, and `marts<suffix>` with the rows of each."""
    found = connection.execute(
        "select table_name from information_schema.tables where table_catalog = ? and table_schema = 'marts'", [catalog]
    ).fetchall()
    marts = sorted(mart for (mart,) in found)
    for mart in marts:
        table = f"{identifier(catalog)}.marts.{identifier(mart)}"
        connection.execute(f"create or replace view {identifier(mart + suffix)} as from {table}")
    counts = [f"select {quoted(mart)} as mart, count(*) as rows from {identifier(mart + suffix)}" for mart in marts]
    nothing = "select '' as mart, 0 as rows where false"
    connection.execute(f"create or replace view marts{suffix} as {' union all '.join(counts) or nothing}")
