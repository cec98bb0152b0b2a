"""Customers drawn as the models say they are, with parameters that are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from predictions.bg_nbd import Parameters
from predictions.gamma_gamma import Parameters as ValueParameters
from predictions.states import Floats, States, states

Booleans: TypeAlias = NDArray[np.bool_]
YEAR, SECOND_ORDER = 365, 90  # days


@dataclass(frozen=True)
class Drawn:
    past: States
    future: Floats  # days with an order in the weeks after


def draw(parameters: Parameters, customers: int, seed: int, youngest: float, oldest: float, weeks: float) -> Drawn:
    """Each with a rate and a probability to leave of his own, known for `youngest` to `oldest` weeks, then followed for
    `weeks` more."""
    random = np.random.default_rng(seed)
    rate = random.gamma(parameters.r, 1 / parameters.alpha, customers)
    leaving = random.beta(parameters.a, parameters.b, customers)
    age = random.uniform(youngest, oldest, customers)
    x, last, future = (np.zeros(customers) for _ in range(3))
    time = np.zeros(customers)
    there = np.arange(customers)
    while len(there):
        time[there] += random.exponential(1 / rate[there])
        there = there[time[there] <= age[there] + weeks]
        past = there[time[there] <= age[there]]
        x[past] += 1
        last[past] = time[past]
        future[there[time[there] > age[there]]] += 1
        there = there[random.random(len(there)) >= leaving[there]]
    return Drawn(states(x, last, age), future)


def draw_values(parameters: ValueParameters, past: States, seed: int) -> tuple[Floats, Floats]:
    """Repeat orders of those who have some, and their mean value."""
    random = np.random.default_rng(seed)
    x = past.orders[past.orders > 0]
    scale = random.gamma(parameters.q, 1 / parameters.gamma, len(x))
    return x, random.gamma(parameters.p * x, 1 / (scale * x))


@dataclass(frozen=True)
class Shop:
    """One element per order: the customer's id, the day, and what was paid."""

    customers: list[str]
    days: list[date]
    revenue: list[float]


def draw_shop(
    parameters: Parameters, values: ValueParameters, customers: int, seed: int, first: date, days: int, growing: int
) -> Shop:
    """Customers who first order in the first `growing` days, followed up to day `days`."""
    random = np.random.default_rng(seed)
    found = Shop([], [], [])
    for number in range(customers):
        rate = random.gamma(parameters.r, 1 / parameters.alpha) / 7  # per day
        leaving = random.beta(parameters.a, parameters.b)
        scale = random.gamma(values.q, 1 / values.gamma)
        time = float(random.integers(0, growing))
        while time < days:
            found.customers.append(f"c{number}")
            found.days.append(first + timedelta(days=int(time)))
            found.revenue.append(round(random.gamma(values.p, 1 / scale), 2))
            if len(found.days) > 1 and found.customers[-2:] == [f"c{number}"] * 2 and random.random() < leaving:
                break
            time += random.exponential(1 / rate)
    return found


@dataclass(frozen=True)
class Year:
    """Customers of four years and of the one ahead, one per element; times in days, 0 is the end of the as-of date."""

    first: Floats  # below 0: a customer of today
    orders: Floats  # days with an order after the first one, up to 0
    last: Floats  # the last of all orders up to 0
    later_revenue: Floats  # of those
    first_revenue: Floats
    was_active: Booleans  # ordered within the 365 days before day -365
    is_kept: Booleans  # of these, ordered within the 365 days before day 0
    comes_again: Booleans  # within 90 days of the first order, whenever that is
    ahead: Floats  # revenue of days 0 to 364, first orders included
    later_ahead: Floats  # without first orders


def draw_year(parameters: Parameters, values: ValueParameters, customers: int, seed: int, past_years: int = 4) -> Year:
    """So many customers come in `past_years` years, evenly, and go on coming in the year ahead."""
    random = np.random.default_rng(seed)
    number = int(random.poisson(customers * (past_years + 1) / past_years))
    first = random.uniform(-YEAR * past_years, YEAR, number)
    rate = random.gamma(parameters.r, 1 / parameters.alpha, number) / 7
    leaving = random.beta(parameters.a, parameters.b, number)
    scale = random.gamma(values.q, 1 / values.gamma, number)
    who, when = [np.arange(number)], [first]
    time, there = first.copy(), np.arange(number)
    while len(there):
        time[there] += random.exponential(1 / rate[there])
        there = there[time[there] < YEAR + SECOND_ORDER]
        who.append(there)
        when.append(time[there].copy())
        there = there[random.random(len(there)) >= leaving[there]]
    customer, day = np.concatenate(who), np.concatenate(when)
    amount = random.gamma(values.p, 1 / scale[customer])
    is_later = np.arange(len(customer)) >= number
    is_past, is_ahead = day < 0, (day >= 0) & (day < YEAR)

    def total(chosen: Booleans, weights: Floats) -> Floats:
        return np.bincount(customer[chosen], weights[chosen], number)

    last, second = np.full(number, -np.inf), np.full(number, np.inf)
    np.maximum.at(last, customer[is_past], day[is_past])
    np.minimum.at(second, customer[is_later], day[is_later])
    was_active = total((day >= -2 * YEAR) & (day < -YEAR), np.ones(len(day))) > 0
    return Year(
        first=first,
        orders=total(is_past & is_later, np.ones(len(day))),
        last=last,
        later_revenue=total(is_past & is_later, amount),
        first_revenue=amount[:number],
        was_active=was_active,
        is_kept=was_active & (last >= -YEAR),
        comes_again=second - first <= SECOND_ORDER,
        ahead=total(is_ahead, amount),
        later_ahead=total(is_ahead & is_later, amount),
    )
