"""Signals of a random shop: answers, tickets, replies and what else customers do, with versions and faults."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from .random_engagement import engagement
from .random_values import BAD_NUMBERS, BAD_TIMESTAMPS, DAMAGED_IDS, NO_EMAILS
from .seeds import read_seeds

if TYPE_CHECKING:
    from .random_shop import ShopGenerator

RawRow = dict[str, str | None]
KINDS = (
    *("nps", "nps", "NPS ", "csat", "ticket_opened", "ticket_opened", "ticket_opened", "Ticket_Opened"),
    *("ticket_first_reply", "ticket_solved", "complaint", "session", "email_sent", "loyalty_earned"),
    *("referral_converted", "wishlist_added"),
)
MARKS = ("0", "3", "6", "7", "8", "9", "10", "9.0")
CHANNELS = ("chat", "phone", "e-mail", "all", "All", "unknown", None, "")
SYSTEMS = ("helpdesk", "survey", None)
MINUTES = ("0", "30", "60", "60.5", "240", "240.0001", "1440", "2880", "9999")


def activities(shop: ShopGenerator) -> list[RawRow]:
    kinds = shop.random.sample(KINDS, shop.random.choice((4, 8, len(KINDS))))
    rows: list[RawRow] = []
    for number in range(shop.random.choice((1, 30, 80, 150))):
        row = activity(shop, number, kinds)
        rows.append(broken_activity(shop, row) if shop.chance(0.1) else row)
        if shop.chance(0.15):
            rows.append(another_activity(shop, row))
        if shop.chance(0.3):  # several tickets of one customer within a few weeks
            for further in range(shop.random.choice((1, 2))):
                day = shop.any_day() if shop.chance(0.2) else day_near(shop, row)
                again = {**row, "occurred_at": shop.timestamp(day), "activity_id": f"T{number}-{further}"}
                rows.append({**again, "channel": shop.random.choice(CHANNELS)})
    shop.random.seed(f"{shop.seed} messages")  # further rows leave the others as they are
    if shop.chance(0.7):
        rows += emails(shop)
    if shop.chance(0.7):
        rows += programmes(shop)
    shop.random.seed(f"{shop.seed} uses")  # further rows leave the others as they are
    if shop.chance(0.7):
        rows += uses(shop)
    shop.random.seed(f"{shop.seed} engagement")  # further rows leave the others as they are
    rows += engagement(shop)
    shop.random.shuffle(rows)
    return rows


def uses(shop: ShopGenerator) -> list[RawRow]:
    """The product in use, often at first and fourteen days later, when a first order may lie so long back."""
    rows: list[RawRow] = []
    for _ in range(shop.random.choice((1, 10, 30))):
        customer, day = whose(shop), shop.special_day()
        for days in shop.random.sample((0, 1, 13, 14, 15), 2):
            kind = shop.random.choice(("product_use", "Product_Use"))
            rows.append(event(customer, kind, shop.timestamp(day + timedelta(days=days)), None))
    return rows


def emails(shop: ShopGenerator) -> list[RawRow]:
    """Messages, several at one moment, and opens before, at and after them, with a name and without."""
    rows: list[RawRow] = []
    are_tracked = shop.chance(0.8)
    for _ in range(shop.random.choice((1, 5, 10))):
        customer = whose(shop)
        day = shop.special_day()
        for _ in range(shop.random.choice((1, 3, 4, 6))):
            sent = shop.timestamp(day)
            names = shop.random.sample(("news", "News", "offer", None, " "), shop.random.choice((1, 1, 2, 3)))
            rows += [event(customer, "email_sent", sent, name) for name in names]
            if are_tracked and shop.chance(0.6):
                opened = [sent, shop.timestamp(day + timedelta(days=shop.random.choice((-1, 0, 1, 3, 6, 7, 8, 30))))]
                kind = shop.random.choice(("email_opened", "EMAIL_OPENED", "email_clicked"))
                name = shop.random.choice((*names, None, "never sent"))
                rows.append(event(customer, kind, shop.random.choice(opened), name))
            if shop.chance(0.1):
                rows.append(event(whose(shop), "email_clicked", sent, None if are_tracked else "never sent"))
            day += timedelta(days=shop.random.choice((0, 1, 2, 3, 4, 7, 25)))
    return rows


def event(customer: str | None, kind: str, at: str, detail: str | None, value: str | None = None) -> RawRow:
    return {"customer_id": customer, "occurred_at": at, "activity_type": kind, "value": value, "detail": detail}


def programmes(shop: ShopGenerator) -> list[RawRow]:
    """Points, referrals and reasons for leaving, of the kinds that the shop has."""
    kinds = ("loyalty_earned", "loyalty_redeemed", "referral_sent", "referral_converted", "churn_reason")
    had = shop.random.sample(kinds, shop.random.choice((1, 3, 5)))
    rows = []
    for _ in range(shop.random.choice((3, 30, 60))):
        kind = shop.random.choice(had)
        value = shop.random.choice(("0", "10", "12.5", "1000")) if kind.startswith("loyalty") else None
        detail = shop.random.choice(("price", "Price", " price", "moved", "unknown", None))
        rows.append(event(whose(shop), kind, shop.timestamp(shop.special_day()), detail, value))
    return rows


def describe_programmes(shop: ShopGenerator, customers: Sequence[RawRow]) -> None:
    """Tiers, and who referred whom: by number or e-mail, oneself too, or nobody that could be found."""
    tiers = shop.random.choice(((None, "none"), (None, "gold", "Gold", "all", "none", "unknown")))
    share = shop.random.choice((0, 0.5))
    for row in customers:
        row["loyalty_tier"] = shop.pad(shop.random.choice(tiers))
        if shop.chance(share):
            row["referred_by_customer_id"] = shop.random.choice(
                (whose(shop), whose(shop), row.get("customer_id"), row.get("email"), "ann@", *DAMAGED_IDS[:1], "0")
            )


def day_near(shop: ShopGenerator, row: RawRow) -> date:
    try:
        day = date.fromisoformat((row["occurred_at"] or "").strip()[:10])
    except ValueError:
        return shop.any_day()
    return day + timedelta(days=shop.random.choice((0, 1, 7, 14, 28, 29, 30)))


def activity(shop: ShopGenerator, number: int, kinds: Sequence[str]) -> RawRow:
    kind = shop.random.choice(kinds)
    name = kind.strip().lower()
    value = shop.random.choice((None, "1", "-5", "0.5"))
    if name == "nps":
        value = shop.random.choice(MARKS)
    elif name == "csat":
        value = shop.random.choice(("1", "2", "3.5", "4", "5", "3.99999"))
    elif name in ("ticket_first_reply", "ticket_solved", "loyalty_earned"):
        value = shop.random.choice(MINUTES)
    identifier = f"a{number}" if shop.chance(0.6) else shop.random.choice((None, "", "0", "1.5E9", str(number)))
    day = shop.special_day() if shop.chance(0.5) else shop.any_day()
    if shop.chance(0.05):  # before the first order
        day = shop.first_day - timedelta(days=shop.random.choice((1, 10, 40)))
    return {
        "activity_id": identifier,
        "customer_id": whose(shop),
        "occurred_at": shop.timestamp(day),
        "activity_type": kind,
        "value": shop.pad(value),
        "channel": shop.pad(shop.random.choice(CHANNELS)),
        "source_system": shop.random.choice(SYSTEMS),
        "detail": shop.random.choice(("T1", "T2", "t1", None, "", f"T{number % 7}")),
        "updated_at": shop.random.choice((None, None, "broken", shop.timestamp(day))),
    }


def whose(shop: ShopGenerator) -> str | None:
    """A number, an e-mail of somebody, or nobody's."""
    if shop.chance(0.15):
        return shop.random.choice((*NO_EMAILS[2:6], shop.nothing(), "nobody@example.net"))
    person = shop.random.choice(shop.people)
    return shop.identify(person)["customer_id"] or shop.spell_email(person.email)


