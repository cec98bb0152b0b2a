"""What a percentage point of retention is worth, in sentences, and what that rests on."""

from __future__ import annotations

from collections.abc import Iterator

from reports.glossary import Glossary
from reports.language import Language
from reports.questions import Row
from reports.tables import Column, Table


def sentences(row: Row, language: Language, currency: str) -> Iterator[str]:
    """The worth first; then what was observed, and what is assumed. Without one, the reason."""
    grain = row["period_grain"]
    if row["missing_because"]:
        yield language.say(f"worth.{row['missing_because']}")
        return
    yield language.say(
        f"worth.point_{grain}",
        value=language.money(row["value_per_point"], currency, 0),
        customers=language.number(row["customers_at_start"]),
    )
    if row["value_per_point_low"] is not None:
        yield language.say(
            "worth.interval",
            low=language.money(row["value_per_point_low"], currency, 0),
            high=language.money(row["value_per_point_high"], currency, 0),
        )
    yield language.say(
        "worth.observed",
        period=language.period(grain, row["observed_period_start"]),
        kept=language.number(row["kept_customers"]),
        lost=language.number(row["lost_customers"]),
        revenue_kept=language.money(row["revenue_per_kept_customer"], currency),
        revenue_lost=language.money(row["revenue_per_lost_customer"], currency),
    )
    yield language.say("worth.assumed")
    if not row["has_enough"]:
        yield language.say("worth.too_few")
    if row["is_left_censored"]:
        yield language.say("worth.censored")


def worth_table(row: Row, glossary: Glossary, language: Language) -> Table:
    kpis = (
        "value_per_point", "value_per_point_low", "value_per_point_high", "customers_at_start", "kept_customers",
        "lost_customers", "revenue_per_kept_customer", "revenue_per_lost_customer", "value_per_kept_customer",
    )  # fmt: skip
    columns = [Column("observed_period_start", language.say("worth.observed_period"), "period", row["period_grain"])]
    columns += [glossary.column(kpi) for kpi in kpis]
    return Table(columns, [row])
