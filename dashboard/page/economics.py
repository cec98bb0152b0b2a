"""Economics: what customers cost and bring, and how the recurring revenue of contracts moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from dashboard.components import empty, section, show_basis, show_cards, show_chart, show_grid, show_table
from dashboard.filters import choice, selection
from dashboard.view import View, view
from reports import cohorts, economics, overview, questions, signals, subscriptions
from reports.html import sentences_html
from reports.questions import Row

SPEND, CONTRACTS = "marketing_spend", "subscriptions"
LATEST = ("12", "24", "36")  # cohorts of subscribers


def main() -> None:
    seen = view()
    st.title(seen.language.say("economics.title"), anchor=False)
    if seen.build["as_of_date"] is None:
        empty(seen)
        return
    acquisition(seen)
    contracts(seen)
    show_basis(seen, (SPEND, CONTRACTS))


# What customers cost and bring


def acquisition(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("economics.acquisition"), has_pieces=True):
        rows = seen.ask(questions.acquisition())
        if not rows:
            empty(seen)
            return
        has_spend = SPEND not in signals.absent(seen.ask(questions.signals()), (SPEND,))
        one, two, three = st.columns(3)
        with one:
            month = chosen_month(seen, rows)
        with two:
            kpi = selection(
                say("economics.measure"), "measure", economics.measures(has_spend),
                lambda name: seen.glossary.term(name).full,
            )  # fmt: skip
        with three:
            channel = selection(
                say("economics.channel"), "channel", economics.channels(rows),
                lambda name: economics.channel_name(name, seen.language),
            )  # fmt: skip
        said = [*of_the_month(seen, rows, month, channel), *what_is_missing(seen, has_spend)]
        st.html(sentences_html(said[0], said[1:]))
        st.caption(economics.what_value_is(seen.settings, seen.language))
        by_channel(seen, rows, month, kpi)
        over_months(seen, rows, kpi, channel)
        if has_spend:
            spend(seen, rows)


def chosen_month(seen: View, rows: Sequence[Row]) -> date:
    days = [month.isoformat() for month in economics.months(rows)]
    usual = economics.usual_month(rows).isoformat()
    return date.fromisoformat(
        selection(
            seen.language.say("economics.won_in"),
            "month",
            days,
            lambda day: seen.language.period("month", date.fromisoformat(day)),
            usual,
        )
    )


def what_is_missing(seen: View, has_spend: bool) -> list[str]:
    if has_spend:
        return []
    names = [seen.glossary.term(kpi).short for kpi in economics.ON_SPEND]
    return [signals.no_rows(names, SPEND, seen.language)]


def of_the_month(seen: View, rows: Sequence[Row], month: date, channel: str) -> list[str]:
    found = economics.of_channel(economics.of_month(rows, month), channel)
    if not found:
        name = economics.channel_name(channel, seen.language)
        return [seen.language.say("economics.channel_rests", channel=name, month=seen.language.period("month", month))]
    return list(economics.sentences(found[0], seen.language, seen.currency))


def by_channel(seen: View, rows: Sequence[Row], month: date, kpi: str) -> None:
    say = seen.language.say
    term, period = seen.glossary.term(kpi), seen.language.period("month", month)
    st.subheader(f"{say('economics.by_channel')}, {period}: {term.full}", anchor=False)
    known = [row for row in economics.of_month(rows, month) if row[kpi] is not None]
    if not known:
        st.info(say("economics.not_known", name=term.name, month=period))
    elif economics.of_all(known) == known:
        value = seen.language.value(known[0][kpi], term.unit, seen.currency)
        st.info(say("economics.known_of_all", name=term.name, month=period, value=value))
    else:
        st.caption(say("economics.by_channel_note"))
        chart = economics.by_channel(rows, month, kpi, seen.glossary, seen.language, seen.currency)
        show_chart(seen, chart, f"channels_{month:%Y_%m}")


def over_months(seen: View, rows: Sequence[Row], kpi: str, channel: str) -> None:
    st.subheader(f"{seen.language.say('economics.course')}: {seen.glossary.term(kpi).full}", anchor=False)
    chart = economics.course(rows, kpi, channel, seen.glossary, seen.language, seen.currency)
    show_chart(seen, chart, f"{kpi}_by_month")


def spend(seen: View, rows: Sequence[Row]) -> None:
    st.subheader(seen.language.say("economics.spend"), anchor=False)
    for sentence in economics.spend_sentence(rows, seen.language, seen.currency):
        st.html(sentences_html(sentence, []))
    show_chart(seen, economics.spend(rows, seen.glossary, seen.language, seen.currency), "spend")


# Contracts


def contracts(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("subscriptions.title"), has_pieces=True):
        rows = seen.ask(questions.subscriptions())
        if not rows:
            st.info(signals.no_rows([say("subscriptions.names")], CONTRACTS, seen.language))
            return
        over = overview.complete(rows)
        if over:
            what_moved(seen, rows, over)
        else:
            st.info(say("subscriptions.none_complete"))
        subscriber_cohorts(seen)


def what_moved(seen: View, rows: Sequence[Row], over: Sequence[Row]) -> None:
    say = seen.language.say
    left, right = st.columns(2)
    with left:
        end = chosen_end(seen, over)
    with right:
        lengths = list(subscriptions.SPANS)
        length = choice(say("subscriptions.span"), "span", lengths, lambda name: say(f"subscriptions.span_of_{name}"))
    spanned = subscriptions.span(rows, end, int(length))
    first, *others = subscriptions.sentences(spanned, seen.language, seen.currency)
    st.html(sentences_html(first, others))
    if len(spanned) > 1:
        st.caption(say("subscriptions.cards_of", month=seen.language.period("month", end)))
    show_cards(seen, overview.kpi_cards(rows, "month", end, seen.glossary, seen.language, subscriptions.CARDS))
    with st.expander(say("subscriptions.all_months")):
        table = overview.kpi_table(rows, "month", seen.glossary, seen.language, subscriptions.IN_A_TABLE)
        show_table(seen, table, "subscriptions")
    st.subheader(say("subscriptions.bridge"), anchor=False)
    if len(spanned) > 1:
        st.caption(say("subscriptions.bridge_note"))
    chart = subscriptions.mrr_bridge(spanned, seen.glossary, seen.language, seen.currency)
    show_chart(seen, chart, f"mrr_{end:%Y_%m}_{length}")
    st.subheader(say("subscriptions.churn"), anchor=False)
    st.caption(say("subscriptions.churn_note"))
    show_chart(seen, subscriptions.churn(rows, seen.glossary, seen.language, seen.currency), "churned_mrr")
    retained(seen, rows)


def chosen_end(seen: View, over: Sequence[Row]) -> date:
    days = [row["period_start"].isoformat() for row in reversed(over)]
    return date.fromisoformat(
        selection(
            seen.language.say("subscriptions.until"),
            "until",
            days,
            lambda day: seen.language.period("month", date.fromisoformat(day)),
        )
    )


def retained(seen: View, rows: Sequence[Row]) -> None:
    say = seen.language.say
    st.subheader(say("subscriptions.logo_churn"), anchor=False)
    chart = subscriptions.rates(rows, ["logo_churn_rate"], seen.glossary, seen.language, from_zero=True)
    show_chart(seen, chart, "logo_churn_rate")
    st.subheader(say("subscriptions.mrr_retention"), anchor=False)
    st.caption(say("subscriptions.mrr_retention_note"))
    kpis = ["gross_mrr_retention", "net_mrr_retention"]
    show_chart(seen, subscriptions.rates(rows, kpis, seen.glossary, seen.language, from_zero=False), "mrr_retention")


def subscriber_cohorts(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("subscriptions.cohorts"), say("subscriptions.cohorts_note")):
        rows = seen.ask(questions.subscriber_cohorts())
        if not rows:
            empty(seen)
            return
        left, right = st.columns(2)
        with left:
            reading = selection(
                say("subscriptions.reading"), "reading", subscriptions.READINGS,
                lambda name: seen.glossary.term(name).name,
            )  # fmt: skip
        with right:
            number = choice(say("cohorts.shown"), "latest", LATEST, lambda name: say("cohorts.last", cohorts=name))
        shown = cohorts.latest(rows, int(number))
        grid = subscriptions.triangle(shown, reading, seen.glossary, seen.language, seen.currency)
        show_grid(seen, grid, seen.glossary.term(reading).definition)
        with st.expander(say("common.table")):
            show_table(seen, subscriptions.cell_table(rows, seen.glossary, seen.language), "subscriber_cohorts")


main()
