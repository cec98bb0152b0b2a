"""What is made of the published file, and its renewal: reports and lists for people, copies for tools."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from orchestration.copies import postgres
from reports.export import write_export
from reports.pdf import write_pdf
from reports.report import write_report
from stammkunde.environment import LANGUAGES, environment
from stammkunde.errors import StammkundeError, one_line
from stammkunde.places import Places

# Makes one thing of the published file, and says what it is.
Making = Callable[[], str]


def wanted(places: Places) -> Iterator[tuple[str, Making]]:
    """What the environment asks for, by name; nothing where nothing is published."""
    if not places.published.exists():
        return
    given = environment()
    if given.languages:
        yield "report", lambda: written_reports(places, given.languages)
    for language in LANGUAGES:
        if places.report(language).with_suffix(".pdf").exists():
            yield f"report as PDF ({language})", partial(printed_report, places, language)
        if places.export(language).is_dir():
            yield f"export ({language})", partial(written_export, places, language)
    if address := given.postgres_url:
        yield "copy in PostgreSQL", lambda: postgres.copy(places.published, address.get_secret_value())


def written_reports(places: Places, languages: Sequence[str]) -> str:
    """The reports beside the published file, for everybody who may read that."""
    files = [places.report(language) for language in languages]
    for file, language in zip(files, languages, strict=True):
        write_report(places.published, file, language)
    return f"to read: {' and '.join(map(str, files))}"


def printed_report(places: Places, language: str) -> str:
    """The report as PDF, where somebody asked for it once."""
    page = places.report(language)
    printed = page.with_suffix(".pdf")
    write_report(places.published, page, language)
    write_pdf(page, printed)
    return f"printed: {printed}"


def written_export(places: Places, language: str) -> str:
    """The files for spreadsheets beside the published file, where somebody asked for them once."""
    folder = places.export(language)
    write_export(places.published, folder, language)
    return f"exported: {folder}"


def renew(places: Places, say: Callable[[str], None]) -> list[str]:
    """Make all of it anew. Gives what went wrong, a sentence each; nothing keeps another thing back."""
    failed = []
    for name, make in wanted(places):
        started = time.monotonic()
        try:
            text = make()
            say(f"  {text} ({time.monotonic() - started:.1f} s)")
        except (StammkundeError, OSError) as error:
            text = f"The {name} is still that of an earlier build: {one_line(error)}. The next refresh makes it anew"
            say(f"  {text}")
            failed.append(text)
    return failed
