"""What a backtest found, in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from predictions.backtesting.backtest import CLV, ORDERS, VALUE, AsOf
from predictions.backtesting.rows import ALL, Row
from predictions.backtesting.verdict import Verdict, verdict

MODELS = {
    ORDERS: ("expected orders (BG/NBD)", "last year's rate of each customer"),
    VALUE: ("value of an order (gamma-gamma)", "the mean of the customer's orders so far"),
    CLV: ("value of the next 365 days (both)", "last year's revenue of each customer"),
}
# What the table shows: measure, bucket, words, digits.
SHOWN = (
    (ORDERS, "total_orders", "90d", "days with an order, next 90 days", 0),
    (ORDERS, "total_orders_by_season", "90d", "... beside the same days a year before", 0),
    (ORDERS, "total_orders", "365d", "days with an order, next 365 days", 0),
    (ORDERS, "customer_error", "90d", "error per customer, 90 days", 3),
    (ORDERS, "customer_squared_error", "90d", "squared error per customer, 90 days *", 3),
    (ORDERS, "customer_squared_error", "365d", "squared error per customer, 365 days", 3),
    (ORDERS, "auc", ALL, "AUC: who orders again in 90 days", 3),
    (ORDERS, "brier", ALL, "Brier score", 4),
    (ORDERS, "log_loss", ALL, "log loss", 4),
    (ORDERS, "calibration_slope", ALL, "calibration slope (1 is right)", 2),
    (ORDERS, "calibration_error", ALL, "calibration error over deciles", 3),
    (ORDERS, "lift_top_decile", ALL, "lift of the top decile", 2),
    (VALUE, "order_value", ALL, "value of a day with an order", 2),
    (VALUE, "order_value_error", ALL, "error of that per customer", 2),
    (VALUE, "order_value_squared_error", ALL, "squared error of that per customer *", 1),
    (CLV, "clv_90d", ALL, "revenue, next 90 days", 0),
    (CLV, "clv_365d", ALL, "revenue, next 365 days", 0),
    (CLV, "clv_365d_customer_error", ALL, "error per customer, 365 days", 2),
    (CLV, "clv_365d_customer_squared_error", ALL, "squared error per customer, 365 days *", 0),
    (CLV, "clv_365d_by_half_year_customer_squared_error", ALL, "... beside a fit per half-year of the first order", 0),
)
UNUSED = "the playbook does not use it"


def dated(found: Sequence[AsOf]) -> list[tuple[date, Row]]:
    return [(at.as_of_date, row) for at in found for row in at.rows]


def verdicts(found: Sequence[AsOf]) -> list[Verdict]:
    rows = dated(found)
    return [verdict(model, rows) for model in MODELS]


def said(given: Verdict) -> str:
    """One sentence on what is to be trusted."""
    model, rival = MODELS[given.model]
    if given.row is None or given.as_of_date is None:
        return f"{model}: no past date could be judged, so {UNUSED}."
    row = given.row
    errors = (
        f"squared error {digits(row.expected)} against {digits(row.rival)}, gain {digits(row.gain)} "
        f"({digits(row.gain_low)} to {digits(row.gain_high)}), as of {given.as_of_date}"
    )
    if given.why == "better":
        return f"{model}: nearer to what happened than {rival} ({errors})."
    if given.why == "rival_better":
        return f"{model}: {rival} is nearer to what happened ({errors}), so {UNUSED}."
    return f"{model}: not shown to be nearer than {rival} ({errors}), so {UNUSED}."


def digits(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{float(f'{value:.3g}'):g}"


def refusals(found: Sequence[AsOf]) -> Iterator[str]:
    for at in found:
        for model, why in at.refusals.items():
            yield f"As of {at.as_of_date}, {MODELS[model][0]} is refused: {why.explanation}"


def table(at: AsOf) -> list[list[str]]:
    """Rows of model, actual, rival and what is better, of one date."""
    known = {(row.model, row.measure, row.bucket): row for row in at.rows}
    rows = []
    for model, measure, bucket, words, places in SHOWN:
        row = known.get((model, measure, bucket))
        if row is not None:
            figures = [shown(value, places) for value in (row.expected, row.actual, row.rival)]
            rows.append([words, *figures, better(row)])
    return rows


def shown(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:,.{places}f}"


def better(row: Row) -> str:
    if row.is_better is None:
        return ""
    if row.is_better:
        return "model"
    return "rival" if row.gain_high is not None and row.gain_high < 0 else "not sure"


def lines(found: Sequence[AsOf], as_of_date: date | None) -> Iterator[str]:
    """What the command prints."""
    if not found:
        yield (
            "No past date can be judged: that needs the end of a quarter with 180 days of orders before it and 90 days "
            f"behind it, up to {as_of_date or 'no order'}."
        )
        return
    for at in found:
        rows = table(at)
        if rows:
            yield f"As of {at.as_of_date}{'':<34}{'model':>12}{'actual':>12}{'rival':>12}  better"
        for words, *figures, which in rows:
            yield f"  {words:<46}" + "".join(f"{text:>12}" for text in figures) + f"  {which}"
        if rows:
            yield ""
    yield from refusals(found)
    yield from (said(given) for given in verdicts(found))
    yield "* decides, at the latest date: a model is better where the whole 95 % interval of the difference is."
