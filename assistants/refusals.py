"""What is not answered, and why: one sentence each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from stammkunde.errors import StammkundeError

MOST_NAMES = 3
LIKE = 0.55  # how much of a name must agree with what was asked
LONGEST = 60  # characters of a name that is said again

PERSON = re.compile(
    r"@|\bguest:|customers?[ _.-]*(ids?|numbers?|names?|lists?|e-?mails?)\b|order[ _.-]*(ids?|numbers?)\b"
    r"|\b(e-?mails?|phones?|birth ?days?|first ?names?|last ?names?|ip)[ _.-]*(address(es)?|numbers?)?\b"
    r"|\baddress(es)?\b|\bpersons?\b|\bkunden(nummern?|listen?|namen?|daten)\b|\blist of customers\b",
    re.IGNORECASE,
)
SQL = re.compile(r"\b(select|insert|update|delete|drop|attach|copy|pragma|union|from|where|join)\b|--|;", re.IGNORECASE)
ARITHMETIC = re.compile(
    r"\b(sum|avg|average|mean|median|total|difference|ratio|cumulat\w+|mittel\w*|summe\w*|durchschnitt\w*)\b|[()+*/]",
    re.IGNORECASE,
)
FORECAST = re.compile(r"predict|forecast|expected|future|next[ _]|prognos|vorhersag|churn_probability", re.IGNORECASE)

OF_A_PERSON = "a person's data and lists of customers are not answered, only measures of groups of customers"
REASONS = (
    (PERSON, OF_A_PERSON),
    (SQL, "SQL is not run, only defined measures are answered"),
    (FORECAST, "the marts hold what was observed, no forecast"),
)
COMBINED = "no figure is calculated from others: a quarter or year is asked for as such"


class RefusedError(StammkundeError):
    """What a tool does not answer; its text is the whole sentence that the client gets."""


def named(asked: object) -> str:
    """What was asked, where it may be said again: a short name, no e-mail, no SQL, no order to whoever reads it."""
    text = str(asked)
    return f"'{text}'" if len(text) <= LONGEST and text.isprintable() and not reason_for(text) else "that"


def reason_for(asked: object) -> str | None:
    """Why nothing of that name can be asked for, where its words say what is wanted."""
    text = str(asked).replace("_", " ")
    return next((reason for pattern, reason in REASONS if pattern.search(text) or pattern.search(str(asked))), None)


def unknown(kind: str, asked: object, names: Mapping[str, Iterable[str]], tool: str) -> RefusedError:
    """Something that is not defined, with the nearest that is. Each name may go by other words, too."""
    reason = reason_for(asked)
    if reason:
        return RefusedError(f"{named(asked)} is no {kind}: {reason}")
    combined = f": {COMBINED}" if kind == "measure" and ARITHMETIC.search(str(asked).replace("_", " ")) else ""
    near = nearest(str(asked), names)
    if near:
        return RefusedError(
            f"there is no {kind} {named(asked)}{combined}; the nearest: {', '.join(near)} ({tool} has all)"
        )
    return RefusedError(f"there is no {kind} {named(asked)}{combined}; {tool} gives those that are defined")


def nearest(asked: str, names: Mapping[str, Iterable[str]]) -> list[str]:
    """The names that are most like what was asked."""
    owners: dict[str, list[str]] = {}
    for name, others in names.items():
        for word in {name, *others}:
            owners.setdefault(word.lower().replace("_", " "), []).append(name)
    like = get_close_matches(asked.lower().replace("_", " "), owners, 2 * MOST_NAMES, LIKE)
    return list(dict.fromkeys(name for word in like for name in owners[word]))[:MOST_NAMES]
