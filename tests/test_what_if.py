"""Does what `what_if` says come true? A shop is simulated twice with the same random numbers, the second time with one
point more of a lever; what the year ahead then brings more must lie in the interval told before. The figures are those
of the calculation in tests/reference, with which the mart is compared on random shops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, cast

import numpy as np
import pytest

from tests.reference.intake import Customer, Order
from tests.reference.what_if import what_if

AS_OF = date(2025, 12, 31)
END = AS_OF + timedelta(days=1)
PAST_YEARS = 9  # then as many leave as come
NEW_CUSTOMERS = 1000  # a year
STAY, AGAIN, COME_BACK = 0.4, 0.3, 0.05


class Sale(NamedTuple):
    customer: int
    day: int  # 0: the day after as_of_date
    amount: float


@dataclass(frozen=True)
class ASale:
    order_id: str
    customer_id: str
    order_number: int
    order_date: date
    net_amount: Decimal


@dataclass(frozen=True)
class ABuyer:
    customer_id: str
    orders: tuple[ASale, ...]


class Shop:
    """Customers who decide every year whether they stay; who was away for a year may come back. A new customer orders a
    second time within 90 days, or seldom."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        years = PAST_YEARS + 1
        self.customers = int(random.poisson(NEW_CUSTOMERS * years))
        self.first_year = random.integers(0, years, self.customers)
        self.first_day = random.integers(0, 365, self.customers)
        self.stays = random.random((self.customers, years))
        self.returns = random.random(self.customers)
        self.delay = random.integers(1, 91, self.customers)
        self.orders = 1 + random.poisson(0.8, (self.customers, years))
        self.days = random.integers(0, 365, (self.customers, years))
        self.amounts = np.round(random.lognormal(3.5, 0.6, (self.customers, years)), 2)

    def sales(self, stay_in_last_year: float = STAY, again_ahead: float = AGAIN) -> Iterator[Sale]:
        """A year of one who stays is one day, worth as much as its orders. `stay_in_last_year`: probability to stay in
        the last year before as_of_date; `again_ahead`: of a second order of who is new in the year ahead."""
        for customer in range(self.customers):
            born = int(self.first_year[customer])
            first = (born - PAST_YEARS) * 365 + int(self.first_day[customer])
            yield Sale(customer, first, float(self.amounts[customer, born]))
            if self.returns[customer] < (again_ahead if born == PAST_YEARS else AGAIN):
                yield Sale(customer, first + int(self.delay[customer]), 40.0)
            was_there, was_there_before = True, False
            for year in range(born + 1, PAST_YEARS + 1):
                stay = stay_in_last_year if year == PAST_YEARS - 1 else STAY
                chance = stay if was_there else COME_BACK if was_there_before else 0.0
                was_there, was_there_before = bool(self.stays[customer, year] < chance), was_there
                if was_there:
                    day = (year - PAST_YEARS) * 365 + int(self.days[customer, year])
                    yield Sale(customer, day, float(self.amounts[customer, year] * self.orders[customer, year]))


def as_order(number: int, sale: Sale) -> ASale:
    order_date, amount = END + timedelta(days=sale.day), Decimal(str(round(sale.amount, 2)))
    return ASale(f"{sale.customer}-{number}", str(sale.customer), number, order_date, amount)


def told(sales: list[Sale]) -> dict[str, dict[str, Any]]:
    """What the past lets one say."""
    by_customer: dict[int, list[Sale]] = {}
    for sale in sorted(sales, key=lambda sale: sale.day):
        if sale.day < 0:
            by_customer.setdefault(sale.customer, []).append(sale)
    buyers = [
        ABuyer(str(customer), tuple(as_order(number, sale) for number, sale in enumerate(bought, start=1)))
        for customer, bought in by_customer.items()
    ]
    orders = [order for buyer in buyers for order in buyer.orders]
    rows = what_if(cast(list[Order], orders), cast(list[Customer], buyers), AS_OF, 365)
    return {str(row["lever"]): dict(row) for row in rows}


def ahead(sales: list[Sale]) -> float:
    return sum(sale.amount for sale in sales if 0 <= sale.day < 365)


def came_true(seeds: int) -> dict[str, int]:
    held = {"retention_rate": 0, "second_order_rate": 0, "average_order_value": 0}
    for seed in range(1, seeds + 1):
        shop = Shop(seed)
        sales = list(shop.sales())
        before = ahead(sales)
        gains = {
            "retention_rate": ahead(list(shop.sales(stay_in_last_year=STAY + 0.01))) - before,
            "second_order_rate": ahead(list(shop.sales(again_ahead=AGAIN + 0.01))) - before,
            "average_order_value": 0.01 * before,
        }
        for lever, row in told(sales).items():
            assert row["has_enough"]
            held[lever] += row["gain_365d_low"] <= gains[lever] <= row["gain_365d_high"]
    return held


def test_what_a_point_brings_lies_in_the_interval() -> None:
    """Of 12 shops; 95 in 100 are to be expected."""
    assert min(came_true(12).values()) >= 9


@pytest.mark.long
def test_what_a_point_brings_lies_in_the_interval_in_95_of_100_shops() -> None:
    """190 of 200 are to be expected. It held in 197 of retention, 196 of second orders and 196 of order value: a little
    wide, as both years share their random numbers."""
    for lever, held in came_true(200).items():
        assert 180 <= held <= 199, lever
