"""Parts of pages: a section with its heading, a chart with its table, a download."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from dashboard.view import View
from reports import overview, questions, signals
from reports.cards import Card, cards_html
from reports.charts import CONFIG, Chart
from reports.grid import Grid
from reports.questions import MissingMartError
from reports.tables import SHOWN, Table


@contextmanager
def section(view: View, title: str, note: str = "", *, has_pieces: bool = False) -> Iterator[None]:
    """A part of a page. Where the published build lacks its mart, a sentence stands in its place. What has pieces with
    headings of their own has a larger one."""
    (st.header if has_pieces else st.subheader)(title, anchor=False)
    if note:
        st.caption(note)
    try:
        yield
    except MissingMartError as missing:
        st.info(view.language.say("common.mart_missing", mart=missing.mart))


def show_cards(view: View, cards: Sequence[Card]) -> None:
    st.html(cards_html(cards, view.language, view.currency))


def show_chart(view: View, chart: Chart, name: str) -> None:
    """A chart, and its figures beside it. `name` is what the file of a download is called."""
    if not chart.table.rows:
        st.info(view.language.say("common.mart_empty"))
        return
    draw(chart, name)
    with st.expander(view.language.say("common.table")):
        show_table(view, chart.table, name)


def draw(chart: Chart, name: str) -> None:
    """A chart alone, where its figures stand beside it anyway."""
    st.plotly_chart(chart.figure, theme=None, config=CONFIG, alt=chart.alt, key=f"chart {name}")


def show_table(view: View, table: Table, name: str, most: int = SHOWN) -> None:
    """A table, of which the page has the first rows and the file all."""
    st.html(Table(table.columns, table.rows[:most]).html(view.language, view.currency))
    if len(table.rows) > most:
        st.caption(view.language.say("common.more_rows", shown=most, rows=view.language.number(len(table.rows))))
    download(view, table.csv(view.language), name)


def show_first(view: View, first: Table, total: int, whole: Callable[[], Table], name: str) -> None:
    """The first rows of a table; the whole of it is read when its file is asked for.

    Streamlit may clear such a file away before the browser has fetched it, when the page of somebody else ends just
    then. So only tables that are too long to be made with each page are read so late.
    """
    st.html(first.html(view.language, view.currency))
    if total > len(first.rows):
        shown = view.language.number(len(first.rows))
        st.caption(view.language.say("common.more_rows", shown=shown, rows=view.language.number(total)))
    download(view, lambda: whole().csv(view.language), name)


def download(view: View, csv: bytes | Callable[[], bytes], name: str) -> None:
    st.download_button(
        view.language.say("common.download"),
        csv,
        file_name=f"{name}_{view.build['as_of_date']}.csv",
        mime="text/csv",
        key=f"download {name}",
        on_click="ignore",
        type="tertiary",
    )


def show_grid(view: View, grid: Grid, note: str = "") -> None:
    if note:
        st.caption(note)
    st.html(grid.html(view.language))


def show_concentration(view: View, title: str) -> None:
    """Who brings the revenue, on whichever page."""
    with section(view, title):
        rows = view.ask(questions.concentration())
        chart = overview.concentration_chart(rows, view.glossary, view.language)
        if rows:
            st.write(chart.alt)
        show_chart(view, chart, "concentration")


def show_basis(view: View, wanted: Sequence[str]) -> None:
    """The signals that a page rests on. What is missing is said where its figures would be, and not here again."""
    try:
        table = signals.coverage_table(view.ask(questions.signals()), wanted, view.language)
    except MissingMartError:
        return
    if table.rows:
        with section(view, view.language.say("signals.basis"), view.language.say("signals.basis_note")):
            show_table(view, table, "signals")


def empty(view: View) -> None:
    """What stands where a mart has no rows."""
    st.info(view.language.say("common.mart_empty"))
