"""How raw text is read (contract section 2)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from zoneinfo import ZoneInfo

BLANKS = " \t\r\n"
TRUE_WORDS = frozenset({"true", "t", "1", "yes", "y"})
# Wide enough that no intermediate result is ever rounded by accident. ROUND_HALF_UP is "half away from zero".
EXACT = Context(prec=200, rounding=ROUND_HALF_UP)

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
TIMESTAMP = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


def read_text(value: str | None) -> str | None:
    trimmed = (value or "").strip(BLANKS)
    return trimmed or None


def read_email(value: str | None) -> str | None:
    trimmed = read_text(value)
    return None if trimmed is None else trimmed.lower()


def read_boolean(value: str | None) -> bool | None:
    trimmed = read_text(value)
    return None if trimmed is None else trimmed.lower() in TRUE_WORDS


def round_half_away(value: Decimal, places: int) -> Decimal:
    rounded = value.quantize(Decimal(1).scaleb(-places), context=EXACT)
    return abs(rounded) if rounded == 0 else rounded  # there is no negative zero in a warehouse


def read_number(value: str | None, places: int) -> Decimal | None:
    trimmed = read_text(value)
    if trimmed is None or not NUMBER.fullmatch(trimmed):
        return None
    return round_half_away(Decimal(trimmed), places)


def read_amount(value: str | None) -> Decimal | None:
    return read_number(value, 4)


def read_rate(value: str | None) -> Decimal | None:
    return read_number(value, 8)


def read_timestamp(value: str | None, *, source_zone: ZoneInfo, reporting_zone: ZoneInfo) -> datetime | None:
    """The instant in UTC; None where the text does not parse."""
    match = TIMESTAMP.fullmatch(read_text(value) or "")
    if match is None:
        return None
    try:
        day = date.fromisoformat(match["day"])
    except ValueError:  # 2024-02-30
        return None
    if match["hour"] is None:
        return datetime(day.year, day.month, day.day, tzinfo=reporting_zone).astimezone(UTC)
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    microsecond = int((match["fraction"] or "0")[:6].ljust(6, "0"))  # cut, not rounded
    local = datetime(day.year, day.month, day.day, hour, minute, second, microsecond)
    if match["offset"] is None:
        return local.replace(tzinfo=source_zone).astimezone(UTC)
    if match["offset"] == "Z":
        return local.replace(tzinfo=UTC)
    offset_hour, offset_minute = int(match["offset"][1:3]), int(match["offset"][-2:])
    if offset_hour > 23 or offset_minute > 59:
        return None
    offset = timedelta(hours=offset_hour, minutes=offset_minute)
    utc = local - offset if match["offset"][0] == "+" else local + offset
    return utc.replace(tzinfo=UTC)
