"""How the amounts of a file are written: decimal sign, groups of thousands, currency signs, brackets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ..mapping import Format

SIGNS = "[$€£¥₹₺]|(?:US|A|C|NZ|HK|R)\\$|zł|kr\\.?|Kč|Fr\\.|CHF|EUR|USD|GBP|PLN|SEK|NOK|DKK|CZK|JPY"
DIGITS = (
    r"(?P<whole>\d{1,3}(?:(?P<group>[.,'\u2019 \u00a0\u2009\u202f])\d{3})(?:(?P=group)\d{3})*|\d+)"
    r"(?:(?P<decimal>[.,])(?P<digits>\d+))?"
)
WRITTEN = re.compile(
    rf"(?P<open>\()?-?\s*(?P<before>{SIGNS})?\s*-?{DIGITS}\s*(?P<after>{SIGNS})?\s*(?P<minus>-)?(?P<close>\))?"
)
BLANKS = " \u00a0\u2009\u202f"


def find_number_form(columns: Iterable[Sequence[str]], form: dict[str, object], reasons: list[str]) -> None:
    """Add the keys of a format that amounts need, and why."""
    values = [value for column in columns for value in column if value and not value.isdigit()]
    found = [(value, match) for value in values if (match := WRITTEN.fullmatch(value))]
    comma, point = (examples(found, sign) for sign in ",.")
    if len(comma) > len(point):
        form["decimal"] = ","
        reasons.append(f"decimal comma: values such as {comma[0]}")
    decimal = str(form.get("decimal", "."))
    grouped = [(value, match["group"]) for value, match in found if is_grouped(match, decimal)]
    if grouped:
        group = Counter(" " if sign in BLANKS else sign for _, sign in grouped).most_common(1)[0][0]
        form["thousands"] = group
        reasons.append(f"groups of thousands: values such as {grouped[0][0]}")
    signs = sorted({sign for _, match in found for sign in (match["before"], match["after"]) if sign})
    if signs and "currency_sign" in Format.model_fields:
        form["currency_sign"] = signs
        example = next(value for value, match in found if match["before"] or match["after"])
        reasons.append(f"currency signs: values such as {example}")
    in_brackets = [value for value, match in found if match["open"] and match["close"]]
    minus_behind = [value for value, match in found if match["minus"]]
    if in_brackets:
        form["negative"] = "brackets"
        reasons.append(f"amounts below zero in brackets, such as {in_brackets[0]}")
    elif minus_behind:
        form["negative"] = "trailing_minus"
        reasons.append(f"a minus behind amounts, such as {minus_behind[0]}")


def examples(found: Sequence[tuple[str, re.Match]], sign: str) -> list[str]:
    """Values that can have only this decimal sign: one or two digits behind it, or another sign before it."""
    return [
        value
        for value, match in found
        if match["decimal"] == sign and match["group"] != sign and (len(match["digits"]) <= 2 or match["group"])
    ]


def is_grouped(match: re.Match, decimal: str) -> bool:
    """Whether thousands are grouped; 1.234 alone may be a decimal number."""
    return bool(match["group"]) and match["group"] != decimal and (bool(match["decimal"]) or match["group"] not in ".,")
