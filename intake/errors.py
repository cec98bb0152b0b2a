"""The one error that users see: a line that names file, row or setting, and what to do."""

from __future__ import annotations


class IntakeError(Exception):
    """Input that cannot be read as it is. Its text is complete: it is shown as it stands, without a traceback."""
