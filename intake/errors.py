"""The one error that users see: a line that names file, row or setting, and what to do."""

from __future__ import annotations


class IntakeError(Exception):
    """Input that cannot be read as it is. Its text is complete: it is shown as it stands, without a traceback."""

    def __init__(self, text: str) -> None:
        """What files hold may be part of the text: no line end or control character of theirs reaches the terminal."""
        one_line = " ".join(text.splitlines())
        super().__init__("".join(character if character.isprintable() else "\ufffd" for character in one_line))


def first_line(error: Exception) -> str:
    """What a library says, without the lines that explain it at length."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
