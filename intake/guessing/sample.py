"""The head of a file, and how it seems to be written."""

from __future__ import annotations

import csv
import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import IntakeError
from ..reading.excel import first_excel_rows
from ..reading.files import check_readable, column_names, first_rows
from ..reading.header import usable_header
from ..reading.json_files import is_json
from ..reading.signatures import UTF_16, is_gzip
from .numbers import find_number_form

ROWS = 2_000
LARGEST_HEAD = 1 << 20  # bytes
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)


@dataclass
class Guesses:
    """The keys of a format as far as they are not the usual, and why."""

    form: dict[str, object] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def note(self, key: str, value: str, reason: str) -> None:
        self.form[key] = value
        self.reasons.append(reason)


@dataclass(frozen=True)
class Sample:
    """The head of a file: its format, its header and values by column."""

    guesses: Guesses
    header: tuple[str, ...]
    values: dict[str, list[str]]


def read_sample(path: Path) -> Sample:
    """The first rows of a file of any kind."""
    check_readable(path)
    if path.suffix.lower() == ".xlsx":
        return read_sheet(path)
    if path.suffix.lower() == ".parquet":
        header, rows = first_rows(path, ROWS)
        return with_number_form(Guesses(), header, rows)
    if is_json(path):
        with TemporaryDirectory(prefix="stammkunde_") as work:
            header = column_names(path, work=Path(work)) or ()
        return Sample(Guesses(), header, {column: [] for column in header})
    return read_text(path)


def read_sheet(path: Path) -> Sample:
    """The first sheet; a title may stand above its header."""
    rows = [row for row in first_excel_rows(path, ROWS) if any(cell.strip() for cell in row)]
    if not rows:
        raise IntakeError(f"{path}: has no cells with values. Export it again, or take it away")
    first, width = first_of_most(len([cell for cell in row if cell.strip()]) for row in rows[:100])
    header = usable_header([cell.strip() for cell in rows[first]], path)
    width = len(header)
    table = [[*row, *[""] * width][:width] for row in rows[first + 1 :]]
    return with_number_form(Guesses(), header, table)


def first_of_most(widths: Iterable[int]) -> tuple[int, int]:
    """Which line is the first that has as many fields as most lines have, of those with several; and how many."""
    known = list(widths)
    often = Counter(width for width in known if width > 1)
    width, _ = max(often.items(), key=lambda item: item[1] * item[0], default=(max(known, default=0), 0))
    return next(line for line, fields in enumerate(known) if fields >= width), width


def read_text(path: Path) -> Sample:
    with gzip.open(path, "rb") if is_gzip(path) else path.open("rb") as file:
        head = file.read(LARGEST_HEAD)
    guesses = Guesses()
    lines = decode(head, guesses).splitlines()[: ROWS + 20]
    if not lines:
        raise IntakeError(f"{path}: is empty. Export it again, or take it away")
    delimiter, first = find_table(lines, path)
    csv.field_size_limit(sys.maxsize)
    records = list(csv.reader(lines[first:], delimiter=delimiter))
    header = usable_header([column.strip() for column in records[0]], path)
    if delimiter != ",":
        shown = "tab" if delimiter == "\t" else delimiter
        guesses.note("delimiter", shown, f"separator: the header has {len(header) - 1} of it")
    rows = [record for record in records[1 : ROWS + 1] if len(record) == len(header)]
    return with_number_form(guesses, header, rows)


def with_number_form(guesses: Guesses, header: tuple[str, ...], rows: Sequence[Sequence[str]]) -> Sample:
    values = {column: [row[position].strip() for row in rows] for position, column in enumerate(header)}
    find_number_form(values.values(), guesses.form, guesses.reasons)
    return Sample(guesses, header, values)


def decode(head: bytes, guesses: Guesses) -> str:
    """The text, without the line that is cut off at its end."""
    cut = head[: head.rfind(b"\n") + 1] or head
    try:
        return cut.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if cut.startswith(UTF_16):
            guesses.note("encoding", "utf-16", "encoding: the file begins with the mark of UTF-16")
            return head.decode("utf-16", errors="ignore")
        line = cut[: error.start].count(b"\n") + 1
        reason = f"encoding: line {line} is not UTF-8; cp1252 is the usual of Windows in western Europe"
        guesses.note("encoding", "cp1252", reason)
        return cut.decode("cp1252", errors="replace")


def find_table(lines: Sequence[str], path: Path) -> tuple[str, int]:
    """The separator and the line of the header: the first that has as many fields as most lines have. A title may
    stand above it, or a line sep=; for Excel."""
    declared = SEPARATOR_LINE.fullmatch(lines[0].strip())
    found = {}
    for sign in [declared[1]] if declared else ",;\t|":
        widths = [len(next(csv.reader([line], delimiter=sign), [])) for line in lines[:100]]
        first, width = first_of_most(widths)
        found[sign] = (width * widths.count(width) if width > 1 else 0, first)
    delimiter = max(found, key=lambda sign: found[sign][0])
    fields, first = found[delimiter]
    if not fields:
        raise IntakeError(f"{path}, line 1: no separator found: is this a table with a header?")
    return delimiter, first
