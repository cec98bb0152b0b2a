"""How the times of a column are written, and of which time zone they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from ..converting.tables import months

DATES = (
    "%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y",
    "%d-%m-%Y", "%d. %b %Y", "%d %b %Y", "%b %d, %Y", "%b %d %Y", "%d-%b-%Y", "%d-%b-%y", "%b-%d-%y", "%b-%d-%Y",
)  # fmt: skip
TIMES = ("", " %H:%M:%S", " %H:%M", ", %H:%M:%S", ", %H:%M", " %I:%M:%S %p", " %I:%M %p", " %H:%M:%S %z", " %H:%M %z")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
OFFSET = re.compile(r"(?:Z|([+-]\d{2}):?(\d{2}))$")
TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}(:\d{2})?( ?[AaPp][Mm])?")
WORD = re.compile(r"[^\W\d_]{3,}\.?")
ENGLISH = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ENOUGH = 200  # values that show how a column is written

# Offsets from UTC over a year, in minutes, and the zone that has them and most shops.
ZONES = {
    (60, 120): "Europe/Berlin", (0, 60): "Europe/London", (120, 180): "Europe/Athens", (-300, -240): "America/New_York",
    (-360, -300): "America/Chicago", (-420, -360): "America/Denver", (-480, -420): "America/Los_Angeles",
}  # fmt: skip


def is_iso(values: Sequence[str]) -> bool:
    """Whether staging reads all of them as they are."""
    return all(ISO.fullmatch(value) for value in values)


def fitting(values: Sequence[str]) -> tuple[list[str], int]:
    """The forms that most of the values have, the likeliest first, and how many have it."""
    looked_at = [in_english(value) for value in spread(values)]
    counts = {date + time: sum(parses(value, date + time) for value in looked_at) for date in DATES for time in TIMES}
    best = max(counts.values())
    forms = [form for form, count in counts.items() if count == best] if best else []
    return forms, round(best / len(looked_at) * len(values))


def spread(values: Sequence[str]) -> Sequence[str]:
    """Some of many values, from all over the file: its first days alone may fit several forms."""
    return values[:: max(1, len(values) // ENOUGH)]


def parses(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def in_english(value: str) -> str:
    """A date with the short English name of its month, whatever its language."""

    def short(match: re.Match) -> str:
        number = months().get(match[0].rstrip(".").lower())
        return ENGLISH[number] if number else match[0]

    return WORD.sub(short, value)


def offsets(values: Sequence[str]) -> set[int]:
    """The offsets from UTC that times carry, in minutes."""
    found = (OFFSET.search(value) for value in values if ":" in value)
    return {0 if match[1] is None else minutes(match[1], match[2]) for match in found if match}


def minutes(hours: str, rest: str) -> int:
    sign = -1 if hours.startswith("-") else 1
    return int(timedelta(hours=int(hours), minutes=sign * int(rest)).total_seconds()) // 60


def zone_of(found: set[int]) -> str | None:
    """The zone of a shop whose times carry these offsets; None where they are of no zone known here, or all of UTC."""
    if len(found) == 2:
        return ZONES.get((min(found), max(found)))
    return "Europe/Berlin" if found in ({60}, {120}) else None
