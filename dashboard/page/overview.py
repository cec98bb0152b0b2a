"""Overview: how many customers stay, what changed, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from dashboard.components import empty, section, show_cards, show_chart, show_concentration, show_table
from dashboard.filters import choice, selection
from dashboard.view import View, view
from reports import changes, overview, questions, targets, worth
from reports.html import sentences_html
from reports.questions import Row


def main() -> None:
    seen = view()
    say = seen.language.say
    st.title(say("overview.title"), anchor=False)
    left, right = st.columns(2)
    with left:
        grain = choice(say("common.grain"), "grain", ["month", "quarter", "year"], lambda name: say(f"common.{name}"))
    rows = seen.ask(questions.kpis(grain))
    over = overview.complete(rows)
    if over:
        with right:
            start = chosen_period(seen, grain, over)
        now = next(row for row in over if row["period_start"] == start)
        key_figures(seen, rows, grain, now)
        on_target(seen, grain, now)
        what_changed(seen, over, grain, now)
    else:
        st.info(say("overview.none_complete"))
    what_a_point_is_worth(seen, grain)
    running_period(seen, grain)
    if over:
        course(seen, over, grain)
        with section(seen, say("overview.bridge")):
            show_chart(seen, overview.customer_bridge(now, grain, seen.glossary, seen.language), "bridge")
        with section(seen, say("overview.returning")):
            chart = overview.returning_revenue(over, grain, seen.glossary, seen.language, seen.currency)
            show_chart(seen, chart, "returning_revenue")
    show_concentration(seen, seen.language.say("overview.concentration"))


def chosen_period(seen: View, grain: str, over: Sequence[Row]) -> date:
    days = [row["period_start"].isoformat() for row in reversed(over)]
    return date.fromisoformat(
        selection(
            seen.language.say("common.period"),
            "period",
            days,
            lambda day: seen.language.period(grain, date.fromisoformat(day)),
        )
    )


def key_figures(seen: View, rows: Sequence[Row], grain: str, now: Row) -> None:
    with section(seen, seen.language.say("overview.kpis")):
        if now["is_left_censored"]:
            st.info(seen.language.say("overview.censored"))
        found = targets.of_period(targets.known(seen.ask, grain), now["period_start"])
        goals = targets.goals(found, seen.glossary, seen.language, seen.currency)
        cards = overview.kpi_cards(rows, grain, now["period_start"], seen.glossary, seen.language, goals=goals)
        show_cards(seen, cards)
        with st.expander(seen.language.say("common.table")):
            show_table(seen, overview.kpi_table(rows, grain, seen.glossary, seen.language), f"kpis_{grain}")


def on_target(seen: View, grain: str, now: Row) -> None:
    """The targets of the period, where somebody set some."""
    found = targets.of_period(targets.known(seen.ask, grain), now["period_start"])
    if not found:
        return
    with section(seen, seen.language.say("targets.title"), seen.language.say("targets.note")):
        first, *others = targets.sentences(found, seen.glossary, seen.language, seen.currency)
        st.html(sentences_html(first, others))
        show_table(seen, targets.table(found, seen.glossary, seen.language, seen.currency), f"targets_{grain}")


def what_changed(seen: View, over: Sequence[Row], grain: str, now: Row) -> None:
    say = seen.language.say
    with section(seen, say("changes.title")):
        against = "previous"
        if grain != "year":  # of a year, both are the same
            against = choice(say("changes.compared"), "against", changes.AGAINST, lambda name: say(f"changes.{name}"))
        asked = seen.ask(questions.segments(grain, now["period_start"]))
        segments = changes.compared(asked, against)
        before = changes.before(over, now, against)
        first, *others = changes.sentences(before, now, segments, seen.glossary, seen.language)
        st.html(sentences_html(first, others))
        dimensions = changes.dimensions_of(segments)
        if not dimensions:
            return
        by = choice(say("changes.by"), "by", dimensions, seen.language.dimension)
        left, right = st.columns(2)
        with left:
            st.markdown(f"**{say('changes.ranking')}**", help=say("changes.ranking_note"))
            chart = changes.ranking_chart(segments, by, against, seen.glossary, seen.language)
            show_chart(seen, chart, f"kept_by_{by}")
        if before is None or not changes.comparable(before, now):
            return
        with right:
            st.markdown(f"**{say('changes.contributions')}**")
            chart = changes.contribution_chart(segments, by, against, seen.glossary, seen.language)
            show_chart(seen, chart, f"change_by_{by}")


def what_a_point_is_worth(seen: View, grain: str) -> None:
    with section(seen, seen.language.say("worth.title")):
        rows = seen.ask(questions.retention_value(grain))
        if not rows:
            empty(seen)
            return
        first, *others = worth.sentences(rows[0], seen.language, seen.currency)
        st.html(sentences_html(first, others))
        if others:
            with st.expander(seen.language.say("common.table")):
                table = worth.worth_table(rows[0], seen.glossary, seen.language)
                show_table(seen, table, f"retention_value_{grain}")


def running_period(seen: View, grain: str) -> None:
    with section(seen, seen.language.say("overview.running"), seen.language.say("overview.running_note")):
        rows = seen.ask(questions.running_period(grain))
        if not rows:
            empty(seen)
            return
        table = overview.running_table(rows, grain, seen.glossary, seen.language, seen.currency)
        show_table(seen, table, f"running_{grain}")


def course(seen: View, over: Sequence[Row], grain: str) -> None:
    with section(seen, seen.language.say("overview.course")):
        kpi = selection(
            seen.language.say("overview.measure"), "kpi", overview.MEASURES, lambda name: seen.glossary.term(name).name
        )
        chart = overview.course(over, grain, kpi, seen.glossary, seen.language, seen.currency)
        show_chart(seen, chart, f"{kpi}_{grain}")


main()
