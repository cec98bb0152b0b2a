"""Numbers, money, dates, periods and words in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent

WORDS = Path(__file__).with_name("words")
LOCALES = {"de": "de_DE", "en": "en_GB"}
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"  # stands where a figure is null: it is not defined, which is no zero
WHOLE = ("customers", "orders", "events", "score", "days", "count")  # units that come in whole numbers


@dataclass(frozen=True)
class Language:
    """One of the languages that people read. A value that is null is shown as a dash."""

    code: str

    @property
    def locale(self) -> str:
        return LOCALES[self.code]

    def say(self, key: str, **parts: object) -> str:
        """The words of a key such as `overview.title`, of the file reports/words/overview.yml."""
        text = words()[key][self.code]
        return text.format(**parts) if parts else text

    def known(self, key: str, otherwise: str) -> str:
        """The words of a key, where there are some: of names that a shop may extend."""
        return words()[key][self.code] if key in words() else otherwise

    def dimension(self, code: str) -> str:
        return self.known(f"names.dimension.{code}", readable(code))

    def dimension_value(self, code: str) -> str:
        """A segment: `unknown`, `all`, yes and no in words, what the shop calls it as it stands."""
        return self.known(f"names.value.{code}", code)

    def stage(self, code: str) -> str:
        return self.known(f"names.stage.{code}", readable(code))

    def rfm_segment(self, code: str) -> str:
        return self.known(f"names.segment.{code}", readable(code))

    def name(self, kind: str, code: str) -> str:
        """What marts hold as a code otherwise: of an entity, an outcome, a reason, a suite, a check or a build."""
        return self.known(f"names.{kind}.{code}", code)

    def number(self, value: Any, decimals: int = 0) -> str:
        if value is None:
            return NOTHING
        places = "0" * decimals
        return minus(format_decimal(value, format=f"#,##0.{places}" if places else "#,##0", locale=self.locale))

    def percent(self, value: Any, decimals: int = 1) -> str:
        if value is None:
            return NOTHING
        pattern = {"de": "#,##0{}\xa0%", "en": "#,##0{}%"}[self.code]
        places = f".{'0' * decimals}" if decimals else ""
        return minus(format_percent(value, format=pattern.format(places), locale=self.locale))

    def money(self, value: Any, currency: str, decimals: int = 2) -> str:
        if value is None:
            return NOTHING
        places = f".{'0' * decimals}" if decimals else ""
        pattern = {"de": "#,##0{}\xa0¤", "en": "¤#,##0{}"}[self.code].format(places)
        text = format_currency(value, currency, format=pattern, locale=self.locale, currency_digits=False)
        return minus(text)

    def value(self, value: Any, unit: str, currency: str = "") -> str:
        """A figure in the unit that the glossary gives it."""
        if value is None:
            return NOTHING
        if unit == "rate":
            return self.percent(value)
        if unit == "currency":
            return self.money(value, currency)
        if unit == "minutes":
            return f"{self.number(value)}\xa0min"
        if unit in WHOLE:
            return self.number(value)
        if unit == "number":
            return self.number(value, 2)
        if unit == "points":
            return self.points(value)
        if unit == "flag":
            return self.say("common.yes" if value else "common.no")
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            return self.day(value)
        return str(value)

    def points(self, value: Any, decimals: int = 1) -> str:
        """A change of a rate, in percentage points."""
        if value is None:
            return NOTHING
        shown = round(float(value) * 100, decimals) + 0.0
        return f"{signed(self.number(shown, decimals), shown)}\xa0{self.say('common.points')}"

    def change(self, value: Any, unit: str, currency: str = "") -> str:
        """A difference of two figures with its sign: of rates in points, of all others in their own unit."""
        if value is None:
            return NOTHING
        if unit == "rate":
            return self.points(value)
        return signed(self.value(value, unit, currency), float(value))

    def day(self, value: date | None) -> str:
        if value is None:
            return NOTHING
        return format_date(value, {"de": "d. MMMM yyyy", "en": "d MMMM yyyy"}[self.code], self.locale)

    def moment(self, value: datetime | None) -> str:
        """A moment in UTC, as marts hold them."""
        if value is None:
            return NOTHING
        pattern = {"de": "d. MMM yyyy, HH:mm 'UTC'", "en": "d MMM yyyy, HH:mm 'UTC'"}[self.code]
        return format_datetime(value, pattern, locale=self.locale)

    def period(self, grain: str, start: date) -> str:
        """A period by its grain and first day, such as März 2025 or KW 12 2025."""
        if grain == "week":
            year, week, _ = start.isocalendar()
            return self.say("common.week_of", week=week, year=year)
        if grain == "quarter":
            return f"Q{(start.month - 1) // 3 + 1} {start.year}"
        if grain == "year":
            return str(start.year)
        return format_date(start, "LLLL yyyy", self.locale)

    def short_period(self, grain: str, start: date) -> str:
        """The same for an axis."""
        if grain == "week":
            year, week, _ = start.isocalendar()
            return self.say("common.week_short", week=week, year=year % 100)
        if grain == "month":
            return format_date(start, "LLL yy", self.locale).replace(".", "")
        return self.period(grain, start)


def minus(text: str) -> str:
    """A minus that is as wide as a plus; what is shown as zero has none."""
    return text.replace("-", MINUS if any(digit in text for digit in "123456789") else "")


def readable(code: str) -> str:
    return code.replace("_", " ").capitalize()


def signed(text: str, value: float) -> str:
    return f"+{text}" if value > 0 else text


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """All words by file and key, in each language."""
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted(WORDS.glob("*.yml")):
        for key, texts in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            found[f"{file.stem}.{key}"] = texts
    return found
