"""The step that forecasts sales: from the cells that it reads to the rows of its tables, counted by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from orchestration.predicting.step import Known, Rows
from orchestration.predicting.steps.sales import SALES, month_number, next_quarter
from orchestration.predicting.tables import columns
from predictions.backtesting.sales import worth
from predictions.forecast import Figure, Past, Span

EVERYBODY = 600  # who come in a month; each orders once then, and of 100 of them 20 in each month after
AMOUNT = 10.0


def known(months: int, as_of_date: date | None, first_order: date = date(2024, 1, 1), came: int = EVERYBODY) -> Known:
    """A shop in which every month is like the one before. Of the last month half is over."""
    start = month_number(first_order)
    cells = [
        (start + cohort, start + month, came if month == cohort else came // 5)
        for cohort in range(months)
        for month in range(cohort, months)
    ]
    cohort, month, orders = (np.array(values, dtype=np.int64) for values in zip(*cells, strict=True))
    found = {
        "cohort_month": cohort, "order_month": month, "orders": orders, "net_revenue": AMOUNT * orders,
        "new_customers": np.where(cohort == month, came, 0),
    }  # fmt: skip
    first = {"first_order_date": np.array([first_order], dtype="datetime64[us]")}
    return Known({"cells": found, "first_order": first}, as_of_date, {})


def made(shop: Known) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for part in SALES.predict(shop):
        tables.setdefault(part.table, []).extend(rows_of(part))
    return tables


def rows_of(part: Rows) -> list[dict[str, Any]]:
    assert part.table != "sales" or set(part.columns) | {"build_id", "as_of_date"} == set(columns("sales"))
    return [dict(zip(part.columns, values, strict=True)) for values in zip(*part.columns.values(), strict=True)]


def row(rows: list[dict[str, Any]], **wanted: object) -> Mapping[str, Any]:
    (found,) = [one for one in rows if all(one[name] == value for name, value in wanted.items())]
    return found


def test_a_shop_in_which_nothing_changes_sells_the_same_in_every_month_ahead() -> None:
    """24 months of 600: 14,400 customers order 0.2 times a month, 2,880; those to come 600 + 120 x the months since.
    In the year 12 x 2,880 = 34,560 and 12 x 600 + 66 x 120 = 15,120. A year before, in January 2025, 12 cohorts
    ordered: 12 x 120 = 1,440, and the new ones 600."""
    rows = made(known(24, date(2025, 12, 31)))["sales"]
    assert len(rows) == 3 * (12 + 1 + 1)
    january = row(rows, period_grain="month", period_start=date(2026, 1, 1), customer_group="existing")
    assert january["period_end"] == date(2026, 2, 1)
    assert january["expected_orders"] == pytest.approx(2880, rel=1e-3)
    assert january["expected_revenue"] == pytest.approx(28800, rel=1e-3)
    assert (january["orders_last_year"], january["revenue_last_year"]) == (1440, 14400)
    assert january["has_season"]
    year = {"period_grain": "twelve_months", "period_start": date(2026, 1, 1), "period_end": date(2027, 1, 1)}
    assert row(rows, **year, customer_group="existing")["expected_orders"] == pytest.approx(34560, rel=1e-3)
    assert row(rows, **year, customer_group="new")["expected_orders"] == pytest.approx(15120, rel=1e-3)
    quarter = row(rows, period_grain="quarter", customer_group="new")
    assert (quarter["period_start"], quarter["period_end"]) == (date(2026, 1, 1), date(2026, 4, 1))
    assert quarter["expected_orders"] == pytest.approx(3 * 600 + 3 * 120, rel=1e-3)


def test_what_was_said_in_past_months_is_held_against_what_came() -> None:
    """The twelfth month is the first with a forecast, the 23rd the last of which a month followed: twelve in all. In
    this shop none was off, while last year's figure missed the cohorts that have come since: after December 2024 the
    first whole January was to bring the 600 of January 2024, and brought 12 x 120 + 600 = 2,040."""
    tables = made(known(24, date(2025, 12, 31)))
    next_month = row(tables["sales"], period_grain="month", period_start=date(2026, 1, 1), customer_group="all")
    assert next_month["past_forecasts"] == 12
    assert next_month["expected_orders_error"] == pytest.approx(0, abs=0.01)
    assert next_month["orders_last_year_error"] > 0.4
    assert row(tables["sales"], period_grain="twelve_months", customer_group="all")["past_forecasts"] == 1
    of_december = {"as_of_date": date(2024, 12, 31), "bucket": "all"}
    past = row(tables["backtest"], measure="orders_next_month", **of_december)
    assert past["expected"] == pytest.approx(2040, rel=0.01)
    assert (past["actual"], past["rival"], past["customers"]) == (2040, 600, 7200)
    held = row(tables["backtest"], measure="orders_months_held", **of_december)
    assert (held["expected"], held["rival"]) == (0.8, None)
    assert {one["judged_until"] for one in tables["backtest"]} == {date(2025, 12, 31)}


@pytest.mark.parametrize(
    ("months", "first_order", "came", "as_of_date", "reason"),
    [
        (12, date(2025, 1, 2), EVERYBODY, date(2025, 12, 31), "too_short_history"),  # January was not whole
        (12, date(2025, 1, 1), EVERYBODY, date(2025, 12, 30), "too_short_history"),  # nor was December
        (12, date(2025, 1, 1), 40, date(2025, 12, 31), "too_few_customers"),
        (12, date(2025, 1, 1), EVERYBODY, None, "too_few_customers"),
    ],
)
def test_a_shop_that_carries_no_forecast_has_a_reason(
    months: int, first_order: date, came: int, as_of_date: date | None, reason: str
) -> None:
    tables = made(known(months, as_of_date, first_order, came))
    assert [(one["model"], one["reason"]) for one in tables.pop("refusals")] == [("forecast", reason)]
    assert tables == {}


def test_the_running_month_is_forecast_as_a_whole_and_not_learnt_from() -> None:
    whole, running = made(known(24, date(2025, 12, 31))), made(known(25, date(2026, 1, 18)))
    assert running["sales"][0] == whole["sales"][0]
    quarters = [one for one in running["sales"] if one["period_grain"] == "quarter"]
    assert {one["period_start"] for one in quarters} == {date(2026, 4, 1)}


@pytest.mark.parametrize(
    ("as_of_date", "start"),
    [
        (date(2025, 12, 31), date(2026, 1, 1)),
        (date(2025, 12, 30), date(2026, 1, 1)),
        (date(2026, 1, 1), date(2026, 4, 1)),
        (date(2026, 2, 28), date(2026, 4, 1)),
        (date(2026, 3, 31), date(2026, 4, 1)),
    ],
)
def test_the_next_quarter_starts_after_the_as_of_date(as_of_date: date, start: date) -> None:
    first_ahead = month_number(as_of_date + timedelta(days=1))
    span = next_quarter(as_of_date, first_ahead)
    assert span == Span(month_number(start) - first_ahead, month_number(start) - first_ahead + 3)


def test_errors_are_in_parts_of_what_came() -> None:
    """110 and 80 of 100 each: 30 of 200. Last year's figure 90 and 90: 20 of 200. The first interval held."""
    span = Span(0, 1)
    past = [
        Past(12, "all", span, Figure(110, 95, 120, 90), 100, 1),
        Past(13, "all", span, Figure(80, 70, 90, 90), 100, 1),
        Past(13, "new", span, Figure(1, 1, 1, 1), 100, 1),
    ]
    found = worth(past, "all", span)
    assert (found.forecasts, found.error, found.last_year_error, found.held) == (2, 0.15, 0.1, 0.5)
    assert worth(past, "existing", span).forecasts == 0
