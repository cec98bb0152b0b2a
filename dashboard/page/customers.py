"""Customers: who is nearly lost and what is at stake, how and who they are, and the story of one of them."""

from __future__ import annotations

import streamlit as st

from dashboard.components import draw, empty, section, show_chart, show_concentration, show_first, show_table
from dashboard.filters import choice, entry, selection
from dashboard.view import View, view
from reports import backtest, customers, events, health, outlook, questions
from reports.html import sentences_html
from reports.questions import Asking, MissingMartError, Row
from reports.tables import Table

LISTED = 15  # customers in the list; its file has more
IN_A_FILE = 100_000
ORDERS, EVENTS = 1_000, 5_000  # of one customer


def main() -> None:
    seen = view()
    st.title(seen.language.say("customers.title"), anchor=False)
    nearly_lost(seen)
    how_they_are(seen)
    by_recency_and_frequency(seen)
    show_concentration(seen, seen.language.say("customers.concentration"))
    one_customer(seen)


def nearly_lost(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("customers.nearly_lost")):
        total = seen.ask(questions.at_risk())[0]
        first, *others = customers.at_stake(total, seen.settings, seen.language, seen.currency)
        st.html(sentences_html(first, others))
        listed(seen)


def listed(seen: View) -> None:
    """Customers of a stage and a band; those at risk unless others are asked for."""
    say = seen.language.say
    one, two, three = st.columns(3)
    with one:
        stages = ["at_risk", *(name for name in questions.STAGE_FILTERS if name != "at_risk")]
        stage = selection(
            say("customers.stage"), "stage", stages, lambda name: customers.filter_name(name, seen.language)
        )
    with two:
        bands = list(questions.BAND_FILTERS)
        band = selection(say("customers.band"), "band", bands, lambda name: customers.filter_name(name, seen.language))
    found = outlook.trust.known_trust(seen.ask)
    with three:
        unknown = set() if found[outlook.trust.CHURN].is_used else {"by_churn"}
        orders = [name for name in questions.CUSTOMER_ORDERS if name not in unknown]
        order = choice(say("customers.order_by"), "order", orders, lambda name: say(f"customers.{name}"))
    total = seen.ask(questions.number_by_health(stage, band))[0]["customers"]
    if not total:
        st.info(say("customers.nobody_so"))
        return
    of_stages = stage in ("not_lost", "all")
    predicted = outlook.customers.listed_columns(found, seen.settings, seen.language)

    def listing(ask: Asking, most: int) -> Table:
        rows = ask(questions.customers_by_health(stage, band, order, most))
        ahead = ask(questions.predictions_by_health(stage, band, order, most)) if predicted else []
        return customers.customer_table(
            rows, seen.glossary, seen.language, with_stage=of_stages, predicted=predicted,
            ahead=outlook.customers.in_list(ahead, seen.language),
        )  # fmt: skip

    show_first(
        seen,
        listing(seen.ask, LISTED),
        total,
        lambda: listing(seen.ask_for_a_file, IN_A_FILE),
        stage if band == "all" else f"{stage}_{band}",
    )
    if why := outlook.customers.not_listed(found, seen.language):
        st.caption(why)
    if total > IN_A_FILE:
        most, rows = seen.language.number(IN_A_FILE), seen.language.number(total)
        st.caption(say("customers.file_is_limited", most=most, rows=rows))


def how_they_are(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("health.title"), say("health.note")):
        of = choice(say("health.of"), "of", ["not_lost", "all"], lambda name: say(f"health.{name}"))
        rows = seen.ask(questions.health_bands(of))
        if health.of_band(rows, health.ALL) is None:
            st.info(say("health.nobody"))
            return
        first, *others = health.sentences(rows, seen.glossary, seen.language)
        st.html(sentences_html(first, [*others, *looking_back(seen)]))
        show_chart(seen, health.bands(rows, seen.glossary, seen.language), f"health_{of}")
        st.markdown(f"**{say('health.means')}**")
        st.caption(say("health.means_note"))
        show_table(seen, health.component_table(rows, seen.glossary, seen.language), f"health_components_{of}")


def looking_back(seen: View) -> list[str]:
    """Whether the score is better than recency; nothing where the published build does not know."""
    try:
        return [backtest.verdict(seen.ask(questions.health_backtest()), seen.language)]
    except MissingMartError:
        return []


def by_recency_and_frequency(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("customers.rfm"), say("customers.rfm_note")):
        cells = seen.ask(questions.rfm_cells())
        if not cells:
            empty(seen)
            return
        by = choice(
            say("customers.coloured_by"), "cells", customers.COLOURED_BY, lambda name: say(f"customers.{name}")
        )  # fmt: skip
        st.html(customers.rfm_html(cells, by, seen.glossary, seen.language, seen.currency))
        with st.expander(say("common.table")):
            show_table(seen, customers.rfm_table(cells, seen.glossary, seen.language), "rfm")
        st.markdown(f"**{say('customers.segments')}**")
        show_chart(seen, customers.segments(cells, by, seen.glossary, seen.language, seen.currency), "segments")


def one_customer(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("customers.story")):
        some = seen.ask(questions.at_risk_customers("by_value", LISTED))
        example = say("customers.example", customer=some[0]["customer_id"]) if some else ""
        number = entry(say("customers.which"), "customer", example)
        if not number:
            st.caption(say("customers.ask"))
            return
        found = seen.ask(questions.customer(number))
        if not found:
            st.html(sentences_html(say("customers.unknown", customer=number), []))
            return
        first, *others = customers.story(found[0], seen.language, seen.currency)
        st.html(sentences_html(first, [*others, *health.story(found[0], seen.language)]))
        show_table(seen, health.components_of(found[0], seen.glossary, seen.language), "health_of_one")
        what_to_expect(seen, found[0])
        what_happened(seen, found[0])
        their_orders(seen, found[0])


def what_to_expect(seen: View, customer: Row) -> None:
    with section(seen, seen.language.say("outlook.one")):
        rows = seen.ask(questions.prediction(customer["customer_id"]))
        found = outlook.trust.known_trust(seen.ask)
        first, *others = outlook.customers.story(
            rows[0] if rows else None, found, seen.settings, seen.language, seen.currency
        )
        st.html(sentences_html(first, others))


def what_happened(seen: View, customer: Row) -> None:
    say = seen.language.say
    with section(seen, say("events.title")):
        rows = seen.ask(questions.events_of(customer["customer_id"], EVENTS))
        first, *others = events.sentences(rows, seen.ask(questions.signals()), seen.language)
        st.html(sentences_html(first, others))
        if not rows:
            return
        today, stage = seen.build["as_of_date"], customer["lifecycle_stage"]
        chart = events.line(rows, today, stage, customer["customer_id"], seen.language, seen.currency)
        draw(chart, "events")
        show_table(seen, chart.table, "events", LISTED)
        if len(rows) == EVENTS:
            st.caption(say("events.latest", events=seen.language.number(EVENTS)))
        st.caption(say("events.withheld"))


def their_orders(seen: View, customer: Row) -> None:
    with st.expander(seen.language.say("events.orders")):
        orders = seen.ask(questions.orders_of(customer["customer_id"], ORDERS))
        if customer["orders"] > ORDERS:
            st.caption(seen.language.say("customers.latest_orders", orders=seen.language.number(ORDERS)))
        show_table(seen, customers.order_table(orders, seen.language), "orders")


main()
