"""The command `stammkunde` and what it can do. A command imports what it needs by itself: some modules cost seconds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from stammkunde.errors import StammkundeError
from stammkunde.places import PROJECT, Places
from stammkunde.request import RefreshRequest

console = Console(highlight=False, soft_wrap=True)
complaints = Console(stderr=True, highlight=False, soft_wrap=True, style="red")

app = typer.Typer(
    name="stammkunde",
    help="From a shop's raw orders to customer-retention figures that can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Raw = Annotated[
    Path | None, typer.Option("--raw", help="Folder with the shop's files (STAMMKUNDE_RAW; else the sample shop).")
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="How foreign files are read (STAMMKUNDE_MAPPING; else mapping.yml in the folder)."),
]
Target = Annotated[
    str | None, typer.Option("--target", help="The engine: duckdb, spark or spark_local (STAMMKUNDE_TARGET).")
]


@app.command()
def run(
    raw: Raw = None,
    mapping: MappingFile = None,
    target: Target = None,
    as_of_date: Annotated[
        str | None, typer.Option(help="Rebuild the figures as they were known on this day, YYYY-MM-DD.")
    ] = None,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Let dbt rebuild everything whole.")] = False,
) -> None:
    """Refresh: read, build, check and publish, then print the key figures.

    Nothing is published that did not pass every check: readers then keep the last good figures.
    """
    from orchestration import launch
    from orchestration.targets import check_installed

    places = asked_places(raw, mapping, target)
    check_installed(places.target)
    finish(launch.run(places, asked(as_of_date=as_of_date, full_refresh=full_refresh)), places)


@app.command()
def check(raw: Raw = None, mapping: MappingFile = None) -> None:
    """Look before you run: what a folder holds, what maps to what, and which rows would count and why not."""
    from intake.check import check as report
    from orchestration.quality.before_a_run import gate_before_a_run

    places = asked_places(raw, mapping)
    if places.raw is None:
        raise StammkundeError("all raw entities are tables (STAMMKUNDE_RAW_TABLES): there is no folder to look into")
    show(report(places.raw, places.mapping, gate_before_a_run))


@app.command(name="map")
def map_(
    raw: Annotated[Path, typer.Option("--raw", help="The unknown file, or a folder of such files.")],
) -> None:
    """Propose a mapping for an unknown file, to be saved as mapping.yml beside it."""
    from intake.propose import propose

    show(propose(raw))


@app.command()
def accept(
    reason: Annotated[str, typer.Option(help="Why its figures are right. It is published in marts.builds.")],
    target: Target = None,
) -> None:
    """Let the last blocked build through, once: refresh again from the same files."""
    from orchestration import launch
    from orchestration.acceptance import last_blocked
    from orchestration.targets import check_installed

    places = asked_places(target=target)
    check_installed(places.target)
    blocked = last_blocked(places)
    given = " ".join(reason.split())
    if not given:
        raise StammkundeError('Say why the figures are right: stammkunde accept --reason "the shop was migrated"')
    console.print(f"Letting these checks of build {blocked.build_id} fail once more:", markup=False)
    for row in blocked.failed:
        console.print(f"  {row['suite']}.{row['check_name']}: {row['explanation']}", markup=False)
    finish(launch.run(places, asked(accepted_build=blocked.build_id, accepted_reason=given)), places)


@app.command()
def rollback() -> None:
    """Bring the published build before back. The build that it replaces is withdrawn for good."""
    from orchestration.publish import place
    from orchestration.session import locked

    places = asked_places()
    with locked(places, lambda text: console.print(text, markup=False)):
        place.repair(places)
        withdrawn, current = place.rollback(places)
    console.print(f"Readers now see build {current} again; {withdrawn} is withdrawn.", markup=False)
    console.print(f"The next refresh is compared with {current}.", markup=False)


@app.command()
def builds() -> None:
    """List the refreshes and what became of each."""
    from orchestration.state import State
    from stammkunde.published import published_build

    places = asked_places()
    rows = State(places.state).rows("builds")
    if not rows:
        console.print("No refresh was started yet.")
        return
    current = published_build(places.published)
    table = Table("build", "outcome", "orders", "", box=None, pad_edge=False, header_style="bold")
    table.columns[2].justify = "right"
    for row in rows:
        seen = "readers see this one" if row["build_id"] == current else ""
        orders = "" if row["orders"] is None else f"{row['orders']:,}"
        said = seen or str(row["accepted_reason"] or row["reason"] or "")
        table.add_row(str(row["build_id"]), str(row["outcome"]), orders, said[:140])
    console.print(table, markup=False)


@app.command()
def summary() -> None:
    """Print the key figures of the published build."""
    from reports.summary import summary_lines

    show(summary_lines(asked_places().published))


@app.command()
def serve() -> None:
    """Open Dagster's page on 127.0.0.1: the asset graph, runs, schedule and sensor."""
    from orchestration.launch import prepare_instance
    from orchestration.targets import check_installed
    from stammkunde.environment import environment

    places = asked_places()
    check_installed(places.target)
    prepare_instance(places)
    program = Path(sys.executable).with_name("dagster")
    command = [
        str(program), "dev", "--host", "127.0.0.1", "--port", str(environment().dagster_port),
        "--module-name", "orchestration.definitions",
    ]  # fmt: skip
    os.chdir(PROJECT)
    # Dagster's own processes import our event log.
    os.execve(program, command, {**os.environ, **places.environment(), "PYTHONPATH": str(PROJECT)})


@app.command()
def docs(
    open_page: Annotated[bool, typer.Option("--serve", help="Show the pages on 127.0.0.1:8080.")] = False,
) -> None:
    """Write the documentation of every model and column as pages, and say where they are."""
    from stammkunde.dbt import Dbt

    target = PROJECT / "target"
    dbt = Dbt(target, asked_places().environment())
    dbt.run("docs", "generate")
    console.print(f"The documentation is in {target / 'index.html'}.", markup=False)
    if open_page:
        os.chdir(PROJECT)
        os.execve(dbt.program, [str(dbt.program), "docs", "serve", "--host", "127.0.0.1"], dbt.environment())
    else:
        console.print("It loads its data from a server: stammkunde docs --serve shows it on 127.0.0.1:8080.")


def asked_places(raw: Path | None = None, mapping: Path | None = None, target: str | None = None) -> Places:
    """The places of the environment, with what the command line says otherwise."""
    places = Places.from_environment()
    return replace(
        places,
        raw=raw.absolute() if raw else places.raw,
        mapping=mapping.absolute() if mapping else places.mapping,
        target=target or places.target,
    )


def asked(**wanted: object) -> RefreshRequest:
    """What a refresh is asked for. Raises StammkundeError for an impossible value."""
    from pydantic import ValidationError

    try:
        return RefreshRequest.model_validate(wanted)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][0]).replace("_", "-")
        said = first["msg"].removeprefix("Value error, ")
        raise StammkundeError(f"{option} is '{first['input']}': it {said}") from error


def finish(status: int, places: Places) -> None:
    """End as the refresh ended; after a good one with the key figures."""
    if status:
        raise typer.Exit(status)
    from reports.summary import summary_lines

    show(summary_lines(places.published))


def show(lines: Iterable[str]) -> None:
    """Print lines as they are: what files hold is no markup."""
    for line in lines:
        console.print(line, markup=False)


def main() -> None:
    """Run the command. What cannot go on is one line, without a traceback."""
    try:
        app(prog_name="stammkunde")
    except StammkundeError as error:
        complaints.print(str(error), markup=False)
        sys.exit(1)
