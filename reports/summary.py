"""The short retention summary that ends `make run`: what came in, what became of it, and the key figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from stammkunde.database import rows
from stammkunde.published import opened

Row = Mapping[str, Any]

KPIS = (
    ("customer_retention_rate", "Customer retention rate", "percent"),
    ("retained_customer_rate", "  without won-back customers", "percent"),
    ("customer_churn_rate", "Churn rate", "percent"),
    ("repeat_customer_rate", "Repeat customer rate", "percent"),
    ("purchase_frequency", "Purchase frequency", "number"),
    ("average_order_value", "Average order value", "money"),
    ("clv_by_lifespan", "Customer lifetime value", "money"),
)


def summary(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """The lines of the summary, from the marts of one warehouse."""
    known = rows(connection, "select as_of_date, reporting_currency from marts.build")[0]
    as_of, currency = known["as_of_date"], str(known["reporting_currency"])
    yield f"As of {as_of}" if as_of else "No order counts yet: there is nothing to report"
    yield ""
    yield from accounting(rows(connection, "select * from marts.row_accounting where entity = 'orders'"))
    if not as_of:
        return
    totals = rows(
        connection,
        """
        select
            count(*) as orders,
            count(*) - count(customer_id) as unattributed_orders,
            count(distinct customer_id) as customers,
            sum(net_amount) as net_revenue
        from marts.orders
        """,
    )[0]
    yield ""
    yield f"{'Customers':<32}{number(totals['customers']):>16}"
    yield f"{'Orders':<32}{number(totals['orders']):>16}   {number(totals['unattributed_orders'])} without a customer"
    yield f"{'Net revenue':<32}{money(totals['net_revenue'], currency):>16}"
    yield ""
    yield from key_figures(connection, currency)


# What the intake makes of lines that are no orders; most shops have none.
LINES = ("folded", "left_out")


def accounting(outcomes: Sequence[Row]) -> Iterator[str]:
    yield f"{'Raw order rows':<32}{number(sum(row['rows'] for row in outcomes)):>16}"
    for outcome in ("counted", "excluded", "quarantined", "superseded", *LINES):
        reasons = {str(row["reason"]): row["rows"] for row in outcomes if row["outcome"] == outcome}
        if outcome in LINES and not reasons:
            continue
        yield f"{'  ' + outcome:<32}{number(sum(reasons.values())):>16}"
        for reason in sorted(reasons.keys() - {"none"}):
            yield f"{'    ' + reason:<32}{number(reasons[reason]):>16}"


def key_figures(connection: duckdb.DuckDBPyConnection, currency: str) -> Iterator[str]:
    """KPIs of the last complete month and year, side by side."""
    periods = last_complete(connection)
    if not periods:
        yield "No month is complete yet: KPIs are in marts.retention_kpis, flagged is_complete = false"
        return
    heads = {"month": "%B %Y", "year": "%Y"}
    yield f"{'Last complete period':<32}" + "".join(
        f"{period['period_start'].strftime(heads[grain]):>16}" for grain, period in periods.items()
    )
    formats = {"percent": percent, "number": decimal, "money": lambda value: money(value, currency)}
    for name, label, form in KPIS:
        yield f"{label:<32}" + "".join(f"{formats[form](period[name]):>16}" for period in periods.values())
    flags = [grain for grain, period in periods.items() if period["is_left_censored"]]
    if flags:
        yield f"The data begin too late to know all customers at the start of the {' and the '.join(flags)}."


def last_complete(connection: duckdb.DuckDBPyConnection) -> dict[str, Row]:
    """The last complete month and year, where there is one."""
    found = rows(
        connection,
        """
        select *
        from marts.retention_kpis
        where period_grain in ('month', 'year') and is_complete
        qualify row_number() over (partition by period_grain order by period_start desc) = 1
        order by period_grain
        """,
    )
    return {row["period_grain"]: row for row in found}


def headline(published: Path) -> dict[str, int | float | str]:
    """What a published build holds, in one figure each: numbers stay numbers, so that they can be drawn over builds.
    What is null is left out. Raises PublishedFileError."""
    with opened(published) as connection:
        (build,) = rows(
            connection, "select shop, as_of_date, orders, customers, net_revenue, warnings from marts.build"
        )
        kpis = {
            f"{name} ({grain})": period[name]
            for grain, period in last_complete(connection).items()
            for name, _, _ in KPIS
        }
    found = {**build, **kpis}
    return {
        name: value if isinstance(value, (int, str)) else str(value) if name == "as_of_date" else float(value)
        for name, value in found.items()
        if value is not None
    }


def number(value: object) -> str:
    return f"{value:,}"


def percent(value: object) -> str:
    return "-" if value is None else f"{value:.1%}"


def decimal(value: object) -> str:
    return "-" if value is None else f"{value:.2f}"


def money(value: object, currency: str) -> str:
    return "-" if value is None else f"{value:,.2f} {currency}"


def summary_lines(published: Path) -> Iterator[str]:
    """The summary of the published marts, and what can be done next. Raises PublishedFileError."""
    with opened(published) as connection:
        yield ""
        yield from summary(connection)
    yield ""
    yield f"The published marts are in {published}, schema marts. What next:"
    yield "  look     make dashboard; or the file, read-only, with any tool that reads DuckDB (docs/connect.md)"
    yield "  share    stammkunde report (HTML, PDF), stammkunde export (CSV, Excel)"
    yield "  own      make check RAW=folder, then make run RAW=folder (docs/bring-your-own-orders.md)"
    yield "  operate  make dagster: what ran, schedule and sensor (docs/operations.md)"
    yield "  explain  make docs: every model and column"
