"""The retention funnel by lifecycle stage, from prospects to advocates (contract section 15)."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from .calendar_periods import add_periods, period_starts, start_of_period
from .cohorts import Row, ratio, total
from .feedback import nps_of, number
from .intake import Customer, Intake, Order
from .ladder import orders_of_a_year
from .lifecycle import lifecycle_stage
from .messages import Message, messages_of, tracks_opens
from .ranks import null_smallest
from .settings import Settings
from .signals import Activity

STAGES = ("prospect", "new", "active", "loyal", "reactivated", "at_risk", "lost", "advocate")
OF_NEW = ("acquired", "activation_rate", "second_order_rate_30d", "second_order_rate_60d", "second_order_rate_90d")
Members = Collection[str]


@dataclass(frozen=True)
class Shop:
    """What is known to as_of_date, of customers alone."""

    customers: Mapping[str, Customer]
    created: Mapping[str, date | None]
    """Of each customer whom a row of customers describes, with orders or without."""
    activities: Sequence[Activity]
    messages: Sequence[Message]
    as_of: date
    settings: Settings

    def has(self, kind: str) -> bool:
        return any(row.activity_type == kind for row in self.activities)

    def stage(self, customer_id: str, day: date) -> str | None:
        customer = self.customers.get(customer_id)
        return None if customer is None else lifecycle_stage(customer, day, self.settings)

    def members(self, stage: str, day: date) -> set[str]:
        if stage == "prospect":
            known = {who for who, created in self.created.items() if created is None or created <= day}
            return {who for who in known if self.stage(who, day) is None}
        if stage == "advocate":
            return {who for who in self.customers if self.stage(who, day) and self.is_advocate(who, day)}
        return {who for who in self.customers if self.stage(who, day) == stage}

    def is_advocate(self, customer_id: str, day: date) -> bool:
        first = day - timedelta(days=self.settings.active_window_days)
        own = [row for row in self.activities if row.customer_id == customer_id and first < row.day <= day]
        answers = [row for row in own if row.activity_type == "nps"]
        latest = max(answers, key=lambda row: null_smallest(row.occurred_at, row.value), default=None)
        return any(row.activity_type == "referral_converted" for row in own) or (
            latest is not None and number(latest) >= 9
        )

    def revenue(self, members: Members, day: date) -> Decimal:
        """Of the 365 days to a day."""
        own = (self.customers[who] for who in members if who in self.customers)
        return sum((total(orders_of_a_year(customer, day)) for customer in own), Decimal(0))


def lifecycle_kpis(intake: Intake, kpis: Sequence[Row], as_of: date, settings: Settings) -> list[Row]:
    activities = [row for row in intake.signals.activities if row.customer_id is not None and row.day <= as_of]
    customers = {customer.customer_id: customer for customer in intake.customers}
    shop = Shop(customers, intake.created, activities, messages_of(activities, as_of)[0], as_of, settings)
    clv = {row["period_start"]: row["clv_by_lifespan"] for row in kpis if row["period_grain"] == "month"}
    first_date = min(order.order_date for order in intake.orders)
    return [
        stage_row(shop, month, stage, clv[month])
        for month in period_starts("month", first_date, as_of)
        for stage in STAGES
    ]


def stage_row(shop: Shop, month: date, stage: str, clv: object) -> Row:
    last_day = last_day_of(month)
    end = min(last_day, shop.as_of)
    members = shop.members(stage, end)
    orders = orders_of(shop, month, stage)
    is_acquired = stage == "new"
    return {
        "month_start": month,
        "lifecycle_stage": stage,
        "customers": len(members),
        "orders": len(orders),
        "net_revenue": total(orders),
        **what_follows(shop, month, stage, members, end),
        "clv_by_lifespan": None if stage == "prospect" else share_of_clv(shop, members, end, clv),
        **signals_of(shop, members, month, end),
        **(acquired_in(shop, month) if is_acquired else dict.fromkeys((*OF_NEW, "median_days_to_second_order"))),
        "is_complete": last_day <= shop.as_of,
        "is_next_month_complete": last_day_of(add_periods("month", month, 1)) <= shop.as_of,
    }


def last_day_of(month: date) -> date:
    return add_periods("month", month, 1) - timedelta(days=1)


def orders_of(shop: Shop, month: date, stage: str) -> list[Order]:
    """Of those who brought the stage along; new customers come as prospects."""
    before = shop.members(stage, month - timedelta(days=1))
    return [
        order
        for who, customer in shop.customers.items()
        for order in customer.orders
        if start_of_period("month", order.order_date) == month
        and (start_of_period("month", customer.first_order_date) == month if stage == "prospect" else who in before)
    ]


def what_follows(shop: Shop, month: date, stage: str, members: Members, end: date) -> Row:
    next_month = add_periods("month", month, 1)
    if next_month > shop.as_of:
        names = ("lost_next_month", "lost_next_month_rate", "revenue_at_stake", "conversion_next_month_rate")
        return dict.fromkeys(names)
    next_end = min(last_day_of(next_month), shop.as_of)
    lost = [
        who
        for who in members
        if stage != "prospect" and shop.stage(who, end) != "lost" and shop.stage(who, next_end) == "lost"
    ]
    converted = sum(shop.stage(who, next_end) is not None for who in members)
    return {
        "lost_next_month": len(lost),
        "lost_next_month_rate": ratio(len(lost), len(members)),
        "revenue_at_stake": shop.revenue(lost, end),
        "conversion_next_month_rate": ratio(converted, len(members)) if stage == "prospect" else None,
    }


def share_of_clv(shop: Shop, members: Members, end: date, clv: object) -> float | None:
    kept = {who for who in shop.customers if shop.stage(who, end) not in (None, "lost")}
    of_all = ratio(shop.revenue(kept, end), len(kept))
    of_stage = ratio(shop.revenue(members, end), len(members))
    if not isinstance(clv, float) or of_stage is None or not of_all:
        return None
    return clv * of_stage / of_all


def signals_of(shop: Shop, members: Members, month: date, end: date) -> Row:
    own = [row for row in shop.activities if row.customer_id in members and month <= row.day <= end]

    def rows_of(kind: str) -> list[Activity]:
        return [row for row in own if row.activity_type == kind]

    def counted(kind: str) -> int | None:
        return len(rows_of(kind)) if shop.has(kind) else None

    answers = nps_of(rows_of("nps"))
    marks = [number(row) for row in rows_of("csat")]
    replies = [number(row) for row in rows_of("ticket_first_reply")]
    sent = [message for message in shop.messages if message.customer_id in members and month <= message.day <= end]
    opened = sum(message.answered("email_opened", "email_clicked") for message in sent)
    return {
        "nps_responses": answers["responses"] if shop.has("nps") else None,
        "nps": answers["nps"],
        "average_csat": math.fsum(marks) / len(marks) if marks else None,
        "tickets_per_customer": (
            ratio(len(rows_of("ticket_opened")), len(members)) if shop.has("ticket_opened") else None
        ),
        "median_first_reply_minutes": median(replies) if replies else None,
        "emails_sent": len(sent) if shop.has("email_sent") else None,
        "email_open_rate": ratio(opened, len(sent)) if tracks_opens(shop.messages) else None,
        "referrals_sent": counted("referral_sent"),
        "referrals_converted": counted("referral_converted"),
    }


def acquired_in(shop: Shop, month: date) -> Row:
    acquired = [c for c in shop.customers.values() if start_of_period("month", c.first_order_date) == month]

    def observed(days: int) -> list[Customer]:
        return [c for c in acquired if c.first_order_date + timedelta(days=days) <= shop.as_of]

    def returned(days: int) -> float | None:
        back = [c for c in observed(days) if days_to_second_order(c) <= days]
        return ratio(len(back), len(observed(days)))

    activated = [c for c in observed(14) if is_activated(shop, c)]
    waits = [days_to_second_order(c) for c in acquired if days_to_second_order(c) <= 90]
    is_over = last_day_of(month) + timedelta(days=90) <= shop.as_of
    return {
        "acquired": len(acquired),
        "activation_rate": ratio(len(activated), len(observed(14))) if shop.has("product_use") else None,
        **{f"second_order_rate_{days}d": returned(days) for days in (30, 60, 90)},
        "median_days_to_second_order": median(waits) if waits and is_over else None,
    }


def days_to_second_order(customer: Customer) -> float:
    if len(customer.orders) < 2:
        return math.inf
    return (customer.orders[1].order_date - customer.first_order_date).days


def is_activated(shop: Shop, customer: Customer) -> bool:
    first = customer.first_order_date
    return any(
        row.activity_type == "product_use"
        and row.customer_id == customer.customer_id
        and first <= row.day <= first + timedelta(days=14)
        for row in shop.activities
    )
