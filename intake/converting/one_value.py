"""Columns that hold one value: an object or a list in the place of a number, a customer or a type is none of them."""

from __future__ import annotations

import duckdb

from stammkunde.database import quoted

from ..mapping import EntityRule
from ..mapping.text_of_columns import columns_of_text
from ..reading.own_columns import MALFORMED_LINE
from .source import Source, SourceColumn

IDS = ("_id", "email")  # endings of columns that say which thing or person a row is about
KINDS = ("activity_type", "arm", "currency", "status")  # columns that say of what kind it is
LONGEST = 10_000  # characters that are kept of what is no value


def objects_are_malformed(connection: duckdb.DuckDBPyConnection, source: Source, rule: EntityRule) -> None:
    """Rows in which such a column, or the key of a lookup, holds an object or a list are kept as lines that cannot be
    read. As a text, `{"address": "a@b.de"}` would be a customer of that name."""
    for name, column in columns_of_one_value(source, rule).items():
        connection.execute(
            f"""
            update {source.table}
            set {MALFORMED_LINE} = left({quoted(f"{name}: ")} || {column.sql}, {LONGEST})
            where {MALFORMED_LINE} is null and {holds_several(column)}
            """
        )


def columns_of_one_value(source: Source, rule: EntityRule) -> dict[str, SourceColumn]:
    """The columns of the file, by the names that the rule has for them."""
    names: list[str | None] = [join.on for join in rule.join.values()]
    for canonical, column in rule.columns.items():
        if (canonical.endswith(IDS) or canonical in KINDS) and column.present is None:
            names += columns_of_text(column.text or "") or [column.column, *column.otherwise]
    found = {name: source.get(name) for name in dict.fromkeys(names) if name is not None}
    return {name: column for name, column in found.items() if column is not None and column.is_text}


def holds_several(column: SourceColumn) -> str:
    """SQL of whether a text is an object or a list."""
    return f"(regexp_matches({column.sql}, '^\\s*[\\[{{]') and json_valid({column.sql}))"
