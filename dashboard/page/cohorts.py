"""Cohorts: how customers won in one period come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.components import empty, section, show_chart, show_grid, show_table
from dashboard.filters import choice, selection
from dashboard.view import View, view
from reports import cohort_curves, cohorts, questions, return_times
from reports.html import sentences_html
from reports.questions import Row

# How many cohorts can be shown; the second unless others are asked for.
LATEST = {"week": ("13", "26", "52"), "month": ("12", "24", "60"), "quarter": ("8", "12", "24")}

WINDOWS = 18  # cohorts in the table of windows; the file has all of them


@dataclass(frozen=True)
class Asked:
    """Which cohorts the reader wants to see."""

    grain: str
    dimension: str
    value: str
    reading: str


def main() -> None:
    seen = view()
    st.title(seen.language.say("cohorts.title"), anchor=False)
    known = seen.ask(questions.dimensions())
    if not known:
        empty(seen)
        return
    asked = filters(seen, known)
    rows = seen.ask(questions.cohorts(asked.grain, asked.dimension, asked.value))
    if not rows:
        empty(seen)
        return
    stand_out(seen)
    triangle(seen, asked, rows)
    trend(seen, asked, rows)
    curves(seen, asked)
    layer_cake(seen, asked)
    windows(seen, asked)
    repurchase(seen)


def filters(seen: View, known: Sequence[Row]) -> Asked:
    say = seen.language.say
    one, two, three = st.columns(3)
    with one:
        grain = choice(say("common.grain"), "grain", ["month", "week", "quarter"], lambda name: say(f"common.{name}"))
    # Weeks are not broken down.
    dimensions = ["all"] if grain == "week" else list(dict.fromkeys(["all", *(row["dimension"] for row in known)]))
    with two:
        dimension = selection(say("cohorts.dimension"), "dimension", dimensions, seen.language.dimension)
    values = [row["dimension_value"] for row in known if row["dimension"] == dimension]
    with three:
        value = selection(say("cohorts.segment"), "value", values, seen.language.dimension_value)
    reading = selection(say("cohorts.reading"), "reading", cohorts.READINGS, lambda name: seen.glossary.term(name).name)
    return Asked(grain, dimension, value, reading)


def stand_out(seen: View) -> None:
    """Which cohorts did worse or better beyond chance, by quarter: months are mostly too small to tell."""
    rows = seen.ask(questions.cohorts("quarter", "all", "all"))
    deviations = seen.ask(questions.deviations("quarter", "all", "all"))
    found = list(cohorts.hurt(rows, deviations, "quarter", seen.language))
    st.html(sentences_html(seen.language.say("cohorts.stand_out"), found))


def triangle(seen: View, asked: Asked, rows: Sequence[Row]) -> None:
    say = seen.language.say
    with section(seen, say("cohorts.triangle"), seen.glossary.term(asked.reading).definition):
        one, two, three = st.columns(3)
        with one:
            layout = choice(
                say("cohorts.layout"), "columns", ["by_age", "by_calendar"], lambda name: say(f"cohorts.{name}")
            )
        with two:
            by = "by_value"
            if asked.reading == "retention_rate":  # the reading that is compared with chance
                colours = ["by_value", "beyond_chance"]
                by = choice(say("cohorts.colours"), "colours", colours, lambda name: say(f"cohorts.{name}"))
        with three:
            number = choice(
                say("cohorts.shown"), "latest", LATEST[asked.grain], lambda name: say("cohorts.last", cohorts=name),
                LATEST[asked.grain][1],
            )  # fmt: skip
        key = (asked.grain, asked.dimension, asked.value)
        shown = cohorts.latest(rows, int(number))
        deviations = seen.ask(questions.deviations(*key)) if by == "beyond_chance" else None
        pooled = [row for row in seen.ask(questions.pooled(*key[:2])) if row["dimension_value"] == asked.value]
        calendar = layout == "by_calendar"
        grid = cohorts.triangle(
            shown, pooled, asked.grain, asked.reading, seen.glossary, seen.language, seen.currency,
            calendar=calendar, deviations=deviations,
        )  # fmt: skip
        if deviations is not None:
            found = list(cohorts.hurt(shown, deviations, asked.grain, seen.language))
            st.html(sentences_html(say("cohorts.beyond_note"), found))
        show_grid(seen, grid, say("cohorts.calendar_note" if calendar else "cohorts.triangle_note"))
        if grid.last:
            st.caption(say("cohorts.pooled_note"))
        with st.expander(say("common.table")):
            table = cohorts.cell_table(rows, asked.grain, seen.glossary, seen.language)
            show_table(seen, table, f"cohorts_{asked.grain}_{asked.value}")


def trend(seen: View, asked: Asked, rows: Sequence[Row]) -> None:
    say = seen.language.say
    with section(seen, say("cohorts.trend"), say("cohorts.trend_note")):
        numbers = [str(number) for number in sorted({row["period_number"] for row in rows if row["is_complete"]})]
        if not numbers:
            empty(seen)
            return
        age = selection(
            say("cohorts.age"), "age", numbers,
            lambda number: say("cohorts.age_of", grain=say(f"common.{asked.grain}"), number=number), "1",
        )  # fmt: skip
        chart = cohort_curves.trend(
            rows, asked.grain, asked.reading, int(age), seen.glossary, seen.language, seen.currency
        )  # fmt: skip
        show_chart(seen, chart, f"cohort_trend_{asked.grain}_{age}")


def curves(seen: View, asked: Asked) -> None:
    note = seen.language.say("cohorts.curves_note", enough=cohort_curves.ENOUGH)
    with section(seen, seen.language.say("cohorts.curves"), note):
        rows = seen.ask(questions.pooled(asked.grain, asked.dimension))
        chart = cohort_curves.curves(
            rows, asked.grain, asked.dimension, asked.reading, seen.glossary, seen.language, seen.currency
        )
        show_chart(seen, chart, f"cohort_curves_{asked.grain}_{asked.dimension}")


def layer_cake(seen: View, asked: Asked) -> None:
    with section(seen, seen.language.say("cohorts.layers"), seen.language.say("cohorts.layers_note")):
        rows = seen.ask(questions.cohort_years(asked.dimension, asked.value))
        show_chart(
            seen, cohort_curves.layer_cake(rows, seen.language, seen.glossary, seen.currency), "revenue_by_cohort_year"
        )


def windows(seen: View, asked: Asked) -> None:
    with section(seen, seen.language.say("cohorts.windows"), seen.language.say("cohorts.windows_note")):
        rows = seen.ask(questions.windows(asked.dimension, asked.value))
        if not rows:
            empty(seen)
            return
        shown = cohorts.latest(rows, WINDOWS, "cohort_month")
        show_grid(seen, return_times.window_grid(shown, seen.glossary, seen.language))
        with st.expander(seen.language.say("common.table")):
            show_table(seen, return_times.window_table(rows, seen.glossary, seen.language), f"windows_{asked.value}")


def repurchase(seen: View) -> None:
    with section(seen, seen.language.say("cohorts.repurchase"), seen.language.say("cohorts.repurchase_note")):
        rows = seen.ask(questions.repurchase())
        st.write(" ".join(return_times.too_late(rows, seen.language)))
        show_chart(seen, return_times.repurchase_chart(rows, seen.glossary, seen.language), "repurchase")


main()
