"""Days as settings and requests name them."""

from __future__ import annotations

from datetime import datetime


def iso_date(text: str) -> str:
    """The text of a day, if it is one of the form YYYY-MM-DD. Raises ValueError."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d")
    except ValueError as error:
        raise ValueError("must be a date YYYY-MM-DD") from error
    if day.date().isoformat() != text:  # without the zeros
        raise ValueError("must be a date YYYY-MM-DD")
    return text
