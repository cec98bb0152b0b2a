"""The names of a source's columns: which can be used, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from ..errors import IntakeError
from ..json_paths import splits
from .own_columns import RESERVED

MOST_COLUMNS = 2_000
LONGEST_NAME = 60  # characters of a column that a message shows


@dataclass(frozen=True)
class Wanted:
    """The columns that are read of a file: those that it must have, and all that are named."""

    required: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def are_in(self, fields: Sequence[str]) -> bool:
        """Whether a line names all columns that must be there."""
        return bool(self.required) and not self.missing_in(fields)

    def missing_in(self, fields: Sequence[str]) -> list[str]:
        """The columns that a file lacks; what lies within a column needs only the column."""
        there = {letters(field) for field in fields}
        return [
            name
            for name in self.required
            if not any(letters(part) in there for part in (name, *(column for column, _ in splits(name))))
        ]

    def names(self, column: str) -> bool:
        return letters(column) in {letters(name) for name in self.named}


NOTHING_WANTED = Wanted()


def letters(column: str) -> str:
    """What is compared of a name where it is not written as declared; a letter with its accent is one character."""
    return "".join(character for character in normalize("NFC", column).lower() if character.isalnum())


def usable_header(header: Sequence[str], path: Path, wanted: Wanted = NOTHING_WANTED) -> tuple[str, ...]:
    """Names that a table can have: a column without a name, as spreadsheets append them, and one that is there twice
    get a name that nothing maps."""
    usable: list[str] = []
    seen: set[str] = set()
    for position, column in enumerate(header, start=1):
        name = column.strip()
        if name.lower() in RESERVED:
            name = f"{column} in the file"
        if not name or (name.lower() in seen and not wanted.names(name)):
            name = f"{name or 'column'} {position}"
        seen.add(name.lower())
        usable.append(name)
    if not any(column.strip() for column in header):
        raise IntakeError(f"{path}, line 1: has no header: the first line must name the columns")
    check_header(usable, path)
    return tuple(usable)


def check_header(header: Sequence[str], path: Path) -> None:
    """Raises IntakeError for too many columns, one without a name, and one that is there twice."""
    if len(header) > MOST_COLUMNS:
        raise IntakeError(
            f"{path}, line 1: has {len(header):,} columns; more than {MOST_COLUMNS:,} is no export of orders. "
            "Leave out what is not needed"
        )
    seen: set[str] = set()
    for position, column in enumerate(header, start=1):
        if not column.strip():
            raise IntakeError(f"{path}, line 1: column {position} has no name. Give it one, or take it away")
        if column.strip().lower() in seen:
            raise IntakeError(f"{path}, line 1: column '{shortened(column)}' is there twice. Rename one of them")
        seen.add(column.strip().lower())


def shortened(column: str) -> str:
    column = column.strip()
    return column if len(column) <= LONGEST_NAME else column[: LONGEST_NAME - 3] + "..."
