"""Seeded random generator of small shops with everything that goes wrong in real exports.

`random_shop(seed)` gives raw entities and settings for `calculate` and for a dbt run over `files.write_shop`. By
default only raw data that the contract decides is generated; `ambiguous=True` adds cases that rest on one of the
readings in the docstring of `calculate`. Never generated: local times that fall into a clock change, since the
contract leaves those to the engine.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from .calendar_periods import add_periods, start_of_period
from .files import Entities

RawRow = dict[str, str | None]

ORDER_COLUMNS = (
    "order_id",
    "customer_id",
    "ordered_at",
    "amount",
    "currency",
    "refunded_amount",
    "discount_amount",
    "status",
    "sales_channel",
    "customer_email",
    "is_test",
    "updated_at",
)
REQUIRED_ORDER_COLUMNS = frozenset({"order_id", "customer_id", "ordered_at", "amount"})
CUSTOMER_COLUMNS = (
    "customer_id",
    "email",
    "created_at",
    "acquisition_channel",
    "country",
    "marketing_consent",
    "referred_by_customer_id",
    "loyalty_tier",
    "updated_at",
)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
# Not of one width, not all ASCII, and in UTF-16 not in the order of their UTF-8 bytes (the last two).
STRANGE_IDS = (
    "7",
    "007",
    "1e3",
    "null",
    "NaN",
    "true",
    "Zoë",
    "zoe",
    "Z",
    "a b",
    "a,b",
    'a"b',
    "ä",
    "\uff5e1",
    "\U0001f6001",
)
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
    *("5 EUR", "€5", "--5", "- 5", "NaN", "inf", "0x10", "1_000", "٣"),
)
ACCEPTED_SUFFIXES = ("", "", "Z", "Z", "+02:00", "-0500", "+0530", "+00:00", "-00:00", "+14:00", "-11:30")
ACCEPTED_FRACTIONS = (".0", ".5", ".123", ".123456", ".1234567", ".999999", ".9999999", ".000000999")
SPECIAL_TIMES = (time(0), time(0, 0, 1), time(23, 59, 59), time(12), time(18, 30), time(5, 29, 59))
RUN_TIMES = ("00:00:00", "00:30:00", "04:45:00", "12:00:00", "18:29:59", "18:30:00", "22:30:00", "23:59:59")
KINDS_OF_PEOPLE = ("member", "member", "member", "silent", "guest", "late", "shared", "mail_id", "nobody")
BAD_RATES = ("abc", "", None, "0", "-1", "1e0", "0.000000001", ".9", "1,1", "inf")
WORDS_FOR_TRUE = ("true", "TRUE", "t", "T", "1", "yes", "Yes", "y", "Y")
WORDS_FOR_FALSE = (None, "", "false", "0", "no", "n", "2", "on", "ja", "1.0")
STATUSES = ("paid", "shipped", "Complete", "on hold", None)
EXCLUDED = ("cancelled", "Canceled", " VOIDED ", "failed", "Pending", "draft")


class ShopGenerator:
    """One shop. All randomness comes from one seeded source, so that a seed says everything."""

    def __init__(self, seed: int, order_rows: int | None, ambiguous: bool) -> None:
        self.random = Random(seed)
        self.ambiguous = ambiguous
        self.target_rows = order_rows or self.random.choice((30, 60, 120, 200, 300, 400))
        self.first_day = date(self.random.randint(2018, 2024), 1, 1) + timedelta(days=self.random.randint(0, 364))
        self.span_days = self.random.choice((20, 100, 200, 400, 730, 1100))
        self.last_day = self.first_day + timedelta(days=self.span_days)
        self.settings = self.make_settings()
        self.reporting_zone = ZoneInfo(str(self.settings["reporting_timezone"]))
        self.source_zone = ZoneInfo(str(self.settings["source_timezone"]))
        self.reporting_currency = str(self.settings["reporting_currency"])
        self.currencies = tuple(c for c in ("EUR", "USD", "GBP", "HLF") if c != self.reporting_currency)
        self.order_count = 0
        self.used_order_ids: set[str] = set()

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # --- settings -----------------------------------------------------------------------------------------------

    def make_settings(self) -> dict[str, object]:
        pick = self.random.choice
        window = pick((5, 7, 14, 20, 30, 31, 60, 90, 180, 365, 365, 400))
        as_of_kind = pick(("null", "null", "middle", "later"))
        as_of: date | None = None
        if as_of_kind == "middle":
            as_of = self.first_day + timedelta(days=self.random.randint(self.span_days // 3, self.span_days))
            if self.chance(0.4):  # the last or the first day of a period
                start = start_of_period(pick(("week", "month", "quarter", "year")), as_of)
                as_of = max(self.first_day, start - timedelta(days=pick((0, 1))))
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
            "margin_rate": pick((1.0, 0.4)),
            "reporting_currency": pick(("EUR", "EUR", "USD")),
            "as_of_date": as_of.isoformat() if as_of else None,
            "active_window_days": window,
            "at_risk_after_days": pick((window // 2, window // 2, window - 1, window, window + 10, 1, 180)),
            "new_window_days": pick((0, 3, window // 4, window // 2, window, window + 1, window + 30, 90)),
            "loyal_min_orders": pick((1, 2, 3, 4, 4, 6)),
            "excluded_statuses": ["cancelled", "canceled", "voided", "failed", "pending", "draft"],
            "count_fully_refunded": self.chance(0.3),
        }
        if self.chance(0.25):
            settings["excluded_statuses"] = pick((["on hold"], ["complete", "cancelled"], [], ["unused"]))
        return settings

    def number(self, name: str) -> int:
        return int(str(self.settings[name]))

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

    # --- amounts and other values -------------------------------------------------------------------------------

    def amount(self) -> str:
        kind = self.random.randint(0, 9)
        if kind == 0:
            return self.random.choice(("0", "0.0", "-0", "-0.00", "0.00001", "-0.00004"))
        if kind == 1:
            return self.random.choice(("1.005", "10.12345", "0.00005", "2.675", "0.01", "0.015", "12.34565", "007.50"))
        if kind == 2:
            return str(self.random.randint(1, 50))
        if kind == 3:
            return f"{self.random.uniform(0, 200):.6f}"
        return f"{self.random.uniform(1, 200):.2f}"

    def refund(self, amount: str) -> str | None:
        kind = self.random.randint(0, 11)
        if kind == 0:
            return amount
        if kind == 1:
            return amount + ("0" if "." in amount else ".000")
        if kind == 2 and not amount.startswith("-"):
            return f"{float(amount) / 2:.3f}" if float(amount) > 0.01 else "0"
        return self.random.choice((None, None, "", "0", "0.0", "-0"))

    def currency(self) -> str | None:
        if self.chance(0.7):
            own = self.reporting_currency
            return self.random.choice((None, "", own, own, own.lower(), f" {own} "))
        other = self.random.choice(self.currencies)
        return self.random.choice((other, other, other.lower(), f" {other}\t"))

    def pad(self, value: str | None) -> str | None:
        """Blanks around a value, which reading trims off."""
        if value is None or not self.chance(0.04):
            return value
        return self.random.choice((" ", "\t", "  ", "")) + value + self.random.choice((" ", "\t", " \n", ""))

    def channel(self) -> str | None:
        return self.random.choice(("web", "web", "app", "store", None, "  ", 'phone, "old"', "unknown", "Über uns"))

    def next_order_id(self) -> str:
        self.order_count += 1
        if self.chance(0.08):
            strange = self.random.choice(STRANGE_IDS)
            if strange not in self.used_order_ids:
                self.used_order_ids.add(strange)
                return strange
        order_id = self.random.choice(("o{}", "o{}", "O{}", "{:06d}")).format(self.order_count)
        self.used_order_ids.add(order_id)
        return order_id

    # --- people -------------------------------------------------------------------------------------------------

    def people(self) -> list[dict[str, object]]:
        """Who orders: an id, an e-mail, both or neither; `registers` is the share of orders that carry the id."""
        count = self.random.randint(2, max(3, min(80, self.target_rows // 3)))
        ids = [f"c{number:03d}" for number in range(count)]
        for place in range(count):
            if self.chance(0.15):
                strange = self.random.choice(STRANGE_IDS)
                if strange not in ids:
                    ids[place] = strange
        shared = "family@example.com"
        people: list[dict[str, object]] = []
        for place, customer_id in enumerate(ids):
            email = f"user{place}@example.com" if self.chance(0.8) else f"Ünal.{place}+x@Example.ORG"
            kind = self.random.choice(KINDS_OF_PEOPLE)
            person: dict[str, object] = {"id": customer_id, "email": email, "kind": kind, "as_guest": 0.1}
            if kind == "silent":  # never gives an e-mail with an order
                person["email"] = None
            elif kind == "guest":
                person.update(id=None, as_guest=1.0)
            elif kind == "late":  # first as a guest, later with an id
                person["as_guest"] = 0.6
            elif kind == "shared":
                person.update(email=shared, as_guest=0.4)
            elif kind == "mail_id":  # a shop whose customer ids are e-mails
                person["id"] = email
            elif kind == "nobody":
                person.update(id=None, email=None)
            if kind == "guest" and self.chance(0.1):
                person["email"] = "n/a"
            people.append(person)
        return people

    def spelling(self, email: str | None) -> str | None:
        if email is None:
            return None
        return self.pad(self.random.choice((email, email, email.upper(), email.title(), email.lower())))

    def identify(self, person: dict[str, object]) -> RawRow:
        customer_id = person["id"] if isinstance(person["id"], str) else None
        email = person["email"] if isinstance(person["email"], str) else None
        if person["kind"] == "mail_id":
            same_again = self.spelling(email) if self.chance(0.3) else None
            if self.ambiguous and self.chance(0.2):
                same_again = "other@example.com"
            return {"customer_id": self.spelling(customer_id), "customer_email": same_again}
        if customer_id is not None and email is not None and self.chance(float(str(person["as_guest"]))):
            return {"customer_id": self.random.choice((None, "", " ")), "customer_email": self.spelling(email)}
        shown = customer_id is None or self.chance(0.7)
        return {"customer_id": self.pad(customer_id), "customer_email": self.spelling(email) if shown else None}

    # --- orders -------------------------------------------------------------------------------------------------

    def order(self, person: dict[str, object], day: date) -> RawRow:
        amount = self.amount()
        ordered_at = self.timestamp(day)
        status = self.random.choice(EXCLUDED) if self.chance(0.07) else self.random.choice(STATUSES)
        updated = self.random.choice((None, "day", "later", "later"))
        return {
            "order_id": self.pad(self.next_order_id()),
            **self.identify(person),
            "ordered_at": self.pad(ordered_at),
            "amount": self.pad(amount),
            "currency": self.currency(),
            "refunded_amount": self.refund(amount),
            "discount_amount": self.random.choice((None, "0", "0.00", "2.50", "0.0001", "", "-0", "abc")),
            "status": self.pad(status),
            "sales_channel": self.channel(),
            "is_test": self.random.choice(WORDS_FOR_TRUE) if self.chance(0.04) else self.random.choice(WORDS_FOR_FALSE),
            "updated_at": None if updated is None else self.timestamp(day + timedelta(days=self.delay(updated))),
        }

    def delay(self, kind: str) -> int:
        return 0 if kind == "day" else self.random.choice((0, 1, 2, 5, 40, 200))

    def another_version(self, row: RawRow) -> RawRow:
        """The same order again: an exact copy, a newer or older state, a tie in one column, or a broken row."""
        copy = dict(row)
        kind = self.random.choice(("copy", "newer", "older", "tie", "tie", "broken"))
        if kind == "copy":
            return copy
        if kind == "broken":
            return self.broken(copy)
        if kind == "newer":
            copy["updated_at"] = self.timestamp(self.last_day - timedelta(days=self.random.randint(-30, 30)))
            copy["status"] = self.random.choice(("refunded", "cancelled", "paid"))
            copy["amount"], copy["refunded_amount"] = self.random.choice((("30", "10"), ("30", "30"), ("31.5", None)))
            return copy
        if kind == "older":
            copy["updated_at"] = self.random.choice((None, "", "soon", "2024-02-30", "2001-01-01"))
            copy["amount"], copy["refunded_amount"] = "99.99", None
            return copy
        amount = self.random.choice(("9", "10", "10.00", "10.5"))
        alternatives: dict[str, tuple[str | None, ...]] = {
            "amount": (amount, "100"),
            "refunded_amount": (None, "0", "5", "10"),
            "status": ("paid", "shipped", "cancelled", "zz", None, "é"),
            "discount_amount": ("9", "10", "0", None),
            "sales_channel": ("web", "app", None, "Web", "\uff5e", "\U0001f600"),
            "customer_email": ("tie1@example.com", "tie2@example.com", None),
            "customer_id": ("t1", "t10", "t2", None),
            "is_test": ("true", None),
            "ordered_at": (self.timestamp(self.any_day()),),
        }
        if self.ambiguous:
            alternatives.update(
                currency=(None, self.reporting_currency, self.reporting_currency.lower()),
                status=("paid", "Paid", "PAID "),
                customer_email=("Tie1@example.com", "tie1@example.com"),
                customer_id=("t1", "t1@example.com", "u@example.com"),
                discount_amount=("-1", "0", "1", "abc", None),
            )
        row["amount"] = copy["amount"] = amount
        row["refunded_amount"] = copy["refunded_amount"] = None
        column = self.random.choice(tuple(alternatives))
        copy[column] = self.random.choice(alternatives[column])
        return copy

    def broken(self, row: RawRow) -> RawRow:
        copy = dict(row)
        kind = self.random.choice(
            ("id", "date", "date", "future", "amount", "amount", "negative", "refund", "currency")
        )
        if kind == "id":
            copy["order_id"] = self.random.choice((None, "", "  ", "\t"))
        elif kind == "date":
            copy["ordered_at"] = self.random.choice((*BAD_TIMESTAMPS, None, ""))
        elif kind == "future":
            run_day = date.fromisoformat(str(self.settings["run_at"])[:10])
            around = self.timestamp(run_day + timedelta(days=self.random.randint(0, 2)))
            copy["ordered_at"] = self.random.choice((around, around, "2099-01-01"))
        elif kind == "amount":
            copy["amount"] = self.random.choice((*BAD_NUMBERS, None, "", " "))
        elif kind == "negative":
            copy["amount"] = self.random.choice(("-5", "-0.0001", "-0.00005", "-12.50"))
        elif kind == "refund":
            amount = copy["amount"] or "1"
            a_little_more = amount + ("9" if "." in amount else ".0001")
            copy["refunded_amount"] = self.random.choice(("-1", "-0.00005", "999999", "abc", "1e1", a_little_more))
        else:
            copy["currency"] = self.random.choice(("XXX", "EURO", "N/A", "neg"))
        return copy

    def orders(self) -> list[RawRow]:
        people = self.people()
        rows: list[RawRow] = []
        while len(rows) < self.target_rows:
            person = self.random.choice(people)
            day = self.special_day() if self.chance(0.6) else self.any_day()
            for _ in range(self.random.choice((1, 1, 2, 3, 6))):
                row = self.order(person, day)
                if rows and self.chance(0.05):  # the very same moment as some other order
                    row["ordered_at"] = self.random.choice(rows)["ordered_at"]
                if self.chance(0.06):
                    row = self.broken(row)
                copies = self.random.choice((1, 1, 2)) if self.chance(0.1) else 0
                again = [self.another_version(row) for _ in range(copies)]
                rows.extend((row, *again))
                day += timedelta(days=self.gap(day))
                if day > self.last_day:
                    break
        self.random.shuffle(rows)
        return [{column: row[column] for column in ORDER_COLUMNS} for row in rows[: self.target_rows]]

    # --- the other entities -------------------------------------------------------------------------------------

    def customers(self, orders: list[RawRow]) -> list[RawRow]:
        # Of the spellings of one e-mail, one.
        spellings = {(row["customer_id"] or "").strip() for row in orders} - {""}
        ids = sorted({spelling.lower() if "@" in spelling else spelling for spelling in spellings})
        rows: list[RawRow] = []
        for number, customer_id in enumerate([*ids, "never-ordered", "n2"]):
            if self.chance(0.15):
                continue
            row = self.customer(customer_id, number, orders)
            rows.append(row)
            for _ in range(self.random.choice((0, 0, 0, 1, 2))):
                rows.append(self.another_customer_row(row))
        if self.ambiguous:
            rows.append({**self.customer("", 0, orders), "email": "user1@example.com"})
        self.random.shuffle(rows)
        return rows

    def customer(self, customer_id: str, number: int, orders: list[RawRow]) -> RawRow:
        emails = [row["customer_email"] for row in orders if (row["customer_id"] or "").strip() == customer_id]
        email = self.random.choice((*emails, f"user{number}@example.com", "family@example.com", None))
        if "@" in customer_id:
            email = self.random.choice((None, customer_id))
        return {
            "customer_id": self.pad(customer_id),
            "email": email,
            "created_at": self.timestamp(self.first_day),
            "acquisition_channel": self.random.choice(("seo", "ads", "Referral", None, "", "unknown")),
            "country": self.random.choice(("DE", "AT", " CH ", None)),
            "marketing_consent": self.random.choice((*WORDS_FOR_TRUE, *WORDS_FOR_FALSE)),
            "referred_by_customer_id": self.random.choice((None, "c001")),
            "loyalty_tier": self.random.choice((None, "gold")),
            "updated_at": self.random.choice(
                (None, "", "broken", "2020-02-29", "2021-05-05T10:00:00Z", "2021-05-05 10:00")
            ),
        }

    def another_customer_row(self, row: RawRow) -> RawRow:
        copy = dict(row)
        if self.chance(0.5):
            copy["updated_at"] = self.timestamp(self.first_day)
        column = self.random.choice(("acquisition_channel", "country", "marketing_consent", "email", "updated_at"))
        alternatives: dict[str, tuple[str | None, ...]] = {
            "acquisition_channel": ("ads", "Ads", "affiliate", None, "é"),
            "country": ("DE", "US", None),
            "marketing_consent": ("yes", "no"),
            "email": ("moved@example.com", None),
            "updated_at": ("2031-01-01", "2001-01-01T00:00:00+05:30", None, "never"),
        }
        if column == "email" and "@" in (row["customer_id"] or ""):
            return copy
        copy[column] = self.random.choice(alternatives[column])
        return copy

    def rate(self) -> str:
        return f"{self.random.uniform(0.5, 1.5):.{self.random.choice((2, 5, 8, 10))}f}"

    def exchange_rates(self) -> list[RawRow]:
        rows: list[RawRow] = []
        for currency in self.currencies:
            # The first rate may come after some orders. HLF turns odd cents into halves of a cent.
            day = self.first_day + timedelta(days=self.random.choice((-30, -1, 0, 1, self.span_days // 3)))
            while day <= self.last_day + timedelta(days=20):
                rates: list[str | None] = ["0.5" if currency == "HLF" else self.rate()]
                if self.chance(0.15):
                    rates.append(self.rate())
                if self.chance(0.1):
                    rates.append(self.random.choice(BAD_RATES))
                for rate in rates:
                    spelled = self.random.choice((currency, currency.lower(), f" {currency}"))
                    rows.append({"rate_date": day.isoformat(), "currency": spelled, "rate": rate})
                day += timedelta(days=self.random.choice((1, 1, 2, 7, 30)))
        rows.append({"rate_date": self.first_day.isoformat(), "currency": self.reporting_currency, "rate": "2"})
        rows.append({"rate_date": "31.12.2020", "currency": "GBP", "rate": "9"})
        rows.append({"rate_date": None, "currency": "XXX", "rate": "9"})
        rows.append({"rate_date": self.first_day.isoformat(), "currency": "NEG", "rate": "-1"})
        self.random.shuffle(rows)
        return rows

    def order_lines(self, orders: list[RawRow]) -> list[RawRow]:
        rows: list[RawRow] = []
        order_ids = sorted({(row["order_id"] or "").strip() for row in orders} - {""})
        categories = self.random.choice((("Shoes", "Coats", "unknown"), ("Shoes", None, "  ", " Hats "), (None, "")))
        for order_id in order_ids:
            if self.chance(0.2):
                continue
            for line in self.random.sample((1, 2, 3, 9, 10, 11), self.random.randint(1, 4)):
                rows.append(
                    {
                        "order_id": self.pad(order_id),
                        "line_number": str(line),
                        "product_id": f"p{self.random.randint(1, 20)}",
                        "product_name": self.random.choice(("Boot", 'Coat, "long"', None)),
                        "category": self.random.choice(categories),
                        "quantity": str(self.random.randint(1, 3)),
                        "amount": self.amount(),
                    }
                )
        if self.ambiguous and rows:
            rows.append({**rows[0], "category": "Twin"})
            rows.append({**rows[0], "line_number": "x", "category": "Unnumbered"})
        if rows:
            rows.append({**rows[0], "order_id": "no such order", "category": "Ghost"})
        self.random.shuffle(rows)
        return rows

    def without_some_columns(self, rows: list[RawRow], required: frozenset[str], probability: float) -> list[RawRow]:
        columns = tuple(rows[0]) if rows else ()
        dropped = {column for column in columns if column not in required and self.chance(probability)}
        extra: RawRow = {"note": "not part of the contract"} if self.chance(0.2) else {}
        return [{**{column: value for column, value in row.items() if column not in dropped}, **extra} for row in rows]

    def shop(self) -> Entities:
        orders = self.orders()
        entities: Entities = {"orders": self.without_some_columns(orders, REQUIRED_ORDER_COLUMNS, 0.05)}
        if self.chance(0.85):
            entities["customers"] = self.without_some_columns(self.customers(orders), frozenset({"customer_id"}), 0.06)
        if self.chance(0.85):
            entities["exchange_rates"] = self.exchange_rates()
        if self.chance(0.7):
            entities["order_lines"] = self.order_lines(orders)
        return entities


def is_at_clock_change(local: datetime, zone: ZoneInfo) -> bool:
    """Whether a local time occurs twice or never."""
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    there_and_back = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return first.utcoffset() != second.utcoffset() or there_and_back != local


def random_shop(
    seed: int, *, order_rows: int | None = None, ambiguous: bool = False
) -> tuple[Entities, dict[str, object]]:
    """Raw entities and settings (with run_at) of the shop that belongs to `seed`."""
    generator = ShopGenerator(seed, order_rows, ambiguous)
    return generator.shop(), generator.settings
