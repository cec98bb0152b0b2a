"""The error of everything that is read: a line that names file, row or setting, and what to do."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from stammkunde.errors import StammkundeError


class IntakeError(StammkundeError):
    """Input that cannot be read as it is."""


def first_line(error: Exception) -> str:
    """What a library says, without the lines that explain it at length."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def typed(path: Path | str) -> str:
    """A path as it is typed in a command: in quotation marks where it needs them."""
    return quote(str(path))
