"""What the gate looks at: the build that is judged and the published build before it, under plain names for SQL.

The aggregates in sql/ read `orders` and every other mart of the build that is judged, `orders_before` of the published
one, `marts` and `marts_before` (a row for each, with its rows), what stands beside the marts (BESIDE_MARTS), `refusals`
of models, what refreshes noted (NOTED; of the build before under the name `<table>_before`) and the variable `today`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.quality.checks import Kind
from orchestration.state import columns
from stammkunde.database import attach_read_only, identifier, in_memory, quoted

if TYPE_CHECKING:
    import pandas as pd

    from orchestration.quality.checks import Table

SQL = Path(__file__).with_name("sql")
PUBLISHED_BEFORE = "published_before"
# What of the build that is judged is no mart, by the name that SQL has for it.
BESIDE_MARTS = {
    "as_of": "intermediate.int_as_of",
    "order_changes": "intermediate.int_order_changes",
    "excluded_orders": "staging.excluded_orders",
    "exchange_rates": "staging.stg_exchange_rates",
    "signal_days": "intermediate.int_signal_days",
}
REFUSALS = "predictions.refusals"  # models that this build refused
# What refreshes noted, as models/quality/quality.yml defines it, and whether there is one of the build before.
NOTED = {
    "raw_entities": True,
    "raw_columns": True,
    "raw_values": True,
    "closed_months": False,
    "definition_changes": False,
    "erased_orders": False,
}
Row = Mapping[str, object]


class AggregateError(Exception):
    """An aggregate cannot be had from what there is. The text names its file and says why."""


@dataclass
class Evidence:
    """A connection in which every aggregate can be asked for, and what there is to compare with: `raw`, `marts`."""

    connection: duckdb.DuckDBPyConnection
    before: frozenset[Kind]
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


@dataclass(frozen=True)
class Noted:
    """What refreshes noted that is judged: rows of tables of NOTED, of this refresh and of the build before."""

    now: Mapping[str, Sequence[Row]]
    before: Mapping[str, Sequence[Row]] = field(default_factory=dict)


@contextmanager
def gathered(
    noted: Noted, today: date, warehouse: Path | None = None, baseline: Path | None = None
) -> Iterator[Evidence]:
    """The evidence there is: no `warehouse` before dbt has run, no `baseline` if there is nothing to compare with."""
    with in_memory() as connection:
        if warehouse:  # it keeps its name, which its views were made with
            attach_read_only(connection, warehouse, warehouse.stem)
        if baseline:
            attach_read_only(connection, baseline, PUBLISHED_BEFORE)
        now, before = warehouse.stem if warehouse else None, PUBLISHED_BEFORE if baseline else None
        yield shown(connection, noted, today, now, before)


def shown(
    connection: duckdb.DuckDBPyConnection, noted: Noted, today: date, now: str | None, before: str | None
) -> Evidence:
    """The evidence in a connection where the build that is judged and the one before are attached by these names. What
    was shown in it earlier is replaced."""
    connection.execute((SQL / "macros.sql").read_text(encoding="utf-8"))
    connection.execute(f"set variable today = date '{today}'")
    for table, has_before in NOTED.items():
        hold_rows(connection, table, table, noted.now.get(table, ()))
        if has_before:
            hold_rows(connection, table, f"{table}_before", noted.before.get(table, ()))
    if now:
        show_marts(connection, now, "")
        show_beside_marts(connection, now)
        show_refusals(connection, now)
    if before:
        show_marts(connection, before, "_before")
    there: dict[Kind, bool] = {
        "raw": bool(noted.before.get("raw_entities")),
        "columns": bool(noted.before.get("raw_columns")),
        "history": bool(noted.now.get("closed_months")),
        "marts": before is not None,
    }
    return Evidence(connection, frozenset(kind for kind, is_there in there.items() if is_there))


def hold_rows(connection: duckdb.DuckDBPyConnection, table: str, name: str, rows: Sequence[Row]) -> None:
    """Rows of a table that refreshes note, under a name, in their order."""
    import pandas as pd  # row by row an insert costs a hundred times as much

    kinds = columns(table)
    defined = ", ".join(f"{column} {kind}" for column, kind in kinds.items())
    connection.execute(f"create or replace table {name} ({defined})")
    if rows:
        given = pd.DataFrame([[row.get(column) for column in kinds] for row in rows], columns=list(kinds), dtype=object)
        casts = ", ".join(f"cast({column} as {kind})" for column, kind in kinds.items())
        connection.register("given_rows", given)
        connection.execute(f"insert into {name} select {casts} from given_rows")
        connection.unregister("given_rows")


def show_beside_marts(connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Views of what stands beside the marts. What is not there fails the checks that ask for it."""
    there = tables_of(connection, catalog)
    for name, table in BESIDE_MARTS.items():
        if table in there:
            connection.execute(f"create or replace view {name} as from {identifier(catalog)}.{table}")


def show_refusals(connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """A view of the models that were refused, without rows where nothing was predicted."""
    query = "select '' as model, '' as explanation where false"
    if REFUSALS in tables_of(connection, catalog):
        query = f"select model, explanation from {identifier(catalog)}.{REFUSALS}"
    connection.execute(f"create or replace view refusals as {query}")


def tables_of(connection: duckdb.DuckDBPyConnection, catalog: str) -> set[str]:
    """Tables and views of a database, with their schemas."""
    found = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables where table_catalog = ?", [catalog]
    ).fetchall()
    return {name for (name,) in found}


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
