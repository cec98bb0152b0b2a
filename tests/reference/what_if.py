"""What one point more of a lever is worth (mart what_if; its columns say how)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt
from statistics import mean, variance

from .cohorts import Row, ratio, total
from .confidence import Z
from .intake import Customer, Order
from .kpis import is_active

YEAR = timedelta(days=365)
# What the fitted models say needs a refresh, and is compared on its own (tests/test_what_if_predicted.py).
NOT_PREDICTED: Row = {
    "predicted_base_customers": None,
    "predicted_value_per_customer": None,
    "predicted_gain_365d": None,
    "predicted_gain_365d_low": None,
    "predicted_gain_365d_high": None,
    "not_predicted_because": "not_predicted",
}
RETURN = timedelta(days=90)


def what_if(orders: Sequence[Order], customers: Sequence[Customer], as_of: date, window: int) -> list[Row]:
    first_date = min(order.order_date for order in orders)
    end = as_of + timedelta(days=1)
    base = sum(1 for customer in customers if is_active(customer, end - YEAR, window))
    kept, lost = retained(customers, end, window)
    again, once = second_orders(customers, end)
    return [
        of_sides("retention_rate", end - 2 * YEAR, first_date, base, kept, lost),
        of_sides("second_order_rate", end - RETURN - YEAR, first_date, len(again) + len(once), again, once),
        of_order_value(orders, end, first_date),
    ]


def retained(customers: Sequence[Customer], end: date, window: int) -> tuple[list[float], list[float]]:
    """Of the customers of two years ago: what those kept, and those lost, within a year brought in the year after."""
    kept: list[float] = []
    lost: list[float] = []
    for customer in customers:
        if is_active(customer, end - 2 * YEAR, window):
            brought = total([order for order in customer.orders if order.order_date >= end - YEAR])
            (kept if is_active(customer, end - YEAR, window) else lost).append(float(brought))
    return kept, lost


def second_orders(customers: Sequence[Customer], end: date) -> tuple[list[float], list[float]]:
    """Of the new customers of a year: what those who came again within 90 days, and the others, brought later in it."""
    again: list[float] = []
    once: list[float] = []
    until = end - RETURN
    for customer in customers:
        first, *later = customer.orders
        if until - YEAR <= first.order_date < until:
            brought = total([order for order in later if order.order_date < until])
            is_again = bool(later) and later[0].order_date - first.order_date <= RETURN
            (again if is_again else once).append(float(brought))
    return again, once


def of_sides(
    lever: str, observed_from: date, first_date: date, base: int, having: list[float], others: list[float]
) -> Row:
    because = None
    if first_date > observed_from:
        because = "not_observed_long_enough"
    elif not having or not others:
        because = "nobody_with" if not having else "nobody_without"
    value = gain = half = None
    if because is None:
        value = mean(having) - mean(others)
        moved = base / 100
        gain = moved * value
        if len(having) > 1 and len(others) > 1:
            of_having, of_others = variance(having), variance(others)
            of_means = of_having / len(having) + of_others / len(others)
            half = Z * sqrt(moved * (of_having + of_others + value**2) + moved**2 * of_means)
    is_observed = first_date <= observed_from
    return {
        "lever": lever,
        "observed_from": observed_from,
        "base_customers": base if is_observed else None,
        "customers_with": len(having),
        "customers_without": len(others),
        "level_observed": ratio(len(having), len(having) + len(others)) if is_observed else None,
        "value_per_customer": value,
        **ends(gain, half),
        "has_enough": is_observed and len(having) >= 30 and len(others) >= 30,
        "missing_because": because,
        **NOT_PREDICTED,
    }


def of_order_value(orders: Sequence[Order], end: date, first_date: date) -> Row:
    of_year = [order for order in orders if order.order_date >= end - YEAR]
    is_observed = first_date <= end - YEAR
    buyers: dict[str, Decimal] = {}
    for order in of_year:
        buyer = order.customer_id if order.customer_id is not None else f"order {order.order_id}"
        buyers[buyer] = buyers.get(buyer, Decimal(0)) + order.net_amount
    is_known = is_observed and bool(of_year)
    half = Z * 0.01 * sqrt(2 * sum(float(brought) ** 2 for brought in buyers.values()))
    because = None if is_known else "nobody_with" if is_observed else "not_observed_long_enough"
    return {
        "lever": "average_order_value",
        "observed_from": end - YEAR,
        "base_customers": len(buyers) if is_observed else None,
        "customers_with": len(buyers),
        "customers_without": 0,
        "level_observed": ratio(total(of_year), len(of_year)) if is_observed else None,
        "value_per_customer": None,
        **ends(0.01 * float(total(of_year)) if is_known else None, half),
        "has_enough": is_observed and len(buyers) >= 30,
        "missing_because": because,
        **NOT_PREDICTED,
    }


def ends(gain: float | None, half: float | None) -> Row:
    if gain is None or half is None:
        return {"gain_365d": gain, "gain_365d_low": None, "gain_365d_high": None}
    return {"gain_365d": gain, "gain_365d_low": gain - half, "gain_365d_high": gain + half}
