"""The command that asks the semantic layer."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.console import say, show, whole_lines
from cli.options import known_language
from stammkunde.errors import StammkundeError

Names = Annotated[list[str] | None, typer.Argument(metavar="[METRIC]...", help="What to ask for; without, lists all.")]
NOT_INSTALLED = "MetricFlow is not installed here: make .venv/installed-semantic"


def metrics(
    names: Names = None,
    group_by: Annotated[
        list[str] | None,
        typer.Option("--group-by", metavar="NAME", help="metric_time__month or a dimension; commas, or several times."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="FILTER", help="\"{{ Dimension('segment__dimension') }} = 'country'\""),
    ] = None,
    order: Annotated[
        list[str] | None, typer.Option("--order", metavar="NAME", help="What to sort by; -NAME for the largest first.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many rows.")] = None,
    saved_query: Annotated[
        str | None, typer.Option("--saved-query", metavar="NAME", help="A question by name.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the list of metrics: de or en.")] = "en",
    to_csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the rows to a file.")] = None,
    interchange: Annotated[
        Path | None, typer.Option("--interchange", metavar="FILE", help="Write all as Open Semantic Interchange.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Print the SQL instead of asking it.")] = False,
) -> None:
    """Ask the published file for metrics, by MetricFlow.

    Without a name: which there are. docs/semantic-layer.md explains what can be asked.
    """
    from importlib.util import find_spec

    if find_spec("metricflow") is None:
        raise StammkundeError(NOT_INSTALLED)
    from semantic.layer import Layer, Question
    from stammkunde.shops import warehouse_places

    code = known_language(language)
    layer = Layer.of(warehouse_places())
    if interchange:
        from semantic.interchange import write

        write(layer.manifest, interchange)
        say(f"{interchange}")
        return
    if not names and not saved_query and not (group_by or where or order or limit or to_csv or explain):
        show(whole_lines(table(["metric", "name", "mart"], [list(row) for row in layer.listed(code)])))
        say("")
        show(whole_lines(table(["saved query", ""], [list(row) for row in layer.saved_queries().items()])))
        return
    if not names and not saved_query:
        raise StammkundeError("name a metric, or a question with --saved-query: 'stammkunde metrics' lists both")
    question = Question(parts(names), parts(group_by), tuple(where or ()), parts(order), limit, saved_query)
    if explain:
        say(layer.sql(question))
        return
    columns, rows = layer.ask(question)
    if to_csv:
        write_csv(to_csv, columns, rows)
        say(f"{to_csv}: {len(rows):,} rows")
    else:
        show(whole_lines(table(columns, [[shown(value) for value in row] for row in rows])))


def parts(given: list[str] | None) -> tuple[str, ...]:
    """Names that were given one by one, or with commas between them."""
    return tuple(name.strip() for one in given or () for name in one.split(",") if name.strip())


def shown(value: Any) -> str:
    """A value as it is: a day without the hour that MetricFlow adds, nothing for what is not held."""
    return "" if value is None else str(value).removesuffix(" 00:00:00")


def table(columns: list[str], rows: list[list[str]]) -> Table:
    found = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        found.add_row(*row)
    return found


def write_csv(file: Path, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    """A text that begins like a formula gets an apostrophe, as in all our files."""
    from reports.tables import harmless

    try:
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(columns)
            writer.writerows(
                [harmless(shown(value)) if isinstance(value, str) else shown(value) for value in row] for row in rows
            )
    except OSError as error:
        raise StammkundeError(f"{file}: cannot be written: {error.strerror}") from error
