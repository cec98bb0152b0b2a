"""Commands that look and change nothing: a folder, the gate's past, refreshes, figures, models."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.console import console, say, show, whole_lines
from cli.options import Language, MappingFile, Raw, known_language
from cli.refreshing import read_from
from stammkunde.errors import StammkundeError
from stammkunde.places import PROJECT, Places


def check(raw: Raw = None, mapping: MappingFile = None) -> None:
    """Look before you run: what counts, why not, and what is odd.

    Shows what a folder holds, what maps to what, and what would become of every row. Nothing is built or changed.
    """
    from intake.check import check as report
    from orchestration.quality.before_a_run import gate_before_a_run
    from orchestration.targets import check_installed
    from stammkunde.shops import check_source, find_places, named

    places = find_places(raw, mapping)
    check_installed(places.target)
    check_source(places)
    if places.raw is None:
        raise StammkundeError("all raw entities are tables (STAMMKUNDE_RAW_TABLES): there is no folder to look into")
    if not named(raw).is_known:
        say(f"{read_from(places)}\n")
    show(report(places.raw, places.mapping, gate_before_a_run))
    show(left_open(places))


def left_open(places: Places) -> Iterator[str]:
    """What a look at a folder leaves open: tables, and how it differs from figures that are published already."""
    from stammkunde.published import published_shop
    from stammkunde.shops import ShopError, Source, given_up

    if places.raw_tables:
        yield f"Only the folder was looked into, no table (STAMMKUNDE_RAW_TABLES: {places.raw_tables})."
    try:
        given_up(places)
    except ShopError as error:
        yield f"But it is another shop than the published one: {error}"
    if published_shop(places.published) in Source.of(places).names:
        yield "What has changed against the published figures is judged by the run itself."


def map_(
    raw: Annotated[Path, typer.Option("--raw", help="The unknown file, or a folder of such files.")],
) -> None:
    """Propose a mapping for an unknown file.

    It is printed, to be saved as mapping.yml beside the file.
    """
    from intake.propose import propose

    show(propose(raw))


def replay(
    raw: Raw = None,
    mapping: MappingFile = None,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="The first day, YYYY-MM-DD; else the last days there are."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = 365,
    every: Annotated[int, typer.Option(min=1, help="1: day by day; 7: week by week.")] = 1,
) -> None:
    """Count how often the gate would have cried wolf.

    Replays it over the shop's own past, as if there had been a refresh each day, and proposes limits that fit. It reads
    the last build and changes nothing.
    """
    from orchestration.progress import Telling
    from orchestration.replay.replay import replay as report
    from stammkunde.shops import find_places

    telling = Telling(lambda text: None, console)
    show(report(find_places(raw, mapping), day_of(start, "--from"), days, every, telling))


def backtest(
    raw: Raw = None,
    mapping: MappingFile = None,
    to: Annotated[Path | None, typer.Option("--to", help="A folder for a page, all rows and pictures.")] = None,
) -> None:
    """Hold past predictions against what then happened.

    Fits the models as of past ends of quarters, on what was known then, beside a simple rival. It reads the last build,
    or a folder that is named here, and changes nothing.
    """
    from orchestration.backtests.pages import write_pages
    from orchestration.backtests.source import of_folder, of_last_build
    from orchestration.backtests.words import lines
    from predictions.backtesting.backtest import backtest as look_back
    from predictions.threads import one_thread_of_linear_algebra
    from stammkunde.shops import find_places

    places = find_places(raw, mapping)
    source = of_folder(places, say) if raw else of_last_build(places)
    with one_thread_of_linear_algebra():
        found = look_back(source.days, source.as_of_date) if source.as_of_date else []
    show(lines(found, source.as_of_date))
    if to:
        name = places.shop or "shop"
        show(str(file) for file in write_pages(to, name, name.replace("_", " "), found))


def day_of(text: str | None, option: str) -> date | None:
    """A day as an option names it. Raises StammkundeError for another text."""
    from stammkunde.dates import iso_date

    try:
        return date.fromisoformat(iso_date(text)) if text else None
    except ValueError as error:
        raise StammkundeError(f"{option} is '{text}': it {error}") from error


def builds() -> None:
    """List the refreshes and what became of each."""
    from orchestration.history import told
    from stammkunde.published import published_build
    from stammkunde.shops import find_places

    places = find_places()
    rows = told(places)
    if not rows:
        say("No refresh was started yet.")
        return
    show(whole_lines(table_of_builds(rows, published_build(places.published))))


def table_of_builds(rows: Iterable[Mapping[str, object]], current: str | None) -> Table:
    """The refreshes as a table, the one that readers see marked."""
    table = Table("build", "shop", "outcome", "orders", "", box=None, pad_edge=False, header_style="bold")
    table.columns[3].justify = "right"
    for row in rows:
        orders = "" if row["orders"] is None else f"{row['orders']:,}"
        said = [row["reason"], row["accepted_reason"]]
        if row["build_id"] == current:
            said = ["readers see this one", *said]
        text = "; ".join(str(part) for part in said if part)
        table.add_row(str(row["build_id"]), str(row["shop"] or ""), str(row["outcome"]), orders, text[:140])
    return table


def summary() -> None:
    """Print the key figures of the published build."""
    from reports.summary import summary_lines
    from stammkunde.shops import find_places

    show(summary_lines(find_places().published))


def report(
    language: Language = "de",
    to: Annotated[
        Path | None, typer.Option("--to", help="The file to write; else one beside the published file.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="As PDF, too; needs Chromium or Chrome.")] = False,
) -> None:
    """Write overview, signals and cohorts into one HTML file.

    It holds the published build, opens without a network, and can be sent or printed.
    """
    from reports.pdf import write_pdf
    from reports.report import write_report
    from stammkunde.shops import warehouse_places

    code = known_language(language)
    places = warehouse_places()
    target = to or places.report(code)
    write_report(places.published, target, code)
    say(f"{target}")
    if pdf:
        printed = target.with_suffix(".pdf")
        write_pdf(target, printed)
        say(f"{printed}")


def review(
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="The month; else the last one that is over.")
    ] = None,
    quarter: Annotated[
        str | None, typer.Option("--quarter", metavar="YYYY-QN", help="A quarter such as 2025-Q2, or last.")
    ] = None,
    language: Language = "de",
    to: Annotated[
        Path | None, typer.Option("--to", help="The file to write; else one beside the published file.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="As PDF, too; needs Chromium or Chrome.")] = False,
) -> None:
    """Write the review of a month or quarter: what to decide.

    One HTML file: targets missed, what moved and why, outcomes of actions, and what follows from them by fixed rules.
    Key figures are reviewed monthly, retention quarterly.
    """
    from reports.pdf import write_pdf
    from reports.review import period_named, write_review
    from stammkunde.shops import warehouse_places

    code = known_language(language)
    grain, start = period_named(month, quarter)
    places = warehouse_places()
    target = write_review(places.published, lambda name: to or places.review(name, code), code, grain, start)
    say(f"{target}")
    if pdf:
        printed = target.with_suffix(".pdf")
        write_pdf(target, printed)
        say(f"{printed}")


def export(
    language: Language = "de",
    to: Annotated[
        Path | None, typer.Option("--to", help="A folder to write; else one beside the published file.")
    ] = None,
) -> None:
    """Write KPIs and lists as CSV and Excel files.

    Those beside the published file are made anew by each publish, rollback and erasure; those elsewhere are yours to
    care for. A folder that holds anything else is not written to.
    """
    from reports.export import write_export
    from stammkunde.shops import warehouse_places

    code = known_language(language)
    places = warehouse_places()
    files = write_export(places.published, to or places.export(code), code)
    say("\n".join(map(str, files)))


def docs(
    open_page: Annotated[bool, typer.Option("--serve", help="Show the pages on 127.0.0.1:8080.")] = False,
) -> None:
    """Write the pages that describe every model and column.

    Says where they are.
    """
    from stammkunde.dbt import Dbt
    from stammkunde.shops import find_places

    target = PROJECT / "target"
    dbt = Dbt(target, find_places().environment())
    dbt.run("docs", "generate")
    say(f"The documentation is in {target / 'index.html'}.")
    if open_page:
        os.chdir(PROJECT)
        os.execve(dbt.program, [str(dbt.program), "docs", "serve", "--host", "127.0.0.1"], dbt.environment())
    else:
        say("It loads its data from a server: stammkunde docs --serve shows it on 127.0.0.1:8080.")
