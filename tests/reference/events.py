"""What happened with each customer, one row per event: the story that marts.customer_events tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from .cohorts import Row
from .effects import answer
from .feedback import KNOWN_TYPES, OF_SUPPORT, number
from .intake import Customer, Intake, Subscription
from .ranks import Rank
from .settings import Settings
from .signals import Activity
from .subscriptions import terms_of

# Groups of the types, in words of their own.
GROUPS = {
    "orders": ("order", "refund"),
    "answers": ("nps", "csat", "churn_reason"),
    "support": ("ticket_opened", "ticket_first_reply", "ticket_solved", "complaint"),
    "contract": ("contract_started", "contract_continued", "contract_ended", "payment_failed"),
    "programmes": ("referral_sent", "referral_converted", "loyalty_earned", "loyalty_redeemed"),
    "messages": ("action_taken", "email_sent", "email_opened", "email_clicked", "sms_sent"),
    "use": ("session", "product_use", "community_post"),
}
GROUP_OF = {kind: group for group, kinds in GROUPS.items() for kind in kinds}
BY_DAY = (*GROUPS["messages"][1:], *GROUPS["use"])
WITH_A_VALUE = ("nps", "csat", "ticket_first_reply", "ticket_solved", "loyalty_earned", "loyalty_redeemed")
SHOWN = ("occurred_at", "order_id", "rule_id", "outcome", "channel", "value", "amount")


def customer_events(intake: Intake, as_of: date, settings: Settings) -> list[Row]:
    terms = terms_of(intake.subscriptions, as_of)
    rows: list[Row] = []
    for customer in intake.customers:
        found = [
            *of_orders(customer, intake, as_of),
            *of_activities(customer, intake.signals.activities, as_of, settings),
            *of_contracts(terms.get(customer.customer_id, ()), as_of, settings),
        ]
        for action in intake.signals.actions:
            if action.customer_id == customer.customer_id and action.day <= as_of:
                found.append(
                    event(
                        "action_taken",
                        action.day,
                        occurred_at=action.taken_at,
                        outcome=action.arm,
                        rule_id=action.rule_id,
                    )
                )
        rows += numbered(customer.customer_id, found)
    return rows


def event(kind: str, day: date, **said: object) -> Row:
    nothing = dict.fromkeys(SHOWN)
    return {"event_type": kind, "event_date": day, "event_group": GROUP_OF[kind], **nothing, "events": 1, **said}


def of_orders(customer: Customer, intake: Intake, as_of: date) -> Iterator[Row]:
    for order in customer.orders:
        yield event(
            "order",
            order.order_date,
            occurred_at=order.ordered_at,
            order_id=order.order_id,
            channel=order.sales_channel,
            amount=order.net_amount,
            outcome="refunded" if order.refunded_amount > 0 else None,
        )
    for refund in intake.refunds:
        if refund.order.customer_id == customer.customer_id and refund.day <= as_of:
            yield event(
                "refund",
                refund.day,
                occurred_at=refund.refunded_at,
                order_id=refund.order.order_id,
                amount=refund.amount,
            )


def of_activities(customer: Customer, activities: Sequence[Activity], as_of: date, settings: Settings) -> Iterator[Row]:
    own = [
        row
        for row in activities
        if row.customer_id == customer.customer_id and row.day <= as_of and row.activity_type in KNOWN_TYPES
    ]
    by_day: Counter[tuple[str, date]] = Counter()
    for row in own:
        kind = str(row.activity_type)
        if kind not in BY_DAY:
            yield event(
                kind,
                row.day,
                occurred_at=row.occurred_at,
                outcome=outcome(row, settings),
                channel=row.channel if kind in OF_SUPPORT else None,
                value=row.value if kind in WITH_A_VALUE else None,
            )
        elif row.day > as_of - timedelta(days=365):
            by_day[kind, row.day] += 1
    for (kind, day), events in by_day.items():
        yield event(kind, day, events=events)


def outcome(row: Activity, settings: Settings) -> str | None:
    if row.activity_type in ("nps", "csat"):
        return answer(row.activity_type, row, (), settings)
    if row.activity_type == "ticket_first_reply":
        return answer("first_reply", row, (), settings)
    if row.activity_type == "ticket_solved":
        return "within_target" if number(row) <= settings.solved_target_minutes else "above_target"
    return None


def of_contracts(terms: Sequence[Subscription], as_of: date, settings: Settings) -> Iterator[Row]:
    """A term goes on from one that began before and, as its end is read, ended on the day on which it starts."""
    for term in terms:
        goes_on = any(other.start_date < term.start_date == other.end_date for other in terms)
        yield event(
            "contract_continued" if goes_on else "contract_started", term.start_date, amount=term.monthly_amount
        )
        if term.end_date is None or term.end_date > as_of:
            continue
        if any(term.start_date < other.start_date == term.end_date for other in terms):
            continue
        failed = (term.cancellation_reason or "").lower() in settings.involuntary_cancellation_reasons
        yield event(
            "contract_ended",
            term.end_date,
            amount=term.monthly_amount,
            outcome="involuntary" if failed else "voluntary",
        )


def numbered(customer_id: str, rows: Sequence[Row]) -> Iterator[Row]:
    numbers: Counter[tuple[object, object]] = Counter()
    for row in sorted(rows, key=lambda row: null_largest(*(row[name] for name in SHOWN))):
        numbers[row["event_date"], row["event_type"]] += 1
        yield {"customer_id": customer_id, **row, "event_number": numbers[row["event_date"], row["event_type"]]}


def null_largest(*values: object) -> Rank:
    return tuple(
        (1, 0) if value is None else (0, value.encode("utf-8") if isinstance(value, str) else value) for value in values
    )
