"""Retention figures per period and segment (contract section 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt
from statistics import mean, variance

from .calendar_periods import add_periods, period_starts, start_of_period
from .cohorts import Row, interval, ratio, segments, total
from .confidence import Z
from .intake import Customer, Order


@dataclass(frozen=True)
class Period:
    start: date
    end: date  # exclusive, as the calendar has it
    end_of_knowledge: date  # where "at the end" is taken: as_of_date + 1 in the running period

    def holds(self, day: date) -> bool:
        return self.start <= day < self.end


def make_period(grain: str, start: date, as_of: date) -> Period:
    end = add_periods(grain, start, 1)
    return Period(start, end, min(end, as_of + timedelta(days=1)))


def is_active(customer: Customer, day: date, window: int) -> bool:
    """An order with order_date in [day - W, day - 1]."""
    return any(day - timedelta(days=window) <= order.order_date <= day - timedelta(days=1) for order in customer.orders)


@dataclass(frozen=True)
class Counts:
    at_start: int
    at_end: int
    new: int
    new_lost: int
    retained: int
    churned: int
    reactivated: int


def count_customers(customers: Sequence[Customer], period: Period, window: int) -> Counts:
    at_start = at_end = new = new_lost = retained = churned = reactivated = 0
    for customer in customers:
        active_at_start = is_active(customer, period.start, window)
        active_at_end = is_active(customer, period.end_of_knowledge, window)
        is_new = period.holds(customer.first_order_date)
        at_start += active_at_start
        at_end += active_at_end
        new += is_new
        new_lost += is_new and not active_at_end
        retained += active_at_start and active_at_end
        churned += active_at_start and not active_at_end
        reactivated += active_at_end and not active_at_start and customer.first_order_date < period.start
    return Counts(at_start, at_end, new, new_lost, retained, churned, reactivated)


def count_columns(counts: Counts) -> Row:
    return {
        "customers_at_start": counts.at_start,
        "customers_at_end": counts.at_end,
        "new_customers": counts.new,
        "new_customers_lost": counts.new_lost,
        "retained_customers": counts.retained,
        "churned_customers": counts.churned,
        "reactivated_customers": counts.reactivated,
        "customer_retention_rate": ratio(counts.at_end - counts.new, counts.at_start),
        "retained_customer_rate": ratio(counts.retained, counts.at_start),
        **interval("retained_customer_rate", counts.retained, counts.at_start),
        "customer_churn_rate": ratio(counts.churned, counts.at_start),
    }


def period_columns(grain: str, period: Period, first_date: date, as_of: date, window: int) -> Row:
    return {
        "period_grain": grain,
        "period_start": period.start,
        "period_end": period.end,
        "is_complete": period.end <= as_of + timedelta(days=1),
        "is_left_censored": period.start - timedelta(days=window) < first_date,
    }


def purchase_columns(orders: Sequence[Order], customers: Sequence[Customer], period: Period) -> Row:
    in_period = [order for order in orders if period.holds(order.order_date)]
    attributed = [order for order in in_period if order.customer_id is not None]
    unattributed = [order for order in in_period if order.customer_id is None]
    purchasers = repeaters = returners = 0
    orders_of_new: list[Order] = []
    orders_of_returning: list[Order] = []
    for customer in customers:
        own = [order for order in customer.orders if period.holds(order.order_date)]
        purchasers += len(own) >= 1
        repeaters += len(own) >= 2
        if customer.first_order_date < period.start:
            returners += len(own) >= 1
            orders_of_returning.extend(own)
        else:
            orders_of_new.extend(own)
    revenue = total(attributed)
    return {
        "purchasing_customers": purchasers,
        "orders": len(attributed),
        "net_revenue": revenue,
        "unattributed_orders": len(unattributed),
        "unattributed_revenue": total(unattributed),
        "average_order_value": ratio(revenue, len(attributed)),
        "purchase_frequency": ratio(len(attributed), purchasers),
        "revenue_per_customer": ratio(revenue, purchasers),
        "repeat_customers": repeaters,
        "repeat_customer_rate": ratio(repeaters, purchasers),
        "returning_customers": returners,
        "returning_customer_rate": ratio(returners, purchasers),
        "returning_revenue": total(orders_of_returning),
        "returning_revenue_share": ratio(total(orders_of_returning), revenue),
        "new_average_order_value": ratio(total(orders_of_new), len(orders_of_new)),
        "returning_average_order_value": ratio(total(orders_of_returning), len(orders_of_returning)),
    }


def revenue_retention_columns(grain: str, customers: Sequence[Customer], period: Period) -> Row:
    net: float | None = None
    gross: float | None = None
    if grain == "year":
        year = period.start.year
        sum_then = sum_now = sum_smaller = Decimal(0)
        for customer in customers:
            then = total([order for order in customer.orders if order.order_date.year == year - 1])
            now = total([order for order in customer.orders if order.order_date.year == year])
            if then > 0:
                sum_then += then
                sum_now += now
                sum_smaller += min(now, then)
        net = ratio(sum_now, sum_then)
        gross = ratio(sum_smaller, sum_then)
    return {
        "net_revenue_retention": net,
        "gross_revenue_retention": gross,
        "revenue_churn_rate": None if gross is None else 1 - gross,
    }


def lifetime_value_columns(customers: Sequence[Customer], end: date, first_date: date, window: int) -> Row:
    year_ago = end - timedelta(days=365)
    to_the_end = [order for customer in customers for order in customer.orders if order.order_date < end]
    acquired = [customer for customer in customers if customer.first_order_date < end]
    trailing = [order for order in to_the_end if order.order_date >= year_ago]
    purchasers = {order.customer_id for order in trailing}
    base = [customer for customer in customers if is_active(customer, year_ago, window)]
    kept = [customer for customer in base if is_active(customer, end, window)]
    by_retention: float | None = None
    by_lifespan: float | None = None
    if trailing and base:
        value_per_year = float(total(trailing)) / len(trailing) * (len(trailing) / len(purchasers))
        by_retention = value_per_year * (len(kept) / len(base))
        if len(kept) < len(base):
            by_lifespan = value_per_year / (1 - len(kept) / len(base))
    return {
        "historic_clv": ratio(total(to_the_end), len(acquired)),
        "is_clv_left_censored": year_ago - timedelta(days=window) < first_date,
        "clv_by_retention": by_retention,
        "clv_by_lifespan": by_lifespan,
    }


def retention_kpis(orders: Sequence[Order], customers: Sequence[Customer], as_of: date, window: int) -> list[Row]:
    first_date = min(order.order_date for order in orders)
    rows: list[Row] = []
    for grain in ("week", "month", "quarter", "year"):
        for start in period_starts(grain, first_date, as_of):
            period = make_period(grain, start, as_of)
            rows.append(
                {
                    **period_columns(grain, period, first_date, as_of, window),
                    **count_columns(count_customers(customers, period, window)),
                    **purchase_columns(orders, customers, period),
                    **revenue_retention_columns(grain, customers, period),
                    **lifetime_value_columns(customers, period.end_of_knowledge, first_date, window),
                }
            )
    return rows


def contribution_columns(
    now: Counts, all_now: Counts, before: Counts | None, all_before: Counts | None, ending: str = ""
) -> Row:
    names = [f"{name}{ending}" for name in ("retained_rate_contribution", "rate_effect", "mix_effect")]
    if before is None or all_before is None or all_now.at_start == 0 or all_before.at_start == 0:
        return dict.fromkeys(names)
    overall_now = all_now.retained / all_now.at_start
    overall_before = all_before.retained / all_before.at_start
    rho = (overall_now + overall_before) / 2
    contribution = (now.retained - rho * now.at_start) / all_now.at_start - (
        before.retained - rho * before.at_start
    ) / all_before.at_start
    rate_effect = 0.0
    if now.at_start > 0 and before.at_start > 0:
        mean_share = (now.at_start / all_now.at_start + before.at_start / all_before.at_start) / 2
        rate_effect = mean_share * (now.retained / now.at_start - before.retained / before.at_start)
    return dict(zip(names, (contribution, rate_effect, contribution - rate_effect), strict=True))


def retention_kpis_by_segment(
    orders: Sequence[Order], customers: Sequence[Customer], as_of: date, window: int, dimensions: Sequence[str]
) -> list[Row]:
    first_date = min(order.order_date for order in orders)
    rows: list[Row] = []
    for grain in ("month", "quarter", "year"):
        periods = [make_period(grain, start, as_of) for start in period_starts(grain, first_date, as_of)]
        everybody = [count_customers(customers, period, window) for period in periods]
        a_year = {"month": 12, "quarter": 4, "year": 1}[grain]
        for dimension in ("all", *dimensions):
            by_value = {"all": list(customers)} if dimension == "all" else segments(customers, dimension)
            for value, members in by_value.items():
                counts = [count_customers(members, period, window) for period in periods]
                for i, period in enumerate(periods):
                    rows.append(
                        {
                            **period_columns(grain, period, first_date, as_of, window),
                            "dimension": dimension,
                            "dimension_value": value,
                            **count_columns(counts[i]),
                            **contribution_columns(
                                counts[i],
                                everybody[i],
                                counts[i - 1] if i > 0 else None,
                                everybody[i - 1] if i > 0 else None,
                            ),
                            **contribution_columns(
                                counts[i],
                                everybody[i],
                                counts[i - a_year] if i >= a_year else None,
                                everybody[i - a_year] if i >= a_year else None,
                                "_year_before",
                            ),
                        }
                    )
    return rows


def running_period(orders: Sequence[Order], customers: Sequence[Customer], as_of: date) -> list[Row]:
    first_date = min(order.order_date for order in orders)
    rows: list[Row] = []
    for grain in ("week", "month", "quarter", "year"):
        this = start_of_period(grain, as_of)
        a_year = {"week": 52, "month": 12, "quarter": 4, "year": 1}[grain]
        starts = {
            "this": this,
            "previous": add_periods(grain, this, -1),
            "year_before": add_periods(grain, this, -a_year),
        }
        for compared_with, start in starts.items():
            days = min((as_of - this).days + 1, (add_periods(grain, start, 1) - start).days)
            key = {"period_grain": grain, "compared_with": compared_with, "period_start": start, "days": days}
            rows.append({**key, **figures_of_days(orders, customers, start, days)})
            if compared_with != "this" and start < first_date:
                rows[-1].update(orders=None, net_revenue=None, new_customers=None, average_order_value=None)
    return rows


def figures_of_days(orders: Sequence[Order], customers: Sequence[Customer], start: date, days: int) -> Row:
    end = start + timedelta(days=days)
    attributed = [order for order in orders if order.customer_id is not None and start <= order.order_date < end]
    return {
        "orders": len(attributed),
        "net_revenue": total(attributed),
        "new_customers": sum(start <= customer.first_order_date < end for customer in customers),
        "average_order_value": ratio(total(attributed), len(attributed)),
    }


def retention_value(orders: Sequence[Order], customers: Sequence[Customer], as_of: date, window: int) -> list[Row]:
    first_date = min(order.order_date for order in orders)
    day_after = as_of + timedelta(days=1)
    rows: list[Row] = []
    for grain in ("month", "quarter", "year"):
        periods = [make_period(grain, start, as_of) for start in period_starts(grain, first_date, as_of)]
        complete = [period for period in periods if period.end <= day_after]
        observed = [period for period in periods if period.end + timedelta(days=365) <= day_after]
        last = complete[-1] if complete else None
        seen = observed[-1] if observed else None
        counts = count_customers(customers, last, window) if last else None
        kept, lost = revenues_after(customers, seen, window) if seen else ([], [])
        row: Row = {
            "period_grain": grain,
            "period_start": last.start if last else None,
            "period_end": last.end if last else None,
            "customers_at_start": counts.at_start if counts else None,
            "retained_customer_rate": ratio(counts.retained, counts.at_start) if counts else None,
            "observed_period_start": seen.start if seen else None,
            "is_left_censored": seen.start - timedelta(days=window) < first_date if seen else None,
            "kept_customers": len(kept),
            "lost_customers": len(lost),
            "revenue_per_kept_customer": mean(kept) if kept else None,
            "revenue_per_lost_customer": mean(lost) if lost else None,
            "has_enough": len(kept) >= 30 and len(lost) >= 30,
            "missing_because": why_no_value(last, seen, kept, lost),
        }
        rows.append({**row, **value_columns(counts.at_start if counts else 0, kept, lost)})
    return rows


def revenues_after(customers: Sequence[Customer], period: Period, window: int) -> tuple[list[float], list[float]]:
    """Of the customers at the start: what those kept, and those lost, brought in the 365 days after the period."""
    kept: list[float] = []
    lost: list[float] = []
    for customer in customers:
        if is_active(customer, period.start, window):
            after = [o for o in customer.orders if 0 <= (o.order_date - period.end).days < 365]
            (kept if is_active(customer, period.end, window) else lost).append(float(total(after)))
    return kept, lost


def why_no_value(last: Period | None, seen: Period | None, kept: list[float], lost: list[float]) -> str | None:
    if last is None:
        return "no_complete_period"
    if seen is None:
        return "not_observed_long_enough"
    if not kept:
        return "nobody_kept"
    return None if lost else "nobody_lost"


def value_columns(customers_at_start: int, kept: list[float], lost: list[float]) -> Row:
    value = low = high = None
    if kept and lost:
        value = mean(kept) - mean(lost)
        if len(kept) > 1 and len(lost) > 1:
            half = Z * sqrt(variance(kept) / len(kept) + variance(lost) / len(lost))
            low, high = value - half, value + half
    ends = {"": value, "_low": low, "_high": high}
    return {
        **{f"value_per_kept_customer{end}": figure for end, figure in ends.items()},
        **{
            f"value_per_point{end}": None if figure is None else customers_at_start / 100 * figure
            for end, figure in ends.items()
        },
    }


def customer_concentration(customers: Sequence[Customer]) -> list[Row]:
    ranked = sorted(customers, key=lambda customer: (-customer.net_revenue, customer.customer_id.encode("utf-8")))
    # ntile(10): the first (n mod 10) tiles hold one customer more; with fewer than ten customers the rest stay away.
    small, larger_tiles = divmod(len(ranked), 10)
    everything = sum((customer.net_revenue for customer in ranked), Decimal(0))
    rows: list[Row] = []
    begin = 0
    cumulative = Decimal(0)
    for decile in range(1, 11):
        end = begin + small + (decile <= larger_tiles)
        tile = ranked[begin:end]
        if tile:
            revenue = sum((customer.net_revenue for customer in tile), Decimal(0))
            cumulative += revenue
            rows.append(
                {
                    "decile": decile,
                    "customers": len(tile),
                    "net_revenue": revenue,
                    "revenue_share": ratio(revenue, everything),
                    "cumulative_revenue_share": ratio(cumulative, everything),
                }
            )
        begin = end
    return rows
