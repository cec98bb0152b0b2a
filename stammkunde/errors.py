"""The error that users see: one line that names file, row or setting, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stammkunde.hiding import hidden


class StammkundeError(Exception):
    """Something that cannot go on. Its text is complete: it is shown as it stands, without a traceback."""

    def __init__(self, text: str) -> None:
        """What files and libraries say may be part of the text: no line end or control character of theirs reaches the
        terminal, and no secret."""
        one_line = " ".join(hidden(text).splitlines())
        super().__init__("".join(character if character.isprintable() else "\ufffd" for character in one_line))


class SettingError(StammkundeError):
    """A setting or an environment variable with an impossible value."""


class DbtError(StammkundeError):
    """dbt did not do what it was asked for; the text holds what it says is wrong."""


class PublishedFileError(StammkundeError):
    """There is no published file, or it cannot be read."""


def one_line(error: BaseException) -> str:
    """What an error says, in one line and without secrets."""
    return hidden(" ".join(str(error).split())) or type(error).__name__


# What pydantic asks for, in words for people who do not program.
EXPECTED = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text",
    "list_type": "must be a list, such as [one, two]",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}


def expected(error: Mapping[str, Any]) -> str:
    """What a value must be, by one of pydantic's errors."""
    if error["type"] in EXPECTED:
        return EXPECTED[error["type"]].format(**error.get("ctx", {}))
    said = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{said[0].lower()}{said[1:]}"
