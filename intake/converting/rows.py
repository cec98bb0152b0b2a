"""SQL of all rows of a source in canonical columns."""

from __future__ import annotations

from ..entities import Entity
from ..mapping import EntityRule, FirstLine, InvoiceLines
from .columns import expression
from .invoice_lines import invoice_orders
from .source import Source


def canonical_select(source: Source, rule: EntityRule, entity: Entity, where: str, *, repeats: bool) -> str:
    """SELECT of the canonical columns that the rule maps, source_file and malformed_line.

    `repeats`: whether the source is an export of something else, in which a customer or line may stand several times.
    In a file of customers or lines themselves every row is accounted for.
    """
    if isinstance(rule.fold, InvoiceLines):
        return invoice_orders(source, rule, rule.fold, entity, where)
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
    selected = (
        f"{', '.join(expressions)}, source_file, malformed_line from ({folded(source, rule.fold, where)}) as source"
    )
    if repeats and entity.name in ("customers", "order_lines") and rule.fold is None:
        return (
            f"select distinct {selected} where malformed_line is null "
            f"union all select {selected} where malformed_line is not null"
        )
    return f"select {selected}"


def folded(source: Source, fold: FirstLine | None, where: str) -> str:
    """The rows of a source that make rows: all, or the first of each order."""
    if fold is None:
        return f"select * from {source.table}"
    by = source.find(fold.by, where).sql
    return (
        f"select * from {source.table} qualify {by} is null or malformed_line is not null "
        f"or row_number() over (partition by {by} order by source_line) = 1"
    )
