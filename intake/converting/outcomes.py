"""What becomes of the lines of the files before they are rows: folded, or left out under a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from .source import Source

FOLDED, LEFT_OUT = "folded", "left_out"
NO_REASON = "none"
IN_A_LATER_FILE = "in_a_later_file"


@dataclass
class Outcomes:
    """Of one source: lines by entity, outcome, reason and file; and how many were read and handed on, by file."""

    source: str = ""
    lines: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    read: Counter[tuple[str, str]] = field(default_factory=Counter)
    handed_on: Counter[tuple[str, str]] = field(default_factory=Counter)

    def leave_out(self, entity: str, reason: str, file: str, lines: int) -> None:
        if lines:
            self.lines[entity, LEFT_OUT, reason, file] += lines

    def fold(self, entity: str, before: Counter[str], after: Counter[str]) -> None:
        """Of the lines that stayed, those that are no rows of their own were folded. Lines of one file may make a row
        that names another file."""
        folded = {file: before[file] - after[file] for file in sorted({*before, *after})}
        too_many = -sum(lines for lines in folded.values() if lines < 0)
        for file, lines in folded.items():
            if lines > 0:
                moved = min(lines, too_many)
                too_many -= moved
                self.lines[entity, FOLDED, NO_REASON, file] += lines - moved

    def drop(self, entity: str, before: Counter[str], after: Counter[str], reason: str) -> None:
        """Lines that stand elsewhere once more are left out."""
        for file in before:
            self.leave_out(entity, reason, file, before[file] - after[file])

    def read_lines(self, entity: str, lines: Counter[str]) -> None:
        for file, count in lines.items():
            self.read[entity, file] += count

    def hand_on(self, entity: str, rows: Counter[str]) -> None:
        for file, count in rows.items():
            self.handed_on[entity, file] += count

    def rows(self) -> list[tuple[str, str, str, str, str, int]]:
        return [(self.source, *key, lines) for key, lines in sorted(self.lines.items()) if lines]

    def files(self) -> list[tuple[str, str, str, int, int]]:
        return [
            (self.source, entity, file, lines, self.handed_on[entity, file])
            for (entity, file), lines in sorted(self.read.items())
        ]


def lines_by_file(connection: duckdb.DuckDBPyConnection, relations: Iterable[str]) -> Counter[str]:
    """How many rows come from each file."""
    found: Counter[str] = Counter()
    for relation in relations:
        query = f"select coalesce(source_file, ''), count(*) from {relation} group by all"
        found.update(dict(connection.execute(query).fetchall()))
    return found


def tables(sources: Iterable[Source]) -> list[str]:
    return [source.table for source in sources]
