"""What refreshes note about themselves: small Parquet files that dbt reads as the source `quality`.

models/quality/quality.yml defines the tables and columns, and which of them cannot be rebuilt: those lie in the records
of the warehouse, the others in its state folder. Every file is written beside and renamed, so that a crash leaves the
one before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from stammkunde.database import quoted, rows
from stammkunde.files import replaced
from stammkunde.places import PROJECT, Places, with_former_place

DEFINITION = PROJECT / "models" / "quality" / "quality.yml"
KEPT_REFRESHES = 100  # of which checks and raw measures are kept; the list of builds itself is kept whole
Row = Mapping[str, object]


@cache
def definitions() -> dict[str, Mapping[str, Any]]:
    """The tables of the source `quality` by their names."""
    tables = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))["sources"][0]["tables"]
    return {table["name"]: table for table in tables}


@cache
def columns(table: str) -> dict[str, str]:
    """Column names of a table with their types."""
    return {column["name"]: column["data_type"] for column in definitions()[table]["columns"]}


def is_record(table: str) -> bool:
    """Whether a table cannot be rebuilt."""
    return definitions()[table].get("config", {}).get("meta", {}).get("folder") == "records"


@dataclass(frozen=True)
class State:
    """The tables of one warehouse."""

    places: Places

    def path(self, table: str) -> Path:
        """Where a table is written."""
        folder = self.places.records if is_record(table) else self.places.state
        return folder / f"{table}.parquet"

    def written(self, table: str) -> Path:
        """Where a table is read from: before the first refresh of this version a record may lie in the state folder."""
        return with_former_place(self.places, self.path(table))

    def rows(self, table: str) -> list[dict[str, object]]:
        """All rows of a table, empty if nothing was noted yet. Columns that another version did not write are null."""
        file = self.written(table)
        if not file.exists():
            return []
        with duckdb.connect() as connection:
            self._create(connection, table)
            path = [str(file)]
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

    def complete(self) -> None:
        """Write the tables that are not there yet, without rows: not every engine can ask whether a file exists."""
        for table in definitions():
            if not self.path(table).exists():
                self.write(table, [])

    def _create(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        defined = ", ".join(f"{name} {kind}" for name, kind in columns(table).items())
        connection.execute(f"create table {table} ({defined})")

    def _copy(self, connection: duckdb.DuckDBPyConnection, table: str, query: str) -> None:
        with replaced(self.path(table)) as unfinished:
            connection.execute(f"copy ({query}) to {quoted(str(unfinished))} (format parquet)")
