"""Cohorts below each other: the triangle in its readings, by age or by the calendar, by value or beyond chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from reports.glossary import Glossary, Term
from reports.grid import Cell, Grid, Line
from reports.language import Language
from reports.questions import Row
from reports.tables import Column, Table

# What a cell can show; the first three are the readings of retention (docs/decisions/0005).
READINGS = (
    "retention_rate",
    "unbounded_retention_rate",
    "returned_by_rate",
    "net_revenue",
    "cumulative_revenue_per_customer",
)
POOLED = ("retention_rate", "returned_by_rate", "cumulative_revenue_per_customer")  # those that the pooled curve has
COUNTED = {
    "retention_rate": "active_customers",
    "unbounded_retention_rate": "active_or_later_customers",
    "returned_by_rate": "returned_by_customers",
}
ALWAYS_ONE = ("retention_rate", "unbounded_retention_rate")  # in period 0
MOST_NAMED = 6  # cohorts in a sentence


def latest(rows: Sequence[Row], cohorts: int, start: str = "cohort_start") -> list[Row]:
    """The cells of the last so many cohorts."""
    starts = sorted({row[start] for row in rows})[-cohorts:]
    return [row for row in rows if row[start] >= starts[0]]


def triangle(
    rows: Sequence[Row],
    pooled: Sequence[Row],
    grain: str,
    reading: str,
    glossary: Glossary,
    language: Language,
    currency: str,
    *,
    calendar: bool = False,
    deviations: Sequence[Row] | None = None,
) -> Grid:
    """Cohorts by their age, or by the calendar, in which a Christmas is a column. With `deviations`, only cells are
    coloured that differ from the pooled rate by more than chance."""
    term = glossary.term(reading)
    most = reach(rows, reading)
    beyond = {
        (row["cohort_start"], row["period_number"]): row for row in deviations or () if row["differs_from_pooled"]
    }
    coloured = deviations is None
    key = "period_start" if calendar else "period_number"
    keys = sorted({row[key] for row in rows})
    found: dict[date, dict[Any, Cell]] = {}
    for row in rows:
        differing = beyond.get((row["cohort_start"], row["period_number"]))
        found.setdefault(row["cohort_start"], {})[row[key]] = Cell(
            short(row[reading], term, language),
            share(row[reading], most) if coloured and counts_for_scale(row, reading) else None,
            says(row, grain, reading, term, language, currency) + deviation(differing, language),
            row["is_complete"],
            side(differing),
        )
    sizes = {row["cohort_start"]: row["cohort_customers"] for row in rows}
    return Grid(
        language.say("cohorts.cohort"),
        language.say("common.customers"),
        [(one, language.short_period(grain, one) if calendar else str(one)) for one in keys],
        [
            Line(language.period(grain, start), language.short_period(grain, start), sizes[start], cells)
            for start, cells in found.items()
        ],
        None
        if calendar or reading not in POOLED
        else pooled_line(pooled, keys, reading, most if coloured else None, term, language, currency),
        (edge(0, term, language, currency), edge(most, term, language, currency)) if coloured else None,
    )


def edge(value: float, term: Term, language: Language, currency: str) -> str:
    """An end of the colour scale, in whole figures."""
    return language.money(value, currency, 0) if term.unit == "currency" else short(value, term, language)


def side(differing: Row | None) -> str:
    if differing is None:
        return ""
    return "sk-higher" if differing["difference_from_pooled"] > 0 else "sk-lower"


def deviation(differing: Row | None, language: Language) -> str:
    if differing is None:
        return ""
    points = language.points(differing["difference_from_pooled"])
    return "\n" + language.say("cohorts.deviates", points=points, pooled=language.percent(differing["pooled_rate"]))


def hurt(rows: Sequence[Row], deviations: Sequence[Row], grain: str, language: Language) -> Iterator[str]:
    """Which cohorts did worse and which better than all together, by more than chance, and in how many periods."""
    shown = {row["cohort_start"] for row in rows}
    for name in ("lower", "higher"):
        counts = Counter(
            row["cohort_start"]
            for row in deviations
            if row["differs_from_pooled"] and side(row) == f"sk-{name}" and row["cohort_start"] in shown
        )
        if counts:
            most = sorted(counts.items(), key=lambda found: (-found[1], found[0]))[:MOST_NAMED]
            named = ", ".join(f"{language.period(grain, start)} ({count})" for start, count in most)
            yield language.say(f"cohorts.{name}", cohorts=named)
    if not any(row["differs_from_pooled"] and row["cohort_start"] in shown for row in deviations):
        yield language.say("cohorts.all_alike")
        if grain != "quarter":
            yield language.say("cohorts.too_small")


def reach(rows: Sequence[Row], reading: str) -> float:
    """What the darkest colour stands for: the most of all complete cells."""
    return max(
        (float(row[reading]) for row in rows if row["is_complete"] and counts_for_scale(row, reading)), default=1.0
    )


def counts_for_scale(row: Row, reading: str) -> bool:
    return row["period_number"] > 0 or reading not in ALWAYS_ONE


def share(value: Any, most: float) -> float:
    return float(value) / most if most else 0.0


def short(value: Any, term: Term, language: Language) -> str:
    """A figure for a cell: whole per cent, whole amounts."""
    if term.unit == "rate":
        return language.percent(value, 0).replace("\xa0", "\N{NARROW NO-BREAK SPACE}")
    return language.number(value)


def says(row: Row, grain: str, reading: str, term: Term, language: Language, currency: str) -> str:
    """All that is known of a cell."""
    parts = [
        language.say(
            "cohorts.cell",
            cohort=language.period(grain, row["cohort_start"]),
            number=row["period_number"],
            grain=language.say(f"common.{grain}"),
            period=language.period(grain, row["period_start"]),
        ),
        f"{term.name}: {language.value(row[reading], term.unit, currency)}",
    ]
    if reading in COUNTED:
        parts.append(
            language.say(
                "cohorts.counted",
                counted=language.number(row[COUNTED[reading]]),
                customers=language.number(row["cohort_customers"]),
            )
        )
    if reading == "retention_rate" and row["period_number"]:
        parts.append(interval(row, "retention_rate", language))
    if not row["is_complete"]:
        parts.append(language.say("cohorts.still_running"))
    return "\n".join(parts)


def interval(row: Row, kpi: str, language: Language) -> str:
    return language.say(
        "common.interval", low=language.percent(row[f"{kpi}_low"]), high=language.percent(row[f"{kpi}_high"])
    )


def pooled_line(
    pooled: Sequence[Row],
    keys: Sequence[int],
    reading: str,
    most: float | None,
    term: Term,
    language: Language,
    currency: str,
) -> Line:
    """The rate over all cohorts that completed a period, as the last row; without colours where `most` is null."""
    cells = {}
    for row in pooled:
        if row["period_number"] not in keys:
            continue
        said = [
            language.say("cohorts.pooled_cell", number=row["period_number"], cohorts=row["cohorts"]),
            f"{term.name}: {language.value(row[reading], term.unit, currency)}",
            language.say("cohorts.pooled_of", customers=language.number(row["eligible_customers"])),
        ]
        if reading == "retention_rate" and row["period_number"]:
            said.append(interval(row, reading, language))
        cells[row["period_number"]] = Cell(
            short(row[reading], term, language),
            share(row[reading], most) if most is not None and counts_for_scale(row, reading) else None,
            "\n".join(said),
        )
    return Line(language.say("cohorts.pooled"), language.say("cohorts.pooled_short"), None, cells)


def cell_table(rows: Sequence[Row], grain: str, glossary: Glossary, language: Language) -> Table:
    """All cells with all that is known of them, one per row."""
    columns = [
        Column("cohort_start", language.say("cohorts.cohort"), "period", grain),
        Column("period_number", language.say("cohorts.number"), "count"),
        Column("period_start", language.say("common.period"), "period", grain),
        glossary.column("is_complete"),
    ]
    for kpi in (
        "cohort_customers", "active_customers", "retention_rate", "retention_rate_low", "retention_rate_high",
        "unbounded_retention_rate", "returned_by_rate", "orders", "net_revenue", "cumulative_revenue_per_customer",
    ):  # fmt: skip
        columns.append(glossary.column(kpi))
    return Table(columns, rows)