def another_activity(shop: ShopGenerator, row: RawRow) -> RawRow:
    copy = dict(row)
    if shop.chance(0.75):
        shop.change(
            copy,
            {
                "updated_at": (shop.timestamp(shop.any_day()), "broken", None),
                "occurred_at": (shop.timestamp(shop.any_day()),),
                "customer_id": (whose(shop), whose(shop), None),
                "activity_type": ("csat", "nps", "ticket_opened"),
                "value": ("1", "5", "5.0"),
                "channel": ("chat", "Chat", None, "\uff5e", "\U0001f600"),
                "detail": ("T1", "t1", None),
                "source_system": SYSTEMS,
            },
        )
    return copy


def broken_activity(shop: ShopGenerator, row: RawRow) -> RawRow:
    kind = shop.random.choice(("damaged", "date", "future", "type", "value", "value"))
    if kind == "damaged":
        return {**row, "customer_id": shop.random.choice(DAMAGED_IDS)}
    if kind == "date":
        return {**row, "occurred_at": shop.random.choice((*BAD_TIMESTAMPS, None))}
    if kind == "future":
        return {**row, "occurred_at": near_the_run(shop)}
    if kind == "type":
        return {**row, "activity_type": shop.nothing()}
    wrong = shop.random.choice(
        (("nps", "10.5"), ("nps", "11"), ("csat", None), ("ticket_solved", "-1"), ("session", ""))
    )
    if wrong[0] == "session":
        return {**row, "activity_type": "session", "value": shop.random.choice(BAD_NUMBERS)}
    return {**row, "activity_type": wrong[0], "value": wrong[1]}


