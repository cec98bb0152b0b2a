"""Values of the shop as they may be shown."""

from __future__ import annotations

SAMPLES = 3  # of values and of rows
LONGEST = 40


def masked(value: object) -> str:
    """One line, not too long, and of an e-mail only its domain."""
    text = " ".join(str(value).split())
    if "@" in text:
        return f"...@{text.rpartition('@')[2]}"
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
