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
    r"@|\bguest:|\bcustomers?[ .-]*(ids?|numbers?|names?|lists?|e-?mails?)\b|\border[ .-]*(ids?|numbers?)\b"
    r"|\be-?mails?\b(?![ -]*(open|click|rate|sent|answer))|\bphones?\b|\baddress(es)?\b|\bbirth ?days?\b"
    r"|\b(first|last) ?names?\b|(?<!per )\bpersons?\b|\blist of customers\b|\bkunden-?(nummern?|listen?|namen?)\b",
    re.IGNORECASE,
)
SQL = re.compile(
    r"\bselect\b.+\bfrom\b|\bselect \*|\b(drop|alter|create) (table|view|schema)\b|\b(insert into|delete from|attach)\b"
    r"|\bmarts\.|\bunion (all )?select\b|--|;",
    re.IGNORECASE | re.DOTALL,
)
FORECAST = re.compile(
    r"predict|forecast|\bexpected\b|\bnext (week|month|quarter|year)\b|prognos|vorhersag|churn probability",
    re.IGNORECASE,
)
# A rate that is made of rates; or a calculation.
COMBINED = re.compile(
    r"\b(sum|avg|average|mean|median|difference|summe|mittel\w*|durchschnitt\w*)\b.*(rate|retention|churn|bindung|quote)"
    r"|[()+*/]",
    re.IGNORECASE,
)

OF_A_PERSON = "a person's data and lists of customers are not answered, only measures of groups of customers"
REASONS = (
    (PERSON, OF_A_PERSON),
    (SQL, "SQL is not run, only defined measures are answered"),
    (
        FORECAST,
        "a measure is what was observed, no forecast; get_sales_forecast and get_outlook tell what is to be expected",
    ),
)
OF_FIGURES = "no figure is calculated from others: a quarter or year is asked for as such"


class RefusedError(StammkundeError):
    """What a tool does not answer; its text is the whole sentence that the client gets."""


def named(asked: object) -> str:
    """What was asked, where it may be said again: a short name, no e-mail, no SQL, no order to whoever reads it."""
    text = str(asked)
    return f"'{text}'" if len(text) <= LONGEST and text.isprintable() and not reason_for(text) else "that"


def reason_for(asked: object) -> str | None:
    """Why nothing of that name can be asked for, where its words say what is wanted."""
    text = in_words(asked)
    return next((reason for pattern, reason in REASONS if pattern.search(text)), None)


def unknown(kind: str, asked: object, names: Mapping[str, Iterable[str]], tool: str) -> RefusedError:
    """Something that is not defined, with the nearest that is. Each name may go by other words, too."""
    reason = reason_for(asked)
    if reason:
        return RefusedError(f"{named(asked)} is no {kind}: {reason}")
    combined = f": {OF_FIGURES}" if kind == "measure" and COMBINED.search(in_words(asked)) else ""
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
            owners.setdefault(in_words(word).lower(), []).append(name)
    like = get_close_matches(in_words(asked).lower(), owners, 2 * MOST_NAMES, LIKE)
    return list(dict.fromkeys(name for word in like for name in owners[word]))[:MOST_NAMES]


def in_words(name: object) -> str:
    return str(name).replace("_", " ")
