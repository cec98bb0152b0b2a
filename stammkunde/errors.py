"""The error that users see: one line that names file, row or setting, and what to do."""

from __future__ import annotations


class StammkundeError(Exception):
    """Something that cannot go on. Its text is complete: it is shown as it stands, without a traceback."""

    def __init__(self, text: str) -> None:
        """What files hold may be part of the text: no line end or control character of theirs reaches the terminal."""
        one_line = " ".join(text.splitlines())
        super().__init__("".join(character if character.isprintable() else "\ufffd" for character in one_line))


class SettingError(StammkundeError):
    """A setting or an environment variable with an impossible value."""


class DbtError(StammkundeError):
    """dbt did not do what it was asked for; the text holds what it says is wrong."""


class PublishedFileError(StammkundeError):
    """There is no published file, or it cannot be read."""


def one_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
