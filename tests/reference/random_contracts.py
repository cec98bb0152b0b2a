"""Contracts of a random shop: chains that break off and go on around the ends of months, versions, broken rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from .calendar_periods import add_periods, start_of_period
from .random_values import BAD_NUMBERS, BAD_TIMESTAMPS, DAMAGED_IDS

if TYPE_CHECKING:
    from .random_shop import Person, ShopGenerator

RawRow = dict[str, str | None]
REASONS = (
    "price",
    "Price",
    "payment_failed",
    "Payment_Failed",
    "non_payment",
    "NON_PAYMENT",
    "moved",
    "é",
    None,
    "",
    "NULL",
)
PRICES = ("9.90", "9.90", "19", "19.00", "0", "0.004", "0.005", "4.995", "29.9", "100")
BROKEN = ("id", "nobody", "damaged", "start", "future", "end", "order", "amount", "negative", "currency")


def subscriptions(shop: ShopGenerator) -> list[RawRow]:
    rows: list[RawRow] = []
    for number, person in enumerate(shop.random.sample(shop.people, max(1, len(shop.people) // 3))):
        for contract in range(shop.random.choice((1, 1, 2))):
            for row in chain(shop, person, f"S{number}-{contract}" if shop.chance(0.9) else str(number)):
                rows.append(broken(shop, row) if shop.chance(0.2) else row)
                if shop.chance(0.2):
                    rows.append(another_version(shop, row))
    shop.random.shuffle(rows)
    return rows


def chain(shop: ShopGenerator, person: Person, number: str) -> list[RawRow]:
    """Terms of one contract, one after the other: without a break, with one of a day, of months."""
    start = shop.special_day() if shop.chance(0.6) else shop.any_day()
    rows: list[RawRow] = []
    for _ in range(shop.random.choice((1, 2, 3, 5))):
        end = end_of_term(shop, start)
        is_dates = shop.chance(0.6)
        rows.append(
            {
                "subscription_id": shop.spell_id(number),
                "customer_id": shop.identify(person)["customer_id"] or shop.spell_email(person.email),
                "started_at": start.isoformat() if is_dates else shop.timestamp(start),
                "ended_at": shop.nothing() if end is None else end.isoformat() if is_dates else shop.timestamp(end),
                "monthly_amount": shop.pad(shop.random.choice(PRICES) if shop.chance(0.8) else shop.amount()),
                "currency": shop.currency(),
                "cancellation_reason": shop.pad(shop.random.choice(REASONS)),
                "updated_at": shop.random.choice((None, None, "broken", shop.timestamp(start))),
            }
        )
        start = (end or start + timedelta(days=31)) + timedelta(days=shop.random.choice((0, 1, 1, 1, 2, 30, 61)))
    return rows


def end_of_term(shop: ShopGenerator, start: date) -> date | None:
    kind = shop.random.choice(("open", "month", "month", "month", "first", "same", "any", "any"))
    next_month = add_periods("month", start_of_period("month", start), shop.random.choice((1, 1, 2, 3)))
    if kind == "open":
        return None
    if kind == "month":
        return next_month - timedelta(days=1)
    if kind == "first":
        return next_month
    return start if kind == "same" else start + timedelta(days=shop.random.randint(0, 90))


def another_version(shop: ShopGenerator, row: RawRow) -> RawRow:
    copy = dict(row)
    if shop.chance(0.8):
        shop.change(
            copy,
            {
                "updated_at": (None, "never", shop.timestamp(shop.any_day())),
                "ended_at": (None, shop.timestamp(shop.any_day()), shop.last_day.isoformat()),
                "monthly_amount": ("9", "10", "10.0"),
                "currency": (None, *shop.currencies),
                "customer_id": ("t1", "t10", "t2", "t1@example.com"),
                "cancellation_reason": ("price", "Price", None),
            },
        )
    return copy


def broken(shop: ShopGenerator, row: RawRow) -> RawRow:
    kind = shop.random.choice(BROKEN)
    if kind == "id":
        return {**row, "subscription_id": shop.nobody()}
    if kind == "nobody":
        return {**row, "customer_id": shop.nothing()}
    if kind == "damaged":
        return {**row, shop.random.choice(("subscription_id", "customer_id")): shop.random.choice(DAMAGED_IDS)}
    if kind == "start":
        return {**row, "started_at": shop.random.choice((*BAD_TIMESTAMPS, None, ""))}
    if kind == "future":
        return {**row, "started_at": shop.timestamp(shop.run_day() + timedelta(days=shop.random.randint(0, 3)))}
    if kind == "end":
        return {**row, "ended_at": shop.random.choice(BAD_TIMESTAMPS)}
    if kind == "order":
        return {
            **row,
            "started_at": shop.last_day.isoformat(),
            "ended_at": shop.near(shop.last_day - timedelta(days=1)),
        }
    if kind == "amount":
        return {**row, "monthly_amount": shop.random.choice((*BAD_NUMBERS, None, "NULL"))}
    if kind == "negative":
        return {**row, "monthly_amount": shop.random.choice(("-5", "-0.0001", "-0.00005", "-0.00004"))}
    return {**row, "currency": "XXX"}
