"""A look at rows of orders that are probably lines of them."""

from __future__ import annotations

import duckdb

from ..errors import IntakeError
from ..mapping import EntityRule
from .columns import expression_of
from .source import Source

MOST_SHARE = 0.01  # of the order numbers of a file that may be doubtful: staging shows those as conflicts
OF_ONE_ORDER = ("customer_id", "customer_email", "ordered_at", "updated_at")


def check_rows_are_no_items(
    connection: duckdb.DuckDBPyConnection, source: Source, rule: EntityRule, where: str
) -> None:
    """Raises IntakeError where the same number stands in several rows that differ in their amount and in nothing that
    says which is the later one: items of orders, whose values have to be added up."""
    named = {
        name: expression_of(source, rule, name, "string", where)
        for name in ("order_id", *OF_ONE_ORDER)
        if name in rule.columns and rule.columns[name].column is not None
    }
    if "order_id" not in named or rule.columns["amount"].column is None:
        return
    keys = ", ".join(f"{sql} as {name}" for name, sql in named.items())
    amount = expression_of(source, rule, "amount", "decimal", where)
    numbers, doubtful, example = connection.execute(
        f"""
        with rows as (
            select {keys}, cast({amount} as varchar) as amount from {source.table} where malformed_line is null
        ),
        alike as (
            select {", ".join(named)}, count(distinct amount) as amounts
            from rows
            where order_id is not null
            group by all
        )
        select
            count(distinct order_id),
            count(distinct order_id) filter (amounts > 1),
            min(order_id) filter (amounts > 1)
        from alike
        """
    ).fetchall()[0]
    if doubtful > MOST_SHARE * numbers:
        by = rule.columns["order_id"].column
        raise IntakeError(
            f"{where}, {source.shown}: {doubtful:,} of {numbers:,} order numbers, such as {example}, stand in several "
            f"rows of the same time with different amounts. If the rows are items whose amounts add up, say "
            f"fold: {{kind: add_lines, by: {by}}}; if one of them holds the whole order, fold: {{kind: first_line, "
            f"by: {by}}}; if they are versions of it, map updated_at or say fold: {{kind: versions}}"
        )
