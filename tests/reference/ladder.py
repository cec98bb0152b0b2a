"""How customers climb and step down by what they brought in a year (contract section 16)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from .calendar_periods import add_periods, period_starts
from .cohorts import Row, ratio, total
from .intake import Customer, Order
from .lifecycle import lifecycle_stage
from .products import Lines
from .settings import Settings


@dataclass(frozen=True)
class Step:
    name: str
    name_en: str
    name_de: str
    minimum: Decimal


NO_STEP = Step("none", "none", "keine Stufe", Decimal(-1))


def value_ladder(
    orders: Sequence[Order],
    customers: Sequence[Customer],
    lines: Lines,
    seed: Sequence[Mapping[str, str]],
    as_of: date,
    settings: Settings,
) -> list[Row]:
    steps = [Step(row["step"], row["name_en"], row["name_de"], Decimal(row["min_net_revenue_365d"])) for row in seed]
    any_category = any(line.category is not None for order in orders for line in lines.get(order.order_id, ()))
    rows: list[Row] = []
    for month_start in period_starts("month", min(order.order_date for order in orders), as_of):
        end = min(add_periods("month", month_start, 1) - timedelta(days=1), as_of)
        moves: Counter[tuple[Step, Step]] = Counter()
        several: Counter[Step] = Counter()
        for customer in customers:
            before = step_of(customer, month_start - timedelta(days=1), steps, settings)
            after = step_of(customer, end, steps, settings)
            moves[before, after] += 1
            several[after] += len(categories(customer, end, lines)) > 1
        for (before, after), count in moves.items():
            if before == after == NO_STEP:
                continue
            on_step = sum(n for (_, step), n in moves.items() if step == after)
            rows.append(
                {
                    "month_start": month_start,
                    "from_step": before.name,
                    "to_step": after.name,
                    "from_step_en": before.name_en,
                    "from_step_de": before.name_de,
                    "to_step_en": after.name_en,
                    "to_step_de": after.name_de,
                    "direction": direction(before, after),
                    "customers": count,
                    "cross_category_rate": (
                        ratio(several[after], on_step) if any_category and after != NO_STEP else None
                    ),
                }
            )
    return rows


def direction(before: Step, after: Step) -> str:
    if before == after:
        return "same"
    return "up" if before.minimum < after.minimum else "down"


def orders_of_a_year(customer: Customer, end: date) -> list[Order]:
    return [order for order in customer.orders if end - timedelta(days=365) < order.order_date <= end]


def step_of(customer: Customer, end: date, steps: Sequence[Step], settings: Settings) -> Step:
    """The highest step that the customer reaches at the end of a day."""
    if lifecycle_stage(customer, end, settings) in (None, "lost"):
        return NO_STEP
    revenue = total(orders_of_a_year(customer, end))
    reached = [step for step in steps if step.minimum <= revenue]
    return max(reached, key=lambda step: step.minimum, default=NO_STEP)


def categories(customer: Customer, end: date, lines: Lines) -> set[str]:
    return {
        line.category
        for order in orders_of_a_year(customer, end)
        for line in lines.get(order.order_id, ())
        if line.category is not None
    }
