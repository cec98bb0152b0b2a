"""Quality: what the figures stand on."""

from __future__ import annotations

import streamlit as st

from dashboard.components import empty, section, show_chart, show_table
from dashboard.filters import choice, selection
from dashboard.view import View, view
from reports import quality, questions
from reports.html import sentences_html

BUILDS = 1_000


def main() -> None:
    seen = view()
    st.title(seen.language.say("quality.title"), anchor=False)
    stands_on(seen)
    checks(seen)
    rows(seen)
    restatements(seen)
    builds(seen)


def stands_on(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("quality.stands_on")):
        build = seen.ask(questions.provenance())[0]
        results = seen.ask(questions.check_results())
        first, *others = quality.stands_on(build, results, seen.language)
        st.html(sentences_html(first, others))
        with st.expander(say("quality.facts")):
            show_table(seen, quality.fact_table(build, seen.language, seen.currency), "build")
        with st.expander(say("quality.settings")):
            if seen.settings:
                st.caption(say("quality.settings_note"))
                show_table(seen, quality.settings_table(seen.settings, seen.language), "settings")
            else:
                st.info(say("quality.no_settings"))


def checks(seen: View) -> None:
    with section(seen, seen.language.say("quality.checks"), seen.language.say("quality.checks_note")):
        results = seen.ask(questions.check_results())
        if not results:
            empty(seen)
            return
        show_table(seen, quality.suite_table(results, seen.language), "suites")
        of_concern = quality.of_concern(results)
        if of_concern:
            show_table(seen, quality.check_table(of_concern, seen.language), "checks_of_concern")
        with st.expander(seen.language.say("quality.all_checks")):
            show_table(seen, quality.check_table(results, seen.language), "checks")


def rows(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("quality.rows_title")):
        accounting = seen.ask(questions.row_accounting())
        if not accounting:
            empty(seen)
            return
        entity = selection(
            say("quality.entity"), "entity", quality.entities(accounting),
            lambda code: seen.language.name("entity", code),
        )  # fmt: skip
        st.html(sentences_html(quality.accounted(accounting, entity, seen.language), []))
        if all(row["outcome"] == "counted" for row in quality.of(accounting, entity)):
            st.caption(say("quality.all_counted"))
        else:
            show_chart(seen, quality.not_counted(accounting, entity, seen.language), f"rows_{entity}")
        with st.expander(say("quality.all_entities")):
            show_table(seen, quality.row_table(accounting, seen.language), "row_accounting")
        of_sources(seen)


def of_sources(seen: View) -> None:
    """Where several sources brought rows, each by itself."""
    say = seen.language.say
    accounting = seen.ask(questions.source_accounting())
    if not quality.has_several_sources(accounting):
        return
    st.markdown(f"**{say('quality.by_source')}**")
    st.caption(say("quality.by_source_note"))
    show_table(seen, quality.source_table(accounting, seen.language), "sources")
    with st.expander(say("quality.sources_reasons")):
        show_table(seen, quality.reasons_of_sources(accounting, seen.language), "source_accounting")


def restatements(seen: View) -> None:
    say = seen.language.say
    with section(seen, say("quality.restatements"), say("quality.restatements_note")):
        grains = ["month", "week", "quarter", "year"]
        grain = choice(say("common.grain"), "grain", grains, lambda name: say(f"common.{name}"))
        found = [row for row in seen.ask(questions.restatements()) if row["period_grain"] == grain]
        build = seen.ask(questions.provenance())[0]
        st.html(sentences_html(quality.restated(found, build, seen.language), []))
        if found:
            table = quality.restatement_table(found, grain, seen.glossary, seen.language)
            show_table(seen, table, f"restatements_{grain}")


def builds(seen: View) -> None:
    with section(seen, seen.language.say("quality.builds"), seen.language.say("quality.builds_note")):
        found = seen.ask(questions.builds(BUILDS))
        if found:
            show_table(seen, quality.build_table(found, seen.language), "builds")
        else:
            empty(seen)


main()
