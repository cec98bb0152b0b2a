"""How the values of a column are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import yaml

DATE_FORMATS = (
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d %H:%M:%S %z", "%Y%m%d", "%Y/%m/%d",
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%d-%m-%Y",
    "%d %b %Y", "%b %d, %Y",
)  # fmt: skip
ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
TRUE_WORDS = ("ja", "x", "wahr", "j", "on", "oui", "si")


def guess(column: str, values: Sequence[str], kind: str) -> tuple[str, str]:
    """The rule of a column, in YAML, and why."""
    filled = [value for value in values if value]
    plain = scalar(column)
    if not filled:
        return plain, "by its name; it has no values in the first rows"
    if kind == "timestamp":
        return guess_dates(plain, filled)
    if kind == "boolean":
        words = sorted({value.lower() for value in filled} & set(TRUE_WORDS))
        if words:
            return f"{{column: {plain}, true_values: [{', '.join(words)}]}}", f"by its name; {', '.join(words)} is yes"
    if kind == "decimal" and all(re.fullmatch(r"-?\d{4,}", value) for value in filled):
        return plain, f"by its name; whole numbers such as {filled[0]}: if cents, {{column: {plain}, unit: cents}}"
    shown = "values not shown" if any("@" in value for value in filled) else f"such as {filled[0]}"
    return plain, f"by its name; {shown}"


def guess_dates(column: str, values: Sequence[str]) -> tuple[str, str]:
    """The form that most of the dates have; where two fit alike, both are named."""
    if all(ISO.fullmatch(value) for value in values):
        return column, f"by its name; dates as {values[0]}"
    fits = {form: sum(parses(value, form) for value in values) for form in DATE_FORMATS}
    best = max(fits.values())
    if best < len(values) / 2:
        return column, f"by its name; dates in no form known here, such as {values[0]}: say date_format"
    form, *alike = [form for form, count in fits.items() if count == best]
    doubt = f"; {alike[0]} would fit as well" if alike else ""
    share = "all values" if best == len(values) else f"{best} of {len(values)} values"
    return f"{{column: {column}, date_format: {scalar(form)}}}", f"by its name; {share} fit, such as {values[0]}{doubt}"


def parses(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def scalar(text: str) -> str:
    """A text as it stands in YAML, quoted where it must be."""
    return (
        yaml.safe_dump(text, default_flow_style=True, allow_unicode=True, width=1_000).removesuffix("\n...\n").strip()
    )
