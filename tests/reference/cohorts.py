"""Dimensions, cohorts and time to the next order (contract section 7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from .calendar_periods import add_periods, period_starts, start_of_period
from .confidence import false_discovery_rates, greenwood, hypergeometric_p_value, wilson
from .intake import Customer, Order

Row = dict[str, object]


def ratio(numerator: Decimal | int, denominator: Decimal | int) -> float | None:
    return None if denominator == 0 else float(Decimal(numerator) / Decimal(denominator))


def interval(rate: str, part: int, whole: int) -> Row:
    low, high = wilson(part, whole)
    return {f"{rate}_low": low, f"{rate}_high": high}


def total(orders: Sequence[Order]) -> Decimal:
    return sum((order.net_amount for order in orders), Decimal(0))


def value_or_null(customer: Customer, dimension: str) -> str | None:
    first_order = customer.orders[0]
    if dimension == "all":
        return "all"
    if dimension == "acquisition_channel":
        return customer.acquisition_channel
    if dimension == "country":
        return customer.country
    if dimension == "first_sales_channel":
        return first_order.sales_channel
    if dimension == "first_category":
        return customer.first_category
    if dimension == "first_order_discounted":
        if first_order.discount_amount is None:
            return None
        return "true" if first_order.discount_amount > 0 else "false"
    return customer.described_by.get(dimension)


def segments(customers: Sequence[Customer], dimension: str) -> dict[str, list[Customer]]:
    """dimension_value -> its customers; empty for a dimension that is null for all customers."""
    if all(value_or_null(customer, dimension) is None for customer in customers):
        return {}
    values = sorted({value_or_null(customer, dimension) or "unknown" for customer in customers})
    return {
        value: [customer for customer in customers if (value_or_null(customer, dimension) or "unknown") == value]
        for value in values
    }


def cohort_retention(customers: Sequence[Customer], as_of: date, dimensions: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    for grain in ("week", "month", "quarter"):
        for dimension in ("all",) if grain == "week" else ("all", *dimensions):
            for value, members in segments(customers, dimension).items():
                starts = sorted({start_of_period(grain, customer.first_order_date) for customer in members})
                for cohort_start in starts:
                    cohort = [c for c in members if start_of_period(grain, c.first_order_date) == cohort_start]
                    key = {
                        "cohort_grain": grain,
                        "cohort_start": cohort_start,
                        "dimension": dimension,
                        "dimension_value": value,
                    }
                    for number, start in enumerate(period_starts(grain, cohort_start, as_of)):
                        rows.append({**key, **cohort_cell(cohort, grain, number, start, as_of)})
    return rows


def cohort_cell(cohort: Sequence[Customer], grain: str, number: int, start: date, as_of: date) -> Row:
    last_day = add_periods(grain, start, 1) - timedelta(days=1)
    size = len(cohort)
    all_orders = [order for customer in cohort for order in customer.orders]
    in_period = [order for order in all_orders if start <= order.order_date <= last_day]
    to_date = [order for order in all_orders if order.order_date <= last_day]
    active = [c for c in cohort if any(start <= order.order_date <= last_day for order in c.orders)]
    active_or_later = [c for c in cohort if any(order.order_date >= start for order in c.orders)]
    returned_by = [c for c in cohort if sum(order.order_date <= last_day for order in c.orders) >= 2]
    return {
        "period_number": number,
        "period_start": start,
        "cohort_customers": size,
        "active_customers": len(active),
        "retention_rate": ratio(len(active), size),
        **interval("retention_rate", len(active), size),
        "active_or_later_customers": len(active_or_later),
        "unbounded_retention_rate": ratio(len(active_or_later), size),
        "returned_by_customers": len(returned_by),
        "returned_by_rate": ratio(len(returned_by), size),
        "orders": len(in_period),
        "net_revenue": total(in_period),
        "cumulative_orders": len(to_date),
        "cumulative_net_revenue": total(to_date),
        "cumulative_revenue_per_customer": ratio(total(to_date), size),
        "is_complete": last_day <= as_of,
    }


def retention_curve(customers: Sequence[Customer], as_of: date, dimensions: Sequence[str]) -> list[Row]:
    """Pooled from the customers again, not from cohort_retention, so that one mistake cannot hide in both."""
    rows: list[Row] = []
    for grain in ("week", "month", "quarter"):
        for dimension in ("all",) if grain == "week" else ("all", *dimensions):
            for value, members in segments(customers, dimension).items():
                key = {"cohort_grain": grain, "dimension": dimension, "dimension_value": value}
                rows.extend({**key, **point} for point in curve_points(members, grain, as_of))
    return rows


def curve_points(members: Sequence[Customer], grain: str, as_of: date) -> list[Row]:
    points: list[Row] = []
    not_returned = 1.0
    revenue_per_customer = 0.0
    number = 0
    while True:
        # Customers whose cohort has a complete cell at this period number, each with the period's first and last day.
        eligible: list[tuple[Customer, date, date]] = []
        for customer in members:
            start = add_periods(grain, start_of_period(grain, customer.first_order_date), number)
            last_day = add_periods(grain, start, 1) - timedelta(days=1)
            if last_day <= as_of:
                eligible.append((customer, start, last_day))
        if not eligible:
            return points
        active = 0
        still_out = 0
        first_returns = 0
        revenue = Decimal(0)
        for customer, start, last_day in eligible:
            in_period = [order for order in customer.orders if start <= order.order_date <= last_day]
            active += bool(in_period)
            revenue += total(in_period)
            second = customer.orders[1].order_date if len(customer.orders) > 1 else None
            if second is None or second >= start:
                still_out += 1
                first_returns += second is not None and second <= last_day
        not_returned *= 1 - (first_returns / still_out if still_out else 0.0)
        revenue_per_customer += float(revenue) / len(eligible)
        points.append(
            {
                "period_number": number,
                "cohorts": len({start for _, start, _ in eligible}),
                "eligible_customers": len(eligible),
                "active_customers": active,
                "retention_rate": ratio(active, len(eligible)),
                **interval("retention_rate", active, len(eligible)),
                "returned_by_rate": 1 - not_returned,
                "cumulative_revenue_per_customer": revenue_per_customer,
            }
        )
        number += 1


def cohort_windows(customers: Sequence[Customer], as_of: date, dimensions: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    for dimension in ("all", *dimensions):
        for value, members in segments(customers, dimension).items():
            for month in sorted({start_of_period("month", customer.first_order_date) for customer in members}):
                cohort = [c for c in members if start_of_period("month", c.first_order_date) == month]
                key = {"cohort_month": month, "dimension": dimension, "dimension_value": value}
                rows.extend({**key, **window_row(cohort, days, as_of)} for days in (30, 60, 90, 180, 365))
    return rows


def window_row(cohort: Sequence[Customer], days: int, as_of: date) -> Row:
    mature = [c for c in cohort if c.first_order_date + timedelta(days=days) <= as_of]
    within = [
        [order for order in customer.orders if (order.order_date - customer.first_order_date).days <= days]
        for customer in mature
    ]
    returned = sum(len(orders) >= 2 for orders in within)
    revenue = sum((total(orders) for orders in within), Decimal(0))
    return {
        "window_days": days,
        "cohort_customers": len(cohort),
        "mature_customers": len(mature),
        "returned_customers": returned,
        "returned_rate": ratio(returned, len(mature)),
        **interval("returned_rate", returned, len(mature)),
        "orders": sum(len(orders) for orders in within),
        "net_revenue": revenue,
        "revenue_per_customer": ratio(revenue, len(mature)),
        "is_mature": len(mature) == len(cohort),
    }


def cohort_deviations(cells: Sequence[Row]) -> list[Row]:
    """From the cells of cohort_retention: what is counted in them is compared elsewhere."""
    complete = [cell for cell in cells if cell["is_complete"] and cell["period_number"] != 0]
    pools: dict[tuple[object, ...], list[tuple[int, int]]] = defaultdict(list)
    for cell in complete:
        pools[pool_of(cell)].append(counts_of(cell))
    rows: list[Row] = []
    families: dict[tuple[object, object], list[Row]] = defaultdict(list)
    for cell in complete:
        own, active = counts_of(cell)
        everybody = sum(customers for customers, _ in pools[pool_of(cell)])
        all_active = sum(active_ones for _, active_ones in pools[pool_of(cell)])
        key = ("cohort_grain", "cohort_start", "dimension", "dimension_value", "period_number")
        row: Row = {
            **{column: cell[column] for column in key},
            "cohort_customers": own,
            "active_customers": active,
            "retention_rate": active / own,
            "pooled_rate": all_active / everybody,
            "difference_from_pooled": active / own - all_active / everybody,
            "p_value": None,
            "q_value": None,
            "differs_from_pooled": None,
        }
        if own < everybody and 0 < all_active < everybody:
            row["p_value"] = hypergeometric_p_value(active, own, all_active, everybody)
            families[cell["cohort_grain"], cell["dimension"]].append(row)
        rows.append(row)
    for family in families.values():
        rates = false_discovery_rates([float(str(row["p_value"])) for row in family])
        for row, rate in zip(family, rates, strict=True):
            row["q_value"] = rate
            row["differs_from_pooled"] = rate <= 0.05
    return rows


def pool_of(cell: Row) -> tuple[object, ...]:
    return tuple(cell[column] for column in ("cohort_grain", "dimension", "dimension_value", "period_number"))


def counts_of(cell: Row) -> tuple[int, int]:
    return int(str(cell["cohort_customers"])), int(str(cell["active_customers"]))


def repurchase_curve(customers: Sequence[Customer], as_of: date) -> list[Row]:
    rows: list[Row] = []
    for order_number in range(1, 6):
        spells: list[tuple[int, bool]] = []  # (duration in days, did the next order come)
        for customer in customers:
            if len(customer.orders) >= order_number:
                began = customer.orders[order_number - 1].order_date
                came = len(customer.orders) > order_number
                ended = customer.orders[order_number].order_date if came else as_of
                spells.append(((ended - began).days, came))
        survival = 1.0
        days: list[tuple[int, int]] = []
        for day in range(731):
            at_risk = sum(duration >= day for duration, _ in spells)
            repurchased = sum(duration == day and came for duration, came in spells)
            if at_risk == 0:
                break
            survival *= 1 - repurchased / at_risk
            days.append((at_risk, repurchased))
            low, high = greenwood(survival, days)
            rows.append(
                {
                    "from_order_number": order_number,
                    "day": day,
                    "at_risk": at_risk,
                    "repurchased": repurchased,
                    "survival": survival,
                    "survival_low": low,
                    "survival_high": high,
                    "repurchase_probability": 1 - survival,
                }
            )
    return rows
