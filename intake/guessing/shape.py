"""What the rows of a file of orders are: orders, lines of orders, or refunds among them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..converting.source import letters
from ..refund_words import means_refund, says_kind
from .names import named
from .sample import Sample

LINE_COLUMNS = ("product_id", "product_name", "line_number", "quantity")  # of order_lines: what a line has
PARENT_COLUMNS = (
    "parentorderid",
    "parentid",
    "parentorder",
    "originalorderid",
    "originaltransactionid",
    "ursprungsauftrag",
)
OF_A_LINE = re.compile(r"item|line|position|price|preis")
# Names of totals that hold tax and shipping, and of the columns that hold these.
TOTALS = (
    "total", "ordertotal", "ordertotalamount", "totalamount", "amounttotal", "grandtotal", "totalprice", "totalpaid",
    "invoiceamount", "gesamtbetrag", "gesamtsumme", "bruttobetrag", "gesamtbrutto", "rechnungsbetrag", "totalcollected",
)  # fmt: skip
TAXES = (
    "tax", "taxes", "taxamount", "taxtotal", "totaltax", "salestax", "mwst", "mwstbetrag", "ust", "steuer",
    "steuerbetrag",
)  # fmt: skip
SHIPPING = (
    "shipping", "shippingtotal", "shippingamount", "shippingprice", "totalshipping", "shippingandhandling",
    "invoiceshipping", "versand", "versandkosten", "porto", "versandbetrag",
)  # fmt: skip


def fold_of(sample: Sample, columns: Mapping[str, str]) -> tuple[dict[str, object], str] | None:
    """How lines become orders, and why; None where every row is an order. `columns`: those found by canonical name."""
    order, amount = columns.get("order_id"), columns.get("amount")
    if (
        order is None
        or amount is None
        or not any(named(target, "order_lines", sample.header) for target in LINE_COLUMNS)
    ):
        return None
    amounts: dict[str, list[str]] = {}
    for number, value in zip(sample.values[order], sample.values[amount], strict=True):
        if number:
            amounts.setdefault(number, []).append(value)
    several = {number: found for number, found in amounts.items() if len(found) > 1}
    if not several:
        return None
    example = f"{order} {next(iter(several))} stands in {len(next(iter(several.values())))} rows"
    if all(sum(bool(value) for value in found) == 1 for found in several.values()):
        return {"kind": "first_line", "by": order}, f"{example}, of which one has the amount"
    if OF_A_LINE.search(letters(amount)) or any(len(set(found)) > 1 for found in several.values()):
        return {"kind": "add_lines", "by": order}, f"{example}, each with an amount of its own: they are added up"
    return {
        "kind": "first_line",
        "by": order,
    }, f"{example} with the same amount: is it the order's, or each line's (add_lines)?"


def refund_rows(sample: Sample) -> tuple[str, list[str]] | None:
    """The column that says which rows are refunds, and its words for it; None where none does."""
    for column in sample.header:
        if says_kind(column):
            words = sorted({value for value in sample.values[column] if value and means_refund(value)})
            others = {value for value in sample.values[column] if value} - set(words)
            if words and others:
                return column, words
    return None


def parent_of(header: Sequence[str]) -> str | None:
    """The column with the order that a refund belongs to."""
    return next((column for column in header if letters(column) in PARENT_COLUMNS), None)


def less_of(amount: str, free: Sequence[str]) -> list[str]:
    """The columns of tax and shipping that a total holds, at most one of each."""
    if letters(amount) not in TOTALS:
        return []
    found = (next((column for column in free if letters(column) in names), None) for names in (TAXES, SHIPPING))
    return [column for column in found if column]
