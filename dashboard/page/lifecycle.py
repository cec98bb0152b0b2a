"""Lifecycle: the funnel from awareness to advocacy, where it breaks, how customers move, and what programmes bring."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from dashboard.components import empty, section, show_basis, show_chart, show_table
from dashboard.filters import choice, selection
from dashboard.view import View, view
from reports import funnel, ladder, lifecycle, programmes, questions, signals
from reports.html import sentences_html
from reports.questions import Row

BASIS = ("product_use", *programmes.REFERRAL_TYPES, *programmes.LOYALTY_TYPES)


def main() -> None:
    seen = view()
    say = seen.language.say
    st.title(say("lifecycle.title"), anchor=False)
    first_to_last(seen)
    where_it_breaks(seen)
    with section(seen, say("lifecycle.moves")):
        steps = seen.ask(questions.transitions())
        if steps:
            moves(seen, steps)
        else:
            empty(seen)
    with section(seen, say("lifecycle.now"), lifecycle.limits(seen.settings, seen.language)):
        chart = lifecycle.stages_now(seen.ask(questions.stages()), seen.glossary, seen.language)
        show_chart(seen, chart, "stages")
    value_ladder(seen)
    referral(seen)
    loyalty(seen)
    if seen.build["as_of_date"]:
        show_basis(seen, BASIS)


# The funnel


def first_to_last(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("funnel.title"), say("funnel.note")):
        rows = seen.ask(questions.funnel())
        if not rows:
            empty(seen)
            return
        today = seen.build["as_of_date"]
        first, *others = funnel.sentences(rows, today, seen.glossary, seen.language)
        st.html(sentences_html(first, others))
        steps = funnel.step_table(rows, today, seen.glossary, seen.language)
        if not steps.rows:
            return
        show_table(seen, steps, "funnel")
        name = selection(say("funnel.shown"), "course", funnel.courses(rows), lambda name: say(f"funnel.{name}"))
        st.markdown(f"**{say('funnel.course')}: {say(f'funnel.{name}')}**")
        show_chart(seen, funnel.course(rows, name, today, seen.glossary, seen.language), f"funnel_{name}")


def where_it_breaks(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("funnel.stages"), say("funnel.stages_note")):
        rows = seen.ask(questions.funnel())
        known = funnel.months(rows)
        if not known:
            st.info(say("funnel.no_month" if rows else "common.mart_empty"))
            return
        month = month_of(seen, say("funnel.stage_month"), "stages", known, funnel.usual_month(rows))
        first, *others = funnel.break_sentences(rows, month, seen.language, seen.currency)
        st.html(sentences_html(first, others))
        if funnel.breaks(rows, month):
            st.markdown(f"**{say('funnel.breaks')}**")
            st.caption(say("funnel.breaks_note"))
            chart = funnel.break_points(rows, month, seen.glossary, seen.language, seen.currency)
            show_chart(seen, chart, f"breaks_{month:%Y_%m}")
        st.markdown(f"**{say('funnel.values')}**")
        chart = funnel.values_of(rows, month, seen.glossary, seen.language, seen.currency)
        if chart.table.rows:
            show_chart(seen, chart, f"values_{month:%Y_%m}")
        else:
            st.info(say("funnel.no_values"))
        st.markdown(f"**{say('funnel.signals')}**")
        known_kpis, missing = funnel.signals_known(rows), funnel.signals_missing(rows, seen.glossary, seen.language)
        if known_kpis:
            st.caption(say("funnel.signals_note"))
            table = funnel.stage_table(rows, month, known_kpis, seen.glossary, seen.language)
            show_table(seen, table, f"signals_by_stage_{month:%Y_%m}")
        if missing:
            st.info(missing)


def month_of(seen: View, label: str, key: str, known: Sequence[date], usual: date) -> date:
    """A month that is chosen from those that are known."""
    return date.fromisoformat(
        selection(
            label,
            key,
            [month.isoformat() for month in known],
            lambda day: seen.language.period("month", date.fromisoformat(day)),
            usual.isoformat(),
        )
    )


# How customers move


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
    return month_of(seen, seen.language.say("common.month"), "month", lifecycle.months(steps), usual_month(steps))


def usual_month(steps: Sequence[Row]) -> date:
    return next(iter(lifecycle.complete_months(steps)), lifecycle.months(steps)[0])


def flow(seen: View, steps: Sequence[Row], month: date) -> None:
    say = seen.language.say
    st.subheader(say("lifecycle.flow"), anchor=False)
    st.caption(say("lifecycle.flow_note"))
    shown = choice(say("lifecycle.shown"), "flow", lifecycle.SHOWN, lambda name: say(f"lifecycle.{name}"))
    if not lifecycle.drawn_of(lifecycle.of(steps, month), shown):
        st.info(say("lifecycle.nobody_moved"))
        return
    show_chart(seen, lifecycle.flow(steps, month, shown, seen.language), f"flow_{month:%Y_%m}")


# The value ladder and programmes


def value_ladder(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("ladder.title"), say("ladder.note")):
        steps = seen.ask(questions.ladder())
        if not steps:
            empty(seen)
            return
        month = month_of(seen, say("ladder.month"), "ladder", lifecycle.months(steps), usual_month(steps))
        first, *others = ladder.sentences(steps, month, seen.language)
        st.html(sentences_html(first, others))
        shown = choice(say("ladder.shown"), "ladder_flow", lifecycle.SHOWN, lambda name: say(f"ladder.{name}"))
        if ladder.drawn_of(steps, month, shown):
            show_chart(seen, ladder.flow(steps, month, shown, seen.language), f"ladder_{month:%Y_%m}")
        else:
            st.info(say("ladder.nobody_moved"))
        st.markdown(f"**{say('ladder.steps')}**")
        show_table(seen, ladder.step_table(steps, month, seen.glossary, seen.language), f"steps_{month:%Y_%m}")
        st.markdown(f"**{say('ladder.over_time')}**")
        show_chart(seen, ladder.moves_over_time(steps, seen.language), "ladder_moves")


def referral(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("programmes.referral")):
        rows = seen.ask(questions.referrals())
        if not rows:
            lacking(seen, say("programmes.referral"), programmes.REFERRAL_TYPES)
            return
        today = seen.build["as_of_date"]
        first, *others = programmes.referral_sentences(rows, today, seen.language)
        st.html(sentences_html(first, others))
        show_chart(seen, programmes.over_months(rows, programmes.REFERRALS, seen.glossary, seen.language), "referrals")
        back = programmes.over_months(
            programmes.observed(rows, today), programmes.SECOND_ORDERS, seen.glossary, seen.language
        )
        if back.table.rows:
            st.markdown(f"**{say('programmes.back')}**")
            st.caption(say("programmes.back_note"))
            show_chart(seen, back, "referred_back")


def loyalty(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("programmes.loyalty")):
        rows = seen.ask(questions.loyalty())
        if not rows:
            lacking(seen, say("programmes.loyalty"), programmes.LOYALTY_TYPES)
            return
        first, *others = programmes.loyalty_sentences(rows, seen.language)
        st.html(sentences_html(first, others))
        everybody = programmes.of_tier(rows, programmes.ALL)
        points = programmes.over_months(everybody, programmes.POINTS, seen.glossary, seen.language)
        if points.table.rows:
            show_chart(seen, points, "points")
        st.markdown(f"**{say('programmes.tiers')}**")
        st.caption(say("programmes.tiers_note"))
        show_table(seen, programmes.tier_table(rows, seen.glossary, seen.language), "tiers")


def lacking(seen: View, name: str, types: Sequence[str]) -> None:
    """What stands in place of a programme that the shop does not have; of a shop without orders, that it is empty."""
    if seen.build["as_of_date"] is None:
        empty(seen)
    else:
        st.info(signals.no_activities([name], types, seen.language))


main()
