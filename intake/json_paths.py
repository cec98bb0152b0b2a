"""A value inside a value: `person.email` of a JSON column `person`, by dots, `[3]` or `[key=plan]`.

A step is a key of an object, `[3]` the fourth part of a list, and `[key=plan]` the part of a list of objects whose
`key` is `plan`, as Google Analytics keeps its parameters: `event_params[key=ga_session_id].value.int_value`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stammkunde.database import quoted

STEP = re.compile(r"\[(?P<key>[^\]=]+)=(?P<is>[^\]]*)\]|\[(?P<position>[0-9]+)\]|(?P<name>[^.\[\]]+)")


def steps_of(path: str) -> list[re.Match]:
    """The steps of a path, without the dots between them."""
    return list(STEP.finditer(path))


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
    return [(wanted[:place], wanted[place:].removeprefix(".")) for place in reversed(places)]


def inside(json: str, path: str) -> str:
    """SQL of the value at a path in JSON, or in a column of nested types, as text; null where it is not there, and
    where the text is no JSON."""
    steps = steps_of(path)
    value, pending = f"cast({json} as json)", ""
    for step in steps[:-1]:
        value, pending = walked(value, pending, step)
    value, pending = walked(value, pending, steps[-1])
    return f"try(json_extract_string({value}, {quoted('$' + pending)}))"


def walked(value: str, pending: str, step: re.Match) -> tuple[str, str]:
    """One step further: SQL of a JSON value, and the path within it that was not read yet."""
    if step["name"] is not None:
        return value, f'{pending}."{step["name"]}"'
    if step["position"] is not None:
        return value, f"{pending}[{step['position']}]"
    parts = f"json_extract({value}, {quoted(f'${pending}[*]')})"
    own_key = quoted(f'$."{step["key"]}"')
    return f"list_filter({parts}, lambda part: json_extract_string(part, {own_key}) = {quoted(step['is'])})[1]", ""
