"""Tables that conversion looks things up in: decimals of currencies, names of months, of time zones and of spans."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

HERE = Path(__file__).parent


@cache
def minor_units(unit: str) -> dict[int, list[str]]:
    """The currencies whose smallest unit is not a hundredth, by their number of decimals."""
    return read("minor_units.yml")[unit]


@cache
def months() -> dict[str, int]:
    """The number of each month by its names, the longest first: `sept` before `sep`."""
    names = {name: number for number, known in read("months.yml").items() for name in known}
    return dict(sorted(names.items(), key=lambda item: -len(item[0])))


@cache
def months_of_spans() -> dict[str, list[str]]:
    """The words for spans of time, by the number of months that they last, as SQL."""
    return read("spans.yml")


@cache
def time_zones() -> dict[str, str]:
    """The name in the IANA database of time zones that are called otherwise."""
    return read("time_zones.yml")


def read(name: str) -> dict:
    return yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
