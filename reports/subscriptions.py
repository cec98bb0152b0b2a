"""Contracts: recurring revenue and what moved it, who left and why, and cohorts of subscribers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from reports.charts import Chart, Series, bridge, few_labels, lines, stacks
from reports.cohorts import edge, share, short
from reports.colours import GREY, ORANGE
from reports.glossary import Glossary, Term
from reports.grid import Cell, Grid, Line
from reports.language import Language
from reports.overview import complete
from reports.questions import Row
from reports.tables import Column, Table

CARDS = (
    "mrr_at_end", "subscribers_at_end", "average_revenue_per_subscriber", "logo_churn_rate", "gross_mrr_retention",
    "net_mrr_retention",
)  # fmt: skip
IN_A_TABLE = (
    "mrr_at_start", "new_mrr", "reactivated_mrr", "expansion_mrr", "contraction_mrr", "churned_mrr",
    "involuntary_churned_mrr", "mrr_at_end", "subscribers_at_start", "new_subscribers", "reactivated_subscribers",
    "churned_subscribers", "subscribers_at_end", "short_lived_subscribers", "logo_churn_rate", "gross_mrr_retention",
    "net_mrr_retention", "average_revenue_per_subscriber",
)  # fmt: skip
# What leads from the start of a span to its end.
ADDED = ("new_mrr", "reactivated_mrr", "expansion_mrr")
TAKEN = ("contraction_mrr", "churned_mrr")
SPANS = ("1", "3", "12")  # months of a bridge
COURSE = 36  # months
READINGS = ("subscriber_retention_rate", "mrr_retention_rate", "active_subscribers", "mrr")


def span(rows: Sequence[Row], end: date, length: int) -> list[Row]:
    """So many complete months up to the one that begins at `end`, or as many as there are."""
    return [row for row in complete(rows) if row["period_start"] <= end][-length:]


def moved(rows: Sequence[Row], kpi: str) -> Any:
    """What was added or taken in a span: movements of months add up, as each ends where the next begins."""
    return sum(row[kpi] for row in rows)


def period_of(rows: Sequence[Row], language: Language) -> str:
    first, last = (language.period("month", row["period_start"]) for row in (rows[0], rows[-1]))
    return first if len(rows) == 1 else language.say("subscriptions.from_to", first=first, last=last)


def sentences(rows: Sequence[Row], language: Language, currency: str) -> Iterator[str]:
    """How recurring revenue went in a span, and what it costs that subscribers left."""
    start, end = rows[0]["mrr_at_start"], rows[-1]["mrr_at_end"]
    yield language.say(
        "subscriptions.went",
        period=period_of(rows, language),
        start=language.money(start, currency),
        end=language.money(end, currency),
        change=language.change(end - start, "currency", currency),
        subscribers=language.number(rows[-1]["subscribers_at_end"]),
    )
    yield cost_of_churn(rows, language, currency)


def cost_of_churn(rows: Sequence[Row], language: Language, currency: str) -> str:
    churned, involuntary = moved(rows, "churned_mrr"), moved(rows, "involuntary_churned_mrr")
    if not churned:
        return language.say("subscriptions.nobody_left")
    return language.say(
        "subscriptions.left",
        subscribers=language.number(moved(rows, "churned_subscribers")),
        churned=language.money(churned, currency),
        voluntary=language.money(churned - involuntary, currency),
        involuntary=language.money(involuntary, currency),
    )


def mrr_bridge(rows: Sequence[Row], glossary: Glossary, language: Language, currency: str) -> Chart:
    """From the recurring revenue at the start of a span over what moved it to that at its end."""
    steps = [
        ("mrr_at_start", rows[0]["mrr_at_start"]),
        *((kpi, moved(rows, kpi)) for kpi in ADDED),
        *((kpi, -moved(rows, kpi)) for kpi in TAKEN),
        ("mrr_at_end", rows[-1]["mrr_at_end"]),
    ]
    names = [glossary.term(kpi).name for kpi, _ in steps]
    amounts = [amount for _, amount in steps]
    period = period_of(rows, language)
    alt = language.say(
        "subscriptions.bridge_alt",
        period=period,
        parts=", ".join(
            f"{name} {language.money(amount, currency)}" for name, amount in zip(names, amounts, strict=True)
        ),
    )
    table = Table(
        [Column("step", period), Column("amount", glossary.term("mrr_at_end").short, "currency")],
        [{"step": name, "amount": amount} for name, amount in zip(names, amounts, strict=True)],
    )
    return Chart(bridge(names, amounts, language, "currency", currency), alt, table)


def churn(rows: Sequence[Row], glossary: Glossary, language: Language, currency: str) -> Chart:
    """The recurring revenue that left each month: of subscribers who wanted to leave, and of those who did not."""
    over = complete(rows)
    recent = over[-COURSE:]
    labels = [language.short_period("month", row["period_start"]) for row in recent]
    involuntary = "involuntary_churned_mrr"
    series = [
        Series(language.say("subscriptions.voluntary"), [voluntary(row) for row in recent]),
        Series(glossary.term(involuntary).name, [row[involuntary] for row in recent]),
    ]
    columns = [
        Column("period_start", language.say("common.month"), "period", "month"),
        glossary.column("churned_mrr"),
        Column("voluntary", language.say("subscriptions.voluntary"), "currency"),
        *map(glossary.column, (involuntary, "churned_subscribers", "logo_churn_rate")),
    ]
    alt = language.say("subscriptions.churn_alt", first=labels[0] if labels else "", last=labels[-1] if labels else "")
    figure = stacks(labels, series, "currency", language, currency, colours=(GREY, ORANGE))
    return Chart(figure, alt, Table(columns, [{**row, "voluntary": voluntary(row)} for row in over[::-1]]))


def voluntary(row: Row) -> Any:
    """What left of its own accord, or without a reason given."""
    return row["churned_mrr"] - row["involuntary_churned_mrr"]


def rates(
    rows: Sequence[Row], kpis: Sequence[str], glossary: Glossary, language: Language, *, from_zero: bool
) -> Chart:
    """Rates of the complete months that have them."""
    over = [row for row in complete(rows) if row[kpis[0]] is not None]
    recent = over[-COURSE:]
    labels = [language.short_period("month", row["period_start"]) for row in recent]
    series = [Series(glossary.term(kpi).name, [row[kpi] for row in recent]) for kpi in kpis]
    figure = lines(labels, series, "rate", language, from_zero=from_zero)
    few_labels(figure, labels, 6)
    latest = (
        ", ".join(f"{glossary.term(kpi).name} {language.percent(recent[-1][kpi])}" for kpi in kpis) if recent else ""
    )
    alt = language.say(
        "subscriptions.rates_alt",
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
        latest=latest,
    )
    columns = [Column("period_start", language.say("common.month"), "period", "month"), *map(glossary.column, kpis)]
    return Chart(figure, alt, Table(columns, over[::-1]))


# Cohorts of subscribers


def triangle(rows: Sequence[Row], reading: str, glossary: Glossary, language: Language, currency: str) -> Grid:
    """Subscribers by the month of their first paid contract, and who of them pays how much so many months later."""
    term = glossary.term(reading)
    scaled = [float(row[reading] or 0) for row in rows if row["is_complete"] and counts_for_scale(row, reading)]
    most = max(scaled, default=1.0)
    found: dict[date, dict[int, Cell]] = {}
    for row in rows:
        coloured = counts_for_scale(row, reading) and row[reading] is not None
        found.setdefault(row["cohort_start"], {})[row["period_number"]] = Cell(
            short(row[reading], term, language),
            share(row[reading], most) if coloured else None,
            says(row, reading, term, language, currency),
            row["is_complete"],
        )
    sizes = {row["cohort_start"]: row["cohort_subscribers"] for row in rows}
    numbers = sorted({row["period_number"] for row in rows})
    return Grid(
        language.say("cohorts.cohort"),
        language.say("subscriptions.subscribers"),
        [(number, str(number)) for number in numbers],
        [
            Line(language.period("month", start), language.short_period("month", start), sizes[start], cells)
            for start, cells in found.items()
        ],
        None,
        (edge(0, term, language, currency), edge(most, term, language, currency)),
    )


def counts_for_scale(row: Row, reading: str) -> bool:
    """In its first month a cohort's own MRR is the measure of itself."""
    return row["period_number"] > 0 or reading != "mrr_retention_rate"


def says(row: Row, reading: str, term: Term, language: Language, currency: str) -> str:
    """All that is known of a cell."""
    parts = [
        language.say(
            "subscriptions.cell",
            cohort=language.period("month", row["cohort_start"]),
            number=row["period_number"],
        ),
        f"{term.name}: {language.value(row[reading], term.unit, currency)}",
        language.say(
            "subscriptions.pay",
            active=language.number(row["active_subscribers"]),
            subscribers=language.number(row["cohort_subscribers"]),
            mrr=language.money(row["mrr"], currency),
        ),
    ]
    if not row["is_complete"]:
        parts.append(language.say("cohorts.still_running"))
    return "\n".join(parts)


def cell_table(rows: Sequence[Mapping[str, Any]], glossary: Glossary, language: Language) -> Table:
    """All cells with all that is known of them, one per row."""
    kpis = ("cohort_subscribers", *READINGS[2:3], READINGS[0], READINGS[3], "mrr_at_first_end", READINGS[1])
    columns = [
        Column("cohort_start", language.say("cohorts.cohort"), "period", "month"),
        Column("period_number", language.say("cohorts.number"), "count"),
        glossary.column("is_complete"),
        *map(glossary.column, kpis),
    ]
    return Table(columns, list(rows))
