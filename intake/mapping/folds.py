"""How several rows of a file become one raw row: one model for each kind of fold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .messages import mistake, suggestion
from .part import Part, Text


class FirstLine(Part):
    """Of the rows with the same value in column `by`, the first holds the order's fields."""

    kind: Literal["first_line"]
    by: Text

    def source_columns(self) -> list[str]:
        return [self.by]


class InvoiceLines(Part):
    """Lines of invoices become orders; lines that cancel earlier ones become refunds of those orders."""

    kind: Literal["invoice_lines"]
    invoice: Text
    product: Text
    quantity: Text
    price: Text
    cancelling_prefix: Text

    def source_columns(self) -> list[str]:
        return [self.invoice, self.product, self.quantity, self.price]


FOLDS = ("first_line", "invoice_lines")


def known_fold(given: object) -> object:
    kind = given.get("kind") if isinstance(given, dict) else None
    if kind not in FOLDS:
        raise mistake(f"fold '{kind}' does not exist{suggestion(str(kind), FOLDS)}")
    return given


Fold = Annotated[Annotated[FirstLine | InvoiceLines, Field(discriminator="kind")], BeforeValidator(known_fold)]
