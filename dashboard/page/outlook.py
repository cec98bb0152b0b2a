"""Outlook: what is to be expected, whose value is at risk, what one point more is worth, and how far to trust it."""

from __future__ import annotations

import streamlit as st

from dashboard.components import empty, section, show_cards, show_chart, show_table
from dashboard.view import View, view
from reports import outlook, questions
from reports.html import sentences_html
from reports.outlook.trust import Trusted


def main() -> None:
    seen = view()
    st.title(seen.language.say("outlook.title"), anchor=False)
    if seen.build["as_of_date"] is None:
        empty(seen)
        return
    found = outlook.trust.known_trust(seen.ask)
    whole_shop(seen)
    expected(seen, found)
    value_at_risk(seen, found)
    what_if(seen)
    calibration(seen)
    how_far_to_trust(seen, found)


def whole_shop(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("outlook.sales"), say("outlook.sales_note")):
        rows = seen.ask(questions.sales_forecast())
        if not rows:
            st.html(sentences_html(say("outlook.no_forecast"), []))
            return
        first, *others = outlook.sales.sentences(rows, seen.language, seen.currency)
        st.html(sentences_html(first, others))
        show_chart(seen, outlook.sales.chart(rows, seen.language, seen.currency), "sales_forecast")


def expected(seen: View, found: Trusted) -> None:
    say = seen.language.say
    with section(seen, say("outlook.expected"), say("outlook.expected_note")):
        total = seen.ask(questions.outlook())[0]
        if not total["customers"]:
            empty(seen)
            return
        cards = outlook.expected.cards(total, found, seen.glossary)
        if cards:
            show_cards(seen, cards)
        first, *others = outlook.expected.sentences(total, found, seen.settings, seen.language, seen.currency)
        st.html(sentences_html(first, others))


def value_at_risk(seen: View, found: Trusted) -> None:
    say = seen.language.say
    with section(seen, say("outlook.at_risk_title"), say("outlook.at_risk_note")):
        rows = seen.ask(questions.value_at_risk())
        if not rows:
            empty(seen)
            return
        first, *others = outlook.value_at_risk.sentences(rows, found, seen.settings, seen.language, seen.currency)
        st.html(sentences_html(first, others))
        chart = outlook.value_at_risk.chart(rows, found, seen.settings, seen.language, seen.currency)
        show_chart(seen, chart, "value_at_risk")


def what_if(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("outlook.what_if"), say("outlook.what_if_note")):
        rows = seen.ask(questions.what_if())
        if not rows:
            empty(seen)
            return
        first, *others = outlook.what_if.sentences(rows, seen.language, seen.currency)
        st.html(sentences_html(first, others))
        show_chart(seen, outlook.what_if.chart(rows, seen.language, seen.currency), "what_if")


def calibration(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("outlook.calibration"), say("outlook.calibration_note")):
        backtest = seen.ask(questions.prediction_backtest())
        drawn = [
            (model, rows)
            for model in outlook.calibration.CALIBRATED
            if (rows := outlook.calibration.tenths(backtest, model))
        ]
        if not drawn:
            st.info(say("outlook.no_backtest"))
        for model, rows in drawn:
            st.html(sentences_html(outlook.calibration.sentence(rows, model, seen.language), []))
            show_chart(seen, outlook.calibration.chart(rows, model, seen.language), f"calibration_{model}")


def how_far_to_trust(seen: View, found: Trusted) -> None:
    say = seen.language.say
    with section(seen, say("outlook.trust"), say("outlook.trust_note")):
        refusal = seen.ask(questions.refusals())[0]["refusal"]
        first, *others = outlook.trust.sentences(found, refusal, seen.language)
        st.html(sentences_html(first, others))
        show_table(seen, outlook.trust.table(found, seen.language), "trust")


main()
