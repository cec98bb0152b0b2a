"""The error of everything that is read: a line that names file, row or setting, and what to do."""

from __future__ import annotations

from stammkunde.errors import StammkundeError


class IntakeError(StammkundeError):
    """Input that cannot be read as it is."""
