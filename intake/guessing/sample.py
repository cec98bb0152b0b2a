"""The head of a file, and how it seems to be written."""

from __future__ import annotations

import csv
import gzip
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import IntakeError
from ..reading.files import check_readable, first_rows
from ..reading.header import check_header
from ..reading.signatures import UTF_16, is_gzip

ROWS = 2_000
LARGEST_HEAD = 1 << 20  # bytes
WITH_COMMA = re.compile(r"-?[\d.]*\d,\d{1,2}")


@dataclass
class Guesses:
    """The keys of a format as far as they are not the usual, and why."""

    form: dict[str, str] = field(default_factory=dict)
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
    if path.suffix in (".parquet", ".xlsx"):
        header, rows = first_rows(path, ROWS)
        return Sample(Guesses(), header, columns_of(header, rows))
    return read_text(path)


def read_text(path: Path) -> Sample:
    with gzip.open(path, "rb") if is_gzip(path) else path.open("rb") as file:
        head = file.read(LARGEST_HEAD)
    guesses = Guesses()
    lines = decode(head, guesses).splitlines()[: ROWS + 1]
    if not lines:
        raise IntakeError(f"{path}: is empty. Export it again, or take it away")
    delimiter = find_delimiter(lines, path, guesses)
    csv.field_size_limit(sys.maxsize)
    records = list(csv.reader(lines, delimiter=delimiter))
    header = tuple(column.strip() for column in records[0])
    check_header(header, path)
    values = columns_of(header, [record for record in records[1:] if len(record) == len(header)])
    find_decimal_signs(values.values(), guesses)
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


def find_delimiter(lines: Sequence[str], path: Path, guesses: Guesses) -> str:
    """The sign that every one of the first lines has, the header most often."""
    delimiter = max(",;\t|", key=lambda sign: (min(line.count(sign) for line in lines[:20]), lines[0].count(sign)))
    count = lines[0].count(delimiter)
    if count == 0:
        raise IntakeError(f"{path}, line 1: no separator found: is this a table with a header?")
    if delimiter != ",":
        shown = "tab" if delimiter == "\t" else delimiter
        guesses.note("delimiter", shown, f"separator: the header has {count} of it")
    return delimiter


def find_decimal_signs(columns: Iterable[Sequence[str]], guesses: Guesses) -> None:
    with_comma = [value for column in columns for value in column if WITH_COMMA.fullmatch(value)]
    if with_comma:
        guesses.note("decimal", ",", f"decimal comma: values such as {with_comma[0]}")
        if any("." in value for value in with_comma):
            guesses.form["thousands"] = "."


def columns_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    return {column: [row[position].strip() for row in rows] for position, column in enumerate(header)}
