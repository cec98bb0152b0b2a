"""The overview, piece by piece: what rows of `retention_kpis` and its like say, as cards, charts and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from reports.cards import Card, Change, Goal
from reports.charts import Chart, Series, bars, bridge, lines
from reports.colours import BLUE, GREY
from reports.glossary import Glossary
from reports.language import Language
from reports.questions import Row
from reports.tables import Column, Table

MEASURES = (
    "customer_retention_rate",
    "customer_churn_rate",
    "repeat_customer_rate",
    "purchase_frequency",
    "average_order_value",
    "clv_by_lifespan",
    "customers_at_end",
)
# What rests on the customers at the start, who are not all known where the data begin too late.
ON_THE_START = ("customer_retention_rate", "retained_customer_rate", "customer_churn_rate", "clv_by_lifespan")
COURSE = {"week": 26, "month": 13, "quarter": 9, "year": 10}  # periods that a sparkline shows


def complete(rows: Sequence[Row]) -> list[Row]:
    """The periods that are over, oldest first. A running one is compared with nothing."""
    return [row for row in rows if row["is_complete"]]


def figure_of(row: Row | None, kpi: str) -> float | None:
    """A figure of a period; null where there is no such period, or its start is not known."""
    if row is None or (kpi in ON_THE_START and row["is_left_censored"]):
        return None
    return row[kpi]


def year_before(grain: str, start: date) -> date:
    """The first day of the period that lies a year before: of weeks, 364 days."""
    return start - timedelta(days=364) if grain == "week" else start.replace(year=start.year - 1)


def difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def kpi_cards(
    rows: Sequence[Row],
    grain: str,
    start: date,
    glossary: Glossary,
    language: Language,
    measures: Sequence[str] = MEASURES,
    goals: Mapping[str, Goal] | None = None,
) -> list[Card]:
    """A card for each measure of the period that begins at `start`, beside the period and the year before, and beside
    its target where it has one."""
    by_start = {row["period_start"]: row for row in rows}
    past = [row for row in complete(rows) if row["period_start"] <= start]
    others = [past[-2]["period_start"]] if len(past) > 1 else []
    compared = [day for day in dict.fromkeys([*others, year_before(grain, start)]) if day in by_start]
    return [
        Card(
            glossary.term(kpi),
            figure_of(by_start[start], kpi),
            [
                Change(
                    difference(figure_of(by_start[start], kpi), figure_of(by_start[day], kpi)),
                    language.say("common.against", period=language.short_period(grain, day)),
                )
                for day in compared
            ],
            [figure_of(row, kpi) for row in past[-COURSE[grain] :]],
            (goals or {}).get(kpi),
        )
        for kpi in measures
    ]


def kpi_table(
    rows: Sequence[Row], grain: str, glossary: Glossary, language: Language, measures: Sequence[str] = MEASURES
) -> Table:
    """All measures of all periods, the latest first."""
    columns = [
        Column("period_start", language.say(f"common.{grain}"), "period", grain),
        glossary.column("is_complete"),
    ]
    for kpi in measures:
        columns.append(glossary.column(kpi))
    return Table(columns, list(reversed(rows)))


def course(rows: Sequence[Row], grain: str, kpi: str, glossary: Glossary, language: Language, currency: str) -> Chart:
    """One measure over all complete periods."""
    term = glossary.term(kpi)
    over = from_first_known(complete(rows), kpi)
    labels = [language.short_period(grain, row["period_start"]) for row in over]
    values = [figure_of(row, kpi) for row in over]
    table = Table(
        [Column("period_start", language.say(f"common.{grain}"), "period", grain), Column(kpi, term.name, term.unit)],
        list(reversed(over)),
    )
    return Chart(
        lines(labels, [Series(term.name, values)], term.unit, language, currency),
        language.say(
            "overview.course_alt",
            name=term.name,
            grain=language.say(f"common.{grain}s"),
            first=language.period(grain, over[0]["period_start"]),
            last=language.period(grain, over[-1]["period_start"]),
            value=language.value(values[-1], term.unit, currency),
        ),
        table,
    )


def from_first_known(rows: Sequence[Row], kpi: str) -> list[Row]:
    """Without the periods at the beginning whose figure is not known."""
    first = next((index for index, row in enumerate(rows) if figure_of(row, kpi) is not None), 0)
    return list(rows[first:])


def customer_bridge(row: Row, grain: str, glossary: Glossary, language: Language) -> Chart:
    """From the customers at the start of a period to those at its end."""
    steps = [
        ("customers_at_start", row["customers_at_start"]),
        ("new_customers", row["new_customers"]),
        ("reactivated_customers", row["reactivated_customers"]),
        ("churned_customers", -row["churned_customers"]),
        ("new_customers_lost", -row["new_customers_lost"]),
        ("customers_at_end", row["customers_at_end"]),
    ]
    shown = [(kpi, amount) for kpi, amount in steps if amount or kpi != "new_customers_lost"]
    names = [glossary.term(kpi).name for kpi, _ in shown]
    amounts = [amount for _, amount in shown]
    period = language.period(grain, row["period_start"])
    table = Table(
        [Column("step", period), Column("customers", language.say("common.customers"), "customers")],
        [{"step": name, "customers": amount} for name, amount in zip(names, amounts, strict=True)],
    )
    alt = language.say(
        "overview.bridge_alt",
        period=period,
        start=language.number(row["customers_at_start"]),
        end=language.number(row["customers_at_end"]),
    )
    return Chart(bridge(names, amounts, language), alt, table)


def returning_revenue(rows: Sequence[Row], grain: str, glossary: Glossary, language: Language, currency: str) -> Chart:
    """Which share of revenue came from customers won before, period by period."""
    term = glossary.term("returning_revenue_share")
    over = complete(rows)[-36:]
    labels = [language.short_period(grain, row["period_start"]) for row in over]
    columns = [Column("period_start", language.say(f"common.{grain}"), "period", grain)]
    for kpi in ("net_revenue", "returning_revenue", "returning_revenue_share"):
        columns.append(glossary.column(kpi))
    latest = over[-1]
    return Chart(
        bars(labels, [row["returning_revenue_share"] for row in over], "rate", language),
        language.say(
            "overview.returning_alt",
            name=term.name,
            period=language.period(grain, latest["period_start"]),
            value=language.percent(latest["returning_revenue_share"]),
        ),
        Table(columns, list(reversed(over))),
    )


def running_table(rows: Sequence[Row], grain: str, glossary: Glossary, language: Language, currency: str) -> Table:
    """The running period beside the same days of the one before and of the year before; a row per measure."""
    by_side = {row["compared_with"]: row for row in rows}
    now = by_side["this"]
    # Of a year, the period before is the year before.
    sides = ["previous"] if grain == "year" else ["previous", "year_before"]
    columns = [Column("name", language.say("overview.measure")), Column("this", days_of(now, grain, language), "shown")]
    for side in sides:
        columns.append(Column(side, days_of(by_side[side], grain, language), "shown"))
        columns.append(Column(f"{side}_change", language.say("overview.difference"), "shown"))
    found = []
    for kpi in ("orders", "net_revenue", "new_customers", "average_order_value"):
        term = glossary.term(kpi)
        row: dict[str, object] = {"name": term.name, "this": language.value(now[kpi], term.unit, currency)}
        for side in sides:
            row[side] = language.value(by_side[side][kpi], term.unit, currency)
            row[f"{side}_change"] = language.change(difference(now[kpi], by_side[side][kpi]), term.unit, currency)
        found.append(row)
    return Table(columns, found)


def days_of(row: Row, grain: str, language: Language) -> str:
    return language.say("overview.first_days", days=row["days"], period=language.period(grain, row["period_start"]))


def concentration_chart(rows: Sequence[Row], glossary: Glossary, language: Language) -> Chart:
    """How much of the revenue comes from the best tenths of the customers."""
    term = glossary.term("cumulative_revenue_share")
    names = [language.percent(row["decile"] / 10, 0) for row in rows]
    columns = [Column("best", language.say("overview.best_customers"))]
    for kpi in ("customers", "net_revenue", "revenue_share", "cumulative_revenue_share"):
        found = glossary.term(kpi)
        label = language.say("common.customers") if kpi == "customers" else found.name
        columns.append(Column(kpi, label, "customers" if kpi == "customers" else found.unit, tip=found.definition))
    table = Table(columns, [{**row, "best": name} for row, name in zip(rows, names, strict=True)])
    colours = [BLUE if row["decile"] <= 2 else GREY for row in rows]
    figure = bars(
        names, [row["cumulative_revenue_share"] for row in rows], term.unit, language, colours=colours, most_labels=10
    )
    return Chart(figure, best_fifth(rows, language), table)


def best_fifth(rows: Sequence[Row], language: Language) -> str:
    """The 80/20 question in a sentence."""
    share = next((row["cumulative_revenue_share"] for row in rows if row["decile"] == 2), None)
    return language.say("overview.best_fifth", share=language.percent(share))
