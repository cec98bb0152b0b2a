"""Customers and their orders: who comes, who comes back, and what the playbook changes about it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import accumulate

from . import story
from .dice import along, below, between, chance, draw, pick

DAY = timedelta(days=1)


@dataclass
class Action:
    """What the business did for one customer because a rule fired."""

    rule_id: str
    taken_on: date
    arm: str
    variant: str | None


@dataclass(frozen=True)
class Sign:
    """Something about a customer that a rule of the playbook looks for; there were such signs before the playbook."""

    rule_id: str
    seen_on: date


@dataclass
class Person:
    """One buyer or prospect, with all that happens to them."""

    number: int
    acquired: date
    channel: str
    country: str
    sales_channel: str
    guest: bool
    consent: bool
    member: bool
    favourite: str
    pace: int
    basket: int
    first_discounted: bool
    prospect: bool = False
    referrer: Person | None = None
    registered_from_order: int = 1  # a guest may register later
    orders: list[Order] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)

    @property
    def customer_id(self) -> str | None:
        """The id in the shop's books, None for one who never registered."""
        return None if self.guest else f"K{self.number:05d}"

    @property
    def email(self) -> str:
        """The address, always lower-case here."""
        return f"kunde{self.number:05d}@example.com" if not self.guest else f"gast{self.number:05d}@example.org"

    @property
    def left_after(self) -> date | None:
        """The day of the last order of one who is leaving, None for all others."""
        return self.orders[-1].day if self.orders and self.orders[-1].leaving else None


@dataclass
class Line:
    """One line of an order, in cents of the order's currency."""

    product_id: str
    name: str
    category: str
    quantity: int
    amount: int


@dataclass
class Order:
    """One order of one person. A `next_day` after the data's last day: the next one is still to come."""

    person: Person
    number: int
    at: datetime
    sales_channel: str
    currency: str
    lines: list[Line]
    discount: int
    next_day: date | None = None
    order_id: str = ""

    @property
    def day(self) -> date:
        """The day in UTC, which is the shop's reporting zone."""
        return self.at.date()

    @property
    def amount(self) -> int:
        """Value of the goods after discount, in cents."""
        return sum(line.amount for line in self.lines)

    @property
    def leaving(self) -> bool:
        """Whether the customer turns away after this order, for good or for long."""
        return leaving(self.day, self.next_day)


def demand(day: date) -> int:
    """How much is bought on a day, 1000 being an average one."""
    month = story.MONTH_DEMAND[day.month]
    if day.month == 12 and day.day >= 23:
        month = story.AFTER_CHRISTMAS_DEMAND
    return month * story.WEEKDAY_DEMAND[day.weekday()] // 1000


def leaving(day: date, next_day: date | None) -> bool:
    """Whether so much time passes to the next order that the customer must have been gone in between."""
    return next_day is None or (next_day - day).days > story.GONE_AFTER_DAYS


def people() -> list[Person]:
    """Return all buyers with their orders, by the day of the first one."""
    days = [story.OPENING + DAY * n for n in range((story.LAST_DAY - story.OPENING).days + 1)]
    ends = list(accumulate(_pull(day) for day in days))
    acquired = sorted(days[bisect_right(ends, below(ends[-1], "acquired", n))] for n in range(story.PEOPLE))
    everyone: list[Person] = []
    for number, day in enumerate(acquired, start=1):
        person = _person(number, day)
        person.referrer = _referrer(person, everyone)
        if person.channel == "referral" and person.referrer is None:
            person.channel = "organic_search"  # nobody there yet who could have referred them
        _live(person)
        everyone.append(person)
    return everyone


def prospects() -> list[Person]:
    """Return those who registered and never ordered."""
    days = (story.LAST_DAY - story.OPENING).days
    acquired = sorted(story.OPENING + DAY * below(days, "prospect", n) for n in range(story.PROSPECTS))
    found = [_person(story.PEOPLE + n, day) for n, day in enumerate(acquired, start=1)]
    for person in found:
        person.guest, person.prospect = False, True
        if person.channel == "referral":
            person.channel = "email"
    return found


