"""Feedback and support: what customers think of the shop, how quickly they get help, why they leave, what they read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from dashboard.components import empty, section, show_basis, show_cards, show_chart, show_table
from dashboard.filters import choice, selection
from dashboard.view import View, view
from reports import backtest, effects, emails, feedback, overview, questions, reasons, signals
from reports.html import sentences_html
from reports.questions import Row

REASON = "churn_reason"
MAILS = ("email_sent", "email_opened", "email_clicked")


def main() -> None:
    seen = view()
    st.title(seen.language.say("feedback.title"), anchor=False)
    if seen.build["as_of_date"] is None:
        empty(seen)
        return
    recommendation(seen)
    support(seen)
    leaving(seen)
    messages(seen)
    what_follows(seen)
    show_basis(seen, ("nps", *feedback.TYPES, REASON, *MAILS))


def chosen_period(seen: View, label: str, key: str, over: Sequence[Row]) -> date:
    """The latest period that is over, unless another is asked for."""
    grain = over[0]["period_grain"]
    days = list(dict.fromkeys(row["period_start"].isoformat() for row in reversed(over)))
    return date.fromisoformat(
        selection(label, key, days, lambda day: seen.language.period(grain, date.fromisoformat(day)))
    )


# Net promoter score


def recommendation(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("feedback.nps_title"), seen.glossary.term("nps").definition, has_pieces=True):
        if signals.absent(seen.ask(questions.signals()), ["nps"]):
            st.info(signals.no_activities([seen.glossary.term("nps").name], ["nps"], seen.language))
            return
        left, right = st.columns(2)
        with left:
            grains = ["month", "quarter", "week"]
            grain = choice(say("common.grain"), "grain", grains, lambda name: say(f"common.{name}"))
        rows = seen.ask(questions.nps(grain))
        over = overview.complete(rows)
        if not over:
            st.info(say("feedback.none_complete"))
            return
        with right:
            start = chosen_period(seen, say("common.period"), "period", over)
        first, *others = feedback.nps_sentences(rows, start, seen.language)
        st.html(sentences_html(first, others))
        st.subheader(say("feedback.nps_course"), anchor=False)
        st.caption(say("feedback.nps_course_note"))
        show_chart(seen, feedback.nps_course(rows, grain, seen.glossary, seen.language), f"nps_{grain}")
        st.subheader(say("feedback.parts"), anchor=False)
        show_chart(seen, feedback.nps_parts(rows, grain, seen.glossary, seen.language), f"nps_parts_{grain}")


# Support


def support(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("feedback.support"), has_pieces=True):
        missing = signals.absent(seen.ask(questions.signals()), feedback.TYPES)
        if len(missing) == len(feedback.TYPES):
            st.info(signals.no_activities([say("feedback.support")], missing, seen.language))
            return
        one, two, three = st.columns(3)
        with one:
            label = say("feedback.support_grain")
            grain = choice(label, "support", ["month", "week"], lambda name: say(f"common.{name}"))
        rows = seen.ask(questions.support(grain))
        over = overview.complete(rows)
        if not over:
            st.info(say("feedback.none_complete"))
            return
        with two:
            start = chosen_period(seen, say("feedback.support_period"), "support_period", over)
        with three:
            channel = selection(
                say("feedback.channel"), "channel", feedback.channels(rows),
                lambda name: feedback.channel_name(name, seen.language),
            )  # fmt: skip
        figures(seen, feedback.of_channel(rows, channel), grain, start, missing)
        one_measure(seen, rows, grain, start, channel, missing)


def figures(seen: View, rows: Sequence[Row], grain: str, start: date, missing: Sequence[str]) -> None:
    say = seen.language.say
    now = next(row for row in rows if row["period_start"] == start)
    known = feedback.measures(missing, now["channel"])
    first, *others = feedback.support_sentences(now, known, seen.settings, seen.language)
    lacking = [
        signals.no_activities(names, [one], seen.language) for one, names in feedback.not_known(missing, seen.glossary)
    ]
    st.html(sentences_html(first, [*others, *lacking]))
    show_cards(seen, overview.kpi_cards(rows, grain, start, seen.glossary, seen.language, known))
    if now["channel"] != feedback.ALL and "ticket_opened" not in missing:
        st.caption(say("feedback.of_all_channels"))
    with st.expander(say("common.table")):
        table = feedback.support_table(rows, grain, known, seen.glossary, seen.language)
        show_table(seen, table, f"support_{grain}")


def one_measure(seen: View, rows: Sequence[Row], grain: str, start: date, channel: str, missing: Sequence[str]) -> None:
    """One measure over time and by channel."""
    say = seen.language.say
    everywhere = feedback.measures(missing)
    kpi = selection(
        say("feedback.measure"), "measure", everywhere, lambda name: seen.glossary.term(name).full
    )  # fmt: skip
    name = seen.glossary.term(kpi).name
    by_channel = kpi not in feedback.OF_ALL_CHANNELS
    st.subheader(f"{say('feedback.course')}: {name}", anchor=False)
    if not by_channel:
        st.caption(say("feedback.not_by_channel", name=name))
    elif all(row[kpi] is None for row in feedback.of_channel(rows, channel)):
        called = feedback.channel_name(channel, seen.language)
        st.caption(say("feedback.nothing_in_channel", name=name, channel=called))
    drawn = channel if by_channel else feedback.ALL
    chart = feedback.support_course(rows, grain, kpi, drawn, everywhere, seen.glossary, seen.language)
    show_chart(seen, chart, f"{kpi}_{grain}")
    if not by_channel:
        return
    st.subheader(f"{say('feedback.by_channel')}: {name}", anchor=False)
    if all(row[kpi] is None for row in rows if row["period_start"] == start):
        st.info(say("feedback.not_in_period", name=name, period=seen.language.period(grain, start)))
        return
    st.caption(say("feedback.by_channel_note"))
    chart = feedback.by_channel(rows, start, kpi, everywhere, seen.glossary, seen.language)
    show_chart(seen, chart, f"{kpi}_by_channel_{grain}")


# Reasons for leaving


def leaving(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("reasons.title"), say("reasons.note"), has_pieces=True):
        rows = seen.ask(questions.reasons())
        if not rows:
            st.info(signals.no_activities([say("reasons.title")], [REASON], seen.language))
            return
        sources = [source for source in reasons.SOURCES if reasons.of_source(rows, source)]
        left, right = st.columns(2)
        with left:
            source = choice(say("reasons.source"), "source", sources, lambda name: say(f"reasons.{name}"))
        of_it = reasons.of_source(rows, source)
        with right:
            days = [month.isoformat() for month in reasons.months(of_it)]
            month = date.fromisoformat(
                selection(
                    say("reasons.month"), "reason_month", days,
                    lambda day: seen.language.period("month", date.fromisoformat(day)),
                )
            )  # fmt: skip
        first, *others = reasons.sentences(of_it, month, seen.language)
        st.html(sentences_html(first, others))
        chart = reasons.of_one_month(of_it, month, seen.glossary, seen.language)
        show_chart(seen, chart, f"reasons_{source}_{month:%Y_%m}")
        course = reasons.over_months(of_it, seen.glossary, seen.language)
        if course.table.rows:
            st.subheader(say("reasons.course"), anchor=False)
            show_chart(seen, course, f"reasons_{source}")


# E-mails


def messages(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("emails.title"), has_pieces=True):
        if not seen.ask(questions.emails("month")):
            st.info(signals.no_activities([say("emails.title")], MAILS[:1], seen.language))
            return
        left, right = st.columns(2)
        with left:
            grain = choice(say("emails.grain"), "mails", ["month", "week"], lambda name: say(f"common.{name}"))
        rows = seen.ask(questions.emails(grain))
        over = overview.complete(rows)
        if not over:
            st.info(say("feedback.none_complete"))
            return
        with right:
            start = chosen_period(seen, say("emails.period"), "mail_period", over)
        first, *others = emails.sentences(rows, start, seen.language)
        st.html(sentences_html(first, others))
        cards = emails.known(rows, emails.CARDS)
        show_cards(seen, overview.kpi_cards(rows, grain, start, seen.glossary, seen.language, cards))
        st.subheader(say("emails.volume"), anchor=False)
        show_chart(seen, emails.sent(rows, grain, seen.glossary, seen.language), f"emails_{grain}")
        if not emails.tracks_opens(rows):
            return
        st.subheader(say("emails.rates"), anchor=False)
        st.caption(say("emails.rates_note"))
        show_chart(seen, emails.rates(rows, grain, seen.glossary, seen.language), f"email_rates_{grain}")
        st.subheader(seen.glossary.term(emails.STREAK).name, anchor=False)
        show_chart(seen, emails.streak(rows, grain, seen.glossary, seen.language), f"unopened_{grain}")


# Who orders again after an answer


def what_follows(seen: View) -> None:
    say = seen.language.say
    note = f"{say('effects.note')} {backtest.no_cause(seen.language)}"
    with section(seen, say("effects.title"), note, has_pieces=True):
        rows = seen.ask(questions.signal_effects())
        if not rows:
            missing = signals.absent(seen.ask(questions.signals()), effects.TYPES)
            nothing = len(missing) == len(effects.TYPES)
            term = seen.glossary.term(effects.RATE).name
            st.info(signals.no_activities([term], missing, seen.language) if nothing else say("effects.none"))
            return
        first, *others = effects.sentences(rows, seen.language)
        st.html(sentences_html(first, others))
        show_chart(seen, effects.who_orders_again(rows, seen.glossary, seen.language), "signal_effects")


main()
