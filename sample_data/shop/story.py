"""What happens to the shop: every number that shapes its story, in one place.

Shares are in thousandths, money in cents, unless a name says otherwise.
"""

from __future__ import annotations

from datetime import date

OPENING = date(2023, 1, 2)
LAST_DAY = date(2026, 1, 18)

PEOPLE = 2060  # who order at least once
PROSPECTS = 330  # who registered and never ordered

PRICE_RISE = date(2024, 7, 1)
PRICE_RISE_SHARE = 90
# They came at the old price and met the new one when they wanted to buy again.
HURT_FROM, HURT_TO = date(2024, 4, 1), date(2024, 6, 30)
HURT_FACTOR = 500

CAMPAIGN_FROM, CAMPAIGN_TO = date(2024, 11, 1), date(2024, 11, 30)
CAMPAIGN_PULL = 1700
CAMPAIGN_DISCOUNT_SHARE = 750
CAMPAIGN_FACTOR = 420
DISCOUNT_FACTOR = 880

LOYALTY_START = date(2023, 9, 1)
PLAYBOOK_START = date(2025, 1, 13)
CONTROL_SHARE = 200
UNIVERSAL_CONTROL_SHARE = 0.05  # as dbt_project.yml sets it
SERVICE_RULES, RULES_BY_LETTER = ("payment_failed",), ("at_risk_high_value",)  # whose channels need no consent

MONTH_DEMAND = {1: 850, 2: 860, 3: 960, 4: 960, 5: 950, 6: 880, 7: 680, 8: 650, 9: 950, 10: 1080, 11: 1380, 12: 1750}
WEEKDAY_DEMAND = (1060, 1020, 1000, 1000, 950, 850, 1120)  # from Monday
GROWTH_PER_YEAR = 160
AFTER_CHRISTMAS_DEMAND = 480  # 23 to 31 December
TOP_DEMAND = 1750 * 1120 // 1000

# Of a customer's first order: how many come, and how many of them order again.
CHANNELS = {"organic_search": 300, "paid_social": 270, "marketplace": 170, "email": 130, "referral": 130}
SECOND_ORDER = {"referral": 830, "organic_search": 600, "email": 560, "paid_social": 380, "marketplace": 280}
GUEST_SECOND_ORDER = 230
LOYAL_ORDER = 930  # what the share tends to, order by order
LOYALTY_GAIN = 230  # share of the way that each order covers

COUNTRIES = {"DE": 640, "AT": 130, "CH": 150, "FR": 80}
COUNTRY_FACTOR = {"DE": 1000, "AT": 1030, "CH": 1080, "FR": 800}
SALES_CHANNELS = {"web": 560, "app": 260, "store": 180}
SALES_CHANNEL_FACTOR = {"web": 970, "app": 1100, "store": 960}

GUEST_SHARE = 90
CONSENT_SHARE = 640
MEMBER_SHARE = 550

# Days to the next order.
GAP_DAYS = ((0, 5), (100, 15), (250, 28), (500, 52), (750, 96), (900, 170), (970, 320), (990, 430), (1000, 620))
GONE_AFTER_DAYS = 270
BACK_AFTER_LONG_SHARE = 60
PACE = ((0, 600), (500, 950), (1000, 1600))
BASKET = ((0, 600), (300, 850), (600, 1000), (900, 1500), (1000, 2400))
HOUR_OF_ORDER = ((0, 0), (30, 6), (150, 9), (350, 13), (600, 17), (900, 21), (1000, 24))

CANCELLED_SHARE = 30
REFUNDED_SHARE = 42
TEST_SHARE = 5

# From this day on the accounts write a credit note for every refund, also for goodwill, which the shop does not know.
CREDIT_NOTES_FROM = date(2025, 1, 1)
GOODWILL_SHARE = 15
TWO_PARTS_SHARE = 150
CORRECTED_SHARE = 50
UNATTRIBUTED_SHARE = 7

CATEGORY_FACTOR = {
    "Kaffee": 1150, "Tee": 1080, "Bücher": 1000, "Süßes": 960, "Küche": 900, "Papeterie": 880, "Geschenksets": 760,
}  # fmt: skip
CATEGORIES = {
    "Kaffee": 230, "Tee": 200, "Bücher": 180, "Süßes": 110, "Küche": 110, "Papeterie": 90, "Geschenksets": 80,
}  # fmt: skip
PRODUCTS: dict[str, tuple[tuple[str, int], ...]] = {
    "Kaffee": (
        ("Hausröstung 500 g", 1290), ("Espresso Nachtwache 1 kg", 2390), ("Filterkaffee Morgenlicht 500 g", 1390),
        ("Entkoffeiniert 250 g", 890), ("Probierpaket Kaffee", 1990),
    ),
    "Tee": (
        ("Kräutertee Waldrand", 690), ("Darjeeling erste Ernte", 1490), ("Earl Grey", 890),
        ("Früchtetee Sommer", 790), ("Teeauswahl in der Dose", 2490),
    ),
    "Bücher": (
        ("Kochbuch Alpenküche", 2990), ("Roman Der stille Hof", 2200), ("Gartenbuch Kräuter", 1890),
        ("Kinderbuch Igel Immo", 1400), ("Bildband Berge", 3900),
    ),
    "Süßes": (
        ("Nussnougat", 590), ("Honig aus Hasel", 790), ("Mürbegebäck", 490), ("Trinkschokolade", 850),
        ("Marzipankartoffeln", 650),
    ),
    "Küche": (
        ("Teekanne Steingut", 3490), ("Handmühle", 5900), ("Becher, 2 Stück", 2490), ("Kaffeefilter Porzellan", 2290),
        ("Schneidebrett Buche", 2790),
    ),
    "Papeterie": (
        ("Notizbuch Leinen", 1590), ("Kartenset Jahreszeiten", 990), ("Füllhalter", 3490), ("Kalender", 1790),
        ("Geschenkpapier", 490),
    ),
    "Geschenksets": (
        ("Set Frühstück", 3990), ("Set Winterabend", 4990), ("Set Klein und fein", 2490), ("Gutschein", 2500),
        ("Adventskalender", 4490),
    ),
}  # fmt: skip
PRICE_LIST = {"EUR": 1000, "CHF": 1040, "USD": 1100}

# Cost of winning one customer, which rises every year.
COST_OF_WINNING = {"paid_social": 2600, "marketplace": 1500, "email": 500, "organic_search": 650, "referral": 1000}
COST_GROWTH_PER_YEAR = 180
RETENTION_SPEND = {"email": 9000, "referral": 4000, "paid_social": 12000}

# rule -> extra chance that a treated customer who would have left orders after all, by variant
RULE_LIFT = {
    "nps_detractor": (110, 130),
    "inactive_14_days": (110, 150),
    "emails_unopened": (80, 110),
    "health_below_threshold": (110, 140),
    "payment_failed": (170, 200),
    "at_risk_high_value": (100, 150),
    "second_order_nudge": (80, 120),
    "value_ladder_upsell": (70, 100),
}
