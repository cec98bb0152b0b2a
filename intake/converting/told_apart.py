"""Orders that share a number but not the id of the shop's system: each has a number of its own.

The smallest id keeps the number, the others have their id behind it. So an order keeps its number when a later export
holds a second one, and the same order has the same number in every file.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from ..mapping import EntityRule
from .source import Source, describe
from .values import cleaned

TOLD_APART = "told_apart"  # the column that holds such a number; null where the number stands for itself


def is_told_apart(source: Source) -> bool:
    return TOLD_APART in source.columns


def tell_apart(
    connection: duckdb.DuckDBPyConnection, loaded: Sequence[Source], rules: Sequence[EntityRule], where: str
) -> list[Source]:
    """The sources of an entity, in which orders of one number and several ids are told apart."""
    keys = [keys_of(source, rule, where) for source, rule in zip(loaded, rules, strict=True)]
    known = [f"select {key[0]}, {key[1]} from {source.table}" for source, key in zip(loaded, keys, strict=True) if key]
    if not known:
        return list(loaded)
    numbers = loaded[0].table + "_numbers"
    connection.execute(
        f"""
        create table {numbers} as
        select number, id, row_number() over (partition by number order by length(id), id) as place
        from (select distinct number, id from ({" union all ".join(known)}) as line (number, id)) as known
        where number is not null and id is not null
        qualify count(*) over (partition by number) > 1
        """
    )
    if not connection.execute(f"select count(*) from {numbers}").fetchall()[0][0]:
        return list(loaded)
    return [
        told_apart(connection, source, key, numbers) if key else source
        for source, key in zip(loaded, keys, strict=True)
    ]


def keys_of(source: Source, rule: EntityRule, where: str) -> tuple[str, str] | None:
    """The number and the id of a row; None where they are not told apart."""
    column = rule.columns.get("order_id")
    if column is None or column.column is None or column.told_apart_by is None:
        return None
    where = f"{where}, column 'order_id'"
    return cleaned(source.find(column.column, where)), cleaned(source.find(column.told_apart_by, where))


def told_apart(connection: duckdb.DuckDBPyConnection, source: Source, key: tuple[str, str], numbers: str) -> Source:
    """A source with the further column. A line without an id belongs to the order above it, else to the one below."""
    number, own_id = key
    table = source.table + "_apart"
    connection.execute(
        f"""
        create table {table} as
        select
            line.* exclude (number_of_line, id_of_line),
            case when known.place > 1 then known.number || ' ' || known.id end as {TOLD_APART}
        from (
            select
                *,
                {number} as number_of_line,
                coalesce(
                    {own_id},
                    last_value({own_id} ignore nulls) over above,
                    first_value({own_id} ignore nulls) over below
                ) as id_of_line
            from {source.table}
            window
                above as (
                    partition by {number} order by source_line rows between unbounded preceding and current row
                ),
                below as (
                    partition by {number} order by source_line rows between current row and unbounded following
                )
        ) as line
        left join {numbers} as known
            on line.number_of_line = known.number and line.id_of_line = known.id
        """
    )
    return describe(connection, table, source.shown)
