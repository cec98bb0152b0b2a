"""Engagement and health of a customer as of any day (contract section 17)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from .cohorts import Row
from .feedback import OF_SUPPORT, number
from .intake import Customer, Intake, Subscription
from .messages import Message, last_three, messages_of, tracks_opens
from .ranks import null_smallest
from .seeds import Seeds
from .settings import Settings
from .signals import Activity

COMPONENTS = ("purchase", "engagement", "email", "support", "survey", "payment")


@dataclass(frozen=True)
class Known:
    """What was known at the end of a day: of customers' activities, of orders and of contracts."""

    day: date
    activities: list[Activity]
    own_activities: dict[str, list[Activity]]
    subscriptions: list[Subscription]
    usual_gap: float | None
    messages: dict[str, list[Message]]
    has_opens: bool
    settings: Settings
    seeds: Seeds

    def has(self, *kinds: str) -> bool:
        return any(row.activity_type in kinds for row in self.activities)

    def of(self, customer_id: str, days: int, *kinds: str) -> list[Activity]:
        """The customer's activities of the days that end with this one, in the order of time, then of value."""
        first = self.day - timedelta(days=days)
        found = [
            row
            for row in self.own_activities.get(customer_id, ())
            if row.activity_type in kinds and first < row.day <= self.day
        ]
        return sorted(found, key=lambda row: null_smallest(row.occurred_at, row.value))

    def limit(self, component: str, level: str) -> float:
        (value,) = (
            row["value"]
            for row in self.seeds["health_thresholds"]
            if row["component"] == component and row["level"] == level
        )
        return float(value)

    @property
    def points(self) -> dict[str, float]:
        return {row["activity_type"]: float(row["points"]) for row in self.seeds["engagement_weights"]}


def known_on(day: date, intake: Intake, settings: Settings, seeds: Seeds) -> Known:
    activities = [row for row in intake.signals.activities if row.customer_id is not None and row.day <= day]
    own: dict[str, list[Activity]] = {}
    for row in activities:
        own.setdefault(row.customer_id or "", []).append(row)
    gaps = [
        (after.order_date - before.order_date).days
        for customer in intake.customers
        for before, after in pairwise(customer.orders)
        if after.order_date <= day
    ]
    sent, _ = messages_of(activities, day)
    messages: dict[str, list[Message]] = {}
    for message in sent:
        messages.setdefault(message.customer_id or "", []).append(message)
    return Known(
        day=day,
        activities=activities,
        own_activities=own,
        subscriptions=[row for row in intake.subscriptions if row.start_date <= day],
        usual_gap=float(median(gaps)) if gaps else None,
        messages=messages,
        has_opens=tracks_opens(sent),
        settings=settings,
        seeds=seeds,
    )


def health_columns(customer: Customer, today: Known, earlier: Known) -> Row:
    """`earlier`: what was known 28 days before."""
    found = components(customer, today)
    score = health_score(found, today)
    before = health_score(components(customer, earlier), earlier)
    drivers = pulling_down(found, today)
    return {
        "is_advocate": is_advocate(customer, today),
        "engagement_score": engagement_score(customer, today),
        **{f"health_{component}": found[component] for component in COMPONENTS},
        "health_score": score,
        "health_score_change_28d": None if score is None or before is None else score - before,
        "health_band": band(score, today),
        "health_drivers_en": "; ".join(row["driver_en"] for row in drivers),
        "health_drivers_de": "; ".join(row["driver_de"] for row in drivers),
    }


def components(customer: Customer, known: Known) -> dict[str, int | None]:
    if customer.first_order_date > known.day:
        return dict.fromkeys(COMPONENTS)
    return {
        "purchase": purchase(customer, known),
        "engagement": engagement(customer, known),
        "email": email(customer, known),
        "support": support(customer, known),
        "survey": survey(customer, known),
        "payment": payment(customer, known),
    }


def engagement_score(customer: Customer, known: Known) -> float | None:
    if not known.has(*known.points):
        return None
    rows = known.of(customer.customer_id, 28, *known.points)
    return min(100.0, math.fsum(known.points[row.activity_type or ""] for row in rows))


def purchase(customer: Customer, known: Known) -> int | None:
    days = [order.order_date for order in customer.orders if order.order_date <= known.day]
    recency = (known.day - days[-1]).days
    span = (days[-1] - days[0]).days
    if len(days) >= 3 and span > 0:
        q = recency * (len(days) - 1) / span
    elif known.usual_gap:
        q = recency / known.usual_gap
    else:
        return None
    for score in (5, 4, 3, 2):
        if q <= known.limit("purchase", f"score_{score}"):
            return score
    return 1


