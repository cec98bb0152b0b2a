"""Rows that a rule looks up in other files, and lists of which each part makes a row."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence

import duckdb

from stammkunde.database import identifier, quoted

from ..errors import IntakeError
from ..mapping import Join, Lookup
from ..reading.own_columns import OWN_COLUMNS
from .one_source import latest_first, together
from .one_value import holds_several
from .source import Source, SourceColumn, describe
from .values import cleaned

MOST_STEPS = 50  # from a key to the one that took its place: more is a circle


def unnested(connection: duckdb.DuckDBPyConnection, source: Source, column: str, where: str) -> Source:
    """A source in which each part of a list makes a row; a row with no list in the column stays one, without a part."""
    found = source.find(column, f"{where}, unnest")
    json = f"cast({found.sql} as json)"
    parts = f"try(json_extract({json}, '$[*]'))"
    part = f"json_extract_string(unnest(case when len({parts}) > 0 then {parts} else [cast(null as json)] end), '$')"
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
    connection: duckdb.DuckDBPyConnection, table: str, loaded: Sequence[Source], lookup: Lookup, where: str
) -> None:
    """Create the table of a lookup: one row per key, as JSON."""
    source = together(connection, loaded)
    check_rows_can_be_read(connection, source, lookup, where)
    key = cleaned(source.find(lookup.by, where))
    characters = lookup.characters or "1000000"
    follows = cleaned(source.find(lookup.follows, where)) if lookup.follows else "null"
    # Under its name, and in lower case as rules name it: some databases write names in capitals.
    named = {column.name.lower(): column for column in source.columns.values()}
    named |= {column.name: column for column in source.columns.values()}
    pairs = ", ".join(
        f"{quoted(name)}, {as_json(column)}"
        for name, column in named.items()
        if column.name not in (*OWN_COLUMNS, "file_of_row")
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


def check_rows_can_be_read(connection: duckdb.DuckDBPyConnection, source: Source, lookup: Lookup, where: str) -> None:
    """A row that cannot be read is no row that is not there: whoever is looked up in it would silently be nobody."""
    key = source.find(lookup.by, where)
    several = holds_several(key) if key.is_text else "false"
    broken, file = connection.execute(
        f"select count(*), min(source_file) from {source.table} where malformed_line is not null or {several}"
    ).fetchall()[0]
    if broken:
        raise IntakeError(
            f"{file}: {broken:,} of its rows cannot be read, and others are looked up in it ({where}). Export it again"
        )


def as_json(column: SourceColumn) -> str:
    """A value as JSON; a text that is an object or a list as what it is, so that paths lead into it."""
    if not column.is_text:
        return f"to_json({column.sql})"
    is_nested = f"regexp_matches({column.sql}, '^\\s*[\\[{{]') and json_valid({column.sql})"
    return f"case when {is_nested} then cast({column.sql} as json) else to_json({column.sql}) end"
