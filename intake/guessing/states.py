"""The states of all orders of a file, and translations for those whose meaning is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from ..converting.source import describe, letters
from ..converting.values import cleaned, number
from ..errors import IntakeError
from ..load import workspace
from ..mapping import Format
from ..reading.files import load_file
from ..states import State, meaning, states_of
from .sample import Sample
from .values import Guess


def states_in(
    files: Sequence[Path], sample: Sample, rules: Mapping[str, Guess], settings: Mapping[str, object]
) -> list[State]:
    """The states of whole files as they would be read, translated as proposed; none where they cannot be read so."""
    form = Format.model_validate(sample.guesses.form)
    status, amount, currency = (column_of(rules, target) for target in ("status", "amount", "currency"))
    if status is None:
        return []
    found: list[tuple] = []
    try:
        with workspace() as (connection, work):
            for position, path in enumerate(files):
                load_file(connection, f"states_{position}", path, form, work)
                source = describe(connection, f"states_{position}", str(path))
                state = cleaned(source.find(status, ""))
                value = number(source.find(amount, ""), form) if amount else "0"
                unit = f"upper(coalesce({cleaned(source.find(currency, ''))}, ''))" if currency else "''"
                found += connection.execute(
                    f"select {state}, {unit}, count(*), coalesce(sum({value}), 0) from {source.table} group by all"
                ).fetchall()
    except (IntakeError, duckdb.Error):  # the proposal says what could not be found; check says what is wrong
        return []
    columns = {letters(column) for column in sample.header}
    return states_of(found, settings, translations_of([row[0] for row in found], columns), columns)


def column_of(rules: Mapping[str, Guess], target: str) -> str | None:
    return str(rules[target].rule["column"]) if target in rules else None


def translations_of(states: list[str | None], columns: set[str]) -> dict[str, str]:
    """The states that are known to mean no purchase, with the words of the settings for it."""
    known = {state: meaning(state, columns) for state in states if state}
    return {
        state: means.word
        for state, means in sorted(known.items())
        if means and means.is_known and means.is_no_purchase and state.lower() != means.word
    }
