"""What refreshes note about themselves: small Parquet files that dbt reads as the source `quality`.

models/quality/quality.yml defines the tables and columns, and which of them cannot be rebuilt: those lie in the records
of the warehouse, the others in its state folder. Every file is written beside and renamed, so that a crash leaves the
one before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml
from filelock import FileLock

from stammkunde.database import connect, path_literal, quoted, rows
from stammkunde.files import read_json, replaced
from stammkunde.personal import without_emails
from stammkunde.places import PROJECT, Places, with_former_place

DEFINITION = PROJECT / "models" / "quality" / "quality.yml"
KEPT_REFRESHES = 100  # of which checks and raw measures are kept; the list of builds itself is kept whole
TEXTS_OF_OTHERS = ("reason", "accepted_reason", "mended", "request")  # which may quote what files hold
NOTING_SECONDS = 60
Row = Mapping[str, object]


def position(build: Row) -> tuple[int, str]:
    """Where a build stands among the others: by their number. The clock, which the id tells, may have been wrong. Of
    builds that an earlier version made there is nothing else, and they come first."""
    number = build.get("build_number")
    return number if isinstance(number, int) else 0, str(build["build_id"])


@cache
def definitions() -> dict[str, Mapping[str, Any]]:
    """The tables of the source `quality` by their names."""
    tables = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))["sources"][0]["tables"]
    return {table["name"]: table for table in tables}


@cache
def columns(table: str) -> dict[str, str]:
    """Column names of a table with their types."""
    return {column["name"]: column["data_type"] for column in definitions()[table]["columns"]}


def clean_texts(build: Row) -> dict[str, object]:
    """What may quote others, without e-mail addresses: publish refuses a history with one."""
    return {name: without_emails(str(build[name])) for name in TEXTS_OF_OTHERS if build.get(name)}


def is_record(table: str) -> bool:
    """Whether a table cannot be rebuilt."""
    return definitions()[table].get("config", {}).get("meta", {}).get("folder") == "records"


def is_needed(table: str) -> bool:
    """Whether no refresh may go on where a table that was written cannot be read."""
    return bool(definitions()[table].get("config", {}).get("meta", {}).get("needed"))


def is_by_day(table: str) -> bool:
    """Whether a table is a folder of a file for each as_of_date."""
    return bool(definitions()[table].get("config", {}).get("meta", {}).get("by_day"))


@dataclass(frozen=True)
class State:
    """The tables of one warehouse."""

    places: Places

    def path(self, table: str) -> Path:
        """Where a table is written; of one by day the file that has its columns and no rows."""
        return self.days(table) / "columns.parquet" if is_by_day(table) else self._folder(table) / f"{table}.parquet"

    def days(self, table: str) -> Path:
        """The folder of a table by day."""
        return self._folder(table) / table

    def files_of_days(self, table: str) -> list[Path]:
        """The files of a table by day, in the order of their days."""
        return sorted(self.days(table).glob("[0-9]*-[0-9][0-9]-[0-9][0-9].parquet"))

    def _folder(self, table: str) -> Path:
        return self.places.records if is_record(table) else self.places.state

    def written(self, table: str) -> Path:
        """Where a table is read from: before the first refresh of this version a record may lie in the state folder."""
        return with_former_place(self.places, self.path(table))

    def rows(self, table: str) -> list[dict[str, object]]:
        """All rows of a table, empty if nothing was noted yet. Columns that another version did not write are null."""
        if not self.written(table).exists():
            return []
        with connect() as connection:
            self._read(connection, table)
            return rows(connection, f"select * from {table}")

    def check(self, table: str) -> None:
        """Raises duckdb.Error where a table cannot be read."""
        with connect() as connection:
            self._read(connection, table)

    def write(self, table: str, rows: Iterable[Row]) -> None:
        """Replace a table."""
        names = list(columns(table))
        values = [[row.get(name) for name in names] for row in rows]
        with connect() as connection:
            self._create(connection, table)
            if values:
                connection.executemany(f"insert into {table} values ({', '.join('?' * len(names))})", values)
            self._copy(connection, table, f"select * from {table}")

    def write_query(self, table: str, connection: duckdb.DuckDBPyConnection, query: str) -> None:
        """Replace a table by what a query gives, row by row as large as it may be."""
        casts = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in columns(table).items())
        self._copy(connection, table, f"select {casts} from ({query})")

    def replace(self, table: str, build_id: str, rows: Sequence[Row]) -> None:
        """Replace the rows of one refresh and forget those of refreshes long ago, in the order of their notes. What is
        known of a kept build stays: it may be compared with."""
        others = [row for row in self.rows(table) if row["build_id"] != build_id]
        noted = list(dict.fromkeys(str(row["build_id"]) for row in others))
        kept = {*noted[-KEPT_REFRESHES:], *(file.stem for file in self.places.kept_builds.glob("*.json"))}
        self.write(table, [*(row for row in others if row["build_id"] in kept), *rows])

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows to a table that is kept whole."""
        if rows:
            self.write(table, [*self.rows(table), *rows])

    def of_build(self, table: str, build_id: str | None) -> list[dict[str, object]]:
        return [row for row in self.rows(table) if row["build_id"] == build_id]

    def note(self, build_id: str, **noted: object) -> None:
        """Note something about one refresh in `builds`; the first note begins its row, and gives it its number."""
        with self.noting():
            rows = {str(row["build_id"]): row for row in self.rows("builds")}
            before = rows.get(build_id) or {"build_id": build_id, "build_number": self.next_number(rows.values())}
            rows[build_id] = {**before, **noted, **clean_texts(noted)}
            self.write("builds", sorted(rows.values(), key=position))

    def next_number(self, builds: Iterable[Row]) -> int:
        """The number of the next build. Where the history was lost, the kept builds tell how far it went."""
        kept = [read_json(file) for file in self.places.kept_builds.glob("*.json")]
        numbers = [position({"build_id": "", **row})[0] for row in [*builds, *kept, read_json(self.places.manifest)]]
        return max(numbers, default=0) + 1

    def leave_emails_out(self) -> None:
        """An earlier version noted reasons as they were given."""
        with self.noting():
            rows = self.rows("builds")
            clean = [{**row, **clean_texts(row)} for row in rows]
            if clean != rows:
                self.write("builds", clean)

    def rename_shop(self, names: Collection[str], shop: str) -> None:
        """A shop that got a name keeps its history."""
        with self.noting():
            rows = self.rows("builds")
            if any(row["shop"] in names and row["shop"] != shop for row in rows):
                self.write("builds", [{**row, "shop": shop} if row["shop"] in names else row for row in rows])

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Nobody else changes the history meanwhile: also a refresh that waits in vain for the other one notes that."""
        self.places.state.mkdir(parents=True, exist_ok=True)
        with FileLock(self.places.history_lock, timeout=NOTING_SECONDS):
            yield

    def complete(self) -> None:
        """Write the tables that are not there yet, without rows: not every engine can ask whether a file exists."""
        for table in definitions():
            if not self.path(table).exists():
                self.write(table, [])

    def _read(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        self._create(connection, table)
        file = path_literal(self.days(table), "*.parquet") if is_by_day(table) else path_literal(self.written(table))
        reader = f"read_parquet({file})"
        found = connection.execute(f"describe select * from {reader}").fetchall()
        known = ", ".join(name for name in columns(table) if name in {row[0] for row in found})
        connection.execute(f"insert into {table} by name select {known} from {reader}")

    def _create(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        defined = ", ".join(f"{name} {kind}" for name, kind in columns(table).items())
        connection.execute(f"create table {table} ({defined})")

    def _copy(self, connection: duckdb.DuckDBPyConnection, table: str, query: str) -> None:
        with replaced(self.path(table)) as unfinished:
            connection.execute(f"copy ({query}) to {quoted(str(unfinished))} (format parquet)")
