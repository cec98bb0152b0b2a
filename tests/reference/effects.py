"""Who ordered again within 90 days after an answer or event: each customer by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from math import sqrt

from .cohorts import Row
from .confidence import wilson
from .feedback import number
from .intake import Customer
from .ranks import null_smallest
from .settings import Settings
from .signals import Activity

FOLLOWED, BEFORE_CONTACT, LEAST = timedelta(days=90), timedelta(days=30), 30
SIGNALS = {
    "nps": ("nps",),
    "csat": ("csat",),
    "first_reply": ("ticket_first_reply",),
    "complaint": ("ticket_opened", "complaint"),
}
BEST = {"nps": "promoter", "csat": "satisfied", "first_reply": "within_target", "complaint": "no_complaint"}


def signal_effects(
    activities: Sequence[Activity], customers: Sequence[Customer], as_of: date, settings: Settings
) -> list[Row]:
    rows: list[Row] = []
    for signal, kinds in SIGNALS.items():
        groups: dict[str, list[bool]] = {}
        for customer in customers:
            events = [
                row
                for row in activities
                if row.customer_id == customer.customer_id
                and row.activity_type in kinds
                and customer.first_order_date <= row.day
                and row.day + FOLLOWED <= as_of
            ]
            if not events:
                continue
            latest = max(events, key=lambda row: null_smallest(row.occurred_at, row.value))
            has_repurchased = any(latest.day < order.order_date <= latest.day + FOLLOWED for order in customer.orders)
            groups.setdefault(answer(signal, latest, events, settings), []).append(has_repurchased)
        rows += rows_of(signal, groups)
    return rows


def answer(signal: str, latest: Activity, events: Sequence[Activity], settings: Settings) -> str:
    if signal == "complaint":
        days = [row.day for row in events if row.activity_type == "complaint"]
        return "complaint" if any(day > latest.day - BEFORE_CONTACT for day in days) else "no_complaint"
    value = number(latest)
    if signal == "nps":
        return "promoter" if value >= 9 else "detractor" if value <= 6 else "passive"
    if signal == "csat":
        return "satisfied" if value >= 4 else "dissatisfied" if value <= 2 else "neutral"
    return "within_target" if value <= settings.first_reply_target_minutes else "above_target"


def rows_of(signal: str, groups: dict[str, list[bool]]) -> list[Row]:
    return [row_of(signal, name, groups) for name in groups]


def row_of(signal: str, name: str, groups: dict[str, list[bool]]) -> Row:
    own, best = groups[name], groups.get(BEST[signal])
    low, high = wilson(sum(own), len(own))
    share = sum(own) / len(own)
    row: Row = {
        "signal": signal,
        "answer": name,
        "is_reference": name == BEST[signal],
        "answered_customers": len(own),
        "repurchased_customers": sum(own),
        "repurchase_rate_90d": share,
        "repurchase_rate_90d_low": low,
        "repurchase_rate_90d_high": high,
        **dict.fromkeys(
            (
                "repurchase_difference",
                "repurchase_difference_low",
                "repurchase_difference_high",
                "is_conclusive",
                "has_enough",
            )
        ),
    }
    if best is None or row["is_reference"]:
        return row
    best_low, best_high = wilson(sum(best), len(best))
    of_best = sum(best) / len(best)
    assert low is not None and high is not None and best_low is not None and best_high is not None
    down = share - of_best - sqrt((share - low) ** 2 + (best_high - of_best) ** 2)
    up = share - of_best + sqrt((high - share) ** 2 + (of_best - best_low) ** 2)
    return row | {
        "repurchase_difference": share - of_best,
        "repurchase_difference_low": down,
        "repurchase_difference_high": up,
        "is_conclusive": down > 0 or up < 0,
        "has_enough": min(len(own), len(best)) >= LEAST,
    }
