"""How long customers take to come back: within 30 to 365 days of their own first order, and day by day after any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from reports.charts import Chart, Series, lines
from reports.cohorts import edge, interval, share, short
from reports.glossary import Glossary
from reports.grid import Cell, Grid, Line
from reports.language import Language
from reports.questions import Row
from reports.tables import Column, Table

HORIZON = 365  # days of the repurchase curve
DAYS = (0, 30, 60, 90, 120, 180, 270, 365)


def window_grid(rows: Sequence[Row], glossary: Glossary, language: Language) -> Grid:
    """Who had come back so many days after the own first order; a day counts from there, not from the month."""
    term = glossary.term("returned_rate")
    days = sorted({row["window_days"] for row in rows})
    most = max((row["returned_rate"] for row in rows if row["returned_rate"] is not None), default=1.0)
    found: dict[date, dict[int, Cell]] = {}
    sizes = {}
    for row in rows:
        sizes[row["cohort_month"]] = row["cohort_customers"]
        if row["returned_rate"] is None:
            continue
        said = [
            language.say(
                "cohorts.window_cell",
                month=language.period("month", row["cohort_month"]),
                days=row["window_days"],
            ),
            f"{term.name}: {language.percent(row['returned_rate'])}",
            language.say(
                "cohorts.counted",
                counted=language.number(row["returned_customers"]),
                customers=language.number(row["mature_customers"]),
            ),
            interval(row, "returned_rate", language),
        ]  # fmt: skip
        if not row["is_mature"]:
            said.append(language.say("cohorts.not_mature", customers=language.number(row["cohort_customers"])))
        found.setdefault(row["cohort_month"], {})[row["window_days"]] = Cell(
            short(row["returned_rate"], term, language),
            share(row["returned_rate"], most),
            "\n".join(said),
            row["is_mature"],
        )
    return Grid(
        language.say("cohorts.cohort"),
        language.say("common.customers"),
        [(one, language.say("cohorts.days", days=one)) for one in days],
        [
            Line(language.period("month", month), language.short_period("month", month), sizes[month], cells)
            for month, cells in found.items()
        ],
        None,
        (edge(0, term, language, ""), edge(most, term, language, "")),
    )


def window_table(rows: Sequence[Row], glossary: Glossary, language: Language) -> Table:
    columns = [
        Column("cohort_month", language.say("cohorts.cohort"), "period", "month"),
        Column("window_days", language.say("cohorts.window"), "days"),
    ]
    for kpi in (
        "cohort_customers", "mature_customers", "returned_customers", "returned_rate", "returned_rate_low",
        "returned_rate_high", "revenue_per_customer", "is_mature",
    ):  # fmt: skip
        columns.append(glossary.column(kpi))
    return Table(columns, rows)


def repurchase_chart(rows: Sequence[Row], glossary: Glossary, language: Language) -> Chart:
    """How likely the next order is, by days since the one before."""
    term = glossary.term("repurchase_probability")
    days = [day for day in range(HORIZON + 1) if day % 5 == 0]
    series = []
    for number, at in by_order(rows).items():
        known = [at.get(day) for day in days]
        first = number == 1
        series.append(
            Series(
                language.say("cohorts.after_order", number=number),
                [row["repurchase_probability"] if row else None for row in known],
                [1 - row["survival_high"] if row else None for row in known] if first else (),
                [1 - row["survival_low"] if row else None for row in known] if first else (),
            )
        )
    figure = lines(
        [str(day) for day in days], series, "rate", language, from_zero=True, height=400,
        marks=[str(day) for day in DAYS], below=language.say("cohorts.days_since"),
    )  # fmt: skip
    columns = [
        Column("after", language.say("cohorts.after")),
        Column("day", language.say("cohorts.day"), "days"),
        *(
            glossary.column(kpi)
            for kpi in ("at_risk", "repurchase_probability", "survival", "survival_low", "survival_high")
        ),
    ]
    table = [
        {**at[day], "after": language.say("cohorts.after_order", number=number)}
        for number, at in by_order(rows).items()
        for day in DAYS
        if day in at
    ]
    return Chart(figure, language.say("cohorts.repurchase_alt", name=term.name), Table(columns, table))


def by_order(rows: Sequence[Row]) -> Mapping[int, Mapping[int, Row]]:
    found: dict[int, dict[int, Row]] = {}
    for row in rows:
        found.setdefault(row["from_order_number"], {})[row["day"]] = row
    return found


def too_late(rows: Sequence[Row], language: Language) -> Iterator[str]:
    """Until when a second order is to be waited for: by which day most of those within a year have come."""
    at = by_order(rows).get(1, {})
    end = at.get(HORIZON)
    if end is None or not end["repurchase_probability"]:
        return
    yield language.say("cohorts.within_a_year", share=language.percent(end["repurchase_probability"]), days=HORIZON)
    for part in (0.5, 0.8, 0.9):
        reached = next(
            day for day in sorted(at) if at[day]["repurchase_probability"] >= part * end["repurchase_probability"]
        )
        yield language.say("cohorts.part_by_day", part=language.percent(part, 0), day=reached)
