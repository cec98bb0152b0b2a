"""Seeded random generator of small shops with everything that goes wrong in real exports.

`random_shop(seed)` gives raw entities and settings for `calculate` and for a dbt run over `files.write_shop`. By
default only raw data that the contract decides is generated; `ambiguous=True` adds cases that rest on one of the
readings in the docstring of `calculate`. Never generated: local times that fall into a clock change, since the
contract leaves those to the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .files import Entities
from .random_contracts import subscriptions
from .random_signals import actions_taken, activities, describe_programmes
from .random_values import (
    BAD_NUMBERS,
    BAD_TIMESTAMPS,
    DAMAGED_IDS,
    EXCLUDED,
    NO_EMAILS,
    NOBODY,
    REFUNDED,
    STATUSES,
    STRANGE_IDS,
    WORDS_FOR_FALSE,
    WORDS_FOR_TRUE,
    RandomValues,
)
from .typed_rows import with_types

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
REQUIRED_COLUMNS = {
    "orders": frozenset({"order_id", "customer_id", "ordered_at", "amount"}),
    "refunds": frozenset({"order_id", "amount"}),
    "customers": frozenset({"customer_id"}),
    "subscriptions": frozenset({"subscription_id", "customer_id", "started_at", "monthly_amount"}),
    "activities": frozenset({"customer_id", "occurred_at", "activity_type"}),
    "marketing_spend": frozenset({"spend_date", "amount"}),
    "actions_taken": frozenset({"customer_id", "rule_id", "taken_at"}),
}
SIGNALS = {"activities": activities, "actions_taken": actions_taken}
TARGETS = {
    "first_reply_target_minutes": (0, 60, 240),
    "solved_target_minutes": (0, 1440, 2880),
    "frequent_contact_tickets": (1, 2, 3),
}
FAMILY = "family@example.com"
KINDS_OF_PEOPLE = (
    "member",
    "member",
    "member",
    "silent",
    "guest",
    "late",
    "shared",
    "mover",
    "mover",
    "mail_id",
    "nobody",
)
BROKEN = ("id", "damaged", "date", "date", "future", "amount", "amount", "negative", "refund", "currency")
BAD_RATES = ("abc", "", None, "0", "-1", "1e0", "0.000000001", ".9", "1,1", "inf", "#NV")


@dataclass(frozen=True)
class Person:
    """Who orders: with a number, an e-mail, both or neither."""

    number: str | None
    email: str | None
    kind: str
    share_without_number: float


class ShopGenerator(RandomValues):
    """One shop. All randomness comes from one seeded source, so that a seed says everything."""

    def __init__(self, seed: int, order_rows: int | None, ambiguous: bool) -> None:
        super().__init__(seed, ambiguous)
        self.seed = seed
        self.target_rows = order_rows or self.random.choice((60, 120, 200, 300, 400, 400))
        self.ids_are_numbers = self.chance(0.5)
        self.order_count = 0
        self.used_order_ids: set[str] = set()
        self.people = self.make_people()

    # --- people -------------------------------------------------------------------------------------------------

    def make_people(self) -> list[Person]:
        count = self.random.randint(2, max(3, min(80, self.target_rows // 3)))
        numbers = [str(1000 + place) if self.ids_are_numbers else f"c{place:03d}" for place in range(count)]
        if self.ids_are_numbers:  # as double precision writes it with an exponent
            numbers[0] = "100000000000000000"
        for place in range(count):
            strange = self.random.choice(STRANGE_IDS)
            if self.chance(0.15) and strange not in numbers:
                numbers[place] = strange
        return [self.person(place, number) for place, number in enumerate(numbers)]

    def person(self, place: int, number: str) -> Person:
        email = f"user{place}@example.com" if self.chance(0.7) else f"Ünal.{place}+x@Example.ORG"
        kind = self.random.choice(KINDS_OF_PEOPLE)
        if kind == "silent":  # never gives an e-mail with an order
            return Person(number, None, kind, 0)
        if kind == "guest":
            return Person(None, email, kind, 1)
        if kind == "late":  # first as a guest, later with a number
            return Person(number, email, kind, 0.6)
        if kind == "shared":
            return Person(number, FAMILY, kind, 0.4)
        if kind == "mail_id":  # a shop whose customer ids are e-mails
            return Person(email, email, kind, 0)
        if kind == "nobody":
            return Person(None, None, kind, 1)
        return Person(number, email, kind, 0.1)

    def identify(self, person: Person) -> RawRow:
        """What a row says about a customer: customer_id and e-mail, in one of many spellings."""
        email = person.email
        if person.kind == "mover" and self.chance(0.4):  # one person, several e-mails
            email = self.random.choice(("moved@example.com", FAMILY, f"new.{email}"))
        if person.kind == "mail_id":
            other = self.random.choice((None, None, None, email, "other@example.com", "k.A."))
            return {"customer_id": self.spell_email(email), "email": self.spell_email(other)}
        if self.chance(person.share_without_number):
            number = self.random.choice(NO_EMAILS) if self.chance(0.05) else self.nobody()
            if number is not None and "@" not in number and number not in NOBODY:
                number = self.nobody()
            return {"customer_id": number, "email": self.spell_email(email)}
        shown = email if self.chance(0.7) else None
        return {"customer_id": self.spell_id(person.number), "email": self.spell_email(shown)}

    # --- orders -------------------------------------------------------------------------------------------------

    def next_order_id(self) -> str:
        self.order_count += 1
        strange = self.random.choice(STRANGE_IDS)
        if self.chance(0.08) and strange not in self.used_order_ids:
            self.used_order_ids.add(strange)
            return strange
        forms = ("{}", "{}", "{:06d}") if self.ids_are_numbers else ("o{}", "o{}", "O{}", "{:06d}")
        order_id = self.random.choice(forms).format(1000 + self.order_count)
        self.used_order_ids.add(order_id)
        return order_id

    def order(self, person: Person, day: date) -> RawRow:
        amount = self.amount()
        who = self.identify(person)
        status = self.random.choice(STATUSES)
        if self.chance(0.12):
            status = self.random.choice(self.random.choice((EXCLUDED, REFUNDED)))
        updated = self.random.choice((None, "day", "later", "later"))
        return {
            "order_id": self.spell_id(self.next_order_id()),
            "customer_id": who["customer_id"],
            "customer_email": who["email"],
            "ordered_at": self.pad(self.timestamp(day)),
            "amount": self.pad(amount),
            "currency": self.currency(),
            "refunded_amount": self.refund(amount),
            "discount_amount": self.random.choice((None, "0", "0.00", "2.50", "0.0001", "", "-0", "abc", "nan")),
            "status": self.pad(status),
            "sales_channel": self.channel(),
            "is_test": self.random.choice(WORDS_FOR_TRUE if self.chance(0.04) else WORDS_FOR_FALSE),
            "updated_at": None if updated is None else self.timestamp(day + timedelta(days=self.delay(updated))),
        }

    def refund(self, amount: str) -> str | None:
        kind = self.random.randint(0, 13)
        if kind == 0:
            return amount
        if kind == 1:
            return amount + ("0" if "." in amount else ".000")
        if kind == 2 and not amount.startswith("-"):
            return f"{float(amount) / 2:.3f}" if float(amount) > 0.01 else "0"
        if kind == 3:  # more than was paid
            return self.random.choice(("999999", "500.00", amount.lstrip("-") + ("9" if "." in amount else ".0001")))
        return self.random.choice((None, "#N/A", "", "0", "0.0", "-0"))

    def channel(self) -> str | None:
        return self.random.choice(
            ("web", "web", "app", "store", None, "  ", "NULL", 'phone, "old"', "unknown", "Über uns")
        )

    def delay(self, kind: str) -> int:
        return 0 if kind == "day" else self.random.choice((0, 1, 2, 5, 40, 200))

    def another_version(self, row: RawRow) -> RawRow:
        """The same order again: a copy, a newer or older state, a tie in one column, or a broken row."""
        copy = dict(row)
        kind = self.random.choice(("copy", "same", "newer", "older", "tie", "tie", "tie", "tie", "broken"))
        if kind == "broken":
            return self.broken(copy)
        if kind == "same":  # touched, but of the same state
            copy["updated_at"] = self.random.choice((None, self.timestamp(self.any_day())))
            copy["discount_amount"] = self.random.choice(("1", "2"))
            copy["sales_channel"] = self.channel()
        if kind == "newer":
            copy["updated_at"] = self.timestamp(self.last_day - timedelta(days=self.random.randint(-30, 30)))
            copy["status"] = self.random.choice(("refunded", "cancelled", "paid"))
            copy["amount"], copy["refunded_amount"] = self.random.choice((("30", "10"), ("30", "30"), ("31.5", None)))
        if kind == "older":
            copy["updated_at"] = self.random.choice((None, "", "soon", "2024-02-30", "2001-01-01"))
            copy["amount"], copy["refunded_amount"] = "99.99", None
        if kind == "tie":
            self.tie(row, copy)
        return copy

    def tie(self, row: RawRow, copy: RawRow) -> None:
        """Both rows alike but for one or two columns, and mostly of one `updated_at`, readable or not."""
        amount = self.random.choice(("9", "10", "10.00", "10.5"))
        row["amount"] = copy["amount"] = amount
        row["refunded_amount"] = copy["refunded_amount"] = self.random.choice((None, "11"))
        if self.chance(0.3):
            row["updated_at"] = copy["updated_at"] = "not known"
        own = self.reporting_currency
        no_discount = ("-1",) if self.ambiguous else ()
        self.change(
            copy,
            {
                "updated_at": (self.timestamp(self.any_day()), "broken", None),
                "ordered_at": (self.timestamp(self.any_day()),),
                "amount": (amount, "100"),
                "refunded_amount": (None, "0", "5", "11", "12", "13"),
                "status": ("paid", "shipped", "cancelled", "zz", None, "é", "Paid", "PAID "),
                "customer_id": ("t1", "t10", "t2", None, "t1@example.com", "u@example.com"),
                "currency": (None, own, own.lower(), *self.currencies),
                "discount_amount": ("9", "10", "0", None, "abc", *no_discount),
                "sales_channel": ("web", "app", None, "Web", "\uff5e", "\U0001f600"),
                "customer_email": ("tie1@example.com", "tie2@example.com", "Tie1@example.com", None),
                "is_test": ("true", None),
            },
        )

    def change(self, row: RawRow, alternatives: Mapping[str, Sequence[str | None]]) -> None:
        """Another value in one column, or in two that stand beside each other where versions are compared."""
        columns = tuple(alternatives)
        first = self.random.randrange(len(columns))
        for column in columns[first : first + self.random.choice((1, 2, 2))]:
            row[column] = self.random.choice(alternatives[column])

    def broken(self, row: RawRow) -> RawRow:
        copy = dict(row)
        kind = self.random.choice(BROKEN)
        if kind == "id":
            copy["order_id"] = self.nobody()
        elif kind == "damaged":
            copy[self.random.choice(("order_id", "customer_id"))] = self.pad(self.random.choice(DAMAGED_IDS))
        elif kind == "date":
            copy["ordered_at"] = self.random.choice((*BAD_TIMESTAMPS, None, "", "NULL"))
        elif kind == "future":
            around = self.timestamp(self.run_day() + timedelta(days=self.random.randint(0, 2)))
            copy["ordered_at"] = self.random.choice((around, around, "2099-01-01"))
        elif kind == "amount":
            copy["amount"] = self.random.choice((*BAD_NUMBERS, None, "", " ", "#N/A"))
        elif kind == "negative":
            copy["amount"] = self.random.choice(("-5", "-0.0001", "-0.00005", "-12.50"))
        elif kind == "refund":
            copy["refunded_amount"] = self.random.choice(("-1", "-0.00005", "-0.0001", "abc", "1e1", "5 EUR"))
        else:
            copy["currency"] = self.random.choice(("XXX", "EURO", "N/A", "neg"))
        return copy

    def orders(self) -> list[RawRow]:
        rows: list[RawRow] = []
        while len(rows) < self.target_rows:
            person = self.random.choice(self.people)
            day = self.special_day() if self.chance(0.6) else self.any_day()
            for _ in range(self.random.choice((1, 1, 2, 3, 6))):
                row = self.order(person, day)
                if rows and self.chance(0.05):  # the very same moment as some other order
                    row["ordered_at"] = self.random.choice(rows)["ordered_at"]
                if self.chance(0.06):
                    row = self.broken(row)
                copies = self.random.choice((1, 1, 2)) if self.chance(0.25) else 0
                again = [self.another_version(row) for _ in range(copies)]
                rows.extend((row, *again))
                day += timedelta(days=self.gap(day))
                if day > self.last_day:
                    break
        self.random.shuffle(rows)
        return [{column: row[column] for column in ORDER_COLUMNS} for row in rows[: self.target_rows]]

    # --- refunds ------------------------------------------------------------------------------------------------

    def refunds(self, orders: Sequence[RawRow]) -> list[RawRow]:
        rows: list[RawRow] = []
        for number, order in enumerate(orders):
            if not self.chance(0.2):
                continue
            for _ in range(self.random.choice((1, 1, 2, 3))):
                row = self.refund_row(order, number)
                rows.append(self.broken_refund(row) if self.chance(0.15) else row)
                if self.chance(0.3):
                    rows.append(self.another_refund_version(row))
        self.random.shuffle(rows)
        return rows

    def refund_row(self, order: RawRow, number: int) -> RawRow:
        identifier = self.random.choice((str(number), str(number), f"R{number}", "1", "2"))
        if self.chance(0.2):  # rows without a number are never versions of each other
            identifier = self.random.choice((*NOBODY, *DAMAGED_IDS))
        day = self.any_day()
        as_of = self.settings["as_of_date"]
        return {
            "refund_id": self.nothing() if self.chance(0.1) else self.spell_id(identifier),
            "order_id": order["order_id"],
            "refunded_at": self.random.choice(
                (self.timestamp(day), self.near(date.fromisoformat(str(as_of or day))), self.nothing())
            ),
            "amount": self.pad(self.refund_amount(order["amount"])),
            "updated_at": self.random.choice((None, "broken", self.timestamp(day), self.timestamp(self.last_day))),
        }

    def refund_amount(self, amount: str | None) -> str:
        try:
            paid = abs(float(amount or "10"))
        except ValueError:
            paid = 10
        return self.random.choice(
            (f"{paid / 3:.4f}", f"{paid / 2:.2f}", f"{paid:.5f}", f"{paid + 1:.2f}", "0", "-0.00", "0.005")
        )

    def another_refund_version(self, row: RawRow) -> RawRow:
        copy = dict(row)
        if self.chance(0.8):
            self.change(
                copy,
                {
                    "updated_at": (None, "never", self.timestamp(self.any_day())),
                    "amount": ("1", "2.00", "10"),
                    "refunded_at": (None, self.timestamp(self.any_day())),
                },
            )
        return copy

    def broken_refund(self, row: RawRow) -> RawRow:
        kind = self.random.choice(("id", "unknown", "date", "future", "amount", "negative"))
        if kind == "id":
            return {**row, "order_id": self.nobody()}
        if kind == "unknown":
            return {**row, "order_id": self.random.choice(("no such order", "4711", *DAMAGED_IDS))}
        if kind == "date":
            return {**row, "refunded_at": self.random.choice(BAD_TIMESTAMPS)}
        if kind == "future":
            return {**row, "refunded_at": self.timestamp(self.run_day() + timedelta(days=self.random.randint(0, 2)))}
        if kind == "amount":
            return {**row, "amount": self.random.choice((*BAD_NUMBERS, None, "NULL"))}
        return {**row, "amount": self.random.choice(("-5", "-0.0001", "-0.00005", "-0.00004"))}

    # --- the other entities -------------------------------------------------------------------------------------

    def customers(self) -> list[RawRow]:
        others = [Person("never-ordered", None, "member", 0), Person("n2", FAMILY, "shared", 0.5)]
        rows: list[RawRow] = []
        for person in (*self.people, *others):
            if self.chance(0.15):
                continue
            row = self.customer(person)
            rows.append(row)
            for _ in range(self.random.choice((0, 0, 0, 1, 2))):
                rows.append(self.another_customer_row(row))
        for _ in range(3):
            rows.append({**self.customer(self.random.choice(self.people)), **self.customer_of_no_use()})
        self.random.shuffle(rows)
        return rows

    def customer(self, person: Person) -> RawRow:
        who = self.identify(person)
        if self.chance(0.3):
            who["email"] = self.random.choice((f"user{self.random.randint(0, 30)}@example.com", FAMILY, FAMILY, None))
        created = self.random.choice((self.first_day, self.first_day, self.any_day()))
        return {
            "customer_id": who["customer_id"],
            "email": who["email"],
            "created_at": self.random.choice((*(self.timestamp(created) for _ in range(6)), "unknown", None)),
            "acquisition_channel": self.random.choice(("seo", "ads", "Referral", None, "", "unknown", "#NV")),
            "country": self.random.choice(("DE", "AT", " CH\xa0", None)),
            "marketing_consent": self.random.choice((*WORDS_FOR_TRUE, *WORDS_FOR_FALSE)),
            "referred_by_customer_id": self.random.choice((None, "c001", "1001.0", "1.23457E+12", "0")),
            "loyalty_tier": self.random.choice((None, "gold")),
            "updated_at": self.random.choice(
                (None, "", "broken", "2020-02-29", "2021-05-05T10:00:00Z", "2021-05-05 10:00")
            ),
        }

    def customer_of_no_use(self) -> RawRow:
        if self.chance(0.5):
            return {"customer_id": self.random.choice(DAMAGED_IDS)}
        return {"customer_id": self.nobody(), "email": self.random.choice((None, *NO_EMAILS, "n/a"))}

    def another_customer_row(self, row: RawRow) -> RawRow:
        copy = dict(row)
        if self.chance(0.3):
            copy["updated_at"] = self.timestamp(self.first_day)
        self.change(
            copy,
            {
                "updated_at": ("2031-01-01", "2001-01-01T00:00:00+05:30", None, "never"),
                "email": ("moved@example.com", FAMILY, None),
                "created_at": (None, "unknown", self.timestamp(self.any_day())),
                "acquisition_channel": ("ads", "Ads", "affiliate", None, "é"),
                "country": ("DE", "US", None),
                "marketing_consent": ("yes", "no"),
            },
        )
        return copy

    def exchange_rates(self) -> list[RawRow]:
        rows: list[RawRow] = []
        for currency in self.currencies:
            # The first rate may come after some orders. HLF turns odd cents into halves of a cent.
            day = self.first_day + timedelta(days=self.random.choice((-30, -1, 0, 1, self.span_days // 3)))
            while day <= self.last_day + timedelta(days=20):
                rates: list[str | None] = ["0.5" if currency == "HLF" else self.rate()]
                if self.chance(0.15):
                    rates.append(self.random.choice((self.rate(), rates[0])))
                if self.chance(0.1):
                    rates.append(self.random.choice(BAD_RATES))
                for rate in rates:
                    spelled = self.random.choice((currency, currency.lower(), f"\xa0{currency}"))
                    rows.append({"rate_date": day.isoformat(), "currency": spelled, "rate": rate})
                day += timedelta(days=self.random.choice((1, 1, 2, 7, 30)))
        rows.append({"rate_date": self.first_day.isoformat(), "currency": self.reporting_currency, "rate": "2"})
        rows.append({"rate_date": self.first_day.isoformat(), "currency": self.nothing(), "rate": "3"})
        rows.append({"rate_date": "31.12.2020", "currency": "GBP", "rate": "9"})
        rows.append({"rate_date": None, "currency": "XXX", "rate": "9"})
        rows.append({"rate_date": self.first_day.isoformat(), "currency": "NEG", "rate": "-1"})
        self.random.shuffle(rows)
        return rows

    def order_lines(self, orders: Sequence[RawRow]) -> list[RawRow]:
        rows: list[RawRow] = []
        order_ids = sorted({row["order_id"] or "" for row in orders} - {""})
        kinds = (("Shoes", "Coats", "unknown"), ("Shoes", "Coats", "Hats"), ("Shoes", None, "  ", " Hats "), (None, ""))
        categories = self.random.choice(kinds)
        for order_id in order_ids:
            if self.chance(0.2):
                continue
            is_numbered = self.chance(0.8)
            for line in self.random.sample((1, 2, 3, 9, 10, 11), self.random.randint(1, 4)):
                row: RawRow = {
                    "order_id": order_id,
                    "line_number": self.random.choice((str(line), f"{line}.0", f"0{line}")) if is_numbered else None,
                    "product_id": self.random.choice(("p1", "p2", "p3", " p4 ", "all", None)),
                    "product_name": self.random.choice(("Boot", 'Coat, "long"', None)),
                    "category": self.random.choice(categories),
                    "quantity": self.random.choice(("1", "2", "3", "0", "-1", None)),
                    "amount": self.amount(),
                }
                rows.append(row)
                if self.chance(0.4):
                    rows.append(self.another_line(row))
        if rows:
            rows.append({**rows[0], "order_id": "no such order", "category": "Ghost"})
        self.random.shuffle(rows)
        return rows

    def another_line(self, row: RawRow) -> RawRow:
        """Another version of a line, a broken one, or one without a number."""
        copy = {**row, "category": self.random.choice(("Twin", "shoes", "Zoo", None))}
        if self.chance(0.8):
            self.change(
                copy,
                {
                    "line_number": (None, "first"),
                    "amount": ("1000", "9", None, "many"),
                    "quantity": ("0.5", "10", None, "many"),
                    "product_id": ("p9", "a", "p0", None),
                    "product_name": ("A", "p\xe4", None),
                },
            )
        return copy

    def marketing_spend(self) -> list[RawRow]:
        rows = [
            {
                "spend_date": self.timestamp(self.special_day() - timedelta(days=self.random.choice((0, 0, 0, 40)))),
                "acquisition_channel": self.pad(
                    self.random.choice(("seo", "ads", "Referral", "tv", "all", "unknown", None))
                ),
                "amount": self.pad(self.amount().lstrip("-")),
                "currency": self.currency(),
                "purpose": self.random.choice((None, "acquisition", " Acquisition", "retention", "RETENTION")),
            }
            for _ in range(self.random.choice((1, 10, 60)))
        ]
        broken: list[RawRow] = [
            {"spend_date": self.random.choice((*BAD_TIMESTAMPS, None))},
            {"spend_date": self.timestamp(self.run_day() + timedelta(days=self.random.randint(1, 2)))},
            {"amount": self.random.choice((*BAD_NUMBERS, None))},
            {"amount": self.random.choice(("-5", "-0.0001"))},
            {"currency": "XXX"},
            {"purpose": self.random.choice(("brand", "acquisitions"))},
        ]
        rows += [{**self.random.choice(rows), **fault} for fault in broken]
        self.random.shuffle(rows)
        return rows

    # --- all of it ----------------------------------------------------------------------------------------------

    def without_some_columns(self, entity: str, rows: list[RawRow]) -> list[RawRow]:
        required = REQUIRED_COLUMNS[entity]
        columns = tuple(rows[0]) if rows else ()
        dropped = {column for column in columns if column not in required and self.chance(0.05)}
        extra: RawRow = {"note": "not part of the contract"} if self.chance(0.2) else {}
        return [{**{column: value for column, value in row.items() if column not in dropped}, **extra} for row in rows]

    def shop(self) -> Entities:
        orders = self.orders()
        entities = {"orders": self.without_some_columns("orders", orders)}
        if self.chance(0.8):
            entities["refunds"] = self.without_some_columns("refunds", self.refunds(orders))
        if self.chance(0.85):
            rows = self.customers()
            before = self.random.getstate()
            self.random.seed(f"{self.seed} programmes")  # a further column leaves what follows as it is
            describe_programmes(self, rows)
            self.random.setstate(before)
            entities["customers"] = self.without_some_columns("customers", rows)
        if self.chance(0.85):
            entities["exchange_rates"] = self.exchange_rates()
        if self.chance(0.85):
            entities["order_lines"] = self.order_lines(orders)
        found = {entity: self.maybe_typed(entity, rows) for entity, rows in entities.items()}
        self.random.seed(f"{self.seed} subscriptions")  # a further entity leaves the others as they are
        if self.chance(0.8):
            if self.chance(0.5):
                self.settings["involuntary_cancellation_reasons"] = self.random.choice((["Price", " moved"], ["É"], []))
            rows = self.without_some_columns("subscriptions", subscriptions(self))
            found["subscriptions"] = self.maybe_typed("subscriptions", rows)
        self.random.seed(f"{self.seed} marketing_spend")
        if self.chance(0.8):
            found["marketing_spend"] = self.maybe_typed("marketing_spend", self.marketing_spend())
        for entity, make in SIGNALS.items():
            self.random.seed(f"{self.seed} {entity}")
            if self.chance(0.8):
                found[entity] = self.maybe_typed(entity, self.without_some_columns(entity, make(self)))
        if self.chance(0.5):
            for name, values in TARGETS.items():
                self.settings[name] = self.random.choice(values)
        self.random.seed(f"{self.seed} playbook")
        self.settings["universal_control_share"] = self.random.choice((0.05, 0.3, 0.6))
        return found

    def maybe_typed(self, entity: str, rows: list[RawRow]) -> list[dict[str, object]]:
        return with_types(entity, rows, self.random) if self.chance(0.6) else [dict(row) for row in rows]


def random_shop(
    seed: int, *, order_rows: int | None = None, ambiguous: bool = False
) -> tuple[Entities, dict[str, object]]:
    """Raw entities and settings (with run_at) of the shop that belongs to `seed`."""
    generator = ShopGenerator(seed, order_rows, ambiguous)
    return generator.shop(), generator.settings


def files_of(seed: int) -> int:
    """Into how many CSV files each entity of a shop goes."""
    return 1 + seed % 3
