"""What signals there are, and what customers say and ask: coverage, NPS and support (contract sections 11 and 12)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median

from .calendar_periods import add_periods, period_starts
from .cohorts import Row, ratio
from .intake import Customer, Intake
from .kpis import is_active
from .ranks import null_smallest
from .settings import Settings
from .signals import Activity

KNOWN_TYPES = frozenset(
    {
        *("session", "product_use", "email_sent", "email_opened", "email_clicked", "sms_sent", "churn_reason"),
        *("complaint", "ticket_opened", "ticket_first_reply", "ticket_solved", "csat", "nps", "referral_sent"),
        *("referral_converted", "loyalty_earned", "loyalty_redeemed", "payment_failed", "community_post"),
    }
)
OF_SUPPORT = ("ticket_opened", "ticket_first_reply", "ticket_solved", "csat", "complaint")


def signal_coverage(intake: Intake, as_of: date) -> list[Row]:
    known = {customer.customer_id for customer in intake.customers}
    found: dict[tuple[str, str, str | None], list[tuple[str | None, date]]] = {}
    for activity in intake.signals.activities:
        place = ("activities", activity.activity_type or "", activity.source_system)
        found.setdefault(place, []).append((activity.customer_id, activity.day))
    others: dict[str, list[tuple[str | None, date]]] = {
        "subscriptions": [(row.customer_id, row.start_date) for row in intake.subscriptions],
        "marketing_spend": [(None, row.spend_date) for row in intake.spend],
        "actions_taken": [(row.customer_id, row.day) for row in intake.signals.actions],
        "order_lines": [
            (order.customer_id, order.order_date)
            for order in intake.orders
            for _ in intake.lines.get(order.order_id, ())
        ],
    }
    found.update({(entity, entity, None): rows for entity, rows in others.items() if rows})
    result: list[Row] = []
    for (entity, signal, source_system), rows in found.items():
        dated = [(customer, day) for customer, day in rows if day <= as_of]
        customers = {customer for customer, _ in dated if customer is not None}
        days = [day for _, day in dated]
        result.append(
            {
                "entity": entity,
                "signal": signal,
                "source_system": source_system,
                "rows": len(dated),
                "customers": len(customers),
                "known_customers": len(customers & known),
                "first_date": min(days, default=None),
                "last_date": max(days, default=None),
                "rows_after_as_of_date": len(rows) - len(dated),
                "is_known_type": entity != "activities" or signal in KNOWN_TYPES,
            }
        )
    return result


def number(activity: Activity) -> float:
    assert activity.value is not None
    return float(activity.value)


def periods(
    grains: Sequence[str], rows: Sequence[Activity], as_of: date
) -> list[tuple[str, date, date, bool, list[Activity]]]:
    """Each period from that of the first row to that of as_of_date: its last day so far, whether it is over, rows."""
    found = []
    for grain in grains if rows else ():
        for start in period_starts(grain, min(row.day for row in rows), as_of):
            last_day = add_periods(grain, start, 1) - timedelta(days=1)
            own = [row for row in rows if start <= row.day <= last_day]
            found.append((grain, start, min(last_day, as_of), last_day <= as_of, own))
    return found


def nps(activities: Sequence[Activity], as_of: date) -> list[Row]:
    rows = [row for row in activities if row.activity_type == "nps" and row.day <= as_of]
    return [
        {"period_grain": grain, "period_start": start, "is_complete": is_complete, **nps_of(answers)}
        for grain, start, _, is_complete, answers in periods(("week", "month", "quarter"), rows, as_of)
    ]


def nps_of(answers: Sequence[Activity]) -> Row:
    latest: dict[object, Activity] = {}
    for place, answer in enumerate(answers):
        who = place if answer.customer_id is None else answer.customer_id
        latest[who] = max(latest.get(who, answer), answer, key=lambda row: null_smallest(row.occurred_at, row.value))
    voices = [number(answer) for answer in latest.values()]
    n = len(voices)
    promoters = sum(voice >= 9 for voice in voices)
    detractors = sum(voice <= 6 for voice in voices)
    margin = None
    if n >= 2:
        p, q = promoters / n, detractors / n
        margin = 100 * 1.96 * math.sqrt((p + q - (p - q) ** 2) / n)
    score = ratio(promoters - detractors, n)
    return {
        "answers": len(answers),
        "responses": n,
        "promoters": promoters,
        "passives": sum(7 <= voice <= 8 for voice in voices),
        "detractors": detractors,
        "nps": None if score is None else 100 * score,
        "nps_margin": margin,
    }


def support_kpis(
    activities: Sequence[Activity], customers: Sequence[Customer], as_of: date, settings: Settings
) -> list[Row]:
    rows = [row for row in activities if row.activity_type in OF_SUPPORT and row.day <= as_of]
    channels = sorted({channel_of(row) for row in rows})
    replies = {(row.customer_id, row.detail) for row in rows if row.activity_type == "ticket_first_reply"}
    result: list[Row] = []
    for grain, start, last_day, is_complete, own in periods(("week", "month"), rows, as_of):
        key: Row = {"period_grain": grain, "period_start": start, "is_complete": is_complete}
        for channel in channels:
            of_channel = [row for row in own if channel_of(row) == channel]
            figures = support_of(of_channel, replies, settings)
            alone: Row = {"tickets_per_100_active_customers": None, "frequent_contacts": None}
            result.append({**key, "channel": channel, **figures, **alone})
        figures = support_of(own, replies, settings)
        opened = 100 * sum(row.activity_type == "ticket_opened" for row in own)
        day_after = last_day + timedelta(days=1)
        active = sum(is_active(customer, day_after, settings.active_window_days) for customer in customers)
        contacts = frequent_contacts(rows, last_day, settings)
        together: Row = {"tickets_per_100_active_customers": ratio(opened, active), "frequent_contacts": contacts}
        result.append({**key, "channel": "all", **figures, **together})
    return result


def channel_of(row: Activity) -> str:
    return "all (value)" if row.channel == "all" else row.channel or "unknown"


def support_of(rows: Sequence[Activity], replies: set[tuple[str | None, str | None]], settings: Settings) -> Row:
    tickets = [row for row in rows if row.activity_type == "ticket_opened"]
    first_replies = [number(row) for row in rows if row.activity_type == "ticket_first_reply"]
    solved = [number(row) for row in rows if row.activity_type == "ticket_solved"]
    marks = [number(row) for row in rows if row.activity_type == "csat"]
    named = {(row.customer_id, row.detail) for row in tickets if row.detail is not None}
    return {
        "tickets_opened": len(tickets),
        "customers_with_tickets": len({row.customer_id for row in tickets} - {None}),
        "tickets_without_reply": len(named - replies) if replies else None,
        "complaints": sum(row.activity_type == "complaint" for row in rows),
        "first_replies": len(first_replies),
        "median_first_reply_minutes": median(first_replies) if first_replies else None,
        "replied_within_target_rate": ratio(
            sum(minutes <= settings.first_reply_target_minutes for minutes in first_replies), len(first_replies)
        ),
        "tickets_solved": len(solved),
        "median_solved_minutes": median(solved) if solved else None,
        "solved_within_target_rate": ratio(
            sum(minutes <= settings.solved_target_minutes for minutes in solved), len(solved)
        ),
        "csat_responses": len(marks),
        "average_csat": ratio(math.fsum(marks), len(marks)),
        "csat_score": ratio(sum(mark >= 4 for mark in marks), len(marks)),
    }


def frequent_contacts(rows: Sequence[Activity], last_day: date, settings: Settings) -> int:
    recent = [
        row.customer_id
        for row in rows
        if row.activity_type == "ticket_opened"
        and row.customer_id is not None
        and last_day - timedelta(days=30) < row.day <= last_day
    ]
    return sum(recent.count(customer) >= settings.frequent_contact_tickets for customer in set(recent))
