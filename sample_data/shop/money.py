"""Subscriptions, marketing spend and exchange rates."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from . import story
from .dice import between, chance, pick
from .orders import DAY, Person

PLANS = (1490, 2190, 3290)  # the coffee and tea box: small, medium, large
# Euros for one unit, in ten-thousandths; invented, but near the real ones.
RATES: dict[str, tuple[tuple[date, int], ...]] = {
    "CHF": ((date(2020, 12, 1), 9240), (date(2022, 12, 1), 10130), (date(2023, 9, 1), 10450),
            (date(2024, 1, 5), 10740), (date(2024, 6, 1), 10200), (date(2025, 1, 2), 10640),
            (date(2025, 8, 1), 10690), (date(2026, 1, 19), 10730)),
    "USD": ((date(2020, 12, 1), 8310), (date(2022, 12, 1), 9450), (date(2023, 7, 14), 8920), (date(2023, 10, 3), 9520),
            (date(2024, 9, 1), 9030), (date(2025, 1, 13), 9760), (date(2025, 7, 1), 8490), (date(2026, 1, 19), 8590)),
}  # fmt: skip
ENDINGS = {"price": 240, "too_much": 250, "quality": 130, "competitor": 180, "payment_failed": 90, "moved": 110}


@dataclass
class Subscription:
    """One row: a subscription at one price. A change of price ends it and starts the next."""

    person: Person
    start: date
    end: date | None
    cents: int
    reason: str | None = None
    parcel: int = 1

    @property
    def currency(self) -> str:
        """The currency of the customer's country."""
        return "CHF" if self.person.country == "CH" else "EUR"


def subscriptions(buyers: list[Person]) -> list[Subscription]:
    """Return the subscriptions of those who have one, by start."""
    found = [row for person in buyers for row in _subscribed(person)]
    return sorted(found, key=lambda row: (row.start, row.person.number, row.parcel))


def exchange_rates(first: date, last: date) -> list[tuple[date, str, str]]:
    """Return the rate of every working day, as a bank would publish it."""
    rows = []
    day = first
    while day <= last:
        if day.weekday() < 5:
            for currency, points in RATES.items():
                rows.append((day, currency, _rate(currency, points, day)))
        day += DAY
    return rows


def marketing_spend(buyers: list[Person]) -> list[tuple[date, str, str, str, str]]:
    """Return date, channel, amount, currency and purpose, booked on the first of the month."""
    won = Counter((person.acquired.replace(day=1), person.channel) for person in buyers)
    rows = []
    for month in _months(story.OPENING, story.LAST_DAY):
        share_of_month = story.LAST_DAY.day * 1000 // 31 if month == story.LAST_DAY.replace(day=1) else 1000
        years = (month - story.OPENING.replace(day=1)).days * 1000 // 365
        for channel, first_cost in story.COST_OF_WINNING.items():
            cost = first_cost * (1000 + story.COST_GROWTH_PER_YEAR * years // 1000) // 1000
            cents = max(won[month, channel], 1) * cost * between(850, 1150, "spend", month, channel) // 1000
            rows.append((month, channel, _money(cents * 9 // 10), "EUR", "acquisition"))
            rows.append((month, channel, _money(cents // 10), "CHF", "acquisition"))
        for channel, usual in story.RETENTION_SPEND.items():
            cents = usual * share_of_month // 1000 * between(900, 1100, "keeping", month, channel) // 1000
            rows.append((month, channel, _money(cents), "EUR", "retention"))
    return rows


def _subscribed(person: Person) -> list[Subscription]:
    key = person.number
    if person.customer_id is None or len(person.orders) < 2 or not chance(300, "subscribes", key):
        return []
    start = person.orders[1].day + DAY * between(1, 20, "starts", key)
    last_wish = _last_wish(person)
    plan = int(pick({"0": 50, "1": 35, "2": 15}, "plan", key))
    rows = _stretch(person, start, last_wish, plan)
    if rows and rows[-1].end is not None and rows[-1].reason and chance(330, "comes back", key):
        again = rows[-1].end + DAY * between(45, 160, "back day", key)
        if last_wish is None or again + 30 * DAY < last_wish:
            rows += _stretch(person, again, last_wish, plan)
    if rows and chance(50, "second box", key):  # some have a second one as a present for somebody
        start = rows[0].start + 14 * DAY
        rows.append(Subscription(person, start, start + 182 * DAY, PLANS[0], "too_much", parcel=2))
    return [row for row in map(_known, rows) if row is not None]


def _stretch(person: Person, start: date, last_wish: date | None, plan: int) -> list[Subscription]:
    """Return the rows of one unbroken subscription."""
    key = (person.number, start)
    end = last_wish
    reason = pick(ENDINGS, "ending", *key) if end is not None else None
    if chance(260, "stops early", *key):
        early = start + DAY * between(60, 400, "early", *key)
        if end is None or early < end:
            end, reason = early, pick(ENDINGS, "early ending", *key)
    if start < story.PRICE_RISE and (end is None or end > story.PRICE_RISE) and chance(240, "price too high", *key):
        end, reason = story.PRICE_RISE, "price"
    changes = [(start, PLANS[plan] + (150 if start >= story.PRICE_RISE else 0))]
    if start < story.PRICE_RISE:
        changes.append((story.PRICE_RISE, PLANS[plan] + 150))
    move = 1 if chance(250, "larger", *key) else -1 if chance(130, "smaller", *key) else 0
    if move and 0 <= plan + move < len(PLANS):
        day = start + DAY * between(70, 300, "moves", *key)
        changes.append((day, PLANS[plan + move] + (150 if day >= story.PRICE_RISE else 0)))
        if day < story.PRICE_RISE:
            changes = [(at, PLANS[plan + move] + 150 if at == story.PRICE_RISE else cents) for at, cents in changes]
    changes = sorted(change for change in changes if end is None or change[0] < end)
    stops: list[date | None] = [at for at, _ in changes[1:]]
    rows = [Subscription(person, at, stop, cents) for (at, cents), stop in zip(changes, [*stops, end], strict=True)]
    if rows:
        rows[-1].reason = reason
    return rows


def _last_wish(person: Person) -> date | None:
    left = person.left_after
    return None if left is None else left + DAY * between(25, 110, "last box", person.number)


def _known(row: Subscription) -> Subscription | None:
    """Cut off what had not happened yet on the last day."""
    if row.start > story.LAST_DAY or (row.end is not None and row.end <= row.start):
        return None
    if row.end is not None and row.end > story.LAST_DAY:
        row.end, row.reason = None, None
    return row


def _rate(currency: str, points: tuple[tuple[date, int], ...], day: date) -> str:
    for (left, low), (right, high) in pairwise(points):
        if left <= day < right:
            trend = low + (high - low) * (day - left).days // (right - left).days
            rate = trend * 10 + between(-200, 200, "rate", currency, day)
            return f"{rate // 100_000}.{rate % 100_000:05d}"
    raise ValueError(f"no rate of {currency} on {day}")


def _months(first: date, last: date) -> list[date]:
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
