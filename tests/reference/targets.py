"""Figures beside their targets, as docs/targets.md describes it: of figures that are calculated already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from .cohorts import Row
from .confidence import wilson
from .seeds import Seeds

OF_PERIODS = (
    *("customer_retention_rate", "retained_customer_rate", "customer_churn_rate", "repeat_customer_rate"),
    *("returning_customer_rate", "returning_revenue_share", "purchase_frequency", "average_order_value"),
    *("revenue_per_customer", "net_revenue", "orders", "new_customers", "customers_at_end", "historic_clv"),
    *("clv_by_retention", "clv_by_lifespan", "net_revenue_retention", "gross_revenue_retention", "revenue_churn_rate"),
)
OF_SUPPORT = (
    *("replied_within_target_rate", "solved_within_target_rate", "csat_score", "average_csat"),
    *("median_first_reply_minutes", "tickets_per_100_active_customers"),
)
OF_EMAILS = ("open_rate", "click_rate")
OF_CONTRACTS = ("logo_churn_rate", "gross_mrr_retention", "net_mrr_retention", "mrr_at_end")
HOME = {
    **dict.fromkeys(OF_PERIODS, "retention_kpis"),
    "nps": "nps",
    **dict.fromkeys(OF_SUPPORT, "support_kpis"),
    **dict.fromkeys(OF_EMAILS, "email_kpis"),
    **dict.fromkeys(OF_CONTRACTS, "subscription_kpis"),
}
ON_THE_START = ("customer_retention_rate", "retained_customer_rate", "customer_churn_rate")
ON_A_YEAR_BEFORE = ("clv_by_retention", "clv_by_lifespan")
# How many of how many a share is; of the last kind the mart holds only of how many.
COUNTS = {
    "retained_customer_rate": ("retained_customers", "customers_at_start"),
    "customer_churn_rate": ("churned_customers", "customers_at_start"),
    "repeat_customer_rate": ("repeat_customers", "purchasing_customers"),
    "returning_customer_rate": ("returning_customers", "purchasing_customers"),
    "open_rate": ("emails_opened", "emails_sent"),
    "click_rate": ("emails_clicked", "emails_sent"),
    "logo_churn_rate": ("churned_subscribers", "subscribers_at_start"),
    "replied_within_target_rate": (None, "first_replies"),
    "solved_within_target_rate": (None, "tickets_solved"),
    "csat_score": (None, "csat_responses"),
}


def target_attainment(marts: Mapping[str, Sequence[Row]], seeds: Seeds) -> list[Row]:
    """Of rows of the marts that hold the measures."""
    rows: list[Row] = []
    for measure, mart in HOME.items():
        for found in marts[mart]:
            grain, start = str(found.get("period_grain", "month")), found.get("period_start", found.get("month_start"))
            if found.get("channel", "all") != "all":
                continue
            of_time = [
                target
                for target in seeds["targets"]
                if (target["measure"], target["grain"]) == (measure, grain)
                and date.fromisoformat(target["valid_from"]) <= start  # type: ignore[operator]
            ]
            if of_time:
                target = max(of_time, key=lambda one: one["valid_from"])
                rows.append(held_against(measure, found, target) | {"period_grain": grain, "period_start": start})
    return rows


def held_against(measure: str, found: Row, target: Mapping[str, str]) -> Row:
    aim, at_least = float(target["value"]), target["direction"] == "at_least"
    figure, because = known(measure, found)
    low, high = (None, None) if figure is None else interval(measure, figure, found)
    over = bool(found["is_complete"]) and figure is not None
    if not because and not found["is_complete"]:
        because = "still_running"
    if not because and low is None:
        because = "too_few" if measure == "nps" else "no_share"
    return {
        "measure": measure,
        "is_complete": found["is_complete"],
        "actual_value": figure,
        "actual_value_low": low,
        "actual_value_high": high,
        "target_value": aim,
        "direction": target["direction"],
        "distance_to_target": None if figure is None else figure - aim,
        "is_met": None if not over else (figure >= aim if at_least else figure <= aim),  # type: ignore[operator]
        "is_beyond_chance": None if not over or low is None else not low <= aim <= high,  # type: ignore[operator]
        "not_judged_because": because,
        "valid_from": date.fromisoformat(target["valid_from"]),
        "owner": target["owner"],
    }


def known(measure: str, found: Row) -> tuple[float | None, str | None]:
    """The figure, or why there is none."""
    if measure in ON_THE_START and found["is_left_censored"]:
        return None, "start_unknown"
    if measure in ON_A_YEAR_BEFORE and found["is_clv_left_censored"]:
        return None, "start_unknown"
    value = found[measure]
    return (None, "no_figure") if value is None else (float(str(value)), None)


def interval(measure: str, figure: float, found: Row) -> tuple[float | None, float | None]:
    if measure == "nps":
        margin = found["nps_margin"]
        if margin is None:
            return None, None
        return max(-100.0, figure - float(str(margin))), min(100.0, figure + float(str(margin)))
    if measure not in COUNTS:
        return None, None
    part, whole = COUNTS[measure]
    of = int(str(found[whole]))
    return wilson(int(str(found[part])) if part else round(figure * of), of)
