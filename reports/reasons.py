"""Why customers leave, as they say it themselves or in their contracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from reports.charts import Chart, Series, lying_bars, stacks
from reports.colours import GREY, SERIES
from reports.glossary import Glossary
from reports.language import NOTHING, Language
from reports.overview import complete
from reports.questions import Row
from reports.tables import Column, Table

SOURCES = ("survey", "subscription")
NAMED = 3  # reasons in a sentence
MOST = 5  # reasons of a colour of their own
COURSE = 24  # months
UNKNOWN = "unknown"


def of_source(rows: Sequence[Row], source: str) -> list[Row]:
    return [row for row in rows if row["source"] == source]


def months(rows: Sequence[Row]) -> list[date]:
    """The months that are over and have reasons, the latest first; where none is over, those that run."""
    return sorted({row["period_start"] for row in complete(rows) or rows}, reverse=True)


def of_month(rows: Sequence[Row], month: date) -> list[Row]:
    return [row for row in rows if row["period_start"] == month]


def reason_name(reason: str, language: Language) -> str:
    return language.say("reasons.unknown") if reason == UNKNOWN else reason


def sentences(rows: Sequence[Row], month: date, language: Language) -> Iterator[str]:
    """What is named most in a month."""
    found = of_month(rows, month)
    parts = ", ".join(
        language.say(
            "reasons.named",
            reason=reason_name(row["reason"], language),
            customers=language.number(row["customers"]),
            share=language.percent(row["share"]),
        )
        for row in found[:NAMED]
    )
    yield language.say("reasons.said", month=language.period("month", month), parts=parts)
    if not found[0]["is_complete"]:
        yield language.say("reasons.running")


def of_one_month(rows: Sequence[Row], month: date, glossary: Glossary, language: Language) -> Chart:
    """How many named each reason in a month, the most frequent first."""
    found = of_month(rows, month)
    names = [reason_name(row["reason"], language) for row in found]
    values = [row["customers"] for row in found]
    parts = ", ".join(f"{name} {language.number(value)}" for name, value in zip(names, values, strict=True))
    alt = language.say("reasons.alt", month=language.period("month", month), parts=parts or NOTHING)
    return Chart(lying_bars(names, values, "customers", language), alt, table(found, glossary, language))


def over_months(rows: Sequence[Row], glossary: Glossary, language: Language) -> Chart:
    """How many named each reason over the months that are over: the most frequent ones by name, the others together."""
    over = complete(rows)
    shown = sorted({row["period_start"] for row in over})[-COURSE:]
    recent = [row for row in over if row["period_start"] in shown]
    named: dict[str, int] = {}
    for row in recent:
        named[row["reason"]] = named.get(row["reason"], 0) + row["customers"]
    most = sorted(named, key=lambda reason: (-named[reason], reason))[:MOST]
    at = {(row["period_start"], row["reason"]): row["customers"] for row in recent}
    series = [Series(reason_name(reason, language), [at.get((month, reason), 0) for month in shown]) for reason in most]
    if len(named) > len(most):
        others = [
            sum(row["customers"] for row in of_month(recent, month) if row["reason"] not in most) for month in shown
        ]
        series.append(Series(language.say("reasons.others"), others))
    labels = [language.short_period("month", month) for month in shown]
    colours = [*SERIES[: len(most)], GREY]
    alt = language.say(
        "reasons.course_alt",
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
        parts=", ".join(one.name for one in series) or NOTHING,
    )
    figure = stacks(labels, series, "customers", language, colours=colours)
    return Chart(
        figure, alt, table(sorted(over, key=lambda row: row["period_start"], reverse=True), glossary, language)
    )


def table(rows: Sequence[Row], glossary: Glossary, language: Language) -> Table:
    columns = [
        Column("period_start", language.say("common.month"), "period", "month"),
        Column("name", language.say("reasons.reason")),
        Column("customers", language.say("common.customers"), "customers"),
        glossary.column("share"),
    ]
    return Table(columns, [{**row, "name": reason_name(row["reason"], language)} for row in rows])
