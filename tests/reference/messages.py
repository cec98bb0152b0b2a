"""E-mail messages: which open belongs to which, and the figures of them by period (contract section 16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from .calendar_periods import add_periods
from .cohorts import Row, ratio
from .feedback import periods
from .ranks import Rank, null_smallest
from .signals import Activity

OF_EMAIL = ("email_sent", "email_opened", "email_clicked")
TIME_TO_ANSWER = timedelta(hours=7 * 24)
TIME_TO_BE_OPENED = timedelta(days=3)


@dataclass
class Message:
    customer_id: str | None
    sent_at: datetime
    day: date
    name: str | None
    opens: list[Activity] = field(default_factory=list)
    """Opens and clicks that belong to it."""

    def answered(self, *kinds: str) -> bool:
        """Within seven days."""
        return any(row.activity_type in kinds and instant(row) <= self.sent_at + TIME_TO_ANSWER for row in self.opens)


def instant(row: Activity) -> datetime:
    assert row.occurred_at is not None
    return row.occurred_at


def in_order(message: Message) -> Rank:
    return null_smallest(message.sent_at, message.name)


def messages_of(activities: Sequence[Activity], as_of: date) -> tuple[list[Message], list[Activity]]:
    """The messages with their opens, and the opens that belong to none."""
    rows = [row for row in activities if row.activity_type in OF_EMAIL and row.day <= as_of]
    of_nobody: list[Message] = []
    of_customer: dict[str, list[Message]] = {}
    for row in rows:
        if row.activity_type != "email_sent":
            continue
        message = Message(row.customer_id, instant(row), row.day, row.detail)
        if row.customer_id is None:
            of_nobody.append(message)
        else:
            own = of_customer.setdefault(row.customer_id, [])
            if not any(in_order(known) == in_order(message) for known in own):
                own.append(message)
    unmatched = []
    for row in rows:
        if row.activity_type == "email_sent":
            continue
        before = [
            message
            for message in of_customer.get(row.customer_id or "", ())
            if message.sent_at <= instant(row) and (row.detail is None or message.name == row.detail)
        ]
        if before:
            max(before, key=in_order).opens.append(row)
        else:
            unmatched.append(row)
    return [*of_nobody, *(message for own in of_customer.values() for message in own)], unmatched


def tracks_opens(messages: Sequence[Message]) -> bool:
    return any(message.opens for message in messages)


def last_three(messages_of_customer: Sequence[Message], day: date) -> list[Message]:
    """The last three that were sent by a day minus 3; none where they are fewer."""
    had_time = [message for message in messages_of_customer if message.day <= day - TIME_TO_BE_OPENED]
    return sorted(had_time, key=in_order)[-3:] if len(had_time) >= 3 else []


def email_kpis(activities: Sequence[Activity], as_of: date) -> list[Row]:
    rows = [row for row in activities if row.activity_type in OF_EMAIL and row.day <= as_of]
    messages, unmatched = messages_of(activities, as_of)
    result: list[Row] = []
    for grain, start, last_day, _, _ in periods(("week", "month"), rows, as_of):
        sent = [message for message in messages if start <= message.day <= last_day]
        recipients = {message.customer_id for message in sent} - {None}
        opened = sum(message.answered("email_opened", "email_clicked") for message in sent)
        clicked = sum(message.answered("email_clicked") for message in sent)
        streaks = 0
        for customer_id in recipients:
            last = last_three([m for m in messages if m.customer_id == customer_id], last_day)
            streaks += bool(last) and not any(row.day <= last_day for message in last for row in message.opens)
        known: Row = {
            "emails_opened": opened,
            "emails_clicked": clicked,
            "open_rate": ratio(opened, len(sent)),
            "click_rate": ratio(clicked, len(sent)),
            "customers_with_unopened_streak": streaks,
        }
        result.append(
            {
                "period_grain": grain,
                "period_start": start,
                "emails_sent": len(sent),
                "recipients": len(recipients),
                **(known if tracks_opens(messages) else dict.fromkeys(known)),
                "unmatched_events": sum(start <= row.day <= last_day for row in unmatched),
                "is_complete": add_periods(grain, start, 1) + timedelta(days=7) <= as_of + timedelta(days=1),
            }
        )
    return result
