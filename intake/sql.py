"""Names and values in SQL text."""

from __future__ import annotations

from pathlib import Path


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(text: str) -> str:
    """A text as an SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def path_literal(path: Path | str) -> str:
    """A path as an SQL literal. DuckDB takes *, ? and [ in it as a pattern: here they are part of the name."""
    return quoted("".join(f"[{character}]" if character in "*?[" else character for character in str(path)))
