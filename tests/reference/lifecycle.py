"""Customers today, their scores and stages, and how stages change from month to month (contract sections 6 and 8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from .calendar_periods import add_periods, period_starts
from .cohorts import Row, ratio
from .health import health_columns, known_on
from .intake import Customer, Intake
from .seeds import Seeds
from .settings import Settings


def lifecycle_stage(customer: Customer, day: date, settings: Settings) -> str | None:
    """The stage at the end of `day`; None before the first order."""
    dates = [order.order_date for order in customer.orders if order.order_date <= day]
    if not dates:
        return None
    recency = (day - dates[-1]).days
    if recency >= settings.active_window_days:
        return "lost"
    if recency > settings.at_risk_after_days:
        return "at_risk"
    if (day - dates[0]).days <= settings.new_window_days:
        return "new"
    for before, after in pairwise(dates):
        came_back = (after - before).days > settings.active_window_days
        if came_back and (day - after).days <= settings.new_window_days:
            return "reactivated"
    if len(dates) >= settings.loyal_min_orders:
        return "loyal"
    return "active"


def customers_mart(intake: Intake, as_of: date, settings: Settings, seeds: Seeds) -> list[Row]:
    customers = intake.customers
    n = len(customers)
    today = known_on(as_of, intake, settings, seeds)
    four_weeks_ago = known_on(as_of - timedelta(days=28), intake, settings, seeds)
    rows: list[Row] = []
    for customer in customers:
        recency = (as_of - customer.last_order_date).days
        fewer_orders = sum(len(other.orders) < len(customer.orders) for other in customers)
        less_revenue = sum(other.net_revenue < customer.net_revenue for other in customers)
        more_recent = sum((as_of - other.last_order_date).days < recency for other in customers)
        gaps = [(after.order_date - before.order_date).days for before, after in pairwise(customer.orders)]
        rows.append(
            {
                "customer_id": customer.customer_id,
                "first_order_date": customer.first_order_date,
                "last_order_date": customer.last_order_date,
                "orders": len(customer.orders),
                "net_revenue": customer.net_revenue,
                "average_order_value": ratio(customer.net_revenue, len(customer.orders)),
                "recency_days": recency,
                "average_days_between_orders": ratio(sum(gaps), len(gaps)),
                "acquisition_channel": customer.acquisition_channel,
                "country": customer.country,
                "first_sales_channel": customer.orders[0].sales_channel,
                "first_category": customer.first_category,
                "marketing_consent": customer.marketing_consent,
                "r_score": 5 - 5 * more_recent // n,
                "f_score": 1 + 5 * fewer_orders // n,
                "m_score": 1 + 5 * less_revenue // n,
                "lifecycle_stage": lifecycle_stage(customer, as_of, settings),
                **health_columns(customer, today, four_weeks_ago),
            }
        )
    return rows


def customer_state_history(customers: Sequence[Row], as_of: date) -> list[Row]:
    """Of a shop whose first build this is: a row of each customer. What later builds add, tests/test_customer_states.py
    says."""
    state = ("customer_id", "lifecycle_stage", "health_band", "health_score")
    return [{"as_of_date": as_of, **{name: row[name] for name in state}, "valid_to": None} for row in customers]


def lifecycle_transitions(customers: Sequence[Customer], as_of: date, settings: Settings) -> list[Row]:
    if not customers:
        return []
    first_date = min(customer.first_order_date for customer in customers)
    rows: list[Row] = []
    for month_start in period_starts("month", first_date, as_of):
        last_day = min(add_periods("month", month_start, 1) - timedelta(days=1), as_of)
        last_day_before = month_start - timedelta(days=1)
        moves: Counter[tuple[str, str]] = Counter()
        for customer in customers:
            to_stage = lifecycle_stage(customer, last_day, settings)
            if to_stage is not None:
                from_stage = lifecycle_stage(customer, last_day_before, settings) or "prospect"
                moves[from_stage, to_stage] += 1
        for (from_stage, to_stage), count in sorted(moves.items()):
            rows.append(
                {"month_start": month_start, "from_stage": from_stage, "to_stage": to_stage, "customers": count}
            )
    return rows
