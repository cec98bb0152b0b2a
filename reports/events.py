"""What happened with one customer: orders, answers, support, contracts, messages and use as one story, newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from html import escape

from reports.charts import Chart, Event, lanes
from reports.language import Language
from reports.questions import Row
from reports.tables import Column, Table

# The kinds of events from top to bottom, and the signals of which a shop has at least one if it has such events.
KINDS: dict[str, tuple[str, ...]] = {
    "orders": (),
    "answers": ("nps", "csat", "churn_reason"),
    "support": ("ticket_opened", "ticket_first_reply", "ticket_solved", "complaint"),
    "contract": ("subscriptions", "payment_failed"),
    "programmes": ("referral_sent", "referral_converted", "loyalty_earned", "loyalty_redeemed"),
    "messages": ("actions_taken", "email_sent", "email_opened", "email_clicked", "sms_sent"),
    "use": ("session", "product_use", "community_post"),
}
# What comes before customers leave, or is a reason to: marked in the chart, and in words.
WARNING_TYPES = ("refund", "churn_reason", "complaint", "payment_failed", "contract_ended")
WARNING_OUTCOMES = ("detractor", "dissatisfied", "above_target")
OF_MARKS = {"nps": 10, "csat": 5}


def is_warning(row: Row) -> bool:
    return row["event_type"] in WARNING_TYPES or row["outcome"] in WARNING_OUTCOMES


def name(kind: str, language: Language) -> str:
    return language.say(f"events.kind.{kind}")


def what(row: Row, language: Language) -> str:
    return language.known(f"events.type.{row['event_type']}", row["event_type"])


def sentences(rows: Sequence[Row], coverage: Sequence[Row], language: Language) -> Iterator[str]:
    """How much there is and since when, what warns, and which kinds of events are missing, of customer or shop."""
    warnings = [row for row in rows if is_warning(row)]
    if rows:
        yield language.say(
            "events.span",
            events=language.number(sum(row["events"] for row in rows)),
            first=language.day(rows[-1]["event_date"]),
            last=language.day(rows[0]["event_date"]),
        )
        if warnings:
            yield language.say(
                "events.warned",
                warnings=language.number(len(warnings)),
                last=language.day(warnings[0]["event_date"]),
                parts="; ".join(warned(warnings, language)),
            )
        else:
            yield language.say("events.no_warning")
    known = {row["signal"] for row in coverage}
    of_customer = {row["event_group"] for row in rows}
    of_shop = [kind for kind, signals in KINDS.items() if not signals or known & set(signals)]
    without = [name(kind, language) for kind in of_shop if kind not in of_customer]
    if without:
        yield language.say("events.not_of_customer", names=", ".join(without))
    missing = [name(kind, language) for kind in KINDS if kind not in of_shop and kind not in of_customer]
    if missing:
        yield language.say("events.not_of_shop", names=", ".join(missing))


def warned(warnings: Sequence[Row], language: Language) -> Iterator[str]:
    """What warned and how often, the most frequent first."""
    words = Counter(
        ", ".join(part for part in (what(row, language), outcome(row, language)) if part) for row in warnings
    )
    for said, times in words.most_common():
        yield f"{said} ({language.number(times)})"


def outcome(row: Row, language: Language) -> str:
    return language.say(f"events.outcome.{row['outcome']}") if row["outcome"] else ""


def line(rows: Sequence[Row], today: date, stage: str, customer_id: str, language: Language, currency: str) -> Chart:
    """One lane for each kind of event that the customer has; what happened on one day is one mark."""
    kinds = [kind for kind in KINDS if any(row["event_group"] == kind for row in rows)]
    marks: dict[bool, list[Event]] = {False: [], True: []}
    for kind in kinds:
        own = [row for row in rows if row["event_group"] == kind]
        for day in dict.fromkeys(row["event_date"] for row in own):
            of_day = [row for row in own if row["event_date"] == day]
            marks[any(map(is_warning, of_day))].append(mark(kind, day, of_day, language, currency))
    series = [(language.say("events.event"), marks[False]), (language.say("events.warning"), marks[True])]
    parts = ", ".join(
        f"{name(kind, language)} {language.number(sum(row['events'] for row in rows if row['event_group'] == kind))}"
        for kind in kinds
    )
    return Chart(
        lanes([name(kind, language) for kind in kinds], series, today, language.stage(stage), language),
        language.say("events.alt", customer=customer_id, parts=parts, stage=language.stage(stage)),
        table(rows, language),
    )


def mark(kind: str, day: date, rows: Sequence[Row], language: Language, currency: str) -> Event:
    said = [f"<b>{language.day(day)}</b>"]
    for row in rows:
        amount = "" if row["amount"] is None else language.money(row["amount"], currency)
        said.append(escape(", ".join(part for part in (what(row, language), details(row, language), amount) if part)))
    return Event(day, name(kind, language), "<br>".join(said))


def table(rows: Sequence[Row], language: Language) -> Table:
    """The story in words, newest first."""
    say = language.say
    columns = [
        Column("event_date", say("events.day"), "date"),
        Column("what", say("events.what")),
        Column("details", say("events.details")),
        Column("amount", say("events.amount"), "currency", tip=say("events.amount_tip")),
        Column("channel", say("events.channel")),
        Column("kind", say("events.kind")),
        Column("warns", say("events.warning"), "flag", tip=say("events.warning_tip")),
    ]
    return Table(
        columns,
        [
            {
                **row,
                "kind": name(row["event_group"], language),
                "what": what(row, language),
                "details": details(row, language) or None,
                "warns": is_warning(row) or None,
            }
            for row in rows
        ],
    )


def details(row: Row, language: Language) -> str:
    """What is known of an event beyond its type: an order's number, an answer's mark, the minutes to a reply."""
    parts = [
        row["order_id"],
        row["rule_id"] and language.say("events.rule", rule=row["rule_id"]),
        row["value"] is not None and measured(row, language),
        outcome(row, language),
        row["event_type"].startswith("contract_") and language.say("events.per_month"),
        row["events"] > 1 and language.say("events.times", events=language.number(row["events"])),
    ]
    return ", ".join(part for part in parts if part)


def measured(row: Row, language: Language) -> str:
    """A mark, a time or points, in its own form."""
    kind, value = row["event_type"], row["value"]
    shown = language.number(value, 0 if value == int(value) else 1)
    if kind in OF_MARKS:
        return language.say("events.mark", mark=shown, most=OF_MARKS[kind])
    if kind.startswith("loyalty_"):
        return language.say("events.points", points=shown)
    return language.value(value, "minutes")
