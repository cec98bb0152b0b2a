"""What a page is about while it is shown: the published build, the reader's language, and the rows of questions."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import streamlit as st

from reports.glossary import Glossary
from reports.language import LOCALES, Language
from reports.questions import Question, answer, build, glossary, settings
from stammkunde.errors import PublishedFileError
from stammkunde.shops import warehouse_places

# DuckDB shows the file of a path as it was until the last connection of the process to it is closed: with one reader
# at a time, whoever opens it sees what is published now.
ONE_READER = threading.Lock()


class NothingPublishedError(PublishedFileError):
    """No refresh has published anything yet."""


class RepublishedError(Exception):
    """Another build was published while a page was being made."""


@dataclass(frozen=True)
class View:
    published: Path
    version: int  # changes with each publish
    language: Language

    def ask(self, question: Question) -> list[dict[str, Any]]:
        """The rows that answer a question, of the build that this page shows. Raises MissingMartError."""
        return rows_of(str(self.published), self.version, question.mart, question.sql, question.values)

    def ask_for_a_file(self, question: Question) -> list[dict[str, Any]]:
        """The same when a file is asked for: rows of what is published by then, too many to be kept."""
        with ONE_READER:
            return answer(self.published, question)

    @cached_property
    def build(self) -> dict[str, Any]:
        return self.ask(build())[0]

    @cached_property
    def glossary(self) -> Glossary:
        return Glossary(self.ask(glossary()), self.language)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The settings of the build; empty where nobody noted them."""
        return json.loads(self.ask(settings())[0]["settings"] or "{}")

    @property
    def currency(self) -> str:
        return str(self.build["reporting_currency"])


@st.cache_data(show_spinner=False, max_entries=500)
def rows_of(published: str, version: int, mart: str, sql: str, values: tuple[object, ...]) -> list[dict[str, Any]]:
    """Rows of the published file as it was at `version`, opened, read and closed."""
    with ONE_READER:
        found = answer(Path(published), Question(mart, sql, values))
        if version_of(Path(published)) != version:
            raise RepublishedError
    return found


def version_of(published: Path) -> int:
    try:
        return published.stat().st_mtime_ns
    except FileNotFoundError:
        raise NothingPublishedError(f"nothing is published at {published}") from None


def view() -> View:
    """The page's view: of what is published now, in the language that was chosen. Raises PublishedFileError."""
    published = warehouse_places().published
    return View(published, version_of(published), language())


def language() -> Language:
    """What the reader chose, else what the browser speaks."""
    chosen = st.session_state.get("written lang")
    return Language(chosen if chosen in LOCALES else spoken())


def spoken() -> str:
    return "de" if (st.context.locale or "").lower().startswith("de") else "en"
