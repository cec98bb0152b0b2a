"""Customers drawn as the models say they are, with parameters that are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from predictions.bg_nbd import Parameters
from predictions.gamma_gamma import Parameters as ValueParameters
from predictions.states import Floats, States, states


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
