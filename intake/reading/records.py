"""Delimited text line by line, for files that DuckDB does not read: each line is a record, or is kept as it stands."""

from __future__ import annotations

import csv
import io
import sys
from collections import deque
from collections.abc import Iterator
from typing import TextIO

from ..mapping import Format

LONGEST_RECORD = 200  # lines that one quoted value may span
LARGEST_RECORD = 8_000_000  # characters of one row
LONGEST_MALFORMED_LINE = 10_000  # characters that are kept of one


def lines_of(file: TextIO) -> Iterator[str]:
    """The lines of a file. Of one that is longer than any row the beginning, which is too long as well: a small packed
    file may hold a line that is larger than the memory."""
    while line := file.readline(LARGEST_RECORD + 1):
        yield line
        while len(line) > LARGEST_RECORD and not line.endswith(("\n", "\r")):
            line = file.readline(LARGEST_RECORD + 1)


def header_record(lines: Iterator[str], form: Format) -> str | None:
    """The first line, with those that a quoted name spans. None where a quote stays open."""
    record = line = next(lines, "")
    for _ in range(LONGEST_RECORD):
        if not quote_stays_open(line, form, line is not record):
            return record
        line = next(lines, "")
        record += line
        if len(record) > LARGEST_RECORD:
            break
    return None


def records(lines: Iterator[str], width: int, form: Format) -> Iterator[tuple[list[str], str] | None]:
    """The fields of each record, and an empty text; or the values that could be split off, and the line that has not
    the header's columns. None for a blank line."""
    ahead: deque[str] = deque()
    while (line := ahead.popleft() if ahead else next(lines, None)) is not None:
        if not line.strip():
            yield None
            continue
        parts = [line]
        is_open = quote_stays_open(line, form, False)
        length = len(line)
        while is_open and len(parts) < LONGEST_RECORD and length <= LARGEST_RECORD:
            following = ahead.popleft() if ahead else next(lines, None)
            if following is None:
                break
            parts.append(following)
            length += len(following)
            is_open = quote_stays_open(following, form, True)
        fields = [] if is_open or length > LARGEST_RECORD else split("".join(parts), form)
        if len(fields) == width or (len(fields) > width and not any(fields[width:])):  # a separator after each row
            yield fields[:width], ""
        else:
            ahead.extendleft(reversed(parts[1:]))
            yield [value for value in fields if value.strip()], line.rstrip("\r\n")[:LONGEST_MALFORMED_LINE]


def quote_stays_open(line: str, form: Format, is_open: bool) -> bool:
    """Whether a quoted value goes on after the line. A quote opens a value only where the value begins."""
    if form.delimiter == "whitespace":
        return False
    position = line.find(form.quote)
    while position >= 0:
        if not is_open:
            before = position - 1
            while before >= 0 and line[before] == " ":
                before -= 1
            is_open = before < 0 or line[before] == form.delimiter
        elif line.startswith(form.quote, position + 1):
            position += 1  # twice: a quote within the value
        else:
            is_open = False
        position = line.find(form.quote, position + 1)
    return is_open


def split(record: str, form: Format) -> list[str]:
    """The fields of one record; none where quotes stand where they must not."""
    if form.delimiter == "whitespace":
        return record.split()
    csv.field_size_limit(sys.maxsize)
    lines = io.StringIO(record.rstrip("\r\n"), newline="")
    try:
        return next(
            csv.reader(lines, delimiter=form.delimiter, quotechar=form.quote, skipinitialspace=True, strict=True), []
        )
    except csv.Error:
        return []
