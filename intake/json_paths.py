"""A value inside a value: `person.email` of a JSON column `person`, by dots, `[3]` or `[key=plan]`.

A step is a key of an object, `[3]` the fourth part of a list, and `[key=plan]` the part of a list of objects whose
`key` is `plan`, as Google Analytics keeps its parameters: `event_params[key=ga_session_id].value.int_value`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stammkunde.database import quoted

STEP = re.compile(r"\[(?P<key>[^\]=]+)=(?P<is>[^\]]*)\]|\[(?P<position>[0-9]+)\]|(?P<name>[^.\[\]]+)")
PART = r"\[(?:[^\]=]+=[^\]]*|[0-9]+)\]"
PATH = re.compile(rf"(?:[^.\[\]]+|{PART})(?:\.[^.\[\]]+|{PART})*")


def steps_of(path: str) -> list[re.Match]:
    """The steps of a path, without the dots between them."""
    return list(STEP.finditer(path))


def is_path(text: str) -> bool:
    """Whether a text is steps from its beginning to its end, and not only holds some."""
    return PATH.fullmatch(text) is not None


def words_of(paths: Iterable[str]) -> set[str]:
    """All names that paths may mean: each step alone, and what begins at it, as a column may have a dot in its name."""
    words: set[str] = set()
    for path in paths:
        steps = [part for part in re.split(r"[.\[\]=]", path) if part]
        words |= {*steps, *(".".join(steps[place:]) for place in range(len(steps)))}
    return words


def splits(wanted: str) -> list[tuple[str, str]]:
    """The ways to read a path as a column and what lies in it, the longest name of a column first."""
    places = [position for position, letter in enumerate(wanted) if position and letter in ".["]
    found = [(wanted[:place], wanted[place:].removeprefix(".")) for place in reversed(places)]
    return [(name, path) for name, path in found if is_path(path)]


def inside(json: str, path: str) -> str:
    """SQL of the value at a path in JSON, or in a column of nested types, as text; null where it is not there, and
    where the text is no JSON."""
    steps = steps_of(path)
    value, pending = f"cast({json} as json)", ""
    for step in steps[:-1]:
        value, pending = walked(value, pending, step)
    value, pending = walked(value, pending, steps[-1])
    return f"try(json_extract_string({value}, {quoted(pending or '$')}))"


def walked(value: str, pending: str, step: re.Match) -> tuple[str, str]:
    """One step further: SQL of a JSON value, and the path within it that was not read yet."""
    if step["key"] is None:
        return value, pending + pointer(step)
    parts = f"json_extract(json_extract({value}, {quoted(pending or '$')}), '$[*]')"
    own_key = quoted(pointer_to(step["key"]))
    return f"list_filter({parts}, lambda part: json_extract_string(part, {own_key}) = {quoted(step['is'])})[1]", ""


def pointer(step: re.Match) -> str:
    """A step by name or position as DuckDB has it."""
    return pointer_to(step["name"] if step["name"] is not None else str(int(step["position"])))


def pointer_to(key: str) -> str:
    """A key as a step of a JSON Pointer (RFC 6901). In DuckDB's other paths a key cannot have a quotation mark, and `*`
    means all of them."""
    return "/" + key.replace("~", "~0").replace("/", "~1")
