"""Cohorts, piece by piece: the triangle in its readings, curves, layers and windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from reports.charts import Chart, Series, layers, lines
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
ENOUGH = 30  # customers, below which a curve ends
MOST_LINES = 6
HORIZON = 365  # days of the repurchase curve
DAYS = (0, 30, 60, 90, 120, 180, 270, 365)


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
            most = sorted(counts.items(), key=lambda found: (-found[1], found[0]))[:MOST_LINES]
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
        Column("is_complete", glossary.term("is_complete").name, "flag"),
    ]
    for kpi in (
        "cohort_customers", "active_customers", "retention_rate", "retention_rate_low", "retention_rate_high",
        "unbounded_retention_rate", "returned_by_rate", "orders", "net_revenue", "cumulative_revenue_per_customer",
    ):  # fmt: skip
        columns.append(Column(kpi, glossary.term(kpi).name, glossary.term(kpi).unit, tip=glossary.term(kpi).definition))
    return Table(columns, rows)


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
            Column(kpi, glossary.term(kpi).name, glossary.term(kpi).unit)
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
            Column(name, glossary.term(name).name, glossary.term(name).unit, tip=glossary.term(name).definition)
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
        columns.append(Column(kpi, glossary.term(kpi).name, glossary.term(kpi).unit, tip=glossary.term(kpi).definition))
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
            Column(kpi, glossary.term(kpi).name, glossary.term(kpi).unit, tip=glossary.term(kpi).definition)
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
