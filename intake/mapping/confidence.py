"""How sure it is that a column or a word of a system means what a rule takes it for."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from .messages import mistake, suggestion
from .part import as_text

# Seen in real data; said in the maker's documentation; known from a loader's schema; concluded, and not proven.
CONFIDENCES = ("seen", "documented", "schema", "inferred")


def known_confidence(given: str | None) -> str | None:
    if given is not None and given not in CONFIDENCES:
        raise mistake(f"confidence '{given}' does not exist{suggestion(given, CONFIDENCES)}")
    return given


Confidence = Annotated[Annotated[str, BeforeValidator(as_text)] | None, AfterValidator(known_confidence)]


def is_unproven(confidence: str | None) -> bool:
    return confidence == "inferred"
