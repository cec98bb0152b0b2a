"""Products: which first purchase brings people back, what is bought again, and what they bring later."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.components import empty, section, show_basis, show_chart
from dashboard.filters import choice
from dashboard.view import View, view
from reports import products, questions, signals
from reports.html import sentences_html
from reports.questions import Row

LINES = "order_lines"
READ = 10_000  # values, those with which most customers began


def main() -> None:
    seen = view()
    say = seen.language.say
    st.title(say("products.title"), anchor=False)
    if seen.build["as_of_date"] is None:
        empty(seen)
        return
    with section(seen, say("products.back")):
        if signals.absent(seen.ask(questions.signals()), [LINES]):
            st.info(signals.no_rows([say("products.names")], LINES, seen.language))
            return
        level = choice(say("products.level"), "level", products.LEVELS, lambda name: say(f"products.by_{name}"))
        rows = seen.ask(questions.first_purchases(level, READ))
        if not rows:
            st.info(say("products.no_first"))
            return
        come_back(seen, rows, level)
        bought_again(seen, rows, level)
        revenue(seen, rows, level)
    show_basis(seen, (LINES,))


def come_back(seen: View, rows: Sequence[Row], level: str) -> None:
    first, *others = products.sentences(rows, level, seen.language)
    st.html(sentences_html(first, others))
    if len(rows) == READ:
        st.caption(seen.language.say("products.limited", most=seen.language.number(READ)))
    if products.together(rows)[products.RATE] is not None:
        st.caption(seen.language.say("products.back_note", most=products.MOST))
        chart = products.who_comes_back(rows, level, seen.glossary, seen.language)
        show_chart(seen, chart, f"first_purchases_{level}")


def bought_again(seen: View, rows: Sequence[Row], level: str) -> None:
    say = seen.language.say
    st.subheader(say("products.again"), anchor=False)
    if products.together(rows)["same_again_rate"] is None:
        st.info(say("products.nobody_again"))
        return
    st.caption(say("products.again_note"))
    show_chart(seen, products.bought_again(rows, level, seen.glossary, seen.language), f"bought_again_{level}")


def revenue(seen: View, rows: Sequence[Row], level: str) -> None:
    say = seen.language.say
    st.subheader(say("products.later"), anchor=False)
    if all(row[products.REVENUES[0]] is None for row in rows):
        st.info(say("products.nobody_for_a_year"))
        return
    st.caption(say("products.later_note"))
    kpi = choice(
        say("products.with_or_without"), "first_order", products.REVENUES, lambda name: say(f"products.{name}")
    )
    chart = products.revenue(rows, kpi, level, seen.glossary, seen.language, seen.currency)
    show_chart(seen, chart, f"revenue_by_first_{level}")


main()
