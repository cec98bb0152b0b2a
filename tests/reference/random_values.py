"""Values as real exports hold them, readable and broken, drawn from one seeded source of randomness."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from .calendar_periods import add_periods, start_of_period

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
BLANKS = (" ", "  ", "\t", "\n", " \n", "\v", "\x85", "\xa0", "\u2003", "\u2007", "\u2028", "\u202f", "\u3000")
WITHOUT_WIDTH = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff")
NOTHING = (None, "", "  ", "\xa0", "\u200b", "\\N", "NULL", "null", "NaN", "nan", "#N/A", "#NV", " Null\u202f")
# Ids of nobody: the first by default, the last two where missing_values names them.
NOBODY = ("0", "0.0", "-1", "-1.00", "none", "N/A", "undefined", "-", "gast", "NoMail@Shop.de")
DAMAGED_IDS = ("1.23457E+12", "1,2E+11", "4e+15", "1.5E9", "-1.5e9", "1E-5", "1.23457e12", "12E+05")
# Not of one width, not all ASCII, and in UTF-16 not in the order of their UTF-8 bytes (the last two). None is damaged.
STRANGE_IDS = (
    *("7", "007", "1e3", "12E5", "1.2.3E+4", "1.E5", "1E+", "-7", "1,5", "1.50", "true", "nothing", "N/A/1", "5.0x"),
    *("Zoë", "zoe", "Z", "a b", "a\xa0b", "a,b", 'a"b', "ä", "\uff5e1", "\U0001f6001"),
)
NO_EMAILS = ("k.A.", "keine Angabe", "a@b@example.com", "@example.com", "user@", "@", "user at example.com", "12.0")
BAD_TIMESTAMPS = (
    "not a date",
    "20240105",
    "2024-1-5",
    "05.01.2024",
    "2024-02-30",
    "2023-02-29",
    "2024-13-01",
    "2024-00-10",
    "2024-03-02Z",
    "2024-03-02+01:00",
    "2024-03-02 24:00",
    "2024-03-02 12:60",
    "2024-03-02T12:00:60",
    "2024-03-02T12",
    "2024-03-02T1:00",
    "2024-03-02t12:00",
    "2024-03-02T12:00z",
    "2024-03-02T12:00 Z",
    "2024-03-02T12:00+1",
    "2024-03-02T12:00+01",
    "2024-03-02T12:00.5",
    "2024-03-02T12:00:00.",
    "2024-03-02T12:00:00,5",
    "2024-03-02  12:00",
    "2024-03-02\xa012:00",
    "2024-03-02T12:00:00+01:00:00",
    "2024-03-02T12:00:00 Europe/Berlin",
    "2024-W10-2",
    "24-03-02",
    "02024-03-02",
    "-2024-03-02",
    "today",
    "infinity",
    "epoch",
    "1709337600",
)
BAD_NUMBERS = (
    *("abc", "1e3", "1E-2", "+5", ".5", "5.", "1,50", "1,000.00"),
    *("5 EUR", "€5", "--5", "- 5", "inf", "0x10", "1_000", "٣"),
)
ACCEPTED_SUFFIXES = ("", "", "Z", "Z", "+02:00", "-0500", "+0530", "+00:00", "-00:00", "+14:00", "-11:30")
ACCEPTED_FRACTIONS = (".0", ".5", ".123", ".123456", ".1234567", ".999999", ".9999999", ".000000999")
SPECIAL_TIMES = (time(0), time(0, 0, 1), time(23, 59, 59), time(12), time(18, 30), time(5, 29, 59))
RUN_TIMES = ("00:00:00", "00:30:00", "04:45:00", "12:00:00", "18:29:59", "18:30:00", "22:30:00", "23:59:59")
WORDS_FOR_TRUE = ("true", "TRUE", "t", "T", "1", "yes", "Yes", "y", "Y", "ja", "JA", "j", "Wahr", "1.0", "1.000")
WORDS_FOR_FALSE = (None, "", "false", "0", "no", "n", "2", "on", "nein", "falsch", "0.0", "1.", "1.01", "11", "NULL")
STATUSES = ("paid", "shipped", "Complete", "on hold", None)
EXCLUDED = (
    *("cancelled", "Canceled", " VOIDED ", "failed", "Pending", "draft", "auto-draft", "Checkout-Draft", "trash"),
    *("expired", "wc-cancelled", "WC-Failed", "wc-pending", "wc-checkout-draft", "Storniert", "abgebrochen\xa0"),
    *("Fehlgeschlagen", "entwurf", "Zahlung ausstehend"),
)
REFUNDED = ("refunded", "Refunded", "wc-refunded", "Erstattet", "rückerstattet", "RÜCKERSTATTET\u200b")


class RandomValues:
    """Settings, days, amounts and spellings of one shop."""

    def __init__(self, seed: int, ambiguous: bool) -> None:
        self.random = Random(seed)
        self.ambiguous = ambiguous
        self.first_day = date(self.random.randint(2018, 2024), 1, 1) + timedelta(days=self.random.randint(0, 364))
        self.span_days = self.random.choice((20, 100, 200, 400, 730, 1100))
        self.last_day = self.first_day + timedelta(days=self.span_days)
        self.settings = self.make_settings()
        self.reporting_zone = ZoneInfo(str(self.settings["reporting_timezone"]))
        self.source_zone = ZoneInfo(str(self.settings["source_timezone"]))
        self.reporting_currency = str(self.settings["reporting_currency"])
        self.currencies = tuple(c for c in ("EUR", "USD", "GBP", "HLF") if c != self.reporting_currency)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # --- settings -----------------------------------------------------------------------------------------------

    def make_settings(self) -> dict[str, object]:
        pick = self.random.choice
        window = pick((5, 7, 14, 20, 30, 31, 60, 90, 180, 365, 365, 400))
        as_of_kind = pick(("null", "null", "middle", "later"))
        as_of: date | None = None
        if as_of_kind == "middle":
            as_of = self.first_day + timedelta(days=self.random.randint(self.span_days // 2, self.span_days))
            if self.chance(0.4):  # the last or the first day of a period
                start = start_of_period(pick(("week", "month", "quarter", "year")), as_of)
                as_of = max(as_of - timedelta(days=self.span_days // 4), start - timedelta(days=pick((0, 1))))
        elif as_of_kind == "later":
            as_of = self.last_day + timedelta(days=pick((1, 6, 31, 100, 400)))
        # Sometimes the run is in the middle of the data, so that real-looking orders lie in its future.
        run_day = self.last_day - timedelta(days=self.span_days // 10) if self.chance(0.2) else self.last_day
        run_day += timedelta(days=pick((0, 1, 40)) if run_day == self.last_day else 0)
        settings: dict[str, object] = {
            "reporting_timezone": pick(ZONES),
            "source_timezone": pick(ZONES),
            "run_at": f"{run_day.isoformat()}T{pick(RUN_TIMES)}Z",
            "identity_salt": pick(("", "pepper", "Sälz 1", " X ") if self.ambiguous else ("", "pepper", "12ä")),
            "identity_by": pick(("customer_id", "customer_id", "customer_id", "email", "email")),
            "margin_rate": pick((1.0, 0.4)),
            "discount_rate": (0.1, 0.0, 0.25)[window % 3],
            "reporting_currency": pick(("EUR", "EUR", "USD")),
            "as_of_date": as_of.isoformat() if as_of else None,
            "active_window_days": window,
            "at_risk_after_days": pick((window // 2, window // 2, window - 1, window, window + 10, 1, 180)),
            "new_window_days": pick((0, 3, window // 4, window // 2, window, window + 1, window + 30, 90)),
            "loyal_min_orders": pick((1, 2, 3, 4, 4, 6)),
            "count_fully_refunded": self.chance(0.3),
        }
        # Mostly the lists that the project ships with.
        if self.chance(0.25):
            settings["excluded_statuses"] = pick((["on hold"], ["Complete", "cancelled "], [], ["unused"]))
        if self.chance(0.25):
            settings["refunded_statuses"] = pick((["Refunded"], ["paid", "erstattet"], []))
        if self.chance(0.4):
            settings["missing_values"] = pick((["0", "Gast", "nomail@shop.de"], ["-1", "n/a", "NoMail@Shop.de"], []))
        return settings

    def number(self, name: str) -> int:
        return int(str(self.settings[name]))

    def run_day(self) -> date:
        return date.fromisoformat(str(self.settings["run_at"])[:10])

    # --- days and times -----------------------------------------------------------------------------------------

    def any_day(self) -> date:
        return self.first_day + timedelta(days=self.random.randint(0, self.span_days))

    def special_day(self) -> date:
        """A day on either side of a boundary that some figure depends on."""
        day = self.any_day()
        kind = self.random.choice(("week", "month", "quarter", "year", "leap", "as_of", "iso"))
        if kind == "leap":
            leap_year = day.year - day.year % 4
            day = date(leap_year, 2, 28) + timedelta(days=self.random.randint(0, 2))
        elif kind == "as_of":
            as_of = date.fromisoformat(str(self.settings["as_of_date"] or self.last_day))
            back = self.random.choice((0, self.number("active_window_days"), self.number("at_risk_after_days"), 365))
            day = as_of - timedelta(days=back) + timedelta(days=self.random.randint(-1, 1))
        elif kind == "iso":  # ISO weeks that belong to another year
            day = date(day.year, 12, 28) + timedelta(days=self.random.randint(0, 8))
        else:
            start = start_of_period(kind, day)
            back = self.random.choice((0, 0, self.number("active_window_days")))
            day = start - timedelta(days=back) + timedelta(days=self.random.randint(-1, 1))
        inside = self.first_day <= day <= self.last_day
        return day if inside else self.any_day()

    def gap(self, day: date) -> int:
        """Days to the same customer's next order."""
        window = self.number("active_window_days")
        kind = self.random.choice(("window", "at_risk", "new", "boundary", "same", "near", "any", "any", "any"))
        if kind == "window":
            return max(0, window + self.random.randint(-1, 2))
        if kind == "at_risk":
            return max(0, self.number("at_risk_after_days") + self.random.randint(-1, 1))
        if kind == "new":
            return max(0, self.number("new_window_days") + self.random.randint(-1, 1))
        if kind == "boundary":
            grain = self.random.choice(("week", "month", "quarter", "year"))
            boundary = add_periods(grain, start_of_period(grain, day), 1) + timedelta(days=self.random.randint(-1, 0))
            return max(0, (boundary - day).days)
        if kind == "same":
            return 0
        if kind == "near":
            return self.random.randint(1, 8)
        return int(self.random.expovariate(1 / max(3, self.span_days / 12)))

    def time_of_day(self) -> time:
        if self.chance(0.3):
            return self.random.choice(SPECIAL_TIMES)
        return time(self.random.randint(0, 23), self.random.randint(0, 59), self.random.randint(0, 59))

    def timestamp(self, day: date) -> str:
        """`day` in one of the accepted forms (with an offset or another zone its local date may be a day off)."""
        form = self.random.choice(("date", "minute", "second", "fraction", "second", "second"))
        if form == "date":
            return day.isoformat()
        clock = self.time_of_day()
        suffix = self.random.choice(ACCEPTED_SUFFIXES)
        if not suffix and is_at_clock_change(datetime.combine(day, clock), self.source_zone):
            clock = time(12)
        text = clock.strftime("%H:%M") if form == "minute" else clock.strftime("%H:%M:%S")
        if form == "fraction":
            text += self.random.choice(ACCEPTED_FRACTIONS)
        return day.isoformat() + self.random.choice(("T", " ")) + text + suffix

    def near(self, day: date) -> str:
        """A moment on `day` or the days around it."""
        return self.timestamp(day + timedelta(days=self.random.randint(-1, 1)))

    # --- amounts ------------------------------------------------------------------------------------------------

    def amount(self) -> str:
        kind = self.random.randint(0, 9)
        if kind == 0:
            return self.random.choice(("0", "0.0", "-0", "-0.00", "0.00001", "-0.00004"))
        if kind == 1:
            return self.random.choice(
                ("1.005", "10.12345", "0.00005", "8.00025", "2.675", "0.015", "12.34565", "007.50")
            )
        if kind == 2:
            return str(self.random.randint(1, 50))
        if kind == 3:
            return f"{self.random.uniform(0, 200):.6f}"
        return f"{self.random.uniform(1, 200):.2f}"

    def rate(self) -> str:
        return f"{self.random.uniform(0.5, 1.5):.{self.random.choice((2, 5, 8, 10))}f}"

    def currency(self) -> str | None:
        if self.chance(0.7):
            own = self.reporting_currency
            return self.random.choice((None, "NULL", own, own, own.lower(), f" {own}\xa0"))
        other = self.random.choice(self.currencies)
        return self.random.choice((other, other, other.lower(), f" {other}\t"))

    # --- spellings ----------------------------------------------------------------------------------------------

    def nothing(self) -> str | None:
        return self.random.choice(NOTHING)

    def pad(self, value: str | None) -> str | None:
        """Blanks around a value, which reading trims off."""
        if value is None or not self.chance(0.06):
            return value
        blanks = ("", *BLANKS, *WITHOUT_WIDTH)
        return self.random.choice(blanks) + value + self.random.choice(blanks)

    def spell_id(self, identifier: str | None) -> str | None:
        """An id as one of several systems writes it: whole numbers as decimals, with blanks around."""
        if identifier is None:
            return self.nothing()
        if re.fullmatch(r"-?[0-9]+", identifier) and self.chance(0.15):
            identifier += self.random.choice((".0", ".00", ".0000"))
        return self.pad(identifier)

    def spell_email(self, email: str | None) -> str | None:
        if email is None:
            return self.random.choice((*NO_EMAILS, *NOBODY)) if self.chance(0.15) else self.nothing()
        spelled = self.random.choice((email, email, email.upper(), email.title(), email.lower()))
        if self.chance(0.3):  # letters and their marks one by one, as some systems write them
            spelled = unicodedata.normalize("NFD", spelled)
        return self.pad(spelled)

    def nobody(self) -> str | None:
        return self.random.choice((*NOTHING, *NOBODY))


def is_at_clock_change(local: datetime, zone: ZoneInfo) -> bool:
    """Whether a local time occurs twice or never."""
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    there_and_back = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return first.utcoffset() != second.utcoffset() or there_and_back != local
