"""The 15-point audit of customer retention: what each point rests on, its score and its evidence (docs/audit.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor

from .calendar_periods import add_periods, period_starts, start_of_period
from .cohorts import Row, ratio
from .feedback import number
from .health import components, known_on
from .intake import Customer, Intake
from .lifecycle import lifecycle_stage
from .messages import messages_of
from .programmes import was_referred
from .seeds import Seeds
from .settings import Settings

WORDS = ("area_en", "area_de", "question_en", "question_de", "full_score_en", "full_score_de")
STEPS = ("first_step_en", "first_step_de")
BY_HAND = {
    "en": "To be scored by hand in seeds/audit_scores_by_hand.csv; not scored yet.",
    "de": "Von Hand zu bewerten, in seeds/audit_scores_by_hand.csv; noch nicht bewertet.",
}


@dataclass(frozen=True)
class Found:
    """What a measure counts, of which days, and whether the shop has its signal."""

    part: int
    whole: int
    first: date | None
    last: date | None
    has_signal: bool = True


def days(count: int) -> timedelta:
    return timedelta(days=count)


def retention_audit(intake: Intake, as_of: date, settings: Settings, seeds: Seeds) -> list[Row]:
    """The seed of scores by hand is looked at only for a first build: the shipped one has none."""
    found = {**of_customers(intake, as_of, settings, seeds), **of_events(intake, as_of, settings)}
    limits = {row["measure"]: row for row in seeds["audit_thresholds"]}
    rows: list[Row] = []
    for point in seeds["audit_points"]:
        asked = [name for name in (point["measure"], point["and_measure"]) if name != "-"]
        scores = {name: score(found[name], limits[name]) for name in asked}
        known = [value for value in scores.values() if value is not None]
        least = min(known) if known else None
        decides = next((name for name in asked if scores[name] == least), None)
        one = found[decides] if decides else None
        rows.append(
            {
                "audit_point": int(point["audit_point"]),
                "area": point["area"],
                **{name: point[name] for name in (*WORDS, *STEPS)},
                "audit_score": least,
                "max_score": 5,
                "how_scored": "not_scored" if least is None else "measured",
                "decisive_measure": decides,
                "measured_part": one.part if one else None,
                "measured_whole": one.whole if one else None,
                "measured_share": ratio(one.part, one.whole) if one else None,
                "from_date": one.first if one else None,
                "to_date": one.last if one else None,
                "scored_on": None,
                **{
                    f"evidence_{code}": " ".join(evidence(found[name], limits[name], code) for name in asked)
                    or BY_HAND[code]
                    for code in ("en", "de")
                },
            }
        )
    rows.sort(key=lambda row: (row["audit_score"] is None, row["audit_score"] or 0, row["audit_point"]))
    return [{"audit_rank": place, **row} for place, row in enumerate(rows, 1)]


def score(found: Found, limits: dict[str, str]) -> int | None:
    if not found.has_signal:
        return 1 if limits["without_signal"] == "lowest" else None
    if found.whole < int(limits["least_whole"]):
        return None
    share = found.part / found.whole
    return 1 + sum(share >= float(limits[f"from_{level}"]) for level in (2, 3, 4, 5))


def evidence(found: Found, limits: dict[str, str], code: str) -> str:
    if not found.has_signal:
        return limits[f"missing_{code}"]
    percent = "-"
    if found.whole:
        percent = f"{floor(1000 * (found.part / found.whole) + 0.5) / 10:g}".replace(".", "," if code == "de" else ".")
    first, last = (in_words(day, code) if day else "-" for day in (found.first, found.last))
    words = limits[f"evidence_{code}"].replace("{part}", str(found.part)).replace("{whole}", str(found.whole))
    words = words.replace("{percent}", percent).replace("{from}", first).replace("{to}", last)
    if found.whole < int(limits["least_whole"]):
        words += {
            "en": f" Too few to judge: at least {limits['least_whole']} are needed.",
            "de": f" Zu wenige für ein Urteil: Mindestens {limits['least_whole']} sind nötig.",
        }[code]
    return words


def in_words(day: date, code: str) -> str:
    """31.01.2025 in German, 31 January 2025 in English."""
    return f"{day:%d.%m.%Y}" if code == "de" else f"{day.day} {day:%B %Y}"


# --- customers --------------------------------------------------------------------------------------------------


def of_customers(intake: Intake, as_of: date, settings: Settings, seeds: Seeds) -> dict[str, Found]:
    activities = [row for row in intake.signals.activities if row.day <= as_of]
    treated = [row for row in intake.signals.actions if row.day <= as_of and row.arm == "treatment"]
    messages, _ = messages_of(intake.signals.activities, as_of)
    contacts = {(message.customer_id, message.day) for message in messages}
    contacts |= {(row.customer_id, row.day) for row in activities if row.activity_type == "sms_sent"}
    contacts |= {(row.customer_id, row.day) for row in treated}
    (upsell,) = [row for row in seeds["audit_thresholds"] if row["measure"] == "upsell_by_behaviour"]
    offers = {(row.customer_id, row.day) for row in treated if row.rule_id in upsell["rules"].split("|")}
    posts = {(row.customer_id, row.day) for row in activities if row.activity_type == "community_post"}
    known = known_on(as_of, intake, settings, seeds)
    stages = {customer.customer_id: lifecycle_stage(customer, as_of, settings) for customer in intake.customers}

    def since(events: set[tuple[str | None, date]], customer: Customer, first: date) -> bool:
        return any(who == customer.customer_id and day >= first for who, day in events)

    def slipped(customer: Customer) -> date:
        """The first day on which the customer, ordering no more, is at risk or lost."""
        return customer.last_order_date + min(days(settings.at_risk_after_days + 1), days(settings.active_window_days))

    not_lost = [customer for customer in intake.customers if stages[customer.customer_id] != "lost"]
    willing = [customer for customer in not_lost if customer.marketing_consent is not False]
    new = [customer for customer in intake.customers if 90 <= (as_of - customer.first_order_date).days <= 90 + 364]
    back = [one for one in new if len(one.orders) > 1 and (one.orders[1].order_date - one.first_order_date).days <= 90]
    healthy = [
        one
        for one in not_lost
        if any(value is not None for name, value in components(one, known).items() if name != "purchase")
    ]
    won = [customer for customer in intake.customers if (as_of - customer.first_order_date).days <= 364]
    referred = [one for one in won if was_referred(one, intake.referrers)]
    buying = [one for one in willing if slipped(one) > as_of]
    gone = [
        one
        for one in intake.customers
        if one.marketing_consent is not False
        and (as_of - one.last_order_date).days <= 729
        and (as_of - slipped(one)).days >= 30
    ]
    kinds = {row.activity_type for row in activities}
    is_contacted = bool(kinds & {"email_sent", "sms_sent"} or treated)
    has_referrals = bool(
        kinds & {"referral_sent", "referral_converted"}
        or any(was_referred(one, intake.referrers) for one in intake.customers)
    )
    year = as_of - days(364)
    return {
        "returned_within_90_days": Found(len(back), len(new), as_of - days(90 + 364), as_of - days(90)),
        "contacted_unasked": Found(
            sum(since(contacts, one, as_of - days(89)) for one in willing), len(willing), as_of - days(89), as_of,
            is_contacted,
        ),
        "health_beyond_purchases": Found(len(healthy), len(not_lost), as_of, as_of),
        "referred_new_customers": Found(len(referred), len(won), year, as_of, has_referrals),
        "community_customers": Found(
            sum(since(posts, one, year) for one in not_lost), len(not_lost), year, as_of, bool(posts)
        ),
        "upsell_by_behaviour": Found(
            sum(since(offers, one, year) for one in buying), len(buying), year, as_of, bool(treated)
        ),
        "contacted_inactive": Found(
            sum(since(contacts, one, slipped(one)) for one in gone), len(gone), as_of - days(729), as_of, is_contacted
        ),
    }  # fmt: skip


# --- events -----------------------------------------------------------------------------------------------------


def of_events(intake: Intake, as_of: date, settings: Settings) -> dict[str, Found]:
    activities = [row for row in intake.signals.activities if row.day <= as_of]
    treated = [row for row in intake.signals.actions if row.day <= as_of and row.arm == "treatment"]
    all_named = [one for one in messages_of(intake.signals.activities, as_of)[0] if one.name is not None]
    named = [one for one in all_named if one.customer_id is not None and (as_of - one.day).days <= 89]
    reached = {name: {one.customer_id for one in named if one.name == name} for name in {one.name for one in named}}
    everybody = {one.customer_id for one in named}
    to_a_part = [one for one in named if len(reached[one.name]) < len(everybody) / 2]

    months = period_starts("month", min(order.order_date for order in intake.orders), as_of)
    over = [month for month in months if add_periods("month", month, 1) <= as_of + days(1)][-12:]
    surveys = [row for row in activities if row.activity_type in ("nps", "csat")]
    asked = {start_of_period("month", row.day) for row in surveys}
    before = [month for month in months if add_periods("month", month, 1) == start_of_period("month", as_of)]

    bad = {"nps": 6, "csat": 2}
    criticism = {
        (row.customer_id, row.day)
        for row in activities
        if row.customer_id is not None
        and 14 <= (as_of - row.day).days <= 364
        and (
            row.activity_type == "complaint"
            or (row.activity_type in bad and number(row) <= bad[str(row.activity_type)])
        )
    }
    replies = [row for row in activities if row.activity_type == "ticket_first_reply"]
    reactions = [(row.customer_id, row.day) for row in (*replies, *treated)]
    answered = [
        (who, day)
        for who, day in criticism
        if any(who == other and 0 <= (later - day).days <= 14 for other, later in reactions)
    ]
    recent = as_of - days(89)
    replied = [number(row) for row in replies if row.day >= recent]
    rated = [number(row) for row in surveys if row.activity_type == "csat" and row.day >= recent]
    kinds = Counter(row.activity_type for row in activities)
    return {
        "segmented_emails": Found(len(to_a_part), len(named), recent, as_of, bool(all_named)),
        "months_with_feedback": months_of([month in asked for month in over], over, bool(surveys)),
        "answered_criticism": Found(
            len(answered), len(criticism), as_of - days(364), as_of - days(14), bool(replies or treated)
        ),
        "replied_within_target": Found(
            sum(minutes <= settings.first_reply_target_minutes for minutes in replied), len(replied), recent, as_of,
            bool(replies),
        ),
        "satisfied_with_support": Found(
            sum(mark >= 4 for mark in rated), len(rated), recent, as_of, kinds["csat"] > 0
        ),
        "months_published": months_of([True for _ in before], before, has_signal=True),
    }  # fmt: skip


def months_of(counts: Sequence[bool], months: Sequence[date], has_signal: bool) -> Found:
    """`months_published` of a first build: the month before its own, and in time."""
    if not months:
        return Found(0, 0, None, None, has_signal)
    return Found(sum(counts), len(months), months[0], add_periods("month", months[-1], 1) - days(1), has_signal)
