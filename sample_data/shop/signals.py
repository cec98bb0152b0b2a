"""What customers do besides ordering: visits, mails, tickets, surveys, points, referrals.

Who is about to leave shows it: fewer visits, unopened mails, complaints, slow answers, bad marks, failed payments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from . import story
from .dice import along, below, between, chance, pick
from .orders import DAY, Order, Person, stamp

NEWSLETTER_EVERY = 21 * DAY
NEWSLETTER_FIRST = date(2023, 1, 19)
NEWSLETTER_STOPS_AFTER = 180 * DAY  # without an order

LEAVING_REASONS = {
    "Zu teuer geworden": 300,
    "Lieferung zu spät": 160,
    "Ware beschädigt": 120,
    "Kundendienst antwortet nicht": 140,
    "Kaufe jetzt woanders": 180,
    "Kein Bedarf mehr": 100,
}
HELPDESK_CHANNELS = {"email": 450, "chat": 300, "phone": 180, "social": 70}
MARKS_STAYING = ((0, 4), (60, 7), (200, 8), (400, 9), (1000, 11))  # the last one is cut to 10
MARKS_LEAVING = ((0, 0), (100, 4), (320, 7), (640, 9), (1000, 11))
CSAT_STAYING = {"3": 120, "4": 350, "5": 530}
CSAT_LEAVING = {"1": 250, "2": 250, "3": 250, "4": 150, "5": 100}
REPLY_STAYING = ((0, 4), (400, 45), (800, 180), (1000, 900))  # minutes
REPLY_LEAVING = ((0, 30), (300, 240), (700, 1200), (1000, 4300))


@dataclass(frozen=True)
class Activity:
    """One row of the stream of activities, still without its id."""

    customer_id: str
    at: datetime
    kind: str
    value: int | None = None
    channel: str | None = None
    source: str = "webshop"
    detail: str | None = None


@dataclass(frozen=True)
class Spell:
    """The time from one order to the next one, or to where the data end."""

    person: Person
    order: Order
    number: int

    @property
    def start(self) -> date:
        """The day of the order."""
        return self.order.day

    @property
    def end(self) -> date:
        """The day before the next order, at most the last day of the data."""
        if self.order.next_day is None:
            return story.LAST_DAY
        return min(self.order.next_day - DAY, story.LAST_DAY)

    @property
    def leaving(self) -> bool:
        """Whether the customer turns away after this order."""
        return self.order.leaving


def activities(buyers: list[Person], prospects: list[Person]) -> list[Activity]:
    """Return all activities of registered customers, in order of time."""
    found: list[Activity] = []
    for person in buyers:
        if person.customer_id is None:
            continue
        for n, order in enumerate(person.orders, start=1):
            if n >= person.registered_from_order:
                found += _of_spell(Spell(person, order, n))
        found += _mails(person)
        found += _points(person)
    for prospect in prospects:
        found += _of_prospect(prospect)
    found += _referrals(buyers)
    last = datetime.combine(story.LAST_DAY, time(23, 59, 59))
    seen = (a for a in found if a.at <= last)
    return sorted(seen, key=lambda a: (a.at, a.customer_id, a.kind, a.value or 0, a.detail or ""))


def loyalty_tier(person: Person) -> str | None:
    """Return the tier that the number of orders has earned, None without membership."""
    if not person.member or person.prospect:
        return None
    orders = len(person.orders)
    return "gold" if orders >= 6 else "silver" if orders >= 3 else "basic"


def _of_spell(spell: Spell) -> Iterator[Activity]:
    yield from _visits(spell)
    yield from _product_use(spell)
    yield from _support(spell)
    yield from _survey(spell)
    yield from _goodbye(spell)
    for sign in _signs(spell, "payment_failed"):
        yield Activity(_id(spell.person), _at(sign - DAY, spell, "payment"), "payment_failed", source="billing")
    for action in spell.person.actions:
        if (
            action.rule_id == "payment_failed"
            and action.arm == "treatment"
            and spell.start < action.taken_on <= spell.end
        ):
            yield Activity(
                _id(spell.person), _at(action.taken_on, spell, "sms"), "sms_sent", channel="sms", source="mailing"
            )
    if spell.number >= 4 and chance(220, "post", spell.person.number, spell.number):
        day = spell.start + DAY * between(3, 40, "post day", spell.person.number, spell.number)
        yield Activity(_id(spell.person), _at(day, spell, "post"), "community_post", source="community")


def _signs(spell: Spell, rule_id: str) -> list[date]:
    """The days on which such a sign was seen between this order and the next."""
    days = [sign.seen_on for sign in spell.person.signs if sign.rule_id == rule_id]
    return [day for day in days if spell.start < day <= spell.end]


def _interest(spell: Spell, day: date) -> int:
    """How likely a visit is on a day, compared with a keen customer's 1000."""
    since = (day - spell.start).days
    if spell.leaving:
        return 900 if since < 14 else 500 if since < 35 else 200 if since < 60 else 25
    if spell.order.next_day is not None and (spell.order.next_day - day).days <= 90:
        return 1000
    return 800 if since < 60 else 250