def stamp(day: date, *key: object) -> datetime:
    """Return a moment of the day at which people tend to shop."""
    minute = min(along(tuple((share, hour * 60) for share, hour in story.HOUR_OF_ORDER), "hour", *key), 1439)
    return datetime.combine(day, time(minute // 60, minute % 60, below(60, "second", *key)))


def _pull(day: date) -> int:
    years = (day - story.OPENING).days * 1000 // 365
    campaign = story.CAMPAIGN_PULL if story.CAMPAIGN_FROM <= day <= story.CAMPAIGN_TO else 1000
    return demand(day) * (1000 + story.GROWTH_PER_YEAR * years // 1000) * campaign // 1_000_000


def _person(number: int, day: date) -> Person:
    guest = chance(story.GUEST_SHARE, "guest", number)
    campaign = story.CAMPAIGN_FROM <= day <= story.CAMPAIGN_TO
    return Person(
        number=number,
        acquired=day,
        channel=pick(story.CHANNELS, "channel", number),
        country=pick(story.COUNTRIES, "country", number),
        sales_channel=pick({"web": 1} if guest else story.SALES_CHANNELS, "sales channel", number),
        guest=guest,
        consent=chance(story.CONSENT_SHARE, "consent", number),
        member=chance(story.MEMBER_SHARE, "member", number),
        favourite=pick(story.CATEGORIES, "favourite", number),
        pace=along(story.PACE, "pace", number),
        basket=along(story.BASKET, "basket", number),
        first_discounted=chance(story.CAMPAIGN_DISCOUNT_SHARE if campaign else 200, "discounted", number),
    )


def _referrer(person: Person, earlier: list[Person]) -> Person | None:
    if person.channel != "referral":
        return None
    for attempt in range(40):
        if not earlier:
            return None
        other = earlier[draw("referrer", person.number, attempt) % len(earlier)]
        # People recommend what they bought twice, and only after they have had the time to like it.
        if not other.guest and len(other.orders) >= 2 and other.orders[1].day + 10 * DAY <= person.acquired:
            return other
    return None


def _live(person: Person) -> None:
    """Place the person's orders one after the other, with the playbook in between."""
    day: date | None = person.acquired
    number = 0
    while day is not None and day <= story.LAST_DAY:
        number += 1
        if person.guest and number == 2 and chance(350, "registers", person.number):
            person.guest, person.registered_from_order = False, 2
        order = _order(person, number, day)
        person.orders.append(order)
        day = _next_day(person, number, day)
        day = _playbook(person, number, order.day, day)
        order.next_day = day


def _second_order_share(person: Person) -> int:
    share = story.GUEST_SECOND_ORDER if person.guest else story.SECOND_ORDER[person.channel]
    factors = [
        story.COUNTRY_FACTOR[person.country],
        story.SALES_CHANNEL_FACTOR[person.sales_channel],
        story.CATEGORY_FACTOR[person.orders[0].lines[0].category],
    ]
    if story.HURT_FROM <= person.acquired <= story.HURT_TO:
        factors.append(story.HURT_FACTOR)
    if person.first_discounted:
        campaign = story.CAMPAIGN_FROM <= person.acquired <= story.CAMPAIGN_TO
        factors.append(story.CAMPAIGN_FACTOR if campaign else story.DISCOUNT_FACTOR)
    for factor in factors:
        share = share * factor // 1000
    return min(share, 900)


def _next_day(person: Person, number: int, day: date) -> date | None:
    share = _second_order_share(person)
    for _ in range(number - 1):
        share += (story.LOYAL_ORDER - share) * story.LOYALTY_GAIN // 1000
    if not chance(share, "again", person.number, number):
        if chance(story.BACK_AFTER_LONG_SHARE, "after all", person.number, number):
            return day + DAY * between(370, 700, "long", person.number, number)
        return None
    # A day in the quiet weeks is often passed over for another one: so orders follow the season too.
    for attempt in range(6):
        gap = along(story.GAP_DAYS, "gap", person.number, number, attempt) * person.pace // 1000
        proposed = day + DAY * max(gap, 1)
        if below(story.TOP_DEMAND, "season", person.number, number, attempt) < demand(proposed):
            break
    return proposed


def _playbook(person: Person, number: int, day: date, next_day: date | None) -> date | None:
    """Take the actions that fall between two orders; a treated customer who would have left may come after all."""
    if person.guest:
        return next_day
    for rule_id, wait in _rules(person, number, gone=leaving(day, next_day)):
        taken_on = day + DAY * wait
        if taken_on > story.LAST_DAY or (next_day is not None and next_day <= taken_on):
            continue
        person.signs.append(Sign(rule_id, taken_on))
        if taken_on < story.PLAYBOOK_START:
            continue
        key = (person.number, number, rule_id)
        arm = "control" if chance(story.CONTROL_SHARE, "arm", *key) else "treatment"
        variant = None
        if arm == "treatment":
            variant = "A" if below(2, "variant", *key) else "B"
        person.actions.append(Action(rule_id, taken_on, arm, variant))
        lift = 0 if variant is None else story.RULE_LIFT[rule_id]["AB".index(variant)]
        if chance(lift, "lift", *key):
            won_back = taken_on + DAY * between(2, 20, "won back", *key)
            next_day = won_back if next_day is None else min(next_day, won_back)
    return next_day


def _rules(person: Person, number: int, *, gone: bool) -> list[tuple[str, int]]:
    key = (person.number, number)
    wait = between(0, 12, "wait", *key)
    found: list[tuple[str, int]] = []
    if number == 1 and person.consent and chance(900, "nudge", *key):
        found.append(("second_order_nudge", 30))
    weights = {"nps_detractor": 30, "inactive_14_days": 80, "emails_unopened": 40, "health_below_threshold": 40,
               "payment_failed": 35, "none": 775}  # fmt: skip
    if gone:
        weights = {"nps_detractor": 90, "inactive_14_days": 280, "emails_unopened": 180, "health_below_threshold": 150,
                   "payment_failed": 80, "none": 220}  # fmt: skip
    rule_id = pick(weights, "rule", *key)
    waits = {"nps_detractor": 24, "inactive_14_days": 40, "emails_unopened": 75, "health_below_threshold": 62,
             "payment_failed": 33}  # fmt: skip
    by_mail = rule_id in ("emails_unopened", "inactive_14_days")
    if rule_id in waits and (person.consent or not by_mail) and (number > 1 or rule_id == "nps_detractor"):
        found.append((rule_id, waits[rule_id] + wait))
    if number in (3, 6) and person.consent and chance(600, "upsell", *key):
        found.append(("value_ladder_upsell", 14))
    if number >= 3 and chance(800, "high value", *key):
        found.append(("at_risk_high_value", 181 + wait // 4))
    return sorted(found, key=lambda rule: rule[1])


def _order(person: Person, number: int, day: date) -> Order:
    key = (person.number, number)
    sales_channel = person.sales_channel
    if chance(180, "other channel", *key) and not person.guest:
        sales_channel = pick(story.SALES_CHANNELS, "this channel", *key)
    currency = "EUR"
    if person.country == "CH" and chance(930, "franc", *key):
        currency = "CHF"
    elif person.channel == "marketplace" and chance(120, "dollar", *key):
        currency = "USD"
    percent = _discount_percent(person, number, day)
    lines = _lines(person, number, day, currency)
    gross = sum(line.amount for line in lines)
    for line in lines:
        line.amount -= line.amount * percent // 100
    return Order(
        person=person,
        number=number,
        at=stamp(day, *key),
        sales_channel=sales_channel,
        currency=currency,
        lines=lines,
        discount=gross - sum(line.amount for line in lines),
    )


def _discount_percent(person: Person, number: int, day: date) -> int:
    key = ("discount", person.number, number)
    campaign = story.CAMPAIGN_FROM <= day <= story.CAMPAIGN_TO
    if number == 1:
        return (25 if campaign else between(2, 4, *key) * 5) if person.first_discounted else 0
    return 20 if chance(350 if campaign else 90, *key) else 0


def _lines(person: Person, number: int, day: date, currency: str) -> list[Line]:
    key = (person.number, number)
    # Who comes back buys more: trust grows with every parcel.
    size = person.basket * (1000 + 170 * min(number - 1, 6)) // 1000
    count = 1 + sum(chance(size // n, "line", *key, n - 1) for n in (2, 3, 4))
    level = 1000 + (story.PRICE_RISE_SHARE if day >= story.PRICE_RISE else 0)
    lines = []
    for n in range(count):
        category = pick(story.CATEGORIES, "category", *key, n)
        if chance(600, "own taste", *key, n):
            category = person.favourite
        products = story.PRODUCTS[category]
        choice = below(len(products), "product", *key, n)
        name, price = products[choice]
        quantity = 1 + chance(size // 5, "quantity", *key, n) + chance(size // 12, "quantity", *key, n, 2)
        amount = price * level // 1000 * story.PRICE_LIST[currency] // 1000 * quantity
        product_id = f"P{list(story.PRODUCTS).index(category) + 1}{choice + 1:02d}"
        lines.append(Line(product_id, name, category, quantity, amount))
    return lines
