"""Section 21 of the contract: what is known of each customer, and what BG/NBD and gamma-gamma make of it.

The formulas are those of the papers as they are printed, with SciPy's hypergeometric function; the parameters are
searched for by one plain optimiser without gradients. That is enough for shops of ordinary size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

from .comparison import Row
from .intake import Customer
from .settings import Settings

Numbers = NDArray[np.float64]


def customer_predictions(customers: Sequence[Customer], as_of: date) -> list[Row]:
    """What is known of each customer; predictions need a refresh, and are compared on their own."""
    rows: list[Row] = []
    for customer in customers:
        days = sorted({order.order_date for order in customer.orders})
        rows.append(
            {
                "customer_id": customer.customer_id,
                "repeat_orders": len(days) - 1,
                "last_day": (days[-1] - days[0]).days,
                "age_days": (as_of - days[0]).days,
            }
        )
    return rows


def later_revenue(customer: Customer) -> float:
    first = min(order.order_date for order in customer.orders)
    return float(sum(order.net_amount for order in customer.orders if order.order_date > first))


def bg_nbd(x: Numbers, t_x: Numbers, age: Numbers) -> tuple[Numbers, float]:
    """r, alpha, a, b, and the log-likelihood there."""

    def log_likelihood(logs: Numbers) -> float:
        r, alpha, a, b = np.exp(logs)
        shared = (
            gammaln(r + x) - gammaln(r) + r * np.log(alpha)
            + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        )  # fmt: skip
        alive = (alpha + age) ** -(r + x)
        left = np.where(x > 0, a / np.maximum(b + x - 1, b) * (alpha + t_x) ** -(r + x), 0)
        return float((shared + np.log(alive + left)).sum())

    return maximum(log_likelihood, np.log([1.0, 5.0, 1.0, 2.0]))


def gamma_gamma(x: Numbers, m: Numbers) -> tuple[Numbers, float]:
    """p, q, gamma, and the log-likelihood there."""

    def log_likelihood(logs: Numbers) -> float:
        p, q, gamma = np.exp(logs)
        return float(
            (
                gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
                + (p * x - 1) * np.log(m) + p * x * np.log(x) - (p * x + q) * np.log(gamma + m * x)
            ).sum()
        )  # fmt: skip

    return maximum(log_likelihood, np.log([3.0, 3.0, 50.0]))


def maximum(log_likelihood: Callable[[Numbers], float], start: Numbers) -> tuple[Numbers, float]:
    at = start
    for _ in range(4):  # begins anew where it ended: a flat simplex stops early
        found = minimize(
            lambda logs: -log_likelihood(logs), at, method="Nelder-Mead",
            options={"xatol": 1e-8, "fatol": 1e-9, "maxiter": 4000, "maxfev": 4000},
        )  # fmt: skip
        at = found.x
    return np.exp(at), -float(found.fun)


def p_alive(parameters: Numbers, x: float, t_x: float, age: float) -> float:
    r, alpha, a, b = parameters
    return float(1 / (1 + (a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x) if x > 0 else 0)))


def expected_orders(parameters: Numbers, x: float, t_x: float, age: float, weeks: float) -> float:
    """E[Y(t)] of the paper, in the days with an order of the next weeks."""
    r, alpha, a, b = parameters
    series = hyp2f1(r + x, b + x, a + b + x - 1, weeks / (alpha + age + weeks))
    grown = 1 - ((alpha + age) / (alpha + age + weeks)) ** (r + x) * series
    return float((a + b + x - 1) / (a - 1) * grown * p_alive(parameters, x, t_x, age))


def expected_order_value(parameters: Numbers, x: float, m: float) -> float:
    """E[M] of the note; the mean of all where the customer's own orders say nothing."""
    p, q, gamma = parameters
    if x == 0 or m <= 0:
        return float(p * gamma / (q - 1))
    return float((gamma + m * x) * p / (p * x + q - 1))


def predicted_clv_365d(
    orders: Numbers, values: Numbers, x: float, t_x: float, age: float, m: float, settings: Settings
) -> float:
    total = 0.0
    for j in range(1, 13):
        until = expected_orders(orders, x, t_x, age, j * 365 / 84)
        before = expected_orders(orders, x, t_x, age, (j - 1) * 365 / 84) if j > 1 else 0.0
        total += (until - before) / (1 + settings.discount_rate) ** ((j - 0.5) / 12)
    return settings.margin_rate * expected_order_value(values, x, m) * total
