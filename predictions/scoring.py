"""Everything that is predicted of each state, in parts that fit into the processor's memory, on all cores."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from predictions import bg_nbd, intervals, value
from predictions.intervals import Orders, Sums, Total
from predictions.optimise import Fit
from predictions.refusal import Refusal
from predictions.states import Floats, States

PART = 16_384  # states


@dataclass(frozen=True)
class Scores:
    """In the order of the states. `orders` and `totals`: one per horizon asked for."""

    p_alive: Floats
    discounted_orders: Floats
    orders: tuple[Orders, ...]
    totals: tuple[Total, ...]


def score(fit: Fit | Refusal, customers: States, horizons: Sequence[float], discount_rate: float) -> Scores:
    """`horizons`: in weeks; `discount_rate`: per year. Without a fit all is null."""
    null = np.full(len(customers), np.nan)
    if isinstance(fit, Refusal):
        nothing = Total(np.nan, np.nan, np.nan)
        return Scores(null, null, (Orders(null, null, null),) * len(horizons), (nothing,) * len(horizons))
    parameters = bg_nbd.of(fit)
    # Sorted by age, the states of one part need about as many terms of the series.
    order = np.argsort(customers.age)
    p_alive, discounted = null.copy(), null.copy()
    orders = tuple(Orders(null.copy(), null.copy(), null.copy()) for _ in horizons)

    def of_part(start: int) -> list[Sums]:
        rows = order[start : start + PART]
        part = customers.part(rows)
        p_alive[rows] = bg_nbd.p_alive(parameters, part)
        discounted[rows] = value.discounted_orders(parameters, part, discount_rate)
        sums = []
        for whole, weeks in zip(orders, horizons, strict=True):
            expected, of_total = intervals.expected_orders(fit, part, weeks)
            whole.expected[rows], whole.low[rows], whole.high[rows] = expected.expected, expected.low, expected.high
            sums.append(of_total)
        return sums

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = list(pool.map(of_part, range(0, len(customers), PART)))
    totals = tuple(intervals.total(fit, reduce(add, sums)) for sums in zip(*parts, strict=True))
    return Scores(p_alive, discounted, orders, totals)
