"""What the shop will sell: the triangle of cohort months, carried on for twelve months, beside past forecasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from orchestration.predicting.step import Column, Known, Rows, Step
from orchestration.predicting.steps.buyers import refused
from orchestration.predicting.steps.judged import of_backtest
from predictions.backtesting.sales import MODEL, Worth, rows_of, worth
from predictions.forecast import HORIZON, Figure, Forecast, Past, Span, Triangle, backtest, forecast
from predictions.refusal import Refusal

MONTHS = tuple(Span(month, month + 1) for month in range(HORIZON))
YEAR = Span(0, HORIZON)
CELLS = """
select
    year(cohort_month) * 12 + month(cohort_month) - 1 as cohort_month,
    year(order_month) * 12 + month(order_month) - 1 as order_month,
    orders,
    cast(net_revenue as double) as net_revenue,
    new_customers
from intermediate.int_cohort_months
where dimension = 'all'
order by cohort_month, order_month
"""
# Of anybody, also of nobody: the data begin there.
FIRST_ORDER = """
select coalesce(min(order_date), date '9999-12-31') as first_order_date
from intermediate.int_daily_orders
"""


def predict(known: Known) -> Iterator[Rows]:
    """Figures of months, the next calendar quarter and twelve months, and how past forecasts did; or the refusal."""
    if known.as_of_date is None:
        yield refused(MODEL, Refusal("too_few_customers", "The shop has no order yet."))
        return
    first_ahead = month_number(known.as_of_date + timedelta(days=1))
    spans = (*MONTHS, next_quarter(known.as_of_date, first_ahead), YEAR)
    start, of_measures = triangles(known, first_ahead)
    made: dict[str, tuple[Forecast, list[Past]]] = {}
    for measure, triangle in of_measures.items():
        found = forecast(triangle, spans)
        if isinstance(found, Refusal):
            yield refused(MODEL, found)
            return
        made[measure] = found, backtest(triangle, spans)
    yield Rows("sales", of_forecasts(made, first_ahead))
    for measure, (_, past) in made.items():
        yield from of_past(measure, past, start, spans, known.as_of_date)


def triangles(known: Known, first_ahead: int) -> tuple[int, dict[str, Triangle]]:
    """Of orders and of net revenue, from the month of the first of them, whose number is given, to the last complete
    month."""
    found = known.columns["cells"]
    complete = found["order_month"] < first_ahead
    cohort, month = found["cohort_month"][complete], found["order_month"][complete]
    start = int(cohort.min(initial=first_ahead))
    months = first_ahead - start
    came = np.zeros(months)
    np.add.at(came, cohort - start, found["new_customers"][complete])
    amounts = {}
    for measure in ("orders", "net_revenue"):
        amounts[measure] = np.zeros((months, months))
        np.add.at(amounts[measure], (cohort - start, month - start), found[measure][complete])
    is_first_complete = known.columns["first_order"]["first_order_date"][0] <= np.datetime64(month_start(start))
    return start, {
        measure: Triangle(start % 12, bool(is_first_complete), came, amounts["orders"], amount)
        for measure, amount in amounts.items()
    }


def month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def month_start(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def next_quarter(as_of_date: date, first_ahead: int) -> Span:
    """The first calendar quarter that starts after as_of_date."""
    start = -(-month_number(as_of_date + timedelta(days=1)) // 3) * 3
    if month_start(start) <= as_of_date:
        start += 3
    return Span(start - first_ahead, start - first_ahead + 3)


def grain(span: Span) -> str:
    return {1: "month", 3: "quarter", HORIZON: "twelve_months"}[span.end - span.start]


def of_forecasts(made: Mapping[str, tuple[Forecast, Sequence[Past]]], first_ahead: int) -> dict[str, Column]:
    of_orders, _ = made["orders"]
    keys = list(of_orders.figures)
    columns: dict[str, Column] = {
        "period_grain": [grain(span) for _, span in keys],
        "period_start": [month_start(first_ahead + span.start) for _, span in keys],
        "period_end": [month_start(first_ahead + span.end) for _, span in keys],
        "customer_group": [who for who, _ in keys],
        "has_season": [of_orders.has_season] * len(keys),
    }
    for measure, (found, past) in made.items():
        worths = [worth(past, who, span) for who, span in keys]
        columns["past_forecasts"] = np.array([one.forecasts for one in worths])
        columns |= of_measure(measure.removeprefix("net_"), [found.figures[key] for key in keys], worths)
    return columns


def of_measure(name: str, figures: Sequence[Figure], worths: Sequence[Worth]) -> dict[str, Column]:
    return {
        f"expected_{name}": np.array([figure.expected for figure in figures]),
        f"expected_{name}_low": np.array([figure.low for figure in figures]),
        f"expected_{name}_high": np.array([figure.high for figure in figures]),
        f"{name}_last_year": np.array([figure.last_year for figure in figures]),
        f"expected_{name}_error": np.array([one.error for one in worths]),
        f"{name}_last_year_error": np.array([one.last_year_error for one in worths]),
        f"expected_{name}_held": np.array([one.held for one in worths]),
    }


def of_past(
    measure: str, past: Sequence[Past], start: int, spans: Sequence[Span], judged_until: date
) -> Iterator[Rows]:
    """As of the last day of each past month: the month, the quarter and the twelve months ahead."""
    named = {spans[0]: "next_month", spans[-2]: "quarter", spans[-1]: "twelve_months"}
    for origin, rows in rows_of(measure, past, named).items():
        yield of_backtest(rows, month_start(start + origin) - timedelta(days=1), judged_until)


SALES = Step("sales", ("int_cohort_months", "int_daily_orders"), {"cells": CELLS, "first_order": FIRST_ORDER}, predict)
