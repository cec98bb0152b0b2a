"""The shop's past as of a date: what was known of each customer then, and what followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from predictions.refusal import MIN_DAYS
from predictions.states import Floats, States, states

Ints: TypeAlias = NDArray[np.int64]

MOST_DATES = 4
YEAR = 365
HORIZONS = (90, YEAR)  # days
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class OrderDays:
    """One element per customer and day with an order, by customer and day. Customers are numbered in the order of their
    ids, days from 1970-01-01."""

    customer: Ints
    day: Ints
    revenue: Floats

    @property
    def first(self) -> int:
        return int(self.day.min())

    def __len__(self) -> int:
        return len(self.day)


def order_days(
    customers: Sequence[str] | NDArray[Any], days: Sequence[date] | NDArray[Any], revenue: Sequence[float] | Floats
) -> OrderDays:
    """From orders in any order; several of a customer on one day are one, and their revenue is summed."""
    numbers = np.unique(np.asarray(customers, dtype=np.str_), return_inverse=True)[1].astype(np.int64)
    at = np.asarray(days, dtype="datetime64[D]").astype(np.int64)
    paid = np.asarray(revenue, dtype=np.float64)
    # Sorted by revenue as well: the last digits of a sum then do not depend on the order of the rows.
    order = np.lexsort((paid, at, numbers))
    numbers, at, paid = numbers[order], at[order], paid[order]
    begins = np.flatnonzero(np.r_[True, (np.diff(numbers) != 0) | (np.diff(at) != 0)][: len(at)])
    sums = np.add.reduceat(paid, begins) if len(begins) else paid
    return OrderDays(numbers[begins], at[begins], sums)


def day_number(day: date) -> int:
    return (day - EPOCH).days


def backtest_dates(first: date, last: date) -> list[date]:
    """The ends of quarters as of which the models are asked, the latest first date last: those four at most whose 90
    days are over by `last`, and the latest whose 365 days are, each with 180 days of history or more."""
    ends = []
    month_after = date(first.year, 1, 1)
    while (end := month_after - timedelta(days=1)) + timedelta(days=HORIZONS[0]) <= last:
        if (end - first).days >= MIN_DAYS:
            ends.append(end)
        month = month_after.month + 3
        month_after = date(month_after.year + (month > 12), month - 12 * (month > 12), 1)
    of_a_year = [end for end in ends if end + timedelta(days=YEAR) <= last]
    return sorted({*ends[-MOST_DATES:], *of_a_year[-1:]})


@dataclass(frozen=True)
class Known:
    """What was known as of a day, one element per customer who had ordered by then."""

    as_of: int
    history_days: int  # from the shop's first order
    customer: Ints
    first: Ints  # day of the first order
    last: Ints
    orders: Floats  # x: days with an order after the first
    mean_value: Floats  # m: net revenue of the days after the first, by x; 0 without
    mean_of_all: Floats  # net revenue of all days, by their number
    year_orders: Floats  # of x, those of the last 365 days
    year_revenue: Floats  # net revenue of these

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def recency(self) -> Ints:
        return self.as_of - self.last

    @property
    def span(self) -> int:
        """Days of the year before, or as many as there are."""
        return min(YEAR, self.history_days)

    def part(self, rows: NDArray[np.bool_]) -> Known:
        return Known(
            self.as_of,
            self.history_days,
            self.customer[rows],
            self.first[rows],
            self.last[rows],
            self.orders[rows],
            self.mean_value[rows],
            self.mean_of_all[rows],
            self.year_orders[rows],
            self.year_revenue[rows],
        )

    def states(self) -> tuple[States, Ints]:
        """The distinct states, and which of them each customer is in."""
        rows = np.stack([self.orders.astype(np.int64), self.last - self.first, self.as_of - self.first], axis=1)
        distinct, which, customers = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
        x, silence, age = distinct.T
        return states(x, silence / 7, age / 7, customers), which.reshape(-1)


def known_at(days: OrderDays, as_of: int) -> Known:
    """Nothing of a later day is read."""
    past = days.day <= as_of
    customer, day, revenue = days.customer[past], days.day[past], days.revenue[past]
    who, begins, which = np.unique(customer, return_index=True, return_inverse=True)
    again = np.ones(len(day), dtype=bool)
    again[begins] = False
    in_year = again & (day > as_of - YEAR)

    def summed(rows: NDArray[np.bool_], values: Floats | None = None) -> Floats:
        weights = None if values is None else values[rows]
        return np.bincount(which[rows], weights, minlength=len(who)).astype(np.float64)

    all_rows = np.ones(len(day), dtype=bool)
    orders = summed(again)
    ends = np.r_[begins[1:], len(day)] - 1 if len(who) else begins
    return Known(
        as_of=as_of,
        history_days=as_of - int(day.min()) if len(day) else 0,
        customer=who,
        first=day[begins],
        last=day[ends],
        orders=orders,
        mean_value=summed(again, revenue) / np.maximum(orders, 1),
        mean_of_all=summed(all_rows, revenue) / (orders + 1),
        year_orders=summed(in_year),
        year_revenue=summed(in_year, revenue),
    )


def followed(days: OrderDays, known: Known, horizon: int) -> tuple[Floats, Floats]:
    """Days with an order in the `horizon` days after, and their net revenue, of each customer who was known."""
    rows = (days.day > known.as_of) & (days.day <= known.as_of + horizon) & np.isin(days.customer, known.customer)
    who = np.searchsorted(known.customer, days.customer[rows])
    orders = np.bincount(who, minlength=len(known)).astype(np.float64)
    return orders, np.bincount(who, days.revenue[rows], minlength=len(known)).astype(np.float64)
