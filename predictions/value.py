"""What a customer will bring in the next 365 days: orders in twelve parts of a year, worth less the later they are."""

from __future__ import annotations

import numpy as np

from predictions.bg_nbd import Parameters, orders_if_alive, p_alive
from predictions.states import Floats, States

PARTS = 12
YEAR_WEEKS = 365 / 7


def discounted_orders(parameters: Parameters, customers: States, discount_rate: float) -> Floats:
    """The expected orders of 365 days; those of a part count as of its middle. `discount_rate`: per year."""
    total = np.zeros(len(customers))
    before = np.zeros(len(customers))
    for part in range(1, PARTS + 1):
        until = orders_if_alive(parameters, customers.orders, customers.age, part * YEAR_WEEKS / PARTS)
        total += (until - before) / (1 + discount_rate) ** ((part - 0.5) / PARTS)
        before = until
    return p_alive(parameters, customers) * total


def predicted_clv_365d(discounted: Floats, order_value: Floats, margin_rate: float) -> Floats:
    """`discounted`: of `discounted_orders`; `order_value`: E[M]. Null where E[M] is."""
    return margin_rate * order_value * discounted
