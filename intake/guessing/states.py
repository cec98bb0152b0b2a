"""Translations of the states of a file, as far as their meaning is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..states import meaning


def translations_of(states: Iterable[str | None], columns: Collection[str]) -> dict[str, str]:
    """The states that are known to mean no purchase, with the words of the settings for it."""
    known = {state: meaning(state, columns) for state in states if state}
    return {
        state: means.word
        for state, means in sorted(known.items())
        if means and means.is_known and means.is_no_purchase and state.lower() != means.word
    }
