"""The columns that loading adds to those of a source: where a row comes from, and the line that could not be split."""

from __future__ import annotations

import duckdb

from stammkunde.database import quoted

SOURCE_LINE, SOURCE_FILE, MALFORMED_LINE = OWN_COLUMNS = ("source_line", "source_file", "malformed_line")
# Those that converting adds later, which no column of a file may be called like.
RESERVED = (
    *OWN_COLUMNS, "told_apart", "worth_left_out", "left_out_by", "line_left_out_by", "is_left_out", "holds_fields",
    "is_row", "number_of_line", "id_of_line", "worth_of_line", "file_of_row", "document_of_row", "place_in_file",
)  # fmt: skip


def create_table(connection: duckdb.DuckDBPyConnection, table: str, relation: str, columns: str = "*") -> None:
    """Create `table` from something whose rows are whole, numbered in their order."""
    connection.execute(
        f"create table {table} as select {columns}, row_number() over () as {SOURCE_LINE}, "
        f"cast(null as varchar) as {MALFORMED_LINE} from {relation}"
    )


def add_source_file(connection: duckdb.DuckDBPyConnection, table: str, shown: str) -> None:
    """Every row of `table` says that it comes from `shown`."""
    connection.execute(f"alter table {table} add column {SOURCE_FILE} varchar default {quoted(shown)}")
