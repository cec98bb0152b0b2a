"""Delimited text: by DuckDB where every line has the header's columns, else line by line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from stammkunde.database import path_literal, quoted

from ..errors import IntakeError
from ..mapping import Format
from .clean_file import load_records
from .encoding import decoded, not_decodable
from .header import usable_header
from .own_columns import create_table
from .records import header_record, records, split


def load_delimited(connection: duckdb.DuckDBPyConnection, table: str, path: Path, form: Format, work: Path) -> None:
    """Create `table` from a text file as its format declares it."""
    readable = decoded(path, form, work)
    header = usable_header(form.header or read_header(readable, form, shown=path), path)
    if form.delimiter != "whitespace":
        try:
            create_table(connection, table, strict_reader(readable, form, header))
            return
        except duckdb.Error:
            connection.execute(f"drop table if exists {table}")
    with readable.open(encoding="utf-8-sig", errors="strict", newline="") as file:
        try:
            if form.header is None:
                header_record(file, form)
            load_records(connection, table, header, records(file, len(header), form), work)
        except UnicodeDecodeError as error:
            raise IntakeError(not_decodable(path, form)) from error


def strict_reader(path: Path, form: Format, header: Sequence[str]) -> str:
    """What stands after `from` to read a file that is as declared; DuckDB refuses any other.

    Never with parallel = false: DuckDB 2.0.0 then drops all rows after a quote that is not closed, without error.
    """
    has_header = str(form.header is None).lower()
    columns = ", ".join(f"{quoted(column)}: 'varchar'" for column in header)
    return (
        f"read_csv({path_literal(path)}, auto_detect = false, header = {has_header}, "
        f"delim = {quoted(form.delimiter)}, quote = {quoted(form.quote)}, escape = {quoted(form.quote)}, "
        f"columns = {{{columns}}}, max_line_size = 4194304)"
    )


def read_header(path: Path, form: Format, shown: Path | None = None) -> tuple[str, ...]:
    """The names in the first line of a text file."""
    try:
        with path.open(encoding="utf-8-sig", errors="strict", newline="") as file:
            record = header_record(file, form)
    except UnicodeDecodeError as error:
        raise IntakeError(not_decodable(shown or path, form)) from error
    if record is None:
        raise IntakeError(f"{shown or path}, line 1: a quote in the header is not closed. Close it, or export it again")
    fields = [field.strip() for field in split(record, form)]
    if not any(fields):
        raise IntakeError(f"{shown or path}, line 1: has no header: the first line must name the columns")
    return tuple(fields)
