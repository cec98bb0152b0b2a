"""Several files as one source, where the same lines may stand in more than one of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from stammkunde.database import identifier, quoted

from ..errors import IntakeError
from ..mapping import Earliest, Newest
from .folds import order_number
from .source import Source, describe, letters
from .values import as_digits, cleaned

NOT_IN_ORDER = r"[0-9]{1,2}[./ -]([0-9]{1,2}|[[:alpha:]]+)[./ -][0-9]{2,4}.*"  # times of which the later is not larger
KINDS_OF_TIME = ("timestamptz", "double", "varchar")  # how texts are compared of which the later one is to be found


def as_one(
    connection: duckdb.DuckDBPyConnection,
    loaded: Sequence[Source],
    document: str,
    where: str,
    *,
    are_split: bool = False,
) -> Source:
    """Files as one, so that a later file can cancel what an earlier one sold. Where exports overlap, the last file (by
    name) that holds an order or an invoice, known by the column `document`, gives all its lines: they count once.
    Where tables are split, that is the last table, in all of its files."""
    all_lines = together(connection, loaded)
    table = loaded[0].table + "_as_one"
    place = f"{places_of_tables(loaded)}[file_of_row + 1]" if are_split else "file_of_row"
    connection.execute(
        f"""
        create table {table} as
        select * exclude (file_of_row, document_of_row)
        from (select *, {order_number(all_lines, document, where)} as document_of_row from {all_lines.table})
        qualify document_of_row is null or malformed_line is not null
            or {place} = max({place}) over (partition by document_of_row)
        """
    )
    return describe(connection, table, all_lines.shown)


def places_of_tables(loaded: Sequence[Source]) -> list[int]:
    """For each file the place of its table, which may stand in several: their names differ in twelve digits."""
    tables = [re.sub(r"[0-9]{12}(?![0-9])", "", source.shown) for source in loaded]
    return [tables.index(table) for table in tables]


def together(connection: duckdb.DuckDBPyConnection, loaded: Sequence[Source]) -> Source:
    """The lines of several files, numbered on through all of them, with `file_of_row`, the place of their file. A
    column of several types is text."""
    first = loaded[0]
    table = first.table + "_together"
    names: dict[str, str] = {}
    kinds: dict[str, set[str]] = {}
    for source in loaded:
        for column in source.columns.values():
            names.setdefault(letters(column.name), column.name)
            kinds.setdefault(letters(column.name), set()).add(column.kind)
    selects = []
    for position, source in enumerate(loaded):
        columns = [
            f"{column.sql if len(kinds[letters(column.name)]) == 1 or column.is_text else as_digits(column)} "
            f"as {identifier(names[letters(column.name)])}"
            for column in source.columns.values()
        ]
        selects.append(f"select {', '.join(columns)}, {position} as file_of_row from {source.table}")
    connection.execute(
        f"""
        create table {table} as
        select * replace (row_number() over (order by file_of_row, source_line) as source_line)
        from ({" union all by name ".join(selects)})
        """
    )
    return describe(connection, table, ", ".join(source.shown for source in loaded))


def newest_once(connection: duckdb.DuckDBPyConnection, loaded: Sequence[Source], fold: Newest, where: str) -> Source:
    """Of lines with the same key that with the latest time, of these the last. Lines without a key all stay."""
    all_lines = together(connection, loaded)
    for column in fold.latest:
        if column not in fold.may_lack:
            all_lines.find(column, f"{where}, fold")
    check_order(connection, all_lines, fold.latest, f"{where}, fold")
    return first_of_key(connection, all_lines, fold.by, latest_first(all_lines, fold.latest), where)


def earliest_once(
    connection: duckdb.DuckDBPyConnection, loaded: Sequence[Source], fold: Earliest, where: str
) -> Source:
    """Of lines with the same key that with the earliest time, of these the first. Lines without a key, and those
    without a time, all stay: that they cannot be read is to be seen."""
    all_lines = together(connection, loaded)
    at = cleaned(all_lines.find(fold.at, f"{where}, fold"))
    check_order(connection, all_lines, [fold.at], f"{where}, fold")
    by_time = [f"try_cast({at} as {kind}) nulls last" for kind in KINDS_OF_TIME]
    order = ", ".join([*by_time, "file_of_row", "source_line"])
    return first_of_key(connection, all_lines, fold.by, order, where, stays=f"{at} is null")


def first_of_key(
    connection: duckdb.DuckDBPyConnection,
    lines: Source,
    by: Sequence[str],
    order: str,
    where: str,
    stays: str = "false",
) -> Source:
    """Of the lines of several files that have the same key the first in an order. Lines without a key all stay, and
    so do those that are no rows, or of which a condition says it."""
    table = lines.table + "_once"
    keys = ", ".join(cleaned(lines.find(column, f"{where}, fold")) for column in by)
    connection.execute(
        f"""
        create table {table} as
        select * exclude (file_of_row)
        from {lines.table}
        qualify malformed_line is not null
            or coalesce({keys}) is null
            or {stays}
            or row_number() over (partition by malformed_line is null, {keys} order by {order}) = 1
        """
    )
    return describe(connection, table, lines.shown)


def check_order(connection: duckdb.DuckDBPyConnection, source: Source, columns: Sequence[str], where: str) -> None:
    """Raises IntakeError for times of which nobody could say which is later: 02.04.2026 comes after 29.03.2026, and as
    a text before it."""
    for column in columns:
        if (found := source.get(column)) is None:
            continue
        text = cleaned(found)
        example = connection.execute(
            f"select min({text}) from {source.table} where regexp_full_match({text}, {quoted(NOT_IN_ORDER)})"
        ).fetchall()[0][0]
        if example is not None:
            raise IntakeError(
                f"{where}: by '{example}' in column '{column}' nothing can be put in order of time. Export times as "
                "2024-12-31 10:00, or name another column; without any the last row counts, by the names of the files"
            )


def latest_first(source: Source, columns: Sequence[str]) -> str:
    """The order of lines, the newest first: by times or numbers however they are written, else as texts; of equal ones
    the last."""
    order = []
    for column in columns:
        found = source.get(column)
        if found is None:
            continue
        text = cleaned(found)
        order += [f"try_cast({text} as {kind}) desc nulls last" for kind in KINDS_OF_TIME]
    return ", ".join([*order, "file_of_row desc", "source_line desc"])


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
