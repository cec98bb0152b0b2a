"""What is wrong with a mapping, in one sentence that names file, entity, column and key."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from pydantic import ValidationError

MOST_SHOWN = 20  # names in a message
MISTAKE, UNKNOWN_KEY = "mistake", "unknown_key"


def mistake(sentence: str) -> PydanticCustomError:
    """An error of a validator. The sentence lacks only the place, which the translator adds."""
    return PydanticCustomError(MISTAKE, "{sentence}", {"sentence": sentence})


def unknown_key(key: str, known: Iterable[str]) -> PydanticCustomError:
    """An error about a key that does not exist."""
    sentence = f"'{key}' does not exist{suggestion(key, known)}"
    return PydanticCustomError(UNKNOWN_KEY, "{sentence}", {"sentence": sentence})


def suggestion(name: str, known: Iterable[str]) -> str:
    """What was probably meant, else all there is."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    more = f" and {len(known) - MOST_SHOWN:,} more" if len(known) > MOST_SHOWN else ""
    return f"; did you mean '{close[0]}'?" if close else f"; there is {', '.join(known[:MOST_SHOWN])}{more}"


def explained(error: ValidationError, path: Path) -> str:
    """The first of pydantic's errors as a sentence: file, place in it, what is wrong."""
    first = error.errors(include_url=False)[0]
    location, kind = tuple(str(part) for part in first["loc"]), first["type"]
    where = f"{path}{place(location)}"
    if kind == UNKNOWN_KEY:
        section = location[2:3] if location[:1] in (("entities",), ("lookups",)) else location[:1]
        inside = f", {section[0]}" if section and section[0] not in ("columns", "leave_out") else ""
        return f"{where}{inside}: {first['msg']}"
    if kind == "missing":
        *_, owner, key = location
        return f"{where}: fold '{owner}' needs '{key}'" if "fold" in location else f"{where}: `{key}` is missing"
    return f"{where}: {first['msg']}"


def place(location: tuple[str, ...]) -> str:
    """Entity and column, or rule, of a place such as ("entities", "orders", "columns", "amount", "unit")."""
    if location[:1] == ("lookups",) and len(location) > 1:
        return f": lookup '{location[1]}'"
    if location[:1] != ("entities",) or len(location) < 2:
        return ""
    named = {"columns": "column", "leave_out": "leave_out"}.get(location[2]) if len(location) > 3 else None
    return f": entity '{location[1]}'" + (f", {named} '{location[3]}'" if named else "")
