"""What a reader chooses stands in the address of the page: a link shows others the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

Named = Callable[[str], str]


def choice(
    label: str,
    key: str,
    options: Sequence[str],
    named: Named,
    default: str | None = None,
    *,
    stays: bool = False,
) -> str:
    """One of a few options, all of them visible. What `stays` is kept when the reader goes to another page."""

    def widget(state: str) -> Any:
        return st.segmented_control(label, options, format_func=named, key=state, required=True, wrap=True)

    return in_address(key, options, default, widget, stays=stays)


def selection(label: str, key: str, options: Sequence[str], named: Named, default: str | None = None) -> str:
    """One of many options, from a list."""

    def widget(state: str) -> Any:
        return st.selectbox(label, options, format_func=named, key=state, filter_mode="contains")

    return in_address(key, options, default, widget)


def entry(label: str, key: str, example: str = "") -> str:
    """A text that the reader writes, without blanks around it; empty until then."""
    state, written = f"chosen {key}", f"written {key}"
    asked = st.query_params.get(key, "")
    if state not in st.session_state or asked != st.session_state.get(written, ""):
        st.session_state[state] = asked
    entered = str(st.text_input(label, key=state, placeholder=example)).strip()
    if entered:
        st.query_params[key] = entered
    else:
        st.query_params.pop(key, None)
    st.session_state[written] = entered
    return entered


def in_address(
    key: str, options: Sequence[str], default: str | None, widget: Callable[[str], Any], *, stays: bool = False
) -> str:
    """The option that a widget gives, kept under `key` in the address; without it there, it is the default.

    Streamlit's own binding writes labels into the address, which differ from language to language. Whoever goes back in
    the browser changes the address: it then goes before what was chosen.
    """
    usual = default if default in options else options[0]
    state, written = f"chosen {key}", f"written {key}"
    before = st.session_state.get(written, usual)
    asked = st.query_params.get(key, before if stays else usual)
    if state not in st.session_state or asked != before:
        st.session_state[state] = asked
    if st.session_state[state] not in options:
        st.session_state[state] = usual
    chosen = str(widget(state) or usual)
    if chosen == usual:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = chosen
    st.session_state[written] = chosen
    return chosen
