"""How times may be declared: in the letters of strptime, or by a word for what has no such letters."""

from __future__ import annotations

import difflib
import re

from .messages import mistake

ISO = "iso"  # with T or a blank, seconds and zone or not, a fraction of any length
EPOCHS = {"epoch_seconds": 1, "epoch_milliseconds": 1_000, "epoch_microseconds": 1_000_000}  # units in a second
WORDS = (ISO, *EPOCHS)
DIRECTIVE = re.compile(r"%(-?.)", re.DOTALL)
KNOWN = frozenset("aAwudbBmyYHIpMSgfnzZjUWcxXGV%") | {f"-{letter}" for letter in "dmyHIMSj"}
YEARS = "YyG"
# What other programs write for it. The longer ones come first; minutes are told from months by their place.
OTHER_LETTERS = (
    ("yyyy", "%Y"), ("jjjj", "%Y"), ("mmmm", "%B"), ("mmm", "%b"), ("yy", "%y"), ("jj", "%y"), ("dd", "%d"),
    ("tt", "%d"), ("hh24", "%H"), ("hh", "%H"), ("mi", "%M"), ("mm", "%m"), ("nn", "%M"), ("ss", "%S"),
    ("d", "%d"), ("h", "%H"), ("m", "%m"), ("t", "%d"), ("j", "%Y"), ("y", "%Y"), ("s", "%S"),
)  # fmt: skip


def check_date_format(given: str) -> None:
    """Refuses what strptime does not know, with the form that was probably meant."""
    if given in WORDS:
        return
    if "%" not in given and (close := difflib.get_close_matches(given.lower(), WORDS, n=1)):
        raise mistake(f"date_format '{given}' does not exist; did you mean '{close[0]}'?")
    if "%" not in given:
        meant = in_strptime_letters(given)
        told = f"; write '{meant}'" if "%" in meant else f", such as '%d.%m.%Y', or one of {', '.join(WORDS)}"
        raise mistake(f"date_format '{given}' is not written in the letters of strptime{told}")
    for directive in DIRECTIVE.findall(given):
        if directive not in KNOWN:
            raise mistake(
                f"date_format '{given}': '%{directive}' means nothing; '%d.%m.%Y %H:%M:%S' shows the usual ones"
            )
    letters = {directive.removeprefix("-") for directive in DIRECTIVE.findall(given)}
    if not letters & set(YEARS):
        raise mistake(f"date_format '{given}' names no year: write '%Y', or '%y' for one of two digits")
    if "I" in letters and "p" not in letters:
        raise mistake(f"date_format '{given}': '%I' is an hour of twelve and needs '%p' (AM or PM); '%H' is one of 24")


def in_strptime_letters(given: str) -> str:
    """DD.MM.YYYY HH:mm as strptime writes it."""
    written, position, has_hours = "", 0, False
    while position < len(given):
        rest = given[position:].lower()
        letters, meant = next(((known, form) for known, form in OTHER_LETTERS if rest.startswith(known)), (rest[0], ""))
        if meant in ("%m", "%H") and letters != "mi":
            meant = "%M" if meant == "%m" and has_hours else meant
            has_hours = has_hours or meant == "%H"
        written += meant or given[position]
        position += len(letters)
    return written
