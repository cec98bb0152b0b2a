"""What stands around a table in a file: a title or `sep=;` above its header, totals below its last row.

Such lines are left out by strict rules and counted; what may be a row is never taken for one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import IntakeError
from .header import Wanted, letters

ABOVE, BELOW = "above_header", "below_table"
FARTHEST_HEADER = 50  # lines of a file among which the header is looked for
MOST_BELOW = 10  # lines of a footer: more are another table

Row = tuple[list[str], str]  # the fields of a row, or the line that could not be split into the header's columns


def header_position(records: Sequence[Sequence[str]], wanted: Wanted, path: Path) -> int:
    """Which of the first records of a file is its header: the first, or the only one that names all wanted columns.

    Where it is not the first, nothing above it may look like a row.
    """
    if not wanted.required or (records and wanted.are_in(records[0])):
        return 0
    found = [position for position, fields in enumerate(records) if wanted.are_in(fields)]
    if len(found) != 1:
        return 0
    header = records[found[0]]
    for number, fields in enumerate(records[: found[0]], start=1):
        if looks_like_a_row(fields, header, wanted):
            raise IntakeError(
                f"{path}, line {found[0] + 1}: names the columns, but line {number} above it looks like a row. "
                "Take away what stands above the header, or put the header first"
            )
    return found[0]


def looks_like_a_row(fields: Sequence[str], header: Sequence[str], wanted: Wanted) -> bool:
    """Whether a line above the header has its columns, and values in all but one of those that are wanted."""
    if len(fields) != len(header):
        return False
    columns = {letters(name) for name in wanted.required}
    filled = sum(letters(name) in columns and bool(value.strip()) for name, value in zip(header, fields, strict=True))
    return filled >= max(len(columns) - 1, 1)


@dataclass
class Below:
    """Rows without the footer; how many lines it has is known when all are read.

    A footer begins behind a blank line that follows at least one row and reaches to the end of the file. None of its
    lines has as many columns as the header, and none has values in as many as a row needs.
    """

    rows: Iterable[Row | None]  # None is a blank line
    most_values: int  # that a line of a footer has
    lines: int = 0
    waiting: list[Row] = field(default_factory=list)

    def __iter__(self) -> Iterator[Row]:
        is_behind_a_blank_line = has_rows = False
        for row in self.rows:
            if row is None:
                is_behind_a_blank_line = has_rows
            elif is_behind_a_blank_line and self.may_be_below(row) and len(self.waiting) < MOST_BELOW:
                self.waiting.append(row)
            else:
                yield from self.waiting
                self.waiting, is_behind_a_blank_line = [], False
                has_rows = has_rows or not row[1]
                yield row
        self.lines = len(self.waiting)

    def may_be_below(self, row: Row) -> bool:
        """A line that could not be split into the columns of the header, with few values."""
        return bool(row[1]) and len(row[0]) <= self.most_values
