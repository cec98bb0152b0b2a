"""What the states of orders mean, as far as states.yml knows them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

STATES = Path(__file__).with_name("states.yml")
COUNTS = "counts"
WORST, ODD, USUAL = 0, 1, 2  # how much of a surprise a state is
# A word before a part that would mean no purchase: of a partial refund something is left.
IN_PART = re.compile(r"\b(partial|partially|teilweise|teil)")


@dataclass(frozen=True)
class Meaning:
    """What a state means: `counts`, or one of the words that do not count; and whether it is only a guess."""

    word: str
    is_known: bool

    @property
    def is_no_purchase(self) -> bool:
        return self.word != COUNTS


@cache
def known() -> dict[str, Any]:
    """What states.yml holds: the states of each system by meaning, and parts of words by meaning."""
    return yaml.safe_load(STATES.read_text(encoding="utf-8"))


def spelled(state: str) -> str:
    """A state as states.yml writes it."""
    return re.sub(r"[\s_\-\u2010-\u2015]+", " ", state.lower()).strip().removeprefix("wc ") if state != "-1" else state


def meaning(state: str, columns: Collection[str] = ()) -> Meaning | None:
    """What a state means in a file with these columns (in letters and digits alone); None where nothing says it."""
    written = spelled(state)
    # What is said of some systems only is more exact than what is said of all.
    for system in sorted(known()["systems"], key=lambda system: "columns" not in system):
        if "columns" in system and not set(system["columns"]) & set(columns):
            continue
        for word, states in system["states"].items():
            if written in states:
                return Meaning(word, is_known=True)
    if IN_PART.search(written):
        return None
    sounds_like = (word for word, parts in known()["sounds_like"].items() if any(part in written for part in parts))
    return next((Meaning(word, is_known=False) for word in sounds_like), None)


@dataclass(frozen=True)
class State:
    """A state with its orders, their value by currency, and what becomes of them."""

    text: str | None  # None where an order has no state
    orders: int
    values: Mapping[str, Decimal]
    counts: bool
    is_refunded: bool
    means: Meaning | None

    @property
    def value(self) -> float:
        return float(sum(self.values.values()))

    @property
    def surprise(self) -> int:
        """A state that counts though it means no purchase is worst, then an unknown one, then the usual."""
        if self.text is None:
            return USUAL
        if self.counts and not self.is_refunded and self.means and self.means.is_no_purchase:
            return WORST
        is_unknown = self.means is None and self.counts and not self.is_refunded
        is_left_out = not self.counts and self.means is not None and not self.means.is_no_purchase
        return ODD if is_unknown or is_left_out else USUAL

    @property
    def verdict(self) -> str:
        if not self.counts:
            return "does not count" + (", though it means a purchase" if self.surprise == ODD else "")
        if self.is_refunded:
            return "refunded in full, unless a refund stands beside it"
        if self.surprise == WORST and self.means:
            return f"counts, though it {'means' if self.means.is_known else 'sounds like'} {self.means.word}"
        return "counts; a word that is not known here" if self.surprise == ODD else "counts"


def states_of(
    rows: Iterable[tuple[str | None, str, int, Decimal]],
    settings: Mapping[str, object],
    translations: Mapping[str, str],
    columns: Collection[str] = (),
) -> list[State]:
    """States from rows of state, currency, orders and value; the worst surprise first, then the largest value."""
    excluded, refunded = (words_of(settings.get(name)) for name in ("excluded_statuses", "refunded_statuses"))
    found: dict[str | None, tuple[str | None, int, dict[str, Decimal]]] = {}
    for text, currency, orders, value in sorted(rows, key=lambda row: -row[2]):
        # States are compared whatever their case: the most frequent writing stands for all.
        written, number, values = found.get(text and text.lower(), (text, 0, {}))
        values = {**values, currency: values.get(currency, Decimal(0)) + value}
        found[text and text.lower()] = (written, number + orders, values)
    states = []
    for text, orders, values in found.values():
        as_read = translations.get(text or "", text or "").lower()
        states.append(
            State(text, orders, values, as_read not in excluded, as_read in refunded, meaning(text or "", columns))
        )
    return sorted(states, key=lambda state: (state.surprise, state.counts, -state.value, state.text or ""))


def words_of(setting: object) -> set[str]:
    """The words of a setting as states are compared with them."""
    return {str(word).strip().lower() for word in setting} if isinstance(setting, list | tuple) else set()


def valued(totals: Mapping[str, Decimal]) -> str:
    """Values by currency, the largest first."""
    shown = sorted(totals.items(), key=lambda item: -item[1])
    return ", ".join(f"{total:,.2f} {currency}".strip() for currency, total in shown)
