"""Several files as one source, where the same lines may stand in more than one of them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from stammkunde.database import identifier

from .folds import order_number
from .source import Source, describe, letters


def as_one(
    connection: duckdb.DuckDBPyConnection,
    loaded: Sequence[Source],
    document: str,
    where: str,
) -> Source:
    """Files as one, so that a later file can cancel what an earlier one sold. Where exports overlap, the last file (by
    name) that holds an order or an invoice, known by the column `document`, gives all its lines: they count once."""
    first = loaded[0]
    table = first.table + "_as_one"
    names = {letters(column.name): column.name for column in first.columns.values()}
    selects = []
    for position, source in enumerate(loaded):
        columns = [
            f"{column.sql} as {identifier(names.get(letters(column.name), column.name))}"
            for column in source.columns.values()
        ]
        key = order_number(source, document, where)
        selects.append(
            f"select {', '.join(columns)}, {position} as file_of_row, {key} as document_of_row from {source.table}"
        )
    connection.execute(
        f"""
        create table {table} as
        select * exclude (file_of_row, document_of_row)
            replace (row_number() over (order by file_of_row, source_line) as source_line)
        from ({" union all by name ".join(selects)})
        qualify document_of_row is null or malformed_line is not null
            or file_of_row = max(file_of_row) over (partition by document_of_row)
        """
    )
    return describe(connection, table, ", ".join(source.shown for source in loaded))


def equal_rows_once(connection: duckdb.DuckDBPyConnection, selects: Sequence[str], first: Source) -> Source:
    """The rows of several files, in which equal rows of two files count once: refunds without a number of their own
    that stand in exports which overlap. Of a row that stands twice in one file, both stay."""
    table = first.table + "_once"
    rows = " union all by name ".join(
        f"select *, {position} as file_of_row from ({select})" for position, select in enumerate(selects)
    )
    connection.execute(f"create table {table}_all as {rows}")
    own = ("source_file", "file_of_row")
    described = connection.execute(f"describe {table}_all").fetchall()
    columns = ", ".join(identifier(name) for name, *_ in described if name not in own)
    connection.execute(
        f"""
        create table {table} as
        select * exclude (file_of_row, place_in_file)
        from (
            select *, row_number() over (partition by file_of_row, {columns}) as place_in_file
            from {table}_all
        )
        qualify malformed_line is not null
            or row_number() over (partition by place_in_file, {columns} order by file_of_row desc) = 1
        """
    )
    return describe(connection, table, first.shown)
