"""A KPI as a card: the figure, how it ran, how it changed, and what it means."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from reports.colours import BLUE
from reports.glossary import Term
from reports.html import with_tip
from reports.language import Language


@dataclass(frozen=True)
class Change:
    """The difference to another period."""

    amount: float | None
    against: str


@dataclass(frozen=True)
class Goal:
    """The target of a figure in words, what became of it, and whether it was met: null where it is not judged."""

    target: str
    verdict: str
    is_met: bool | None


@dataclass(frozen=True)
class Card:
    term: Term
    value: object
    changes: Sequence[Change]
    course: Sequence[float | None]  # of the periods up to this one
    goal: Goal | None = None


def cards_html(cards: Sequence[Card], language: Language, currency: str) -> str:
    return f'<div class="sk-cards">{"".join(card_html(card, language, currency) for card in cards)}</div>'


def card_html(card: Card, language: Language, currency: str) -> str:
    term = card.term
    abbreviation = f" <small>{escape(term.abbreviation)}</small>" if term.abbreviation else ""
    changes = "".join(change_html(change, term, language, currency) for change in card.changes)
    return (
        f'<div class="sk-card" data-kpi="{escape(term.kpi)}">'
        f'<div class="sk-name">{with_tip(term.name, term.definition)}{abbreviation}</div>'
        f'<div class="sk-value">{escape(language.value(card.value, term.unit, currency))}</div>'
        f"{sparkline(card.course)}{changes}{goal_html(card.goal)}</div>"
    )


def goal_html(goal: Goal | None) -> str:
    if goal is None:
        return ""
    kind = "sk-even" if goal.is_met is None else "sk-good" if goal.is_met else "sk-bad"
    return f'<div class="sk-goal {kind}">{escape(goal.target)} <b>{escape(goal.verdict)}</b></div>'


def change_html(change: Change, term: Term, language: Language, currency: str) -> str:
    shown = language.change(change.amount, term.unit, currency)
    return (
        f'<div class="sk-change {judged(change.amount, term.good_direction)}">'
        f"<b>{arrow(change.amount)} {escape(shown)}</b> {escape(change.against)}</div>"
    )


def judged(amount: float | None, good_direction: str) -> str:
    """Whether a change is for the better."""
    if not amount or good_direction not in ("higher", "lower"):
        return "sk-even"
    return "sk-good" if (amount > 0) == (good_direction == "higher") else "sk-bad"


def arrow(amount: float | None) -> str:
    if not amount:
        return ""
    return "▲" if amount > 0 else "▼"


def sparkline(course: Sequence[float | None], width: int = 160, height: int = 36) -> str:
    """How a figure ran, as a line without axes; its last point is marked. The table of the cards has its figures."""
    known = [float(value) for value in course if value is not None]
    if len(known) < 2:
        return '<div class="sk-spark"></div>'
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    step = (width - 8) / (len(course) - 1)
    points = [
        (4 + index * step, height - 4 - (float(value) - low) / span * (height - 8))
        for index, value in enumerate(course)
        if value is not None
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<polyline points="{line}" fill="none" stroke="{BLUE}" stroke-width="2"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{BLUE}"/></svg>'
    )
    # As a picture: whoever cleans HTML drops drawings that stand in it.
    return f'<img class="sk-spark" alt="" src="data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}">'
