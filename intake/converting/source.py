"""One loaded file or table, and its columns by the names that a mapping uses."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field

import duckdb

from stammkunde.database import identifier

from ..errors import IntakeError
from ..json_paths import inside, splits
from ..mapping import EntityRule
from ..mapping.messages import suggestion
from ..reading.header import letters
from ..reading.own_columns import RESERVED


@dataclass(frozen=True)
class SourceColumn:
    """A column as DuckDB knows it, or what lies at a path within one that holds JSON."""

    name: str
    kind: str
    path: str = ""

    @property
    def sql(self) -> str:
        return inside(identifier(self.name), self.path) if self.path else identifier(self.name)

    @property
    def is_text(self) -> bool:
        return self.kind == "VARCHAR"


@dataclass(frozen=True)
class Source:
    """A table in DuckDB, what users know it as, its columns by lower-case name, the file that its rows name, and how
    many lines around the table were left out."""

    table: str
    shown: str
    columns: Dictionary[str, SourceColumn]
    file: str = ""
    left_out: Dictionary[str, int] = field(default_factory=dict)

    def find(self, wanted: str, where: str) -> SourceColumn:
        """A column, whatever its case, spaces and underscores. Raises IntakeError if it is not there."""
        found = self.get(wanted)
        if found is None:
            known = [column.name for column in self.columns.values() if column.name not in RESERVED]
            there = suggestion(wanted, known) if known else ", which has no row with names of columns"
            raise IntakeError(f"{where}: column '{wanted}' is not in {self.shown}{there}")
        return found

    def get(self, wanted: str) -> SourceColumn | None:
        """The same, or what lies in a column by its path (`person.email`); None if it is not there."""
        if (found := self.columns.get(wanted.strip().lower())) is not None:
            return found
        for find in (self.columns.get, self.column):  # `ticket.id` lies in `ticket`, though `ticket_id` is much like it
            for name, path in splits(wanted):
                if (found := find(name.strip().lower())) is not None:
                    return SourceColumn(found.name, "VARCHAR", path)
            if (found := self.column(wanted)) is not None:
                return found
        return None

    def column(self, wanted: str) -> SourceColumn | None:
        found = self.columns.get(wanted.strip().lower())
        if found is None:
            alike = [column for known, column in self.columns.items() if letters(known) == letters(wanted)]
            found = alike[0] if len(alike) == 1 else None
        return found

    def missing(self, rule: EntityRule) -> set[str]:
        """The optional columns of a rule that are not there."""
        optional = set(rule.source_columns()) - set(rule.required_columns())
        return {wanted for wanted in optional if self.get(wanted) is None}


def describe(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    shown: str,
    file: str = "",
    left_out: Dictionary[str, int] | None = None,
) -> Source:
    """A table that is loaded, as a source."""
    described = connection.execute(f"describe {table}").fetchall()
    columns = {name.strip().lower(): SourceColumn(name, kind) for name, kind, *_ in described}
    return Source(table, shown, columns, file, left_out or {})
