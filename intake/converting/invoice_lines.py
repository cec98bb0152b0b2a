"""Orders from invoice lines: an invoice with what it sold and, if later lines cancel part of it, a second version with
the refund."""

from __future__ import annotations

from pathlib import Path
from string import Template

from stammkunde.database import quoted

from ..entities import Entity
from ..mapping import EntityRule, InvoiceLines
from .columns import expression
from .source import Source
from .values import cleaned, number, without_point_zero

TEMPLATE = Path(__file__).with_name("invoice_lines.sql")
FROM_LINES = ("amount", "refunded_amount", "updated_at")  # whatever the mapping says of them
OF_EVERY_INVOICE = ("order_id", "customer_id", "ordered_at")


def invoice_orders(source: Source, rule: EntityRule, fold: InvoiceLines, entity: Entity, where: str) -> str:
    """SELECT of the orders in canonical columns."""
    mapped = {
        column.name: expression(source, rule, column, where)
        for column in entity.columns.values()
        if column.name in rule.columns and column.name not in FROM_LINES
    }
    further = [column for column in mapped if column not in OF_EVERY_INVOICE]
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(
        source=source.table,
        invoice=cleaned(source.find(fold.invoice, where)),
        product=cleaned(source.find(fold.product, where)),
        customer_id=without_point_zero(mapped["customer_id"]) if "customer_id" in mapped else "null",
        ordered_at=mapped["ordered_at"],
        quantity=number(source.find(fold.quantity, where), rule.format),
        price=number(source.find(fold.price, where), rule.format),
        cancelling_prefix=quoted(fold.cancelling_prefix),
        further_columns=" ".join(f"{mapped[column]} as {column}," for column in further),
        first_of_further_columns=" ".join(f"arg_min({column}, source_line) as {column}," for column in further),
    )
