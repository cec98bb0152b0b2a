"""Delimited text: by DuckDB where every line has the header's columns, else line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from shutil import copyfileobj

import duckdb

from stammkunde.database import path_literal, quoted

from ..errors import IntakeError
from ..mapping import Format
from .around import ABOVE, BELOW, FARTHEST_HEADER, Below, header_position
from .clean_file import load_records
from .encoding import decoded, not_decodable
from .header import NOTHING_WANTED, Wanted, usable_header
from .own_columns import create_table
from .records import LARGEST_RECORD, header_record, lines_of, records, split

SEPARATOR_LINE = re.compile(r"""["']?sep=(.?)["']?""", re.IGNORECASE)  # written for Excel above the header

LONGEST_LINE = 4_194_304  # bytes, that DuckDB reads; macros/raw reads as much


def load_delimited(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    form: Format,
    work: Path,
    wanted: Wanted = NOTHING_WANTED,
) -> dict[str, int]:
    """Create `table` from a text file as its format declares it. Gives how many lines around the table it left out."""
    readable = decoded(path, form, work)
    above = 0
    if form.header is None:
        readable, above = from_its_header(readable, form, wanted, work, shown=path)
    header = usable_header(form.header or read_header(readable, form, shown=path), path, wanted)
    if form.delimiter != "whitespace" and not has_endless_line(readable):
        try:
            create_table(connection, table, strict_reader(readable, form, header))
            return counted(above, 0)
        except duckdb.Error:
            connection.execute(f"drop table if exists {table}")
    with readable.open(encoding="utf-8-sig", errors="strict", newline="") as file:
        lines = lines_of(file)
        try:
            if form.header is None:
                header_record(lines, form)
            most_values = max(len(wanted.required) - 1, 0)
            rows = Below(records(lines, len(header), form), most_values)
            load_records(connection, table, header, rows, work, path)
        except UnicodeDecodeError as error:
            raise IntakeError(not_decodable(path, form)) from error
    return counted(above, rows.lines)


def counted(above: int, below: int) -> dict[str, int]:
    return {reason: lines for reason, lines in ((ABOVE, above), (BELOW, below)) if lines}


def from_its_header(path: Path, form: Format, wanted: Wanted, work: Path, shown: Path) -> tuple[Path, int]:
    """The file from its header on, and how many lines that are not blank stand above it."""
    try:
        with path.open(encoding="utf-8-sig", errors="strict", newline="") as file:
            head = list(islice(head_records(lines_of(file), form), FARTHEST_HEADER))
            position = header_position([split(record, form) for record in head], wanted, shown)
    except UnicodeDecodeError:
        return path, 0  # read_header names the line
    declared = SEPARATOR_LINE.fullmatch(head[0].strip("\r\n ")) if head else None
    if not position and declared:
        if declared[1] not in ("", form.delimiter):
            sign = "tab" if declared[1] == "\t" else declared[1]
            raise IntakeError(
                f"{shown}, line 1: says that columns are separated by {sign}. "
                f"Say so in a mapping (format: {{delimiter: '{sign}'}})"
            )
        position = 1  # whatever follows: this line is no header
    if not position:
        return path, 0
    rest = work / f"from_header_{abs(hash(str(shown)))}.csv"
    with (
        path.open(encoding="utf-8-sig", newline="") as source,
        rest.open("w", encoding="utf-8", newline="") as target,
    ):
        for record in head[:position]:
            source.read(len(record))
        copyfileobj(source, target)
    return rest, sum(bool(record.strip()) for record in head[:position])


def head_records(file: Iterator[str], form: Format) -> Iterator[str]:
    """The first records of a file as they are written, blank lines among them, up to a quote that is not closed, or to
    more than a header and what stands above it can be."""
    length = 0
    while record := header_record(file, form):
        length += len(record)
        if length > LARGEST_RECORD:
            return
        yield record


def strict_reader(path: Path, form: Format, header: Sequence[str]) -> str:
    """What stands after `from` to read a file that is as declared; DuckDB refuses any other.

    Never with parallel = false: DuckDB 2.0.0 then drops all rows after a quote that is not closed, without error.
    """
    has_header = str(form.header is None).lower()
    columns = ", ".join(f"{quoted(column)}: 'varchar'" for column in header)
    return (
        f"read_csv({path_literal(path)}, auto_detect = false, header = {has_header}, "
        f"delim = {quoted(form.delimiter)}, quote = {quoted(form.quote)}, escape = {quoted(form.quote)}, "
        f"columns = {{{columns}}}, max_line_size = {LONGEST_LINE})"
    )


def has_endless_line(path: Path) -> bool:
    """Whether a line is longer than a row can be: of one that is much longer, DuckDB 2.0.0 gives neither its row nor
    those behind it, and no error."""
    with path.open("rb") as file:
        while len(chunk := file.read(LONGEST_LINE)) == LONGEST_LINE:
            if b"\n" not in chunk and b"\r" not in chunk:
                return True
    return False


def read_header(path: Path, form: Format, shown: Path | None = None) -> tuple[str, ...]:
    """The names in the first line of a text file."""
    try:
        with path.open(encoding="utf-8-sig", errors="strict", newline="") as file:
            record = header_record(lines_of(file), form)
    except UnicodeDecodeError as error:
        raise IntakeError(not_decodable(shown or path, form)) from error
    if record is None:
        raise IntakeError(f"{shown or path}, line 1: a quote in the header is not closed. Close it, or export it again")
    fields = [field.strip() for field in split(record, form)]
    if not any(fields):
        raise IntakeError(f"{shown or path}, line 1: has no header: the first line must name the columns")
    return tuple(fields)
