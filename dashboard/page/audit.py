"""Audit: fifteen questions on retention, where it is weakest and what to do first."""

from __future__ import annotations

import streamlit as st

from dashboard.components import empty, section, show_chart, show_table
from dashboard.view import view
from reports import audit, questions
from reports.html import sentences_html


def main() -> None:
    seen = view()
    say = seen.language.say
    st.title(say("audit.title"), anchor=False)
    if seen.build["as_of_date"] is None:
        empty(seen)
        return
    with section(seen, say("audit.heading"), say("audit.note"), has_pieces=True):
        rows = seen.ask(questions.retention_audit())
        if not rows:
            empty(seen)
            return
        first, *others = audit.sentences(rows, seen.language)
        st.html(sentences_html(first, others))
        st.subheader(say("audit.areas"), anchor=False)
        st.caption(say("audit.areas_note"))
        show_chart(seen, audit.radar(rows, seen.language), "audit_areas")
        st.subheader(say("audit.all_points"), anchor=False)
        st.caption(say("audit.all_points_note"))
        show_table(seen, audit.point_table(rows, seen.language), "audit")


main()
