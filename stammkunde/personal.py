"""E-mail addresses and phone numbers in texts that people and programs write: what is published holds none."""

from __future__ import annotations

import re

EMAIL = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]*\.[^\s@<>\"'(),;:]+")
LIKE_AN_EMAIL = re.compile(r".@..*\..", re.DOTALL)  # AN_EMAIL of stammkunde/published.py, which publish looks for
A_DATE = re.compile(r"\b(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\b")
# International (+49 ..., 0049 ...) or national (0171 ..., 030/...), seven digits or more; or 555-123-4567.
PHONE = re.compile(
    r"(?<![\w.,+-])(?:\(?(?:\+|00?)[1-9](?:[ ()/.-]{0,2}\d){6,14}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?![\w-]|[.,]\d)"
)


def personal_data_in(text: str) -> str | None:
    """What kind of personal data a text holds; None where it holds none. Dates and order numbers are none."""
    if LIKE_AN_EMAIL.search(text):
        return "an e-mail address"
    return "a phone number" if PHONE.search(A_DATE.sub("", text)) else None


def without_emails(text: str) -> str:
    """A text whose e-mail addresses are left out: what an error says may be published in the history."""
    shown = EMAIL.sub("(an e-mail address)", text)
    return shown.replace("@", "(at)") if LIKE_AN_EMAIL.search(shown) else shown
