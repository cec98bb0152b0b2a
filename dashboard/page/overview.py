"""Overview: how many customers stay, what changed, and why."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard.components import section, show_cards, show_chart, show_table
from dashboard.filters import choice, selection
from dashboard.view import View, view
from reports import overview, questions


def main() -> None:
    seen = view()
    say = seen.language.say
    st.title(say("overview.title"), anchor=False)
    grain = choice(say("common.grain"), "grain", ["month", "quarter", "year"], lambda name: say(f"common.{name}"))
    with section(seen, say("overview.kpis")):
        rows = seen.ask(questions.kpis(grain))
        periods = [row["period_start"].isoformat() for row in reversed(overview.complete(rows))]
        if not periods:
            st.info(say("overview.none_complete"))
            return
        start = date.fromisoformat(
            selection(
                say("common.period"), "period", periods,
                lambda day: seen.language.period(grain, date.fromisoformat(day)),
            )
        )  # fmt: skip
        chosen = next(row for row in rows if row["period_start"] == start)
        if chosen["is_left_censored"]:
            st.info(say("overview.censored"))
        show_cards(seen, overview.kpi_cards(rows, grain, start, seen.glossary, seen.language))
        with st.expander(say("common.table")):
            show_table(seen, overview.kpi_table(rows, grain, seen.glossary, seen.language), f"kpis_{grain}")
    the_course(seen, rows, grain)
    with section(seen, say("overview.bridge")):
        show_chart(seen, overview.customer_bridge(chosen, grain, seen.glossary, seen.language), "bridge")
    with section(seen, say("overview.returning")):
        chart = overview.returning_revenue(rows, grain, seen.glossary, seen.language, seen.currency)
        show_chart(seen, chart, "returning_revenue")


def the_course(seen: View, rows: list[questions.Row], grain: str) -> None:
    with section(seen, seen.language.say("overview.course")):
        kpi = selection(
            seen.language.say("overview.measure"), "kpi", overview.MEASURES, lambda name: seen.glossary.term(name).name
        )
        chart = overview.course(rows, grain, kpi, seen.glossary, seen.language, seen.currency)
        show_chart(seen, chart, f"{kpi}_{grain}")


main()
