"""Parquet files, with their types."""

from __future__ import annotations

from pathlib import Path

import duckdb

from stammkunde.database import identifier, path_literal

from ..errors import IntakeError, first_line
from .header import check_header, usable_header
from .limits import check_parquet
from .own_columns import create_table


def load_parquet(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """Create `table` from a Parquet file."""
    columns = parquet_columns(connection, path)
    named = zip(columns, usable_header(columns, path), strict=True)
    listed = ", ".join(f"{identifier(column)} as {identifier(usable)}" for column, usable in named)
    try:
        create_table(connection, table, parquet_reader(path), listed)
    except duckdb.Error as error:
        raise IntakeError(f"{path}: is a damaged Parquet file ({first_line(error)}). Export it again") from error


def parquet_reader(path: Path) -> str:
    """What stands after `from` to read the file."""
    return f"read_parquet({path_literal(path)})"


def parquet_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, ...]:
    """The names of its columns."""
    try:
        check_parquet(connection, path)
        found = connection.execute(f"describe select * from {parquet_reader(path)}").fetchall()
    except duckdb.Error as error:
        raise IntakeError(f"{path}: is not a readable Parquet file ({first_line(error)}). Export it again") from error
    columns = tuple(str(column) for column, *_ in found)
    check_header(columns, path)
    return columns
