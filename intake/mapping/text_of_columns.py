"""Texts with columns of the file in braces: `zendesk:{id}:ticket_opened`. A brace that is meant as one is doubled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .messages import mistake

PARTS = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<column>[^{}]+)\}|(?P<words>[^{}]+)")


def parts(text: str) -> Iterator[tuple[str, bool]]:
    """Words as they are written into the value, and names of columns: each with whether it is a column."""
    for part in PARTS.finditer(text):
        if part["column"] is not None:
            yield part["column"].strip(), True
        else:
            yield part["words"] or part["brace"][0], False


def check_text(text: str) -> None:
    """Refuses a text with a single brace, or without a column."""
    if "".join(part[0] for part in PARTS.finditer(text)) != text:
        raise mistake(f"text '{text}' has a brace that stands alone: a column is {{name}}, a brace itself is doubled")
    names = columns_of_text(text)
    if not names:
        raise mistake(f"text '{text}' names no column: write it as {{name}}, or say `constant`")
    if wrong := [name for name in names if not name or name.startswith("=")]:
        raise mistake(f"text '{text}': '{wrong[0]}' must be a column of the file")


def columns_of_text(text: str) -> list[str]:
    return [name for name, is_column in parts(text) if is_column]


def text_without(text: str, missing: set[str]) -> str:
    """The text for a file that lacks columns: their places are empty."""
    return "".join(part[0] for part in PARTS.finditer(text) if (part["column"] or "").strip() not in missing)
