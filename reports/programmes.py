"""Recommendations and the loyalty programme: what they bring, month by month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from reports.charts import Chart, Series, few_labels, lines
from reports.funnel import last_day
from reports.glossary import Glossary
from reports.language import Language
from reports.overview import complete
from reports.questions import Row
from reports.tables import Column, Table

REFERRAL_TYPES = ("referral_sent", "referral_converted")
LOYALTY_TYPES = ("loyalty_earned", "loyalty_redeemed")
REFERRALS = ("referrals_sent", "referrals_converted", "referred_customers")
SECOND_ORDERS = ("referred_second_order_rate_90d", "other_second_order_rate_90d")
POINTS = ("points_earned", "points_redeemed")
OF_A_TIER = ("members", "purchasing_customers", "revenue_per_customer", *POINTS, "redemption_rate")
ALL, NONE = "all", "none"
COURSE = 24  # months


def over_months(rows: Sequence[Row], kpis: Sequence[str], glossary: Glossary, language: Language) -> Chart:
    """Measures of one kind over the months that are over; from the first month in which one of them is known."""
    over = complete(rows)
    known = [place for place, row in enumerate(over) if any(row[kpi] for kpi in kpis)]
    over = over[known[0] :] if known else []
    recent = over[-COURSE:]
    labels = [language.short_period("month", row["period_start"]) for row in recent]
    series = [Series(glossary.term(kpi).name, [row[kpi] for row in recent]) for kpi in kpis]
    columns = [Column("period_start", language.say("common.month"), "period", "month"), *map(glossary.column, kpis)]
    alt = language.say(
        "programmes.alt",
        names=", ".join(one.name for one in series),
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
    )
    unit = "count" if kpis == POINTS else glossary.term(kpis[0]).unit
    figure = lines(labels, series, unit, language, from_zero=True)
    few_labels(figure, labels, 6)
    return Chart(figure, alt, Table(columns, over[::-1]))


def observed(rows: Sequence[Row], as_of: date) -> list[Row]:
    """The months whose new customers were all observed for 90 days."""
    return [row for row in rows if last_day(row["period_start"]) + timedelta(days=90) <= as_of]


def referral_sentences(rows: Sequence[Row], as_of: date, language: Language) -> Iterator[str]:
    """What recommendations brought in the latest month that is over, and whether those whom they won come back."""
    over = complete(rows)
    if not over:
        yield language.say("funnel.no_month")
        return
    now = over[-1]
    yield language.say(
        "programmes.referrals",
        month=language.period("month", now["period_start"]),
        sent=language.number(now["referrals_sent"]),
        referrers=language.number(now["referrers"]),
        converted=language.number(now["referrals_converted"]),
        customers=language.number(now["referred_customers"]),
    )
    known = [row for row in observed(over, as_of) if all(row[kpi] is not None for kpi in SECOND_ORDERS)]
    if known:
        referred, other = (language.percent(known[-1][kpi]) for kpi in SECOND_ORDERS)
        yield language.say(
            "programmes.came_back",
            month=language.period("month", known[-1]["period_start"]),
            customers=language.number(known[-1]["referred_customers"]),
            referred=referred,
            other=other,
        )


def of_tier(rows: Sequence[Row], tier: str) -> list[Row]:
    return [row for row in rows if row["loyalty_tier"] == tier]


def loyalty_sentences(rows: Sequence[Row], language: Language) -> Iterator[str]:
    """Points of the latest month that is over."""
    over = complete(of_tier(rows, ALL))
    if not over:
        yield language.say("funnel.no_month")
        return
    now = over[-1]
    said = {
        "month": language.period("month", now["period_start"]),
        "earned": language.number(now["points_earned"]),
        "redeemed": language.number(now["points_redeemed"]),
    }
    if now["redemption_rate"] is None:
        yield language.say("programmes.points", **said)
    else:
        yield language.say("programmes.points_rate", **said, rate=language.percent(now["redemption_rate"]))


def tier_table(rows: Sequence[Row], glossary: Glossary, language: Language) -> Table:
    """Each tier in the latest month that is over."""
    over = complete(rows)
    latest = over[-1]["period_start"] if over else None
    columns = [Column("tier", language.say("programmes.tier")), *map(glossary.column, OF_A_TIER)]
    found = [row for row in over if row["period_start"] == latest]
    return Table(columns, [{**row, "tier": tier_name(row["loyalty_tier"], language)} for row in found])


def tier_name(tier: str, language: Language) -> str:
    return language.say(f"programmes.{tier}") if tier in (ALL, NONE) else tier
