"""What customers of a random shop do, read and fail to pay: most of it at the limits that health looks at."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .random_shop import ShopGenerator

RawRow = dict[str, str | None]
KINDS = (
    *("session", "session", "session", "Product_Use", "community_post", "referral_sent", "loyalty_redeemed"),
    *("email_opened", "email_clicked", "payment_failed", "payment_failed"),
)
DAYS_BEFORE = (0, 0, 1, 2, 3, 4, 10, 27, 28, 29, 55, 56, 57, 83, 84, 85, 89, 90, 91, 118, 180, 363, 364, 365, 392)


def engagement(shop: ShopGenerator) -> list[RawRow]:
    kinds = shop.random.sample(KINDS, shop.random.choice((3, 6, len(KINDS))))
    rows: list[RawRow] = []
    for person in shop.random.sample(shop.people, max(1, len(shop.people) // 2)):
        who = shop.identify(person)["customer_id"] or shop.spell_email(person.email)
        for _ in range(shop.random.choice((1, 3, 8))):
            kind = shop.random.choice(kinds)
            days = shop.random.choice(DAYS_BEFORE)
            value = shop.random.choice(("5", "0", "12.5")) if kind == "loyalty_redeemed" else None
            rows.append(activity(shop, who, kind, days, value, shop.random.choice(("N1", "N2", None))))
        if shop.chance(0.4):
            rows += newsletters(shop, who)
    return rows


def newsletters(shop: ShopGenerator, who: str | None) -> list[RawRow]:
    """Three to five messages, of which some are opened: at once, later, under another name or none."""
    rows: list[RawRow] = []
    for number in range(shop.random.choice((3, 3, 4, 5))):
        days = shop.random.choice(DAYS_BEFORE)
        name = shop.random.choice((f"N{number}", "N1", None))
        rows.append(activity(shop, who, "email_sent", days, None, name))
        if shop.chance(0.5):
            opened = shop.random.choice((name, None, "n1"))
            later = max(0, days - shop.random.choice((0, 1, 3, 30)))
            rows.append(activity(shop, who, shop.random.choice(("email_opened", "email_clicked")), later, None, opened))
    return rows


def activity(
    shop: ShopGenerator, who: str | None, kind: str, days_before: int, value: str | None, detail: str | None
) -> RawRow:
    return {
        "activity_id": None,
        "customer_id": who,
        "occurred_at": shop.timestamp(shop.last_day - timedelta(days=days_before)),
        "activity_type": kind,
        "value": value,
        "channel": "app",
        "source_system": "crm",
        "detail": detail,
        "updated_at": None,
    }
