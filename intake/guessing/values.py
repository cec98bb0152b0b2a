"""The rule of a column, from how its values are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..converting.source import letters
from .dates import TIME_OF_DAY, fitting, is_iso
from .sample import Sample

TRUE_WORDS = ("x", "on", "oui", "si", "sì", "vrai")  # besides those that staging knows
TIME_COLUMNS = ("time", "uhrzeit", "zeit", "bestellzeit", "bestelluhrzeit", "ordertime", "heure")
ZONE_COLUMNS = ("timezone", "zeitzone", "tz")
DEDUCTIONS = ("refunded_amount", "discount_amount")
UNIX_TIME = re.compile(r"1\d{9}(\d{3})?")


@dataclass(frozen=True)
class Guess:
    """The keys of a column's rule, and why."""

    rule: dict[str, object]
    reason: str


def guess(column: str, sample: Sample, entity: str, target: str, kind: str) -> Guess:
    """The rule of a column for a canonical one of this kind."""
    values = [value for value in sample.values[column] if value]
    if not values:
        return Guess({"column": column}, "by its name; it has no values in the first rows")
    if kind == "timestamp":
        return guess_times(column, sample, values)
    if kind == "boolean":
        return guess_truth(column, values)
    if kind == "decimal" and all(re.fullmatch(r"-?\d{4,}", value) for value in values):
        return Guess({"column": column}, f"by its name; whole numbers such as {values[0]}: if cents, add unit: cents")
    if kind == "decimal" and (entity == "refunds" or target in DEDUCTIONS):
        return guess_deduction(column, values)
    if target == "customer_id" and sum(looks_like_a_name(value) for value in values) > len(values) / 2:
        return Guess(
            {"column": column}, "by its name; values look like names, and two people may share one: is there a number?"
        )
    shown = "values not shown" if any("@" in value for value in values) else f"such as {values[0]}"
    return Guess({"column": column}, f"by its name; {shown}")


def looks_like_a_name(value: str) -> bool:
    return bool(re.fullmatch(r"[^\W\d_]+\.?([ ,-]+[^\W\d_]+\.?)+", value))


def guess_truth(column: str, values: Sequence[str]) -> Guess:
    if letters(column) == "livemode":
        return Guess({"column": column, "true_values": ["false", "f", "0", "no"]}, "what is not live is a test")
    words = sorted({value.lower() for value in values} & set(TRUE_WORDS))
    if words:
        return Guess({"column": column, "true_values": words}, f"by its name; {', '.join(words)} is yes")
    return Guess({"column": column}, f"by its name; such as {values[0]}")


def guess_deduction(column: str, values: Sequence[str]) -> Guess:
    """A refund or discount: some systems write them below zero."""
    below = [value for value in values if is_below_zero(value)]
    if below and len(below) == sum(has_value(value) for value in values):
        return Guess({"column": column, "negate": True}, f"by its name; written below zero, such as {below[0]}")
    return Guess({"column": column}, f"by its name; such as {next(filter(has_value, values), values[0])}")


def has_value(text: str) -> bool:
    """Whether an amount is not zero."""
    return bool(re.search("[1-9]", text))


def is_below_zero(text: str) -> bool:
    return has_value(text) and (text.startswith(("-", "(")) or text.endswith("-"))


def guess_times(column: str, sample: Sample, values: Sequence[str]) -> Guess:
    """The form that most of the dates have; where two fit alike, both are named. The time of day and the time zone may
    stand in columns of their own."""
    rule: dict[str, object] = {"column": column}
    reasons = ["by its name"]
    time = beside(sample, TIME_COLUMNS, column, lambda value: bool(TIME_OF_DAY.fullmatch(value)))
    if time and not any(":" in value for value in values):
        rule["time"] = time
        reasons.append(f"the time of day stands in {time}")
        values = [
            f"{day} {hour}"
            for day, hour in zip(sample.values[column], sample.values[time], strict=True)
            if day and hour
        ]
    reasons.append(date_form(rule, values))
    if zone := beside(sample, ZONE_COLUMNS, column, bool):
        rule["time_zone"] = zone
        reasons.append(f"the time zone stands in {zone}")
    return Guess(rule, "; ".join(reasons))


def beside(sample: Sample, names: Sequence[str], column: str, fits) -> str | None:
    """Another column with one of these names whose values fit."""
    for other, values in sample.values.items():
        filled = [value for value in values if value]
        if other != column and letters(other) in names and filled and all(fits(value) for value in filled):
            return other
    return None


def date_form(rule: dict[str, object], values: Sequence[str]) -> str:
    """Add the form of the dates to a rule; say what it was taken from."""
    if not values or is_iso(values):
        return f"dates as {values[0]}" if values else "without values in the first rows"
    forms, fit = fitting(values)
    if fit < len(values) / 2:
        unix = "seconds since 1970, which are not read" if UNIX_TIME.fullmatch(values[0]) else "no form known here"
        return f"dates in {unix}, such as {values[0]}: say date_format, or export them as dates"
    form, *alike = forms
    rule["date_format"] = form
    doubt = f"; {alike[0]} would fit as well" if alike else ""
    share = "all values" if fit == len(values) else f"{fit} of {len(values)} values"
    return f"{share} fit, such as {values[0]}{doubt}"
