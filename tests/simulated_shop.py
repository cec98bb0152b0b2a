"""A shop drawn month by month, with parameters that are known: who comes, orders and leaves, with a season and months
that are better or worse for all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from predictions.forecast import Triangle
from predictions.states import Floats

SEASON = np.array([0.9, 0.85, 0.95, 1.0, 1.0, 0.95, 0.8, 0.75, 0.95, 1.1, 1.35, 1.4])


@dataclass(frozen=True)
class Drawn:
    """Of all months, those after the forecast's origin included."""

    new_customers: Floats
    orders: Floats  # cohort month x order month
    revenue: Floats

    def triangle(self, months: int, measure: str) -> Triangle:
        amounts = self.orders if measure == "orders" else self.revenue
        return Triangle(0, True, self.new_customers, self.orders, amounts).until(months)

    def whole(self, measure: str) -> Triangle:
        return self.triangle(len(self.new_customers), measure)


def draw_shop(seed: int, months: int, arrivals: float, shock: float = 0.05, drift: float = 0.02) -> Drawn:
    """`arrivals`: new customers per month at first, which then wander by `drift` a month; `shock`: standard deviation
    of what a month is for all customers. Rates and probabilities to leave differ between customers as in BG/NBD."""
    random = np.random.default_rng(seed)
    shocks = np.exp(random.normal(0, shock, months)) * SEASON[np.arange(months) % 12]
    levels = arrivals * np.exp(np.cumsum(random.normal(0, drift, months)))
    came = random.poisson(levels * np.exp(random.normal(0, shock, months)) * SEASON[np.arange(months) % 12])
    cohort = np.repeat(np.arange(months), came)
    rate = random.gamma(0.6, 1 / 1.5, len(cohort))
    leaving = random.beta(0.8, 2.5, len(cohort))
    value = random.lognormal(4.0, 0.5, len(cohort))
    there = np.ones(len(cohort), dtype=bool)
    orders, revenue = np.zeros((months, months)), np.zeros((months, months))
    for month in range(months):
        # In the month of the first order half of it is left, on average.
        part = np.where(cohort == month, 0.5, 1.0) * (cohort <= month) * there
        further = random.poisson(rate * shocks[month] * part)
        there &= random.random(len(cohort)) >= 1 - (1 - leaving) ** further
        placed = further + (cohort == month)
        bought = np.zeros(len(cohort))
        buying = np.flatnonzero(placed)
        bought[buying] = value[buying] * random.gamma(2.0 * placed[buying]) / 2.0
        orders[:, month] = np.bincount(cohort, placed, months)
        revenue[:, month] = np.bincount(cohort, bought, months)
    return Drawn(came.astype(np.float64), orders, revenue)
