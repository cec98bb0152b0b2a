"""Words for refunds, in the names of columns and in columns that say of what kind a row is."""

from __future__ import annotations

from .reading.header import letters

REFUND_PARTS = ("refund", "erstatt", "gutschrift", "retour", "credit", "chargeback", "rückzahl", "rueckzahl")
# Columns that say of what kind a row is.
KIND_COLUMNS = (
    "type", "ordertype", "posttype", "eventtype", "transactiontype", "recordtype", "art", "typ", "belegart", "vorgang",
    "vorgangsart", "buchungsart", "kind", "documenttype", "doctype", "dokumentart", "dokumenttyp", "belegtyp",
)  # fmt: skip


def is_refund(column: str) -> bool:
    """Whether a column has to do with refunds, by its name."""
    return any(part in letters(column) for part in REFUND_PARTS)


def says_kind(column: str) -> bool:
    """Whether a column says, by its name, of what kind a row is."""
    return letters(column) in KIND_COLUMNS


def means_refund(word: str) -> bool:
    """Whether a kind of row is a refund, or takes a whole invoice back."""
    return is_refund(word) or "storno" in letters(word)
