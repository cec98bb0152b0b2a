"""Three shops: the sample, one of some 20,000 orders in three years, and one of forty customers. All of it is a
function of a seed; nothing is read but the sample."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random

from stammkunde.places import SAMPLE
from tests.damages.exports import Record, Row, Shop

# The date by which a row of the sample became known, by entity.
DATED_BY = {
    "orders": "ordered_at", "customers": "created_at", "exchange_rates": "rate_date", "refunds": "refunded_at",
    "subscriptions": "started_at", "marketing_spend": "spend_date", "actions_taken": "taken_at",
}  # fmt: skip
COUNTRIES = {"DE": ("EUR", 78), "CH": ("CHF", 15), "PL": ("PLN", 7)}
FIRST_RATES = {"CHF": 1.03, "PLN": 0.225}
CHANNELS_OF_ORIGIN = ("organic_search", "paid_social", "email", "referral")
SEASON = (0.88, 0.84, 0.94, 0.97, 1.0, 0.95, 0.9, 0.92, 0.98, 1.04, 1.2, 1.4)  # January to December
WEEK = (1.08, 1.04, 1.0, 0.98, 0.95, 0.9, 1.05)  # Monday to Sunday


@dataclass(frozen=True)
class Plan:
    """What a generated shop is like."""

    name: str
    seed: int
    first_day: date
    last_day: date
    days_between: int
    orders_per_day: tuple[float, float]  # on the first and on the last day
    new_share: float  # of the orders, by customers who never ordered before
    customers: int | None  # at most
    channels: Mapping[str, int]  # with their shares
    median_value: Mapping[str, float]  # of an order, by channel
    has_seasons: bool = True


MIDDLE = Plan(
    name="middle", seed=20_230_101, first_day=date(2023, 1, 1), last_day=date(2025, 12, 14), days_between=7,
    orders_per_day=(11.0, 25.0), new_share=0.42, customers=None,
    channels={"web": 55, "app": 25, "marketplace": 20},
    median_value={"web": 58.0, "app": 49.0, "marketplace": 37.0},
)  # fmt: skip
FORTY = Plan(
    name="forty", seed=40, first_day=date(2023, 6, 1), last_day=date(2025, 11, 30), days_between=28,
    orders_per_day=(0.6, 0.9), new_share=0.3, customers=40, channels={"web": 1}, median_value={"web": 120.0},
    has_seasons=False,
)  # fmt: skip


@dataclass
class Customer:
    """A customer of a generated shop."""

    number: int
    email: str
    country: str
    channel: str
    loyalty: float
    is_guest: bool
    origin: str


@cache
def shop(name: str) -> Shop:
    """One of the three shops by name."""
    return {"sample": sample, "middle": lambda: generated(MIDDLE), "forty": lambda: generated(FORTY)}[name]()


NAMES = ("sample", "middle", "forty")


def generated(plan: Plan) -> Shop:
    """The whole history of a shop."""
    dice = Random(plan.seed)
    records = [*rates(plan, dice), *sales(plan, dice)]
    return Shop(plan.name, plan.last_day, plan.days_between, sorted(records, key=lambda record: record.known))


def rates(plan: Plan, dice: Random) -> Iterator[Record]:
    """Rates of each working day that wander by a quarter of a percent, as central banks publish them."""
    if len(plan.channels) == 1:  # a small shop sells in one currency
        return
    current = dict(FIRST_RATES)
    for day in days(plan.first_day - timedelta(days=7), plan.last_day):
        if day.weekday() < 5:
            for currency in current:
                current[currency] *= math.exp(dice.gauss(0, 0.0025))
                yield Record(
                    day, "exchange_rates",
                    {"rate_date": str(day), "currency": currency, "rate": f"{current[currency]:.5f}"},
                )  # fmt: skip


def days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def sales(plan: Plan, dice: Random) -> Iterator[Record]:
    """Orders with their versions, and customers when they register."""
    customers: list[Customer] = []
    order_number = 10_000
    length = (plan.last_day - plan.first_day).days
    for day in days(plan.first_day, plan.last_day):
        grown = (day - plan.first_day).days / length
        expected = plan.orders_per_day[0] + grown * (plan.orders_per_day[1] - plan.orders_per_day[0])
        for moment in moments(day, poisson(expected * demand(plan, day), dice), dice):
            is_new = dice.random() < max(plan.new_share, 0.97 - len(customers) / 40)
            if is_new and (plan.customers is None or len(customers) < plan.customers):
                customer = new_customer(plan, len(customers) + 1, dice)
                customers.append(customer)
                if not customer.is_guest:
                    yield registration(customer, moment, dice)
            else:
                customer = returning(customers, dice)
                if customer.is_guest and dice.random() < 0.05:
                    customer.is_guest = False
                    yield registration(customer, moment, dice)
            order_number += 1
            yield from versions(plan, order_number, customer, moment, dice)


def demand(plan: Plan, day: date) -> float:
    if not plan.has_seasons:
        return 1.0
    return SEASON[day.month - 1] * WEEK[day.weekday()] * black_friday(day)


def black_friday(day: date) -> float:
    """Four times as many orders on the day, and more on the days around it."""
    thanksgiving = next(
        date(day.year, 11, number) for number in range(22, 29) if date(day.year, 11, number).weekday() == 3
    )
    return {-1: 1.3, 0: 4.0, 1: 2.2, 2: 1.8, 3: 2.4}.get((day - thanksgiving).days - 1, 1.0)


def poisson(expected: float, dice: Random) -> int:
    limit, number, product = math.exp(-expected), 0, dice.random()
    while product > limit:
        number += 1
        product *= dice.random()
    return number


def moments(day: date, number: int, dice: Random) -> list[datetime]:
    """Times of a day between 6:00 and 22:00, in their order."""
    seconds = sorted(dice.randrange(6 * 3600, 22 * 3600) for _ in range(number))
    return [datetime.combine(day, time(), UTC) + timedelta(seconds=second) for second in seconds]


def new_customer(plan: Plan, number: int, dice: Random) -> Customer:
    countries = list(COUNTRIES) if len(plan.channels) > 1 else ["DE"]
    return Customer(
        number=number,
        email=f"person{number:05}@example.com",
        country=dice.choices(countries, [COUNTRIES[country][1] for country in countries])[0],
        channel=dice.choices(list(plan.channels), list(plan.channels.values()))[0],
        loyalty=dice.random() ** 3,
        is_guest=dice.random() < 0.18,
        origin=dice.choice(CHANNELS_OF_ORIGIN),
    )


def returning(customers: Sequence[Customer], dice: Random) -> Customer:
    """Loyal and recent customers come more often."""
    recent = customers[-1200:]
    tried = [dice.choice(recent if dice.random() < 0.7 else customers) for _ in range(4)]
    return max(tried, key=lambda customer: customer.loyalty + 0.3 * dice.random())


def registration(customer: Customer, moment: datetime, dice: Random) -> Record:
    return Record(
        moment.date(), "customers",
        {
            "customer_id": f"C{customer.number:05}",
            "email": customer.email,
            "created_at": written(moment),
            "acquisition_channel": customer.origin,
            "country": customer.country,
            "marketing_consent": "true" if dice.random() < 0.6 else "false",
            "updated_at": written(moment),
        },
    )  # fmt: skip


def versions(plan: Plan, number: int, customer: Customer, moment: datetime, dice: Random) -> Iterator[Record]:
    """An order as it was placed, and what became of it days later: both rows stay in the export."""
    currency = COUNTRIES[customer.country][0]
    value = plan.median_value[customer.channel] * math.exp(dice.gauss(0, 0.55))
    amount = value / FIRST_RATES.get(currency, 1.0)
    has_discount = dice.random() < 0.24
    placed: Row = {
        "order_id": f"N{number}",
        "customer_id": "" if customer.is_guest else f"C{customer.number:05}",
        "ordered_at": written(moment),
        "amount": f"{amount:.2f}",
        "currency": currency,
        "refunded_amount": "0.00",
        "discount_amount": f"{amount * 0.1:.2f}" if has_discount else "0.00",
        "status": "processing",
        "sales_channel": customer.channel,
        "customer_email": customer.email,
        "is_test": "true" if dice.random() < 0.004 else "false",
        "updated_at": written(moment),
    }
    yield Record(moment.date(), "orders", placed)
    fate = dice.random()
    if fate < 0.035:
        yield later(placed, moment + timedelta(days=1, hours=3), status="cancelled")
        return
    shipped = moment + timedelta(days=2 + dice.randrange(4), hours=2)
    yield later(placed, shipped, status="completed")
    if fate < 0.06:
        yield later(
            placed,
            shipped + timedelta(days=7 + dice.randrange(14)),
            status="refunded",
            refunded_amount=placed["amount"],
        )
    elif fate < 0.09:
        refund = f"{amount * dice.uniform(0.2, 0.6):.2f}"
        yield later(
            placed, shipped + timedelta(days=7 + dice.randrange(14)), status="completed", refunded_amount=refund
        )


def later(row: Row, moment: datetime, **changes: str) -> Record:
    return Record(moment.date(), "orders", {**row, **changes, "updated_at": written(moment)})


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def sample() -> Shop:
    """The sample shop. Its export keeps the last version of most orders: what was known by a day is taken from the date
    of the order, and of further versions from their own."""
    records = []
    for entity, dated_by in DATED_BY.items():
        with (SAMPLE / f"{entity}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        repeated = Counter(row["order_id"] for row in rows) if entity == "orders" else Counter()
        for row in rows:
            column = "updated_at" if entity == "orders" and repeated[row["order_id"]] > 1 else dated_by
            records.append(Record(day_of(row[column]), entity, row))
    return Shop("sample", date(2026, 1, 18), 14, records, tuple(sorted(SAMPLE.glob("*.parquet"))))


def day_of(text: str) -> date:
    """The day of a timestamp; a row whose date cannot be read was always there."""
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return date.min
