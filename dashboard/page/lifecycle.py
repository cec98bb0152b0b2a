"""Lifecycle: at which stage customers stand, and who slipped away, was lost and came back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from dashboard.components import empty, section, show_chart
from dashboard.filters import choice, selection
from dashboard.view import View, view
from reports import lifecycle, questions
from reports.html import sentences_html
from reports.questions import Row


def main() -> None:
    seen = view()
    say = seen.language.say
    st.title(say("lifecycle.title"), anchor=False)
    with section(seen, say("lifecycle.moves")):
        steps = seen.ask(questions.transitions())
        if steps:
            moves(seen, steps)
        else:
            empty(seen)
    with section(seen, say("lifecycle.now"), lifecycle.limits(seen.settings, seen.language)):
        chart = lifecycle.stages_now(seen.ask(questions.stages()), seen.glossary, seen.language)
        show_chart(seen, chart, "stages")


def moves(seen: View, steps: Sequence[Row]) -> None:
    month = chosen_month(seen, steps)
    first, *others = lifecycle.sentences(steps, month, seen.language)
    st.html(sentences_html(first, others))
    flow(seen, steps, month)
    st.subheader(seen.language.say("lifecycle.over_time"), anchor=False)
    show_chart(seen, lifecycle.moves_over_time(steps, seen.language), "moves")
    st.subheader(seen.language.say("lifecycle.course"), anchor=False)
    st.caption(seen.language.say("lifecycle.course_note"))
    show_chart(seen, lifecycle.stages_over_time(steps, seen.language), "stages_by_month")


def chosen_month(seen: View, steps: Sequence[Row]) -> date:
    """The last complete month, unless another is asked for."""
    days = [month.isoformat() for month in lifecycle.months(steps)]
    usual = next((month.isoformat() for month in lifecycle.complete_months(steps)), days[0])
    return date.fromisoformat(
        selection(
            seen.language.say("common.month"),
            "month",
            days,
            lambda day: seen.language.period("month", date.fromisoformat(day)),
            usual,
        )
    )


def flow(seen: View, steps: Sequence[Row], month: date) -> None:
    say = seen.language.say
    st.subheader(say("lifecycle.flow"), anchor=False)
    st.caption(say("lifecycle.flow_note"))
    shown = choice(say("lifecycle.shown"), "flow", lifecycle.SHOWN, lambda name: say(f"lifecycle.{name}"))
    if not lifecycle.drawn_of(lifecycle.of(steps, month), shown):
        st.info(say("lifecycle.nobody_moved"))
        return
    show_chart(seen, lifecycle.flow(steps, month, shown, seen.language), f"flow_{month:%Y_%m}")


main()