def engagement(customer: Customer, known: Known) -> int | None:
    kinds = known.points
    a = len(known.of(customer.customer_id, 28, *kinds))
    b = len(known.of(customer.customer_id, 56, *kinds)) - a
    if not known.of(customer.customer_id, 364, *kinds):
        return None
    if a == 0:
        return 1
    if b == 0:
        return 5
    for score in (5, 4, 3):
        if a / b >= known.limit("engagement", f"score_{score}"):
            return score
    return 2


def email(customer: Customer, known: Known) -> int | None:
    three = last_three(known.messages.get(customer.customer_id, ()), known.day)
    if not three or not known.has_opens:
        return None
    opened = sum(bool(message.opens) for message in three)
    return int(known.limit("email", f"opened_{opened}"))


def support(customer: Customer, known: Known) -> int | None:
    who = customer.customer_id
    if not known.of(who, 365, *OF_SUPPORT):
        return None
    score = 5 - min(2, open_tickets(who, known))
    marks = known.of(who, 180, "csat")
    if marks and number(marks[-1]) <= 2:
        score -= 2
    elif marks and number(marks[-1]) <= 3:
        score -= 1
    minutes = [number(row) for row in known.of(who, 180, "ticket_first_reply")]
    if minutes and median(minutes) > known.settings.first_reply_target_minutes:
        score -= 1
    if known.of(who, 90, "complaint"):
        score -= 1
    return max(1, score)


def open_tickets(who: str, known: Known) -> int:
    if not known.has("ticket_solved"):
        return 0
    rows = [row for row in known.own_activities.get(who, ()) if row.detail is not None]
    found = 0
    for detail in {row.detail for row in rows}:
        named = [row for row in rows if row.detail == detail]
        openings = [row for row in named if row.activity_type == "ticket_opened"]
        if not openings:
            continue
        latest = max(openings, key=lambda row: null_smallest(row.occurred_at))
        is_solved = any(
            row.activity_type == "ticket_solved" and row.occurred_at >= latest.occurred_at  # type: ignore[operator]
            for row in named
        )
        found += latest.day > known.day - timedelta(days=90) and not is_solved
    return found


def survey(customer: Customer, known: Known) -> int | None:
    answers = known.of(customer.customer_id, known.settings.active_window_days, "nps")
    if not answers:
        return None
    for score in (5, 4, 3, 2):
        if number(answers[-1]) >= known.limit("survey", f"score_{score}"):
            return score
    return 1


def payment(customer: Customer, known: Known) -> int | None:
    who = customer.customer_id
    first = known.day - timedelta(days=90)
    pays = any(
        row.customer_id == who and row.monthly_amount > 0 and (row.end_date is None or row.end_date > first)
        for row in known.subscriptions
    )
    if not known.has("payment_failed") or not (pays or known.of(who, 365, "payment_failed")):
        return None
    failed = len(known.of(who, 90, "payment_failed"))
    return int(known.limit("payment", "failed_more" if failed > 1 else f"failed_{failed}"))


def weight(component: str, known: Known) -> float:
    (value,) = (row["weight"] for row in known.seeds["health_weights"] if row["component"] == component)
    return float(value)


def health_score(found: dict[str, int | None], known: Known) -> float | None:
    there = {component: score for component, score in found.items() if score is not None}
    weights = math.fsum(weight(component, known) for component in there)
    if weights == 0:
        return None
    return math.fsum(weight(component, known) * score for component, score in there.items()) / weights


def band(score: float | None, known: Known) -> str | None:
    if score is None:
        return None
    if score >= known.limit("band", "healthy"):
        return "healthy"
    return "watch" if score >= known.limit("band", "watch") else "critical"


def pulling_down(found: dict[str, int | None], known: Known) -> list[dict[str, str]]:
    low = [
        (score, -weight(component, known), component)
        for component, score in found.items()
        if score is not None and score < 4 and weight(component, known) > 0
    ]
    words = {row["component"]: dict(row) for row in known.seeds["health_drivers"]}
    return [words[component] for _, _, component in sorted(low)]


def is_advocate(customer: Customer, known: Known) -> bool:
    window = known.settings.active_window_days
    answers = known.of(customer.customer_id, window, "nps")
    has_won_somebody = bool(known.of(customer.customer_id, window, "referral_converted"))
    return has_won_somebody or bool(answers and number(answers[-1]) >= 9)
