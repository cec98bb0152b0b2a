"""Pieces of HTML that dashboard and report share. Whatever comes from data is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

STYLE = Path(__file__).with_name("style.css")


def style() -> str:
    return STYLE.read_text(encoding="utf-8")


def with_tip(shown: str, tip: str, classes: str = "") -> str:
    """A text that explains itself when the mouse is over it or the keyboard reaches it."""
    if not tip:
        return f'<span class="{classes}">{escape(shown)}</span>'
    return (
        f'<span class="sk-term {classes}" tabindex="0">{escape(shown)}'
        f'<span class="sk-tip" role="tooltip">{escape(tip)}</span></span>'
    )


def sentences_html(first: str, others: Sequence[str]) -> str:
    """What is said, and below it what it comes from."""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in others)
    return f'<div class="sk-said"><p>{escape(first)}</p>{f"<ul>{items}</ul>" if items else ""}</div>'
