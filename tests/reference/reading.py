"""How raw values are read (contract section 2). Those of a CSV file are text; those of a Parquet file have types."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Set
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from zoneinfo import ZoneInfo

# Unicode's White_Space, then the characters without width. (Python's own strip() takes U+001C to U+001F besides.)
BLANKS = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
BLANKS += "\u200b\u200c\u200d\u2060\ufeff"
WORDS_FOR_NOTHING = frozenset({"\\n", "null", "nan", "#n/a", "#nv"})
# Wide enough that no intermediate result is ever rounded by accident. ROUND_HALF_UP is "half away from zero".
EXACT = Context(prec=400, rounding=ROUND_HALF_UP)

TRUE = re.compile(r"true|t|yes|y|ja|j|wahr|1(\.0+)?")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
WHOLE_NUMBER_WITH_ZEROS = re.compile(r"(-?[0-9]+)\.0+")
DAMAGED_ID = re.compile(r"-?[0-9]+(?:[.,][0-9]+[Ee][+-]?[0-9]+|[Ee][+-][0-9]+)")
EMAIL = re.compile(r"[^@]+@[^@]+", re.DOTALL)
TIMESTAMP = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


def read_text(value: object) -> str | None:
    """The trimmed text; None for what is blank or a word for nothing. A number is its digits, without an exponent."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float):
        value = format(Decimal(repr(value)), "f")  # repr: the shortest decimal form that is this double
    trimmed = str(value).strip(BLANKS)
    return None if trimmed == "" or trimmed.lower() in WORDS_FOR_NOTHING else trimmed


# --- ids and e-mails --------------------------------------------------------------------------------------------


def read_id_or_email(value: object, missing_values: Set[str]) -> str | None:
    text = read_text(value)
    if text is None:
        return None
    whole_number = WHOLE_NUMBER_WITH_ZEROS.fullmatch(text)
    text = whole_number[1] if whole_number else text
    return None if text.lower() in missing_values else text


def is_damaged(identifier: str | None) -> bool:
    """A long number that a spreadsheet has rounded: 1.23457E+12."""
    return identifier is not None and DAMAGED_ID.fullmatch(identifier) is not None


def read_undamaged_id(value: object, missing_values: Set[str]) -> str | None:
    """For refund_id, activity_id and referred_by_customer_id: a damaged one is null."""
    identifier = read_id_or_email(value, missing_values)
    return None if is_damaged(identifier) else identifier


def read_email(value: object, missing_values: Set[str]) -> str | None:
    """As it is written, in Unicode's composed form (NFC)."""
    text = read_id_or_email(value, missing_values)
    return unicodedata.normalize("NFC", text) if text is not None and EMAIL.fullmatch(text) else None


def read_customer(raw_id: object, raw_email: object, missing_values: Set[str]) -> tuple[str | None, str | None]:
    """Number and e-mail of a row. A number with an @ is none; if it is an e-mail, it goes before the other one."""
    customer_id = read_id_or_email(raw_id, missing_values)
    if customer_id is not None and "@" in customer_id:
        return None, read_email(customer_id, missing_values) or read_email(raw_email, missing_values)
    return customer_id, read_email(raw_email, missing_values)


# --- booleans, numbers, timestamps ------------------------------------------------------------------------------


def read_boolean(value: object) -> bool | None:
    text = read_text(value)
    return None if text is None else TRUE.fullmatch(text.lower()) is not None


def round_half_away(value: Decimal, places: int) -> Decimal:
    rounded = value.quantize(Decimal(1).scaleb(-places), context=EXACT)
    return abs(rounded) if rounded == 0 else rounded  # there is no negative zero in a warehouse


def read_number(value: object, places: int) -> Decimal | None:
    text = read_text(value)
    if text is None or not NUMBER.fullmatch(text):
        return None
    return round_half_away(Decimal(text), places)


def read_amount(value: object) -> Decimal | None:
    return read_number(value, 4)


def read_rate(value: object) -> Decimal | None:
    return read_number(value, 8)


def read_timestamp(value: object, *, source_zone: ZoneInfo, reporting_zone: ZoneInfo) -> datetime | None:
    """The instant in UTC; None where the text does not parse."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=source_zone)).astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=reporting_zone).astimezone(UTC)
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
