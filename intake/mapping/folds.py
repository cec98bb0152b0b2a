"""How several rows of a file become one raw row: one model for each kind of fold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .conditions import Condition
from .messages import mistake, suggestion
from .part import Flag, Part, Text, Texts


class FirstLine(Part):
    """Of the rows with the same value in column `by`, one holds the order's fields; the others add nothing to it."""

    kind: Literal["first_line"]
    by: Text

    def source_columns(self) -> list[str]:
        return [self.by]


class AddLines(Part):
    """The rows with the same value in column `by` are lines of one order: their amounts are added up."""

    kind: Literal["add_lines"]
    by: Text
    empty_is_zero: Condition | None = None  # lines of which an empty amount is 0; of others it cannot be read

    def source_columns(self) -> list[str]:
        return [self.by, *(self.empty_is_zero.source_columns() if self.empty_is_zero else [])]


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


class Newest(Part):
    """Rows with the same values in the columns `by` are versions or repeats of one, also in several files: that with
    the latest of `latest` counts, of equal ones the last."""

    kind: Literal["newest"]
    by: Texts
    latest: Texts = ()
    may_lack: Texts = ()  # columns of `latest` that a file may lack: each loader has others

    def source_columns(self) -> list[str]:
        return [*self.by, *self.latest]

    def without(self, missing: set[str]) -> Newest:
        """The fold for a file that lacks columns."""
        return self.model_copy(update={"latest": tuple(name for name in self.latest if name not in missing)})


class Earliest(Part):
    """Of the rows with the same values in the columns `by` that no rule leaves out, the one with the earliest time in
    column `at` counts, also in several files: the first reply to a ticket, of all messages."""

    kind: Literal["earliest"]
    by: Texts
    at: Text

    def source_columns(self) -> list[str]:
        return [*self.by, self.at]


class LastFile(Part):
    """All rows with the same value in column `by` come from one file, the last that holds it: by the order of the
    patterns in `files`, then by name. A table of a day that was written again, or stands in for another.

    With `split`, files whose names differ only in twelve digits are one: so BigQuery writes a table in parts."""

    kind: Literal["last_file"]
    by: Text
    split: Flag = False

    def source_columns(self) -> list[str]:
        return [self.by]


class Versions(Part):
    """Rows of one order are versions of it, each a row: what holds where no fold is given, here said on purpose."""

    kind: Literal["versions"]

    def source_columns(self) -> list[str]:
        return []


FOLDS = ("first_line", "add_lines", "invoice_lines", "newest", "earliest", "last_file", "versions")


def known_fold(given: object) -> object:
    kind = given.get("kind") if isinstance(given, dict) else None
    if kind not in FOLDS:
        raise mistake(f"fold '{kind}' does not exist{suggestion(str(kind), FOLDS)}")
    return given


Fold = Annotated[
    Annotated[
        FirstLine | AddLines | InvoiceLines | Newest | Earliest | LastFile | Versions, Field(discriminator="kind")
    ],
    BeforeValidator(known_fold),
]
