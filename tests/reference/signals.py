"""From raw rows to counted activities and actions, and what became of each (section 11)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from .identity import Identity
from .ranks import Rank, null_smallest
from .reading import (
    is_damaged,
    read_amount,
    read_customer,
    read_text,
    read_undamaged_id,
)
from .rows import Raw, RawRow, file_of
from .settings import Settings

AT_LEAST_ZERO = ("ticket_first_reply", "ticket_solved", "loyalty_earned", "loyalty_redeemed")


@dataclass(frozen=True)
class Activity:
    activity_id: str | None
    number: str | None
    customer_id: str | None
    """As resolved; None: nobody's."""
    occurred_at: datetime | None
    activity_type: str | None
    value: Decimal | None
    is_value_given: bool
    channel: str | None
    source_system: str | None
    detail: str | None
    updated_at: datetime | None
    day: date = date.min
    source_file: str | None = None


@dataclass(frozen=True)
class Action:
    number: str | None
    customer_id: str | None
    rule_id: str | None
    taken_at: datetime | None
    arm: str | None
    variant: str | None
    day: date = date.min
    source_file: str | None = None


@dataclass
class Signals:
    """What counts, whenever dated: the marts look at what lies on or before as_of_date."""

    activities: list[Activity] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)


Row = TypeVar("Row", Activity, Action)
Accounting = dict[tuple[str, str, str, str | None], int]


def take_in_signals(
    raw: Raw,
    identity: Identity,
    settings: Settings,
    accounting: Accounting,
) -> Signals:
    def rows_of(entity: str, read: Callable[[RawRow], Row], reason: Callable[[Row], str | None]) -> list[Row]:
        """The rows that are neither rejected nor later than as_of_date."""
        usable = []
        for row in map(read, raw.get(entity, ())):
            rejected = reason(row)
            if rejected is not None:
                count(accounting, entity, "quarantined", rejected, row)
            elif settings.as_of_date is not None and row.day > settings.as_of_date:
                count(accounting, entity, "excluded", "after_as_of_date", row)
            else:
                usable.append(row)
        return usable

    def winners(entity: str, rows: list[Row], key: Callable[[Row], Hashable], rank: Callable[[Row], Rank]) -> list[Row]:
        found = winning(rows, key, rank)
        counted = {id(row) for row in found}
        for row in rows:
            count(accounting, entity, "counted" if id(row) in counted else "superseded", "none", row)
        return found

    activities = rows_of(
        "activities",
        lambda row: read_activity(row, identity, settings),
        lambda row: rejected_activity(row, settings),
    )
    actions = rows_of(
        "actions_taken",
        lambda row: read_action(row, identity, settings),
        lambda row: rejected_action(row, settings),
    )
    return Signals(
        winners("activities", activities, activity_key, activity_rank),
        winners("actions_taken", actions, lambda row: (row.customer_id, row.rule_id, row.taken_at), action_rank),
    )


def count(accounting: Accounting, entity: str, outcome: str, reason: str, row: Activity | Action) -> None:
    key = (entity, outcome, reason, row.source_file)
    accounting[key] = accounting.get(key, 0) + 1


def winning(rows: Iterable[Row], key: Callable[[Row], Hashable], rank: Callable[[Row], Rank]) -> list[Row]:
    found: dict[Hashable, Row] = {}
    for row in rows:
        own = key(row)
        found[own] = max(found.get(own, row), row, key=rank)
    return list(found.values())


def day_of(instant: datetime | None, settings: Settings) -> date:
    return date.min if instant is None else settings.local_date(instant)


# --- activities -------------------------------------------------------------------------------------------------


def read_activity(row: RawRow, identity: Identity, settings: Settings) -> Activity:
    number, email = read_customer(row.get("customer_id"), None, settings.missing_values)
    occurred_at = settings.read_timestamp(row.get("occurred_at"))
    kind = read_text(row.get("activity_type"))
    return Activity(
        activity_id=read_undamaged_id(row.get("activity_id"), settings.missing_values),
        number=number,
        customer_id=identity.of(number, email),
        occurred_at=occurred_at,
        activity_type=None if kind is None else kind.lower(),
        value=read_amount(row.get("value")),
        is_value_given=read_text(row.get("value")) is not None,
        channel=read_text(row.get("channel")),
        source_system=read_text(row.get("source_system")),
        detail=read_text(row.get("detail")),
        updated_at=settings.read_timestamp(row.get("updated_at")),
        day=day_of(occurred_at, settings),
        source_file=file_of(row),
    )


def rejected_activity(row: Activity, settings: Settings) -> str | None:
    if is_damaged(row.number):
        return "damaged_id"
    if row.occurred_at is None:
        return "invalid_occurred_at"
    if settings.is_in_future(row.occurred_at):
        return "occurred_in_future"
    if row.activity_type is None:
        return "missing_activity_type"
    if (row.is_value_given and row.value is None) or not is_possible(row.activity_type, row.value):
        return "invalid_value"
    return None


def is_possible(kind: str, value: Decimal | None) -> bool:
    if kind == "nps":
        return value is not None and 0 <= value <= 10 and value == int(value)
    if kind == "csat":
        return value is not None and 1 <= value <= 5
    if kind in AT_LEAST_ZERO:
        return value is not None and value >= 0
    return True


def activity_key(row: Activity) -> Hashable:
    if row.activity_id is not None:
        return ("named", row.source_system, row.activity_id)
    if row.customer_id is None:
        return ("nobody's", id(row))
    columns = (row.occurred_at, row.customer_id, row.activity_type, row.value, row.channel, row.detail)
    return ("equal", row.source_system, *columns)


def activity_rank(row: Activity) -> Rank:
    return null_smallest(
        row.updated_at,
        row.occurred_at,
        row.customer_id,
        row.activity_type,
        row.value,
        row.channel,
        row.detail,
        row.source_file,
    )


# --- actions --------------------------------------------------------------------------------------------------


def read_action(row: RawRow, identity: Identity, settings: Settings) -> Action:
    number, email = read_customer(row.get("customer_id"), None, settings.missing_values)
    taken_at = settings.read_timestamp(row.get("taken_at"))
    arm = read_text(row.get("arm"))
    return Action(
        number=number,
        customer_id=identity.of(number, email),
        rule_id=read_text(row.get("rule_id")),
        taken_at=taken_at,
        arm=None if arm is None else arm.lower(),
        variant=read_text(row.get("variant")),
        day=day_of(taken_at, settings),
        source_file=file_of(row),
    )


def rejected_action(row: Action, settings: Settings) -> str | None:
    if row.customer_id is None:
        return "missing_customer_id"
    if is_damaged(row.number):
        return "damaged_id"
    if row.rule_id is None:
        return "missing_rule_id"
    if row.taken_at is None:
        return "invalid_taken_at"
    if settings.is_in_future(row.taken_at):
        return "taken_in_future"
    return None if row.arm in ("treatment", "control") else "unknown_arm"


def action_rank(row: Action) -> Rank:
    return null_smallest(row.arm, row.variant, row.source_file)
