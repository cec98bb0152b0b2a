"""What customers cost and what they bring (contract section 14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from .calendar_periods import add_periods, period_starts, start_of_period
from .cohorts import Row, ratio
from .intake import Customer, Spend
from .settings import Settings

HORIZONS = (3, 6, 12, 24)


def channel_name(channel: str | None) -> str:
    return "all (value)" if channel == "all" else channel or "unknown"


def acquisition_economics(
    spend: Sequence[Spend], customers: Sequence[Customer], cohorts: Sequence[Row], as_of: date, settings: Settings
) -> list[Row]:
    """`cohorts`: the rows of cohort_retention."""
    known = [row for row in spend if row.spend_date <= as_of]
    days = [row.spend_date for row in known] + [customer.first_order_date for customer in customers]
    rows: list[Row] = []
    for m in period_starts("month", min(days), as_of) if days else []:
        spent = [row for row in known if start_of_period("month", row.spend_date) == m]
        won = [customer for customer in customers if start_of_period("month", customer.first_order_date) == m]
        channels = {channel_name(one.acquisition_channel) for one in (*spent, *won)}
        for name in ("all", *sorted(channels)):
            of_channel = [row for row in spent if name in ("all", channel_name(row.acquisition_channel))]
            new = sum(name in ("all", channel_name(customer.acquisition_channel)) for customer in won)
            values = values_per_customer(cohorts, m, name, settings)
            rows.append(row_of(m, name, of_channel if known else None, new, values, as_of))
    return rows


def values_per_customer(cohorts: Sequence[Row], m: date, name: str, settings: Settings) -> dict[int, float]:
    """Months since the start, the first included, -> value, of complete cells."""
    found: dict[int, float] = {}
    for cell in cohorts:
        if cell["cohort_grain"] != "month" or cell["cohort_start"] != m or not cell["is_complete"]:
            continue
        if cell["dimension"] == "all":
            of = "all"
        elif cell["dimension"] == "acquisition_channel":
            of = channel_name(str(cell["dimension_value"]))
        else:
            continue
        if of == name:
            value = float(str(cell["cumulative_revenue_per_customer"]))
            found[int(str(cell["period_number"])) + 1] = settings.margin_rate * value
    return found


def row_of(m: date, name: str, spent: Sequence[Spend] | None, new: int, values: dict[int, float], as_of: date) -> Row:
    """`spent` is None where the shop has no spend at all."""
    purposes = {"acquisition": Decimal(0), "retention": Decimal(0)}
    for row in spent or ():
        purposes[row.purpose] += row.amount
    cac = None if spent is None else ratio(purposes["acquisition"], new)
    year = values.get(12)
    return {
        "cohort_month": m,
        "acquisition_channel": name,
        "is_complete": add_periods("month", m, 1) <= as_of + timedelta(days=1),
        "spend": None if spent is None else purposes["acquisition"],
        "retention_spend": None if spent is None else purposes["retention"],
        "new_customers": new,
        "cac": cac,
        **{f"value_per_customer_{months}m": values.get(months) for months in HORIZONS},
        "ltv_to_cac": year / cac if cac and year is not None else None,
        "payback_months": min((months for months, value in values.items() if value >= cac), default=None)
        if cac
        else None,
    }
