"""Which files dbt reads by itself, without conversion."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ..errors import IntakeError
from ..mapping import Format
from .delimited import has_endless_line, read_header, strict_reader
from .header import usable_header
from .own_columns import OWN_COLUMNS
from .parquet import parquet_columns, parquet_reader
from .signatures import GZIP, NO_TEXT, UTF_16, starts_with


def columns_that_dbt_reads(connection: duckdb.DuckDBPyConnection, path: Path) -> set[str] | None:
    """Names of the columns of a file that dbt can read itself: whole Parquet, or comma-separated UTF-8 in which every
    line has the header's columns. None for a file that must be converted."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        reader = parquet_reader(path)
        header = parquet_columns(connection, path)
        every_value = "bit_xor(hash(columns(*)))"
    elif suffix == ".csv" and not starts_with(path, *UTF_16, GZIP, *NO_TEXT):
        try:
            header = read_header(path, Format())
        except IntakeError:  # converting finds the header further down, or says what is wrong
            return None
        is_usable = usable_header(header, path) == header and not has_endless_line(path)
        reader = strict_reader(path, Format(), header) if is_usable else ""
        every_value = "count(columns(*))"
    else:
        return None
    known = {column.strip().lower() for column in header}
    if not reader or known & {*OWN_COLUMNS, "read_from"}:
        return None
    try:
        connection.execute(f"select {every_value} from {reader}").fetchall()
    except duckdb.Error:
        return None
    return known
