"""Actions: whom to contact today and why, what the rules brought, the playbook as a whole, and how long to wait."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.components import empty, section, show_chart, show_first, show_table
from dashboard.filters import selection
from dashboard.view import View, view
from reports import actions, questions
from reports.html import sentences_html

LISTED = 15  # customers on the page; the file has all
IN_A_FILE = 100_000


def main() -> None:
    seen = view()
    st.title(seen.language.say("actions.title"), anchor=False)
    if seen.build["as_of_date"] is None:
        empty(seen)
        return
    today(seen)
    outcomes(seen)
    programme(seen)
    patience(seen)


def today(seen: View) -> None:
    say = seen.language.say
    note = say("actions.today_note", day=seen.language.day(seen.build["as_of_date"]))
    with section(seen, say("actions.today"), note):
        rows = seen.ask(questions.actions_by_rule())
        first, *others = actions.sentences_of_today(rows, seen.language)
        st.html(sentences_html(first, others))
        if not rows:
            return
        st.markdown(f"**{say('actions.by_rule')}**")
        show_table(seen, actions.rule_table(rows, seen.language), "actions_by_rule")
        if actions.total(rows, "contacts"):
            st.markdown(f"**{say('actions.list')}**")
            st.caption(say("actions.list_note"))
            listed(seen, rows)


def listed(seen: View, rows: Sequence[questions.Row]) -> None:
    """Whom to contact, of one owner and one rule or of all."""
    say = seen.language.say

    def chosen(label: str, kind: str, name: str) -> str:
        options = actions.filters(rows, name)
        return selection(label, kind, options, lambda code: actions.filter_name(kind, code, seen.language))

    one, two = st.columns(2)
    with one:
        owner = chosen(say("actions.owner"), "owner", "owner")
    with two:
        rule = chosen(say("actions.rule"), "rule", "rule_id")
    total = actions.total(actions.asked_for(rows, owner, rule), "contacts")
    if not total:
        st.info(say("actions.nobody_so"))
        return
    show_first(
        seen,
        actions.customer_table(seen.ask(questions.actions_of_today(owner, rule, LISTED)), seen.language),
        total,
        lambda: actions.customer_table(
            seen.ask_for_a_file(questions.actions_of_today(owner, rule, IN_A_FILE)), seen.language
        ),
        "actions_of_today",
    )


def outcomes(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("actions.outcomes"), say("actions.outcomes_note")):
        rows = actions.of_rules(seen.ask(questions.playbook_outcomes()), seen.ask(questions.playbook_evidence()))
        if not rows:
            st.info(say("actions.no_outcomes"))
            return
        first, *others = actions.sentences_of_outcomes(rows, seen.language)
        st.html(sentences_html(first, others))
        show_chart(seen, actions.effects(rows, seen.glossary, seen.language), "outcomes")


def programme(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("actions.programme"), say("actions.programme_note")):
        rows = seen.ask(questions.playbook_programme())
        first, *others = actions.sentences_of_programme(rows, seen.language, seen.currency)
        st.html(sentences_html(first, others))
        if actions.measured(rows):
            show_chart(seen, actions.programme(rows, seen.glossary, seen.language, seen.currency), "programme")


def patience(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("actions.patience"), say("actions.patience_note")):
        rules = actions.of_rules(seen.ask(questions.playbook_outcomes()), seen.ask(questions.playbook_evidence()))
        months = seen.ask(questions.playbook_programme())
        rows = actions.patience(rules, actions.first_month(months), seen.build["as_of_date"])
        if not rows:
            st.info(say("actions.no_patience"))
            return
        first, *others = actions.sentences_of_patience(rows, seen.language)
        st.html(sentences_html(first, others))
        show_table(seen, actions.patience_table(rows, seen.language), "how_long_to_wait")


main()
