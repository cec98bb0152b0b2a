"""What the states of orders mean, as far as states.yml knows them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

STATES = Path(__file__).with_name("states.yml")
COUNTS = "counts"
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


def does_not_count(state: str, excluded: Collection[str]) -> bool:
    """Whether the setting excluded_statuses names a state."""
    return state.strip().lower() in {str(word).strip().lower() for word in excluded}
