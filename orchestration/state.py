"""What refreshes note about themselves: small Parquet files that dbt reads as the source `quality`.

models/quality/quality.yml defines the tables and columns. Every file is written beside and renamed, so that a crash
leaves the one before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import yaml

from stammkunde.database import quoted, rows
from stammkunde.files import replaced
from stammkunde.places import PROJECT

DEFINITION = PROJECT / "models" / "quality" / "quality.yml"
KEPT_REFRESHES = 100  # of which checks and raw measures are kept; the list of builds itself is kept whole
Row = Mapping[str, object]


@cache
def columns(table: str) -> dict[str, str]:
    """Column names of a table of the source `quality` with their types."""
    for defined in yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))["sources"][0]["tables"]:
        if defined["name"] == table:
            return {column["name"]: column["data_type"] for column in defined["columns"]}
    raise KeyError(table)


@dataclass(frozen=True)
class State:
    """The tables of one state folder."""

    folder: Path

    def path(self, table: str) -> Path:
        return self.folder / f"{table}.parquet"

    def rows(self, table: str) -> list[dict[str, object]]:
        """All rows of a table, empty if nothing was noted yet. Columns that another version did not write are null."""
        if not self.path(table).exists():
            return []
        with duckdb.connect() as connection:
            self._create(connection, table)
            path = [str(self.path(table))]
            written = {row[0] for row in connection.execute("describe select * from read_parquet(?)", path).fetchall()}
            known = ", ".join(name for name in columns(table) if name in written)
            connection.execute(f"insert into {table} by name select {known} from read_parquet(?)", path)
            return rows(connection, f"select * from {table}")

    def write(self, table: str, rows: Iterable[Row]) -> None:
        """Replace a table."""
        names = list(columns(table))
        values = [[row.get(name) for name in names] for row in rows]
        with duckdb.connect() as connection:
            self._create(connection, table)
            if values:
                connection.executemany(f"insert into {table} values ({', '.join('?' * len(names))})", values)
            self._copy(connection, table, f"select * from {table}")

    def write_query(self, table: str, connection: duckdb.DuckDBPyConnection, query: str) -> None:
        """Replace a table by what a query gives, row by row as large as it may be."""
        casts = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in columns(table).items())
        self._copy(connection, table, f"select {casts} from ({query})")

    def replace(self, table: str, build_id: str, rows: Sequence[Row]) -> None:
        """Replace the rows of one refresh and forget those of refreshes long ago."""
        others = [row for row in self.rows(table) if row["build_id"] != build_id]
        kept = set(sorted({str(row["build_id"]) for row in others})[-KEPT_REFRESHES:])
        self.write(table, [*(row for row in others if row["build_id"] in kept), *rows])

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows to a table that is kept whole."""
        if rows:
            self.write(table, [*self.rows(table), *rows])

    def of_build(self, table: str, build_id: str | None) -> list[dict[str, object]]:
        return [row for row in self.rows(table) if row["build_id"] == build_id]

    def note(self, build_id: str, **noted: object) -> None:
        """Note something about one refresh in `builds`; the first note begins its row."""
        rows = {str(row["build_id"]): row for row in self.rows("builds")}
        rows[build_id] = {**rows.get(build_id, {"build_id": build_id}), **noted}
        self.write("builds", [rows[key] for key in sorted(rows)])

    def rename_shop(self, names: Collection[str], shop: str) -> None:
        """A shop that got a name keeps its history."""
        rows = self.rows("builds")
        if any(row["shop"] in names and row["shop"] != shop for row in rows):
            self.write("builds", [{**row, "shop": shop} if row["shop"] in names else row for row in rows])

    def _create(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        defined = ", ".join(f"{name} {kind}" for name, kind in columns(table).items())
        connection.execute(f"create table {table} ({defined})")

    def _copy(self, connection: duckdb.DuckDBPyConnection, table: str, query: str) -> None:
        with replaced(self.path(table)) as unfinished:
            connection.execute(f"copy ({query}) to {quoted(str(unfinished))} (format parquet)")
