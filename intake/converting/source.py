"""One loaded file or table, and its columns by the names that a mapping uses."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass

import duckdb

from stammkunde.database import identifier

from ..errors import IntakeError
from ..mapping.messages import suggestion
from ..reading.own_columns import OWN_COLUMNS


@dataclass(frozen=True)
class SourceColumn:
    """A column as DuckDB knows it."""

    name: str
    kind: str

    @property
    def sql(self) -> str:
        return identifier(self.name)

    @property
    def is_text(self) -> bool:
        return self.kind == "VARCHAR"


@dataclass(frozen=True)
class Source:
    """A table in DuckDB, what users know it as, and its columns by lower-case name."""

    table: str
    shown: str
    columns: Dictionary[str, SourceColumn]

    def find(self, wanted: str, where: str) -> SourceColumn:
        """A column, whatever its case, spaces and underscores. Raises IntakeError if it is not there."""
        found = self.columns.get(wanted.strip().lower())
        if found is None:
            alike = [column for known, column in self.columns.items() if letters(known) == letters(wanted)]
            found = alike[0] if len(alike) == 1 else None
        if found is None:
            known = [column.name for column in self.columns.values() if column.name not in OWN_COLUMNS]
            raise IntakeError(f"{where}: column '{wanted}' is not in {self.shown}{suggestion(wanted, known)}")
        return found


def letters(column: str) -> str:
    """What is compared of a name where it is not written as declared."""
    return "".join(character for character in column.lower() if character.isalnum())


def describe(connection: duckdb.DuckDBPyConnection, table: str, shown: str) -> Source:
    """A table that is loaded, as a source."""
    columns = connection.execute(f"describe {table}").fetchall()
    return Source(table, shown, {name.strip().lower(): SourceColumn(name, kind) for name, kind, *_ in columns})
