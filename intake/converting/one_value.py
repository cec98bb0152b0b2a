"""Columns that hold one value: an object or a list in the place of a number, a customer or a type is none of them."""

from __future__ import annotations

import duckdb

from stammkunde.database import quoted

from ..json_paths import splits
from ..mapping import EntityRule
from ..mapping.joins import key_columns
from ..mapping.text_of_columns import columns_of_text
from ..reading.own_columns import MALFORMED_LINE
from .source import Source, SourceColumn, describe

IDS = ("_id", "email")  # endings of columns that say which thing or person a row is about
KINDS = ("activity_type", "arm", "currency", "status")  # columns that say of what kind it is
LONGEST = 10_000  # characters that are kept of what is no value


def objects_are_malformed(connection: duckdb.DuckDBPyConnection, source: Source, rule: EntityRule) -> Source:
    """The source, in which rows are lines that cannot be read where such a column, or the key of a lookup, holds an
    object or a list. As a text, `{"address": "a@b.de"}` would be a customer of that name."""
    columns = columns_of_one_value(source, rule)
    several = " or ".join(["false", *(holds_several(column) for column in columns.values())])
    is_there = f"select coalesce(bool_or({several}), false) from {source.table} where {MALFORMED_LINE} is null"
    if not connection.execute(is_there).fetchall()[0][0]:
        return source
    lines = " ".join(
        f"when {holds_several(column)} then left({quoted(f'{name}: ')} || {column.sql}, {LONGEST})"
        for name, column in columns.items()
    )
    view = f"{source.table}_values"
    connection.execute(
        f"create view {view} as select * replace (coalesce({MALFORMED_LINE}, case {lines} end) as {MALFORMED_LINE}) "
        f"from {source.table}"
    )
    return describe(connection, view, source.shown, source.file, source.left_out)


def columns_of_one_value(source: Source, rule: EntityRule) -> dict[str, SourceColumn]:
    """The columns of the file, by the names that the rule has for them; but those of which it also reads a part, which
    are a number in one export and the whole object in another."""
    names: list[str | None] = [name for join in rule.join.values() for name in key_columns(join.on)]
    for canonical, column in rule.columns.items():
        if (canonical.endswith(IDS) or canonical in KINDS) and column.present is None:
            names += columns_of_text(column.text or "") or [column.column, *column.otherwise]
    parts = {part for name in rule.source_columns() for part in before_parts(name)}
    found = {name: source.get(name) for name in dict.fromkeys(names) if name is not None and name not in parts}
    return {name: column for name, column in found.items() if column is not None and column.is_text}


def before_parts(name: str) -> list[str]:
    """What a path leads through: `a` and `a.b` of `a.b.c`."""
    return [column for column, _ in splits(name)]


def holds_several(column: SourceColumn) -> str:
    """SQL of whether a text is an object or a list."""
    text = f"ltrim({column.sql})"
    return f"case when left({text}, 1) in ('{{', '[') then json_valid({text}) else false end"
