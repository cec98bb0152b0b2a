"""Cohorts as lines and layers: one age over the cohorts, segments over their life, revenue by the year of winning."""

from __future__ import annotations

from collections.abc import Sequence

from reports.charts import Chart, Series, layers, lines
from reports.cohorts import POOLED
from reports.glossary import Glossary
from reports.language import Language
from reports.questions import Row
from reports.tables import Column, Table

ENOUGH = 30  # customers, below which a curve ends
MOST_LINES = 6


def trend(
    rows: Sequence[Row], grain: str, reading: str, number: int, glossary: Glossary, language: Language, currency: str
) -> Chart:
    """One period number over the cohorts: whether newer ones do better at the same age."""
    term = glossary.term(reading)
    at = [row for row in rows if row["period_number"] == number and row["is_complete"]]
    has_interval = reading == "retention_rate"
    line = Series(
        term.name,
        [row[reading] for row in at],
        [row["retention_rate_low"] for row in at] if has_interval else (),
        [row["retention_rate_high"] for row in at] if has_interval else (),
        [language.say("cohorts.of_customers", customers=language.number(row["cohort_customers"])) for row in at],
    )
    columns = [
        Column("cohort_start", language.say("cohorts.cohort"), "period", grain),
        *(
            glossary.column(kpi)
            for kpi in ("cohort_customers", reading, *((f"{reading}_low", f"{reading}_high") if has_interval else ()))
        ),
    ]
    labels = [language.short_period(grain, row["cohort_start"]) for row in at]
    alt = language.say(
        "cohorts.trend_alt",
        name=term.name,
        number=number,
        grain=language.say(f"common.{grain}"),
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
    )
    figure = lines(labels, [line], term.unit, language, currency, from_zero=True)
    return Chart(figure, alt, Table(columns, list(reversed(at))))


def layer_cake(rows: Sequence[Row], language: Language, glossary: Glossary, currency: str) -> Chart:
    """Revenue by month, in layers by the year in which the customers were won."""
    over = [row for row in rows if row["is_complete"]]
    months = sorted({row["period_start"] for row in over})
    years = sorted({int(row["cohort_year"]) for row in over})
    amounts = {(row["period_start"], int(row["cohort_year"])): row["net_revenue"] for row in over}
    series = [
        Series(language.say("cohorts.won_in", year=year), [amounts.get((month, year)) for month in months])
        for year in years
    ]
    columns = [Column("month", language.say("common.month"), "period", "month")]
    columns += [Column(str(year), language.say("cohorts.won_in", year=year), "currency") for year in years]
    table = [
        {"month": month, **{str(year): amounts.get((month, year)) for year in years}} for month in reversed(months)
    ]
    alt = language.say(
        "cohorts.layers_alt", name=glossary.term("net_revenue").name, years=", ".join(str(year) for year in years)
    )
    labels = [language.short_period("month", month) for month in months]
    return Chart(layers(labels, series, "currency", language, currency), alt, Table(columns, table))


def curves(
    pooled: Sequence[Row],
    grain: str,
    dimension: str,
    reading: str,
    glossary: Glossary,
    language: Language,
    currency: str,
) -> Chart:
    """The pooled curves of the largest segments of a dimension."""
    kpi = reading if reading in POOLED else "retention_rate"
    term = glossary.term(kpi)
    by_value: dict[str, list[Row]] = {}
    for row in pooled:
        by_value.setdefault(row["dimension_value"], []).append(row)
    largest = sorted(by_value, key=lambda value: -by_value[value][0]["eligible_customers"])[:MOST_LINES]
    first = 0 if kpi == "cumulative_revenue_per_customer" else 1
    numbers = sorted({row["period_number"] for row in pooled if row["period_number"] >= first and is_enough(row)})
    series = []
    for value in largest:
        at = {row["period_number"]: row for row in by_value[value] if is_enough(row)}
        few = len(largest) <= 3 and kpi == "retention_rate"
        series.append(
            Series(
                language.dimension_value(value),
                [at[number][kpi] if number in at else None for number in numbers],
                [at[number]["retention_rate_low"] if number in at else None for number in numbers] if few else (),
                [at[number]["retention_rate_high"] if number in at else None for number in numbers] if few else (),
            )
        )
    columns = [
        Column("segment", language.dimension(dimension)),
        Column("period_number", language.say("cohorts.number"), "count"),
        *(
            glossary.column(name)
            for name in ("eligible_customers", "retention_rate", "retention_rate_low", "retention_rate_high",
                         "returned_by_rate", "cumulative_revenue_per_customer")
        ),
    ]  # fmt: skip
    table = [{**row, "segment": language.dimension_value(row["dimension_value"])} for row in pooled]
    alt = language.say(
        "cohorts.curves_alt",
        name=term.name,
        dimension=language.dimension(dimension),
        values=", ".join(language.dimension_value(value) for value in largest),
    )
    figure = lines(
        [str(number) for number in numbers], series, term.unit, language, currency, from_zero=True, height=400,
        below=language.say("cohorts.since", grains=language.say(f"common.{grain}s")),
    )  # fmt: skip
    return Chart(figure, alt, Table(columns, table))


def is_enough(row: Row) -> bool:
    return row["eligible_customers"] >= ENOUGH