def near_the_run(shop: ShopGenerator) -> str:
    return shop.timestamp(shop.run_day() + timedelta(days=shop.random.randint(0, 2)))


def actions_taken(shop: ShopGenerator) -> list[RawRow]:
    rows: list[RawRow] = []
    for _ in range(shop.random.choice((1, 15, 40))):
        row: RawRow = {
            "customer_id": whose(shop),
            "rule_id": shop.random.choice(("r1", "r2")),
            "taken_at": shop.timestamp(shop.special_day()),
            "arm": shop.random.choice(("treatment", "Control", " TREATMENT")),
            "variant": shop.random.choice(("A", "B", "a", None)),
        }
        if shop.chance(0.25):
            column, values = shop.random.choice(
                (
                    ("customer_id", (*DAMAGED_IDS, None)),
                    ("rule_id", (None, " ")),
                    ("taken_at", (*BAD_TIMESTAMPS, None)),
                    ("taken_at", (near_the_run(shop),)),
                    ("arm", (None, "left")),
                )
            )
            row[column] = shop.random.choice(values)
        rows.append(row)
        if shop.chance(0.3):
            rows.append({**row, "arm": shop.random.choice(("control", "treatment")), "variant": "b"})
    before = shop.random.getstate()  # further rows leave the others as they are
    shop.random.seed(f"{shop.seed} playbook")
    rows += actions_of_the_playbook(shop)
    shop.random.seed(f"{shop.seed} trials")
    rows += trials(shop)
    shop.random.setstate(before)
    return rows


def actions_of_the_playbook(shop: ShopGenerator) -> list[RawRow]:
    """Actions of the playbook's own rules, most of them on either side of the day on which their cooldown ends."""
    as_of = date.fromisoformat(str(shop.settings["as_of_date"] or shop.last_day))
    rows: list[RawRow] = []
    for rule in read_seeds()["playbook_rules"]:
        for person in shop.random.sample(shop.people, max(1, len(shop.people) // 4)):
            days = int(rule["cooldown_days"]) + shop.random.choice((-20, -1, 0, 0, 1))
            who = shop.identify(person)["customer_id"] or shop.spell_email(person.email)
            taken_at, arm = shop.timestamp(as_of - timedelta(days=days)), shop.random.choice(("treatment", "control"))
            rows.append(
                {"customer_id": who, "rule_id": rule["rule_id"], "taken_at": taken_at, "arm": arm, "variant": "A"}
            )
    return rows


def trials(shop: ShopGenerator) -> list[RawRow]:
    """Actions of one customer and rule, a little less than its window apart, exactly so, or more."""
    rows: list[RawRow] = []
    windows = {rule["rule_id"]: int(rule["success_window_days"]) for rule in read_seeds()["playbook_rules"]} | {
        "r1": 30
    }
    rule_ids = shop.random.sample(sorted(windows), 3)
    for _ in range(shop.random.choice((0, 10, 40))):
        customer, rule_id, day = whose(shop), shop.random.choice(rule_ids), shop.special_day()
        for _ in range(shop.random.choice((1, 1, 3, 5))):
            rows.append(
                {
                    "customer_id": customer,
                    "rule_id": rule_id,
                    "taken_at": shop.timestamp(day),
                    "arm": shop.random.choice(("treatment", "treatment", "control")),
                    "variant": shop.random.choice(("A", "B", "all", None)),
                }
            )
            day += timedelta(days=windows[rule_id] + shop.random.choice((-29, -1, 0, 0, 1)))
    return rows
