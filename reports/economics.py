"""What customers cost and what they bring: by the month in which they were won and by channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from reports.charts import Chart, Series, few_labels, lines, lying_bars, stacks
from reports.colours import BLUE, GREY
from reports.glossary import Glossary
from reports.language import NOTHING, Language
from reports.questions import Row
from reports.tables import Column, Table

ALL = "all"
VALUES = ("value_per_customer_12m", "value_per_customer_6m", "value_per_customer_3m", "value_per_customer_24m")
ON_SPEND = ("ltv_to_cac", "cac", "payback_months")  # measures that nobody knows without marketing spend
SPENDS = ("spend", "retention_spend")
IN_A_TABLE = (
    "new_customers", "spend", "cac", *sorted(VALUES, key=lambda kpi: int(kpi[19:-1])), "ltv_to_cac", "payback_months",
    "retention_spend",
)  # fmt: skip
COURSE = 36  # months


def measures(has_spend: bool) -> tuple[str, ...]:
    return (*ON_SPEND, *VALUES) if has_spend else VALUES


def of_all(rows: Sequence[Row]) -> list[Row]:
    return of_channel(rows, ALL)


def of_channel(rows: Sequence[Row], channel: str) -> list[Row]:
    return [row for row in rows if row["acquisition_channel"] == channel]


def of_month(rows: Sequence[Row], month: date) -> list[Row]:
    return [row for row in rows if row["cohort_month"] == month]


def months(rows: Sequence[Row]) -> list[date]:
    """The months that there are, the latest first."""
    return sorted({row["cohort_month"] for row in rows}, reverse=True)


def channels(rows: Sequence[Row]) -> list[str]:
    """All channels together, then those that won most customers."""
    won: dict[str, int] = {}
    for row in rows:
        won[row["acquisition_channel"]] = won.get(row["acquisition_channel"], 0) + row["new_customers"]
    return sorted(won, key=lambda channel: (channel != ALL, -won[channel], channel))


def usual_month(rows: Sequence[Row]) -> date:
    """The latest month whose customers were observed for a year; else the latest that is over, else the latest."""
    together = list(reversed(of_all(rows)))
    observed = [row["cohort_month"] for row in together if row["value_per_customer_12m"] is not None]
    over = [row["cohort_month"] for row in together if row["is_complete"]]
    return (observed or over or [row["cohort_month"] for row in together])[0]


def sentences(row: Row, language: Language, currency: str) -> Iterator[str]:
    """What the customers of a month and channel cost, what they brought, and when that paid for them."""
    named = {"month": language.period("month", row["cohort_month"]), "customers": language.number(row["new_customers"])}
    if not row["new_customers"]:
        yield language.say("economics.nobody", **named, spend=language.money(row["spend"], currency))
        return
    if row["cac"] is None:
        yield language.say("economics.won", **named)
    else:
        yield language.say(
            "economics.cost",
            **named,
            cac=language.money(row["cac"], currency),
            spend=language.money(row["spend"], currency),
        )
    yield from brought(row, language, currency)
    if row["payback_months"] is not None:
        paid = "paid_back_at_once" if row["payback_months"] == 1 else "paid_back"
        yield language.say(f"economics.{paid}", months=language.number(row["payback_months"]))
    elif row["cac"]:
        yield language.say("economics.not_paid_back")
    if not row["is_complete"]:
        yield language.say("economics.running")


def brought(row: Row, language: Language, currency: str) -> Iterator[str]:
    """The value of the first year; else of as much of it as is over."""
    for kpi, length in (("value_per_customer_12m", 12), ("value_per_customer_6m", 6), ("value_per_customer_3m", 3)):
        if row[kpi] is None:
            continue
        yield language.say("economics.brought", value=language.money(row[kpi], currency), months=length)
        if length == 12 and row["ltv_to_cac"] is not None:
            yield language.say("economics.times", times=language.number(row["ltv_to_cac"], 1))
        return
    yield language.say("economics.not_observed")


def what_value_is(settings: Mapping[str, object], language: Language) -> str:
    """Whether value is revenue or margin, as the build was made; nothing where nobody noted the setting."""
    rate = settings.get("margin_rate")
    if not isinstance(rate, (int, float)):
        return ""
    if rate == 1:
        return language.say("economics.value_is_revenue")
    return language.say("economics.value_is_margin", rate=language.percent(rate, 0))


def by_channel(
    rows: Sequence[Row], month: date, kpi: str, glossary: Glossary, language: Language, currency: str
) -> Chart:
    """One measure of each channel in a month, with how many customers it rests on."""
    term = glossary.term(kpi)
    found = of_month(rows, month)
    known = [row for row in found if row[kpi] is not None]
    known.sort(key=lambda row: (row["acquisition_channel"] != ALL, -float(row[kpi])))
    names = [
        language.say(
            "economics.channel_of",
            channel=channel_name(row["acquisition_channel"], language),
            customers=language.number(row["new_customers"]),
        )
        for row in known
    ]
    values = [row[kpi] for row in known]
    parts = ", ".join(
        f"{name} {language.value(value, term.unit, currency)}" for name, value in zip(names, values, strict=True)
    )
    colours = [GREY if row["acquisition_channel"] == ALL else BLUE for row in known]
    return Chart(
        lying_bars(names, values, term.unit, language, currency, colours=colours),
        language.say(
            "economics.by_channel_alt", name=term.name, month=language.period("month", month), parts=parts or NOTHING
        ),
        channel_table(found, glossary, language),
    )


def channel_name(channel: str, language: Language) -> str:
    return language.say("economics.all_channels") if channel == ALL else language.dimension_value(channel)


def channel_table(rows: Sequence[Row], glossary: Glossary, language: Language) -> Table:
    """All measures of months and channels, the latest month first."""
    columns = [
        Column("cohort_month", language.say("economics.won_in"), "period", "month"),
        Column("channel", language.dimension("acquisition_channel")),
        *map(glossary.column, IN_A_TABLE),
        glossary.column("is_complete"),
    ]
    found = [{**row, "channel": channel_name(row["acquisition_channel"], language)} for row in rows]
    return Table(columns, sorted(found, key=lambda row: row["cohort_month"], reverse=True))


def course(rows: Sequence[Row], kpi: str, channel: str, glossary: Glossary, language: Language, currency: str) -> Chart:
    """One measure over the months in which customers were won: of a channel, beside all together."""
    term = glossary.term(kpi)
    over = [row for row in of_all(rows) if row["is_complete"]]
    known = [row["cohort_month"] for row in rows if row[kpi] is not None]
    over = [row for row in over if known and min(known) <= row["cohort_month"] <= max(known)][-COURSE:]
    labels = [language.short_period("month", row["cohort_month"]) for row in over]
    series = []
    for one in dict.fromkeys((channel, ALL)):
        of_it = {row["cohort_month"]: row for row in of_channel(rows, one)}
        at = [of_it.get(row["cohort_month"]) for row in over]
        series.append(
            Series(
                channel_name(one, language),
                [row[kpi] if row else None for row in at],
                hints=[
                    language.say(
                        "economics.of_customers", customers=language.number(row["new_customers"] if row else 0)
                    )
                    for row in at
                ],
            )
        )
    alt = language.say(
        "economics.course_alt",
        name=term.name,
        channels=", ".join(one.name for one in series),
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
    )
    figure = lines(labels, series, term.unit, language, currency, from_zero=True)
    few_labels(figure, labels, 6)
    return Chart(figure, alt, channel_table(rows if labels else [], glossary, language))


def spend(rows: Sequence[Row], glossary: Glossary, language: Language, currency: str) -> Chart:
    """What was spent on winning customers and on keeping them, month by month."""
    over = [row for row in of_all(rows) if row["is_complete"]]
    recent = over[-COURSE:]
    labels = [language.short_period("month", row["cohort_month"]) for row in recent]
    series = [Series(glossary.term(kpi).name, [row[kpi] for row in recent]) for kpi in SPENDS]
    columns = [
        Column("cohort_month", language.say("common.month"), "period", "month"),
        *map(glossary.column, (*SPENDS, "new_customers", "cac")),
    ]
    alt = language.say("economics.spend_alt", first=labels[0] if labels else "", last=labels[-1] if labels else "")
    return Chart(stacks(labels, series, "currency", language, currency), alt, Table(columns, over[::-1]))


def spend_sentence(rows: Sequence[Row], language: Language, currency: str) -> Iterator[str]:
    """What was spent in the latest month that is over, on winning against keeping."""
    over = [row for row in of_all(rows) if row["is_complete"]]
    if over:
        latest = over[-1]
        yield language.say(
            "economics.spent",
            month=language.period("month", latest["cohort_month"]),
            winning=language.money(latest["spend"], currency),
            keeping=language.money(latest["retention_spend"], currency),
        )
