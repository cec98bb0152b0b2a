"""Looks at lines that a mapping probably takes for something else: each is an error that says what to declare."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from stammkunde.database import quoted

from ..errors import IntakeError
from ..mapping import EntityRule, FirstLine
from .columns import expression_of
from .folds import order_number
from .source import Source
from .values import cleaned

MOST_SHARE = 0.01  # of the order numbers of a file that may be doubtful: staging shows those as conflicts
CURRENCY_OF = {"€": "EUR", "EURO": "EUR", "Euro": "EUR", "$": "USD", "US$": "USD", "£": "GBP", "¥": "JPY", "Fr.": "CHF"}
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


def check_amounts_are_of_one_currency(
    connection: duckdb.DuckDBPyConnection, loaded: Sequence[Source], rules: Sequence[EntityRule], where: str
) -> None:
    """Raises IntakeError where amounts have signs of several currencies and no column says which: all would be taken
    for the shop's own."""
    found: set[str] = set()
    for source, rule in zip(loaded, rules, strict=True):
        column = rule.columns["amount"].column if "amount" in rule.columns else None
        if column is None or "currency" in rule.columns or not rule.format.currency_sign:
            continue
        signs = "|".join(re.escape(sign) for sign in sorted(rule.format.currency_sign, key=len, reverse=True))
        text = cleaned(source.find(column, f"{where}, column 'amount'"))
        rows = connection.execute(
            f"select distinct regexp_extract({text}, {quoted(signs)}) from {source.table} where malformed_line is null"
        ).fetchall()
        found |= {sign for (sign,) in rows if sign}
    if len({CURRENCY_OF.get(sign, sign.upper()) for sign in found}) > 1:
        raise IntakeError(
            f"{where}, column 'amount': has amounts with {' and '.join(sorted(found))} (currency_sign), and no column "
            "for `currency`: all would be taken for the shop's own. Map `currency`, or name one currency alone"
        )


def check_rules_judge_orders(
    connection: duckdb.DuckDBPyConnection, judged: Source, rule: EntityRule, where: str
) -> None:
    """Raises IntakeError where a rule on the row of an order reads a column that stands on each of its lines: it would
    leave out the whole order because of one line, or keep it because of another."""
    if not isinstance(rule.fold, FirstLine):
        return
    by = order_number(judged, rule.fold.by, where)
    for name, left_out in rule.leave_out.items():
        for condition in () if left_out.worth else left_out.all_of:
            value = cleaned(judged.find(condition.column, where))
            lines = f"select {by} as number, {value} as value, is_row from {judged.table} where malformed_line is null"
            of_lines = connection.execute(
                f"""
                select line.number
                from ({lines}) as line
                anti join (select number, value from ({lines}) where is_row) as row
                    on line.number = row.number and line.value = row.value
                where not line.is_row and line.value is not null
                limit 1
                """
            ).fetchall()
            if of_lines:
                raise IntakeError(
                    f"{where}, leave_out '{name}': column '{condition.column}' differs between the lines of one order, "
                    f"such as {of_lines[0][0]}. Say what a line is worth that is left out "
                    "(worth: {column: ..., times: ...}), or name a column of the order"
                )
