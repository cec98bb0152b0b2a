"""Rows that a rule looks up in other files, and lists of which each part makes a row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Mapping as Dictionary

import duckdb

from stammkunde.database import identifier, quoted

from ..mapping import Join, Lookup
from ..reading.own_columns import OWN_COLUMNS
from .one_source import latest_first, together
from .source import Source, SourceColumn, describe, letters
from .values import cleaned

MOST_STEPS = 50  # from a key to the one that took its place: more is a circle


def unnested(
    connection: duckdb.DuckDBPyConnection, source: Source, column: str, separator: str | None, where: str
) -> Source:
    """A source in which each part of a list makes a row; a row with no list in the column stays one, without a part."""
    found = source.find(column, f"{where}, unnest")
    if separator is None:
        parts = f"try(json_extract(cast({found.sql} as json), '$[*]'))"
        empty, as_text = "cast(null as json)", "json_extract_string({}, '$')"
    else:
        parts = f"list_filter(string_split({cleaned(found)}, {quoted(separator)}), lambda part: trim(part) <> '')"
        empty, as_text = "cast(null as varchar)", "trim({})"
    part = as_text.format(f"unnest(case when len({parts}) > 0 then {parts} else [{empty}] end)")
    is_nested = bool(found.path)
    columns = f"*, {part} as {identifier(column)}" if is_nested else f"* replace ({part} as {found.sql})"
    table = source.table + "_parts"
    connection.execute(f"create table {table} as select {columns} from {source.table}")
    return describe(connection, table, source.shown, source.file, source.left_out)


def joined(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    joins: Dictionary[str, Join],
    lookups: Dictionary[str, str],
    where: str,
) -> Source:
    """A source with a column of JSON for each join: the row that was found. `lookups`: their tables by name, of those
    that are there."""
    if not joins:
        return source
    columns, tables = [], []
    for position, (name, join) in enumerate(joins.items()):
        if join.to not in lookups:
            columns.append(f"cast(null as varchar) as {identifier(name)}")
            continue
        key = cleaned(source.find(join.on, f"{where}, join '{name}'"))
        columns.append(f"found_{position}.row as {identifier(name)}")
        tables.append(
            f"left join {lookups[join.to]} as found_{position} on {short(key, lookups[join.to])} = found_{position}.key"
        )
    table = source.table + "_joined"
    connection.execute(
        f"create table {table} as select line.*, {', '.join(columns)} from {source.table} as line {' '.join(tables)}"
    )
    return describe(connection, table, source.shown, source.file, source.left_out)


def short(key: str, table: str) -> str:
    """As many characters of a key as the lookup has."""
    return f"left({key}, (select max(characters) from {table}))"


def lookup_table(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    loaded: Sequence[Source],
    lookup: Lookup,
    where: str,
    words: Collection[str],
) -> None:
    """Create the table of a lookup: one row per key, as JSON. Of its columns only those whose names are among the
    `words` that a rule says: each row that is looked up is copied for every row that it belongs to."""
    source = together(connection, loaded)
    key = cleaned(source.find(lookup.by, where))
    characters = lookup.characters or "1000000"
    follows = cleaned(source.find(lookup.follows, where)) if lookup.follows else "null"
    pairs = ", ".join(
        f"{quoted(column.name)}, {as_json(column)}"
        for column in source.columns.values()
        if column.name not in (*OWN_COLUMNS, "file_of_row") and letters(column.name) in words
    )
    connection.execute(
        f"""
        create table {table}_rows as
        select
            left({key}, {characters}) as key,
            left({follows}, {characters}) as follows,
            cast(json_object({pairs}) as varchar) as row
        from {source.table}
        where malformed_line is null and {key} is not null
        qualify row_number() over (
            partition by left({key}, {characters}) order by {latest_first(source, lookup.newest)}
        ) = 1
        """
    )
    connection.execute(
        f"""
        create table {table} as
        with recursive chain as (
            select key, key as last, 0 as steps from {table}_rows
            union all
            select chain.key, following.key, chain.steps + 1
            from chain
            inner join {table}_rows as own on chain.last = own.key
            inner join {table}_rows as following on own.follows = following.key and own.follows <> own.key
            where chain.steps < {MOST_STEPS}
        ),
        ends as (
            select key, arg_max(last, steps) as last from chain group by key
        )
        select ends.key, own.row, {characters} as characters
        from ends
        inner join {table}_rows as own on ends.last = own.key
        """
        if lookup.follows
        else f"create table {table} as select key, row, {characters} as characters from {table}_rows"
    )


def as_json(column: SourceColumn) -> str:
    """A value as JSON; a text that is an object or a list as what it is, so that paths lead into it."""
    if not column.is_text:
        return f"to_json({column.sql})"
    is_nested = f"regexp_matches({column.sql}, '^\\s*[\\[{{]') and json_valid({column.sql})"
    return f"case when {is_nested} then cast({column.sql} as json) else to_json({column.sql}) end"
