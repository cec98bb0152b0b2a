"""SQL of all rows of a source in canonical columns."""

from __future__ import annotations

from ..entities import Entity
from ..mapping import AddLines, EntityRule, FirstLine, InvoiceLines
from .columns import expression
from .conditions import rule_that_leaves_out
from .folds import LEFT_OUT_BY, added_lines, lines_that_are_rows
from .invoice_lines import invoice_orders
from .source import Source


def judged_lines(source: Source, rule: EntityRule, where: str) -> str | None:
    """SELECT of all lines of a source with `is_row` and `left_out_by`; None where every line is a row that stays."""
    if isinstance(rule.fold, FirstLine):
        return lines_that_are_rows(source, rule, rule.fold, where)
    if rule.leave_out:
        left_out = rule_that_leaves_out(source, rule.leave_out, rule, where)
        return f"select *, {left_out} as {LEFT_OUT_BY}, true as is_row from {source.table}"
    return None


def canonical_select(source: Source, rule: EntityRule, entity: Entity, where: str, *, repeats: bool) -> str:
    """SELECT of the canonical columns that the rule maps, source_file and malformed_line, of a source all of whose
    lines make rows.

    `repeats`: whether the source is an export of something else, in which a customer or line may stand several times.
    In a file of customers or lines themselves every row is accounted for.
    """
    if isinstance(rule.fold, InvoiceLines):
        return invoice_orders(source, rule, rule.fold, entity, where)
    if isinstance(rule.fold, AddLines):
        return added_lines(source, rule, rule.fold, entity, where)
    expressions = [
        f"case when malformed_line is null then {expression(source, rule, column, where)} end as {column.name}"
        for column in entity.columns.values()
        if column.name in rule.columns
    ]
    expressions += [
        f"cast(null as varchar) as {column.name}"
        for column in entity.columns.values()
        if column.required and column.name not in rule.columns
    ]
    selected = f"{', '.join(expressions)}, source_file, malformed_line from {source.table}"
    if repeats and entity.name in ("customers", "order_lines") and rule.fold is None:
        return (
            f"select distinct {selected} where malformed_line is null "
            f"union all select {selected} where malformed_line is not null"
        )
    return f"select {selected}"
