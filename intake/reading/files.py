"""A file of any kind that is read here, by its ending."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb

from stammkunde.database import connect

from ..errors import IntakeError
from ..mapping import Format
from .delimited import load_delimited, read_header
from .excel import load_excel
from .header import NOTHING_WANTED, Wanted
from .json_files import EXTENSIONS as JSON_EXTENSIONS
from .json_files import is_json, json_columns, load_json
from .own_columns import OWN_COLUMNS, add_source_file
from .parquet import load_parquet, parquet_columns
from .signatures import is_gzip

EXTENSIONS = (".csv", ".csv.gz", ".txt", ".tsv", ".parquet", ".xlsx", *JSON_EXTENSIONS)


def load_file(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    form: Format,
    work: Path,
    wanted: Wanted = NOTHING_WANTED,
) -> dict[str, int]:
    """Create `table` from one file: its columns, source_line, source_file and malformed_line. Gives how many lines
    around the table were left out, by reason."""
    check_readable(path)
    left_out: dict[str, int] = {}
    if path.suffix.lower() == ".parquet":
        load_parquet(connection, table, path)
    elif is_json(path):
        load_json(connection, table, path, form, work, wanted)
    elif path.suffix.lower() == ".xlsx":
        left_out = load_excel(connection, table, path, form, work, wanted)
    else:
        left_out = load_delimited(connection, table, path, form, work, wanted)
    add_source_file(connection, table, str(path))
    return left_out


def check_readable(path: Path) -> None:
    """Raises IntakeError for what is no file with something in it."""
    if path.is_dir():
        raise IntakeError(f"{path}: is a folder, not a file. Rename it, or put its files where the mapping names them")
    if not path.exists() and not path.is_symlink():
        raise IntakeError(f"{path}: does not exist. Name a file that is there")
    if not path.exists():
        raise IntakeError(f"{path}: is a link that leads nowhere. Put the file itself there, or take the link away")
    if not path.is_file():
        raise IntakeError(f"{path}: is no ordinary file. Put a file there, or take it away")
    if "\\" in path.name:  # DuckDB's patterns pass over such a file
        raise IntakeError(f"{path}: has a backslash in its name. Rename it")
    if not os.access(path, os.R_OK):
        raise IntakeError(f"{path}: cannot be read: permission denied. Give this user the right to read it")
    if path.stat().st_size == 0:
        raise IntakeError(f"{path}: is empty. Export it again, or take it away")


def column_names(path: Path, form: Format | None = None, work: Path | None = None) -> tuple[str, ...] | None:
    """The columns of a file, without reading its rows; None of an Excel file and of packed text, which is slow."""
    check_readable(path)
    if path.suffix.lower() == ".parquet":
        with connect() as connection:
            return parquet_columns(connection, path)
    if is_json(path):
        with connect() as connection, tempfile.TemporaryDirectory() as own:
            return json_columns(connection, path, form or Format(), work or Path(own))
    if path.suffix.lower() == ".xlsx" or is_gzip(path):
        return None
    return read_header(path, form or Format())


def first_rows(path: Path, rows: int) -> tuple[tuple[str, ...], list[list[str]]]:
    """Column names and the first rows of a file in its usual format, as text."""
    with connect() as connection, tempfile.TemporaryDirectory() as work:
        load_file(connection, "head", path, Format(), Path(work))
        found = connection.execute(f"select * exclude ({', '.join(OWN_COLUMNS)}) from head limit {rows}")
        header = tuple(column[0] for column in found.description or ())
        return header, [["" if value is None else str(value) for value in row] for row in found.fetchall()]
