"""The year ahead: what one point more would bring, and what the whole shop is expected to sell."""

from __future__ import annotations

from assistants.answers import Lever, SalesForecast, WhatIf
from assistants.arguments import APeriodAhead, Nothing
from assistants.figures import not_of_one, number
from assistants.reading import ENGLISH, Reading
from assistants.refusals import RefusedError
from reports import questions
from reports.questions import Row

POINTS = {
    "retention_rate": "one percentage point more of customers kept",
    "second_order_rate": "one percentage point more of new customers who order again within 90 days",
    "average_order_value": "one percent more of order value",
}
MISSING = {
    "not_observed_long_enough": "the shop has not been observed long enough",
    "nobody_with": "nobody did it in the observed year",
    "nobody_without": "nobody failed to do it in the observed year",
}


def get_what_if(reading: Reading, _: Nothing) -> WhatIf:
    rows = reading.rows(questions.what_if())
    if not rows:
        raise RefusedError("nobody has ordered yet, so no point can be told what it is worth")
    for row in rows:
        for counted in ("base_customers", "customers_with", "customers_without", "predicted_base_customers"):
            not_of_one(row[counted])
    told = "; ".join(worth(row, reading.build.currency) for row in rows)
    return WhatIf(
        sentence=(
            f"In the 365 days ahead at most: {told}. These are upper limits, in revenue without what the effort costs: "
            "who is moved by an effort is taken to buy like who stands there by themselves. They do not add up; "
            f"{reading.stand}."
        ),
        build=reading.build,
        levers=[Lever(**{name: number(value) for name, value in row.items()}) for row in rows],
    )


def worth(row: Row, currency: str) -> str:
    what = POINTS[row["lever"]]
    if row["missing_because"]:
        return f"{what} was not observed, as {MISSING[row['missing_because']]}{predicted(row, currency)}"
    told = f"{what} brings {ENGLISH.money(row['gain_365d'], currency, 0)}"
    if row["gain_365d_low"] is not None:
        low, high = (ENGLISH.money(row[f"gain_365d_{end}"], currency, 0) for end in ("low", "high"))
        told += f" (95 % interval {low} to {high})"
    told = told if row["has_enough"] else f"{told}, of so few customers that only the interval says something"
    return told + predicted(row, currency)


def predicted(row: Row, currency: str) -> str:
    """What the fitted models say of it, where they may be used."""
    if row["predicted_gain_365d"] is None:
        return ""
    told = f", and {ENGLISH.money(row['predicted_gain_365d'], currency, 0)} by the fitted models"
    if row["predicted_gain_365d_low"] is None:
        return told
    low, high = (ENGLISH.money(row[f"predicted_gain_365d_{end}"], currency, 0) for end in ("low", "high"))
    return f"{told} ({low} to {high})"


def get_sales_forecast(reading: Reading, asked: APeriodAhead) -> SalesForecast:
    wanted = (asked.grain, asked.customers)
    rows = [
        row
        for row in reading.rows(questions.sales_forecast())
        if (row["period_grain"], row["customer_group"]) == wanted
    ]
    if not rows:
        refusal = reading.rows(questions.refusals())[0]["refusal"]
        raise RefusedError(f"this build holds no forecast{f': {refusal}' if refusal else ''}; {reading.stand}")
    found = [row for row in rows if asked.grain != "month" or asked.month in (None, row["period_start"])]
    if not found:
        first, last = (rows[place]["period_start"] for place in (0, -1))
        raise RefusedError(f"months are forecast from {first} to {last}, each by its first day")
    row = found[0]
    return SalesForecast(
        sentence=f"{' '.join(forecast(row, reading.build.currency))} {reading.stand[0].upper()}{reading.stand[1:]}.",
        build=reading.build,
        **{name: number(value) for name, value in row.items()},
    )


def forecast(row: Row, currency: str) -> list[str]:
    who = {"existing": " by existing customers", "new": " by new customers", "all": ""}[row["customer_group"]]
    orders, low, high = (ENGLISH.number(row[f"expected_orders{end}"]) for end in ("", "_low", "_high"))
    revenue, least, most = (ENGLISH.money(row[f"expected_revenue{end}"], currency, 0) for end in ("", "_low", "_high"))
    told = [
        f"From {row['period_start']} to before {row['period_end']}, {orders} orders{who} are to be expected "
        f"({low} to {high} in four of five cases), and {revenue} of net revenue ({least} to {most})."
    ]
    if row["orders_last_year"] is not None:
        last_year = ENGLISH.number(row["orders_last_year"])
        told.append(
            f"A year before it was {last_year} orders and {ENGLISH.money(row['revenue_last_year'], currency, 0)}."
        )
    told.append(beside_last_year(row))
    if not row["has_season"]:
        told.append("No season is in it, as two whole years are not known.")
    return told


def beside_last_year(row: Row) -> str:
    if row["expected_revenue_error"] is None:
        return "How far off such a forecast is cannot be told yet: none lies in the past."
    ours, theirs = (ENGLISH.percent(row[name]) for name in ("expected_revenue_error", "revenue_last_year_error"))
    better = row["expected_revenue_error"] < row["revenue_last_year_error"]
    return (
        f"Of {row['past_forecasts']} overlapping past forecasts the revenue was {ours} off on average, last year's "
        f"figure {theirs}{'' if better else ': go by that one'}; their intervals held in "
        f"{ENGLISH.percent(row['expected_revenue_held'])}, and 80 % is right."
    )
