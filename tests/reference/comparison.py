"""Rows of a mart against rows of the same mart from somewhere else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

Row = dict[str, object]

KEYS: dict[str, tuple[str, ...]] = {
    "row_accounting": ("entity", "outcome", "reason"),
    "source_accounting": ("source", "entity", "outcome", "reason"),
    "calendar": ("calendar_date",),
    "orders": ("order_id",),
    "customers": ("customer_id",),
    "cohort_retention": ("cohort_grain", "cohort_start", "dimension", "dimension_value", "period_number"),
    "retention_curve": ("cohort_grain", "dimension", "dimension_value", "period_number"),
    "cohort_deviations": ("cohort_grain", "cohort_start", "dimension", "dimension_value", "period_number"),
    "repurchase_curve": ("from_order_number", "day"),
    "cohort_windows": ("cohort_month", "dimension", "dimension_value", "window_days"),
    "first_product_retention": ("level", "value"),
    "retention_kpis": ("period_grain", "period_start"),
    "retention_kpis_by_segment": ("period_grain", "period_start", "dimension", "dimension_value"),
    "running_period": ("period_grain", "compared_with"),
    "retention_value": ("period_grain",),
    "what_if": ("lever",),
    "customer_concentration": ("decile",),
    "lifecycle_transitions": ("month_start", "from_stage", "to_stage"),
    "lifecycle_kpis": ("month_start", "lifecycle_stage"),
    "customer_state_history": ("customer_id", "as_of_date"),
    "customer_events": ("customer_id", "event_date", "event_type", "event_number"),
    "value_ladder": ("month_start", "from_step", "to_step"),
    "acquisition_economics": ("cohort_month", "acquisition_channel"),
    "subscription_kpis": ("month_start",),
    "subscription_cohorts": ("cohort_month", "period_number"),
    "signal_coverage": ("entity", "signal", "source_system"),
    "nps": ("period_grain", "period_start"),
    "support_kpis": ("period_grain", "period_start", "channel"),
    "email_kpis": ("period_grain", "period_start"),
    "churn_reasons": ("month_start", "source", "reason"),
    "referral_kpis": ("month_start",),
    "loyalty_kpis": ("month_start", "loyalty_tier"),
    "signal_effects": ("signal", "answer"),
    "playbook_outcomes": ("rule_id", "variant"),
    "playbook_programme": ("month_start",),
    "playbook_evidence": ("rule_id",),
    "retention_audit": ("audit_point",),
    "target_attainment": ("measure", "period_grain", "period_start"),
    "health_backtest": ("month_end", "predictor", "grouped_by", "bucket"),
    "retention_actions": ("customer_id", "rule_id"),
    "action_messages": ("customer_id", "rule_id", "language"),
    "customer_predictions": ("customer_id",),
}
# What the expected rows of the known cases hold and neither the marts nor the calculation have yet.
MARTS_TO_COME: tuple[str, ...] = ()
COLUMNS_TO_COME: dict[str, tuple[str, ...]] = {}
# Columns of the marts that the calculation leaves out.
NOT_CALCULATED: dict[str, tuple[str, ...]] = {
    "customers": ("rfm_segment",),
    "customer_state_history": ("rfm_segment",),
    # Null where dbt was started alone; tests/test_prediction_marts.py compares them.
    "customer_predictions": (
        "p_alive",
        "expected_orders_90d",
        "expected_orders_90d_low",
        "expected_orders_90d_high",
        "expected_orders_365d",
        "expected_orders_365d_low",
        "expected_orders_365d_high",
        "expected_order_value",
        "discounted_orders_365d",
        "predicted_clv_365d",
        "churn_probability",
        "top_drivers_en",
        "top_drivers_de",
    ),
}
INSTANTS_OF = {"orders": ("ordered_at", "updated_at"), "customer_events": ("occurred_at",)}
INSTANTS = tuple(column for columns in INSTANTS_OF.values() for column in columns)
MONEY = frozenset({"net_amount", "net_revenue", "cumulative_net_revenue", "returning_revenue", "unattributed_revenue"})
TOLERANCE_MONEY = 0.005
TOLERANCE_RATE = 1e-9


def plain(value: object, column: str) -> object:
    """Dates as text, instants as text in UTC, every number as a float (booleans stay)."""
    if isinstance(value, datetime):
        if column not in INSTANTS:
            return value.date().isoformat()
        utc = value.astimezone(UTC) if value.tzinfo else value
        return utc.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and column in INSTANTS:
        return plain(datetime.fromisoformat(value), column)
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return None if math.isnan(value) else float(value)
    return value


def same(left: object, right: object, column: str) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        if column in MONEY:
            return abs(left - right) <= TOLERANCE_MONEY
        return abs(left - right) <= TOLERANCE_RATE * max(1.0, abs(left))
    return type(left) is type(right) and left == right


def by_key(rows: Sequence[Row], keys: Sequence[str], problems: list[str], side: str) -> dict[tuple[object, ...], Row]:
    found: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = tuple(plain(row[column], column) for column in keys)
        if key in found:
            problems.append(f"{side}: duplicate key {key}")
        found[key] = row
    return found


def compare(mart: str, got: Sequence[Row], want: Sequence[Row], *, without: Sequence[str] = ()) -> list[str]:
    """What differs, one line per problem and column; empty when the rows are equal.

    Compared are the columns of `want`, except those of `without`, which may not be in `got` either. Other columns that
    only `got` has are ignored; `beyond` finds them.
    """
    problems: list[str] = []
    if not want and not got:
        return problems
    keys = KEYS[mart]
    wanted = by_key(want, keys, problems, "want")
    gotten = by_key(got, keys, problems, "got")
    for side, one, other in (("missing", wanted, gotten), ("unexpected", gotten, wanted)):
        alone = [key for key in one if key not in other]
        if alone:
            problems.append(f"{len(alone)} {side} rows, e.g. {alone[0]}")
    if not want or not got:
        return problems
    for column in want[0]:
        if column in without:
            if column in got[0]:
                problems.append(f"column {column} is there and not compared")
            continue
        if column not in got[0]:
            problems.append(f"missing column {column}")
            continue
        differing = []
        for key, want_row in wanted.items():
            if key in gotten:
                pair = plain(gotten[key][column], column), plain(want_row[column], column)
                if not same(*pair, column):
                    differing.append((key, *pair))
        if differing:
            key, got_value, want_value = differing[0]
            problems.append(f"{column}: {len(differing)} differ, e.g. {key}: want {want_value!r}, got {got_value!r}")
    return problems


def beyond(mart: str, got: Sequence[Row], want: Sequence[Row]) -> list[str]:
    """Columns of a mart that are not compared with anything, and are not known to be left out."""
    if not got or not want:
        return []
    unknown = [column for column in got[0] if column not in want[0] and column not in NOT_CALCULATED.get(mart, ())]
    return [f"column {column} is not calculated" for column in unknown]