def _visits(spell: Spell) -> Iterator[Activity]:
    person = spell.person
    keen = between(250, 750, "keen", person.number)
    if spell.order.sales_channel != "store":
        yield Activity(
            _id(person), spell.order.at - timedelta(minutes=12), "session", channel=spell.order.sales_channel
        )
    channel = "app" if person.sales_channel == "app" else "web"
    for week in range((spell.end - spell.start).days // 7 + 1):
        day = spell.start + DAY * (7 * week + between(1, 7, "visit day", person.number, spell.number, week))
        if day > spell.end or _quiet(person, day):
            continue
        if chance(keen * _interest(spell, day) // 1000, "visit", person.number, spell.number, week):
            yield Activity(_id(person), _at(day, spell, "visit"), "session", channel=channel)


def _quiet(person: Person, day: date) -> bool:
    """Whether the day lies in the silence that made a rule fire."""
    return _seen_within(person, "inactive_14_days", day, 16)


def _seen_within(person: Person, rule_id: str, day: date, days: int) -> bool:
    """Whether such a sign is seen on the day or within the next days."""
    return any(sign.rule_id == rule_id and day <= sign.seen_on <= day + days * DAY for sign in person.signs)


def _product_use(spell: Spell) -> Iterator[Activity]:
    key = (spell.person.number, spell.number)
    if not chance(330 if spell.leaving else 620, "use", *key):
        return
    first = spell.start + DAY * along(((0, 2), (700, 12), (1000, 30)), "use day", *key)
    for n in range(1 if spell.leaving else between(1, 4, "uses", *key)):
        day = first + DAY * 11 * n
        if day <= spell.end:
            yield Activity(
                _id(spell.person), _at(day, spell, "use", n), "product_use", channel="app", detail="Rezept geöffnet"
            )


def _support(spell: Spell) -> Iterator[Activity]:
    person, key = spell.person, (spell.person.number, spell.number)
    if not chance(170 if spell.leaving else 70, "ticket", *key):
        return
    opened = _at(spell.start + DAY * between(2, 25, "ticket day", *key), spell, "ticket")
    if opened.date() > spell.end:
        return
    channel = pick(HELPDESK_CHANNELS, "ticket channel", *key)
    ticket = f"T{person.number:05d}-{spell.number}"
    yield Activity(_id(person), opened, "ticket_opened", channel=channel, source="helpdesk", detail=ticket)
    if chance(450 if spell.leaving else 200, "complaint", *key):
        at = opened + timedelta(minutes=1)
        yield Activity(_id(person), at, "complaint", channel=channel, source="helpdesk", detail=ticket)
    if spell.leaving and chance(60, "no answer", *key):
        return
    reply = along(REPLY_LEAVING if spell.leaving else REPLY_STAYING, "reply", *key)
    yield Activity(
        _id(person), opened + timedelta(minutes=reply), "ticket_first_reply", reply, channel, "helpdesk", ticket
    )
    if chance(120 if spell.leaving else 30, "unsolved", *key):
        return
    solved = reply + between(20, 2600, "solved", *key)
    at = opened + timedelta(minutes=solved)
    yield Activity(_id(person), at, "ticket_solved", solved, channel, "helpdesk", ticket)
    if chance(480, "csat", *key):
        mark = pick(CSAT_LEAVING if spell.leaving else CSAT_STAYING, "mark", *key)
        at += timedelta(hours=between(1, 40, "csat hour", *key))
        yield Activity(_id(person), at, "csat", int(mark), "email", "survey", ticket)


def _survey(spell: Spell) -> Iterator[Activity]:
    person, key = spell.person, (spell.person.number, spell.number)
    for sign in _signs(spell, "nps_detractor"):
        mark = along(((0, 0), (1000, 7)), "detractor", *key)
        yield Activity(_id(person), _at(sign - DAY, spell, "nps"), "nps", mark, "email", "survey")
        return
    if chance(210, "nps", *key):
        mark = min(along(MARKS_LEAVING if spell.leaving else MARKS_STAYING, "nps mark", *key), 10)
        day = spell.start + DAY * between(14, 24, "nps day", *key)
        if day <= spell.end:
            yield Activity(_id(person), _at(day, spell, "nps"), "nps", mark, "email", "survey")


def _goodbye(spell: Spell) -> Iterator[Activity]:
    key = (spell.person.number, spell.number)
    if not spell.leaving or not chance(110, "goodbye", *key):
        return
    weights = dict(LEAVING_REASONS)
    if story.HURT_FROM <= spell.person.acquired <= story.HURT_TO:
        weights["Zu teuer geworden"] *= 6
    day = spell.start + DAY * between(30, 90, "goodbye day", *key)
    if day <= spell.end:
        reason = pick(weights, "reason", *key)
        yield Activity(_id(spell.person), _at(day, spell, "goodbye"), "churn_reason", None, "email", "survey", reason)


def _mails(person: Person) -> Iterator[Activity]:
    if not person.consent:
        return
    member_since = max(person.orders[person.registered_from_order - 1].day, story.OPENING)
    issue = (member_since - NEWSLETTER_FIRST) // NEWSLETTER_EVERY + 1
    while (day := NEWSLETTER_FIRST + NEWSLETTER_EVERY * issue) <= story.LAST_DAY:
        last = _last_order(person, day)
        if day - last.day <= NEWSLETTER_STOPS_AFTER:
            yield from _mail(person, Spell(person, last, last.number), day, issue)
        issue += 1


def _mail(person: Person, spell: Spell, day: date, issue: int) -> Iterator[Activity]:
    minute = below(20, "sent", person.number)
    sent = datetime.combine(day, time(8, minute))
    name = f"Newsletter {issue + 1}"
    yield Activity(_id(person), sent, "email_sent", channel="email", source="mailing", detail=name)
    share = between(300, 620, "reader", person.number)
    if spell.leaving:
        share = share if (day - spell.start).days < 21 else share // 8
    if (
        _seen_within(person, "emails_unopened", day, 70)
        or _quiet(person, day)
        or not chance(share, "opened", person.number, issue)
    ):
        return
    opened = sent + timedelta(minutes=between(3, 2000, "opened at", person.number, issue))
    yield Activity(_id(person), opened, "email_opened", channel="email", source="mailing", detail=name)
    if chance(240, "clicked", person.number, issue):
        at = opened + timedelta(minutes=1)
        yield Activity(_id(person), at, "email_clicked", channel="email", source="mailing", detail=name)


def _points(person: Person) -> Iterator[Activity]:
    if not person.member:
        return
    balance = 0
    for order in person.orders[person.registered_from_order - 1 :]:
        if order.day < story.LOYALTY_START:
            continue
        if balance >= 150 and chance(600, "redeem", person.number, order.number):
            at = order.at - timedelta(minutes=1)
            yield Activity(_id(person), at, "loyalty_redeemed", balance // 50 * 50, order.sales_channel, "loyalty")
            balance %= 50
        earned = order.amount // 100
        balance += earned
        yield Activity(
            _id(person), order.at + timedelta(minutes=5), "loyalty_earned", earned, order.sales_channel, "loyalty"
        )


def _referrals(buyers: list[Person]) -> Iterator[Activity]:
    for person in buyers:
        referrer = person.referrer
        if referrer is not None and person.customer_id is not None and person.registered_from_order == 1:
            sent = _moment(person.acquired - DAY * between(1, 9, "referral sent", person.number), "sent", person.number)
            code = f"Empfehlung {person.customer_id}"
            yield Activity(_id(referrer), sent, "referral_sent", channel="email", source="loyalty", detail=code)
            ordered = person.orders[0].at + timedelta(minutes=2)
            yield Activity(_id(referrer), ordered, "referral_converted", channel="email", source="loyalty", detail=code)
            for side in (referrer, person):  # both are thanked
                at = ordered + timedelta(minutes=3)
                yield Activity(_id(side), at, "loyalty_earned", 50, "email", "loyalty", code)
        if len(person.orders) >= 2 and person.customer_id is not None and chance(160, "recommends", person.number):
            day = person.orders[-1].day + DAY * between(3, 20, "recommends day", person.number)
            at = _moment(day, "recommends", person.number)
            yield Activity(
                _id(person), at, "referral_sent", channel="email", source="loyalty", detail="Empfehlung offen"
            )


def _of_prospect(person: Person) -> Iterator[Activity]:
    for n in range(below(4, "looks", person.number)):
        day = person.acquired + DAY * below(40, "look day", person.number, n)
        yield Activity(_id(person), _moment(day, "look", person.number, n), "session", channel="web")
    if person.consent:
        for n in range(1, 4):
            sent = datetime.combine(person.acquired + DAY * 7 * n, time(9, 30))
            yield Activity(_id(person), sent, "email_sent", channel="email", source="mailing", detail=f"Willkommen {n}")
            if chance(260, "welcome", person.number, n):
                at = sent + timedelta(minutes=between(5, 900, "welcome at", person.number, n))
                yield Activity(
                    _id(person), at, "email_opened", channel="email", source="mailing", detail=f"Willkommen {n}"
                )


def _last_order(person: Person, day: date) -> Order:
    return max((order for order in person.orders if order.day <= day), key=lambda order: order.at)


def _id(person: Person) -> str:
    assert person.customer_id is not None
    return person.customer_id


def _at(day: date, spell: Spell, *key: object) -> datetime:
    return _moment(day, spell.person.number, spell.number, *key)


def _moment(day: date, *key: object) -> datetime:
    return stamp(day, "activity", *key).replace(second=0)
