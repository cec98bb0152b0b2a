"""Rows that a rule looks up in other files, and lists of which each part makes a row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Mapping as Dictionary

import duckdb

from stammkunde.database import identifier, quoted

from ..errors import IntakeError
from ..mapping import ColumnRule, Join, Lookup
from ..mapping.joins import key_columns
from ..reading.own_columns import OWN_COLUMNS
from .one_source import check_order, latest_first, together
from .one_value import holds_several
from .source import Source, SourceColumn, describe, letters
from .values import cleaned, without_point_zero, written

MOST_STEPS = 200  # from a key to the one that took its place: more is a circle, in which no key is the last


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
    whole = source
    for position, (name, join) in enumerate(joins.items()):
        view = f"{source.table}_join_{position}"
        connection.execute(f"create view {view} as {with_found(whole, name, join, lookups, where)}")
        whole = describe(connection, view, source.shown, source.file, source.left_out)
    table = f"{source.table}_joined"
    connection.execute(f"create table {table} as select * from {whole.table}")
    return describe(connection, table, source.shown, source.file, source.left_out)


def with_found(source: Source, name: str, join: Join, lookups: Dictionary[str, str], where: str) -> str:
    """SELECT of a source with the row that one join finds; with nothing where the lookup is not there."""
    if source.column(name) is not None:
        raise IntakeError(f"{where}: join '{name}' is called like a column of {source.shown}. Give it another name")
    if join.to not in lookups or (join.optional and any(source.get(one) is None for one in key_columns(join.on))):
        return f"select *, cast(null as varchar) as {identifier(name)} from {source.table}"
    found = lookups[join.to]
    key = key_of(source, join.on, f"{where}, join '{name}'")
    return (
        f"select line.*, found.found_row as {identifier(name)} from {source.table} as line "
        f"left join (select key as found_key, row as found_row from {found}) as found "
        f"on {short(key, found)} = found.found_key"
    )


def key_of(source: Source, key: str, where: str) -> str:
    """A key as text: a column, or several in the braces of a text; null where the first of them is empty."""
    return without_point_zero(written(source, ColumnRule(**{"text" if "{" in key else "column": key}), where))


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
    check_order(connection, source, lookup.newest, where)
    check_rows_can_be_read(connection, source, lookup, where)
    key = key_of(source, lookup.by, where)
    filled = "".join(f" and {cleaned(source.find(column, where))} is not null" for column in lookup.filled)
    characters = lookup.characters or "1000000"
    follows = cleaned(source.find(lookup.follows, where)) if lookup.follows else "null"
    pairs = ", ".join(
        f"{quoted(name)}, {as_json(column)}"
        for column in source.columns.values()
        if column.name not in (*OWN_COLUMNS, "file_of_row") and letters(column.name) in words
        for name in names_in_paths(column.name)
    )
    connection.execute(
        f"""
        create table {table}_rows as
        select
            left({key}, {characters}) as key,
            left({follows}, {characters}) as follows,
            cast(json_object({pairs}) as varchar) as row
        from {source.table}
        where malformed_line is null and {key} is not null{filled}
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
            select key, case when max(steps) < {MOST_STEPS} then arg_max(last, steps) else key end as last
            from chain
            group by key
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
    keys = [source.find(name, where) for name in key_columns(lookup.by)]
    several = " or ".join(["false", *(holds_several(key) for key in keys if key.is_text)])
    broken, file = connection.execute(
        f"select count(*), min(source_file) from {source.table} where malformed_line is not null or {several}"
    ).fetchall()[0]
    if broken:
        raise IntakeError(
            f"{file}: {broken:,} of its rows cannot be read, and others are looked up in it ({where}). Export it again"
        )


def names_in_paths(name: str) -> list[str]:
    """How paths may call a column. A warehouse that has all names in capitals has them so in its exports, too."""
    return [name, name.lower()] if name.isupper() else [name]


def as_json(column: SourceColumn) -> str:
    """A value as JSON; a text that is an object or a list as what it is, so that paths lead into it."""
    if not column.is_text:
        return f"to_json({column.sql})"
    is_nested = f"regexp_matches({column.sql}, '^\\s*[\\[{{]') and json_valid({column.sql})"
    return f"case when {is_nested} then cast({column.sql} as json) else to_json({column.sql}) end"
