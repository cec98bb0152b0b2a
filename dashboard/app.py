"""The frame of all pages: navigation, language, and whose figures of which build these are.

`stammkunde dashboard` starts it; `PAGES` is where a page is added (docs/dashboard.md).
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from dashboard.filters import choice
from dashboard.view import NothingPublishedError, RepublishedError, spoken, view
from reports.html import style
from reports.language import LOCALES, NOTHING, Language
from stammkunde.errors import PublishedFileError

SIDEBAR = 260  # pixels
ICON = Path(__file__).with_name("icon.svg")
FRAME = Path(__file__).with_name("frame.css")
PAGES = (
    "overview",
    "cohorts",
    "lifecycle",
    "customers",
    "economics",
    "feedback",
    "products",
    "outlook",
    "actions",
    "audit",
    "quality",
)  # each is a file in page/ with its words in reports/words/


def main() -> None:
    st.set_page_config(page_title="Stammkunde", page_icon=str(ICON), layout="wide", initial_sidebar_state=SIDEBAR)
    chosen = choose_language()
    page = st.navigation(
        [
            st.Page(
                f"page/{name}.py",
                title=chosen.say(f"{name}.title"),
                url_path=name,
                default=name == PAGES[0],
                help=chosen.say(f"{name}.about"),
            )
            for name in PAGES
        ]
    )
    st.html(f"<style>{style()}{FRAME.read_text(encoding='utf-8')}</style>")
    # For screen readers and translators: Streamlit always says that a page is English.
    st.html(f"<script>document.documentElement.lang = '{chosen.code}'</script>", unsafe_allow_javascript=True)
    try:
        header(chosen)
        page.run()
    except NothingPublishedError:
        st.info(chosen.say("common.nothing_published"))
    except PublishedFileError as error:
        st.error(chosen.say("common.cannot_be_read", why=error))
    except RepublishedError:
        st.rerun()


def choose_language() -> Language:
    with st.sidebar:
        names = {"de": "Deutsch", "en": "English"}
        return Language(choice("Sprache / Language", "lang", list(LOCALES), names.__getitem__, spoken(), stays=True))


def header(chosen: Language) -> None:
    """Whose figures these are, up to which day, and of which build."""
    build = view().build
    as_of = build["as_of_date"]
    said = chosen.say(
        "common.header",
        shop=build["shop"] or NOTHING,
        as_of=chosen.day(as_of) if as_of else chosen.say("common.no_orders"),
        number=chosen.number(build["build_number"]),
        built=chosen.moment(build["built_at"]),
    )
    st.html(f'<p class="sk-header">{escape(said)}</p>')


main()
