"""The names of a source's columns: which can be used, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import IntakeError
from .own_columns import OWN_COLUMNS

MOST_COLUMNS = 2_000
LONGEST_NAME = 60  # characters of a column that a message shows


def usable_header(header: Sequence[str], path: Path) -> tuple[str, ...]:
    """Names that a table can have: a column without a name, as spreadsheets append them, gets one that nothing maps."""
    usable = [
        f"{column} in the file" if column.strip().lower() in OWN_COLUMNS else column.strip() or f"column {position}"
        for position, column in enumerate(header, start=1)
    ]
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
