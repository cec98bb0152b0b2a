"""The command `stammkunde` and what it can do. A command imports what it needs by itself: some modules cost seconds."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from stammkunde.errors import StammkundeError
from stammkunde.files import keep_private
from stammkunde.hiding import hidden
from stammkunde.places import PROJECT, Places
from stammkunde.request import RefreshRequest

if TYPE_CHECKING:
    from orchestration.person.erase import Erased
    from orchestration.person.find import Person

WIDEST = 500  # characters of a line of a table
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
    Path | None,
    typer.Option(
        "--raw",
        help="Folder with the shop's files (STAMMKUNDE_RAW; else that of the last refresh, else the sample shop).",
    ),
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="How foreign files are read (STAMMKUNDE_MAPPING; else mapping.yml in the folder)."),
]
Target = Annotated[
    str | None, typer.Option("--target", help="The engine: duckdb, spark or spark_local (STAMMKUNDE_TARGET).")
]
ReplaceShop = Annotated[
    str | None,
    typer.Option("--replace-shop", metavar="NAME", help="Give up the published shop of this name for another one."),
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
    replace_shop: ReplaceShop = None,
    new_salt: Annotated[
        bool, typer.Option("--new-salt", help="Give the shop another salt: every guest gets another id.")
    ] = False,
) -> None:
    """Read, build, check and publish; then print the key figures.

    Nothing is published that did not pass every check: readers then keep the last good figures. A warehouse belongs to
    one shop: what is read is remembered, and a run without a folder reads the same again.
    """
    from orchestration.mending import found_places

    wanted = {"as_of_date": as_of_date, "full_refresh": full_refresh, "replace_shop": replace_shop}

    def places() -> Places:
        found = found_places(raw, mapping, target)
        if new_salt:
            change_salt(found)
        return found

    refresh(places, wanted)


def change_salt(places: Places) -> None:
    """Another salt, from the refresh that follows on."""
    from intake.find import mapping_of
    from stammkunde import salt
    from stammkunde.shops import check_source

    check_source(places)
    chosen = mapping_of(places.raw, places.mapping) if places.raw else None
    salt.renew(places, chosen.settings if chosen else {})
    console.print(
        f"The shop has a new salt ({places.records / salt.FILE}): every guest gets another id. The gate asks once "
        "whether this is meant (stammkunde accept).",
        markup=False,
    )


@app.command()
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
        console.print(f"{read_from(places)}\n", markup=False)
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


@app.command(name="map")
def map_(
    raw: Annotated[Path, typer.Option("--raw", help="The unknown file, or a folder of such files.")],
) -> None:
    """Propose a mapping for an unknown file.

    It is printed, to be saved as mapping.yml beside the file.
    """
    from intake.propose import propose

    show(propose(raw))


@app.command()
def accept(
    reason: Annotated[str, typer.Option(help="Why its figures are right. It is published in marts.builds.")],
    target: Target = None,
) -> None:
    """Let the last blocked build through, once.

    Refreshes again from the same files, however the blocked refresh was started. An attempt that does not get through
    uses nothing up.
    """
    from orchestration.acceptance import last_blocked
    from orchestration.mending import found_places
    from stammkunde.personal import personal_data_in

    blocked = last_blocked(found_places(), target)
    given = " ".join(reason.split())
    if not given:
        raise StammkundeError('Say why the figures are right: stammkunde accept --reason "the shop was migrated"')
    if found := personal_data_in(given):
        raise StammkundeError(f"The reason holds {found}, and is published in marts.builds: say it without")
    console.print(f"Letting these checks of build {blocked.build_id} fail once more:", markup=False)
    for row in blocked.failed:
        console.print(f"  {row['suite']}.{row['check_name']}: {row['explanation']}", markup=False)
    refresh(lambda: blocked.places, blocked.accepted(given).model_dump())


@app.command()
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


def day_of(text: str | None, option: str) -> date | None:
    """A day as an option names it. Raises StammkundeError for another text."""
    from stammkunde.dates import iso_date

    try:
        return date.fromisoformat(iso_date(text)) if text else None
    except ValueError as error:
        raise StammkundeError(f"{option} is '{text}': it {error}") from error


@app.command()
def rollback(
    replace_shop: ReplaceShop = None,
    to: Annotated[str | None, typer.Option("--to", metavar="BUILD", help="This kept build, not the latest.")] = None,
) -> None:
    """Bring a build before the published one back.

    The builds after it are withdrawn for good. One that is not what was published is passed over.
    """
    from orchestration.copies.renew import renew
    from orchestration.history import note_withdrawn
    from orchestration.mending import mended
    from orchestration.outage import locked
    from orchestration.publish import place
    from orchestration.state import State
    from stammkunde.shops import warehouse_places

    places = warehouse_places()
    with locked(places, print):
        for text in mended(places):
            console.print(text, markup=False)
        place.repair(places)
        done = place.rollback(places, replace_shop, to)
        note_withdrawn(places, State(places), done.withdrawn)
        failed = renew(places, lambda text: console.print(text, markup=False))
    for build_id in done.broken:
        console.print(f"Build {build_id} is not what was published, and was passed over.", markup=False)
    withdrawn = " and ".join(done.withdrawn)
    is_or_are = "is" if len(done.withdrawn) == 1 else "are"
    console.print(f"Readers now see build {done.current} again; {withdrawn} {is_or_are} withdrawn.", markup=False)
    console.print(f"The next refresh is compared with {done.current}.", markup=False)
    if failed:
        raise typer.Exit(1)


CustomerId = Annotated[str | None, typer.Option("--customer-id", metavar="ID", help="The customer's number.")]
Email = Annotated[str | None, typer.Option("--email", metavar="ADDRESS", help="The customer's e-mail.")]


@app.command()
def forget(
    customer_id: CustomerId = None,
    email: Email = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether the right person was found.")] = False,
    and_refresh: Annotated[bool, typer.Option("--refresh/--no-refresh", help="Build and publish anew at once.")] = True,
) -> None:
    """Erase a person (Art. 17 GDPR) from everything that refreshes left, for good.

    Without an option it asks for number or e-mail, so that neither stands in the history of the shell. The raw files
    belong to the source: erase the person there, too.
    """
    from orchestration.copies.renew import renew
    from orchestration.mending import found_places, mended
    from orchestration.outage import locked
    from orchestration.person.erase import erase
    from orchestration.person.find import find_person
    from stammkunde.shops import find_places

    places = found_places()
    with locked(places, lambda text: console.print(text, markup=False)):
        show(mended(places))
        person = find_person(places, *who(customer_id, email))
        show(about(person))
        if not yes and not typer.confirm("Erase this person for good?"):
            raise typer.Exit(1)
        erased = erase(places, person, lambda text: console.print(text, markup=False))
        not_renewed = renew(places, lambda text: console.print(text, markup=False))
    console.print(
        f"Erased: {erased.orders:,} orders are nobody's now, in {erased.builds} published builds.", markup=False
    )
    if not_renewed:
        raise StammkundeError(f"A copy still holds the person. Mend it and erase once more: {not_renewed[0]}")
    if erased.left:
        raise StammkundeError(f"Something of the person is still in {', '.join(map(str, erased.left))}: report this")
    show(left_to_do(erased))
    if and_refresh:
        refresh(find_places, {})
    else:
        console.print("The working warehouse was removed; the next refresh (make run) builds it anew.", markup=False)


def left_to_do(erased: Erased) -> Iterator[str]:
    """What a person may still be in, and what is no refresh's to change."""
    from orchestration.left_behind import temporary_folders

    for file in erased.named:
        yield f"{file} names the person, and is yours: it was not touched. Take the person out there."
    for folder in temporary_folders():
        yield f"{folder} is of a command that runs, or was killed. Take it away if none runs."
    yield "The raw files are the source's and were not touched: erase the person there, and in copies that you made."
    yield "Backups that were made before still hold the person: take them away, or erase again after a restore."


@app.command(name="export-person")
def export_person_(
    customer_id: CustomerId = None,
    email: Email = None,
    folder: Annotated[Path | None, typer.Option("--to", help="A new folder for the files; else one is made.")] = None,
) -> None:
    """Write all that is held about a person (Art. 15 GDPR) into CSV files, from raw files to marts.

    Without an option it asks for number or e-mail.
    """
    from orchestration.person.export import export_person
    from orchestration.person.find import find_person
    from stammkunde.shops import find_places

    places = find_places()
    if folder and folder.exists():
        raise StammkundeError(f"{folder}: is there already. Name a folder that is not (--to)")
    person = find_person(places, *who(customer_id, email))
    show(about(person))
    target, rows, unread = export_person(places, person, folder and folder.absolute())
    show(f"  {number:>7,} rows of {name}" for name, number in rows.items())
    show(f"  not looked into: {file}" for file in unread)
    if rows:
        console.print(f"{target}: readable for you alone. Take it away when it was handed out.", markup=False)
    else:
        console.print("Nothing is held about this person, and nothing was written.", markup=False)


def who(customer_id: str | None, email: str | None) -> tuple[str | None, str | None]:
    """Number and e-mail as given, or as asked for: one of both."""
    if customer_id is None and email is None:
        text = typer.prompt("Number or e-mail of the customer")
        return (None, text) if "@" in text else (text, None)
    return customer_id, email


def about(person: Person) -> Iterator[str]:
    """What was found, before anything is done with it: how much, and nothing that was not typed. A terminal may be
    looked at by others, and keeps what it showed."""
    from intake.reporting.findings import counted

    numbers = counted(len(person.identifiers.numbers), "number", "numbers")
    emails = counted(len(person.identifiers.emails), "e-mail", "e-mails")
    if person.is_known:
        yield f"One customer, known by {numbers} and {emails}."
    else:
        yield "The working warehouse knows nobody by that. Published builds are searched all the same."
    if person.shared:
        more = counted(len(person.shared), "more e-mail is", "more e-mails are")
        yield f"{more} also that of others, and left to them."


@app.command()
def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="Put right what can be put right; nothing is removed.")] = False,
) -> None:
    """Look for what is wrong with a warehouse, and mend it.

    Looks at warehouse, state, records, published file, kept builds, settings, permissions and disk. Ends with 1 where
    something is left to do.
    """
    from orchestration.doctor import look_over
    from stammkunde.shops import warehouse_places

    places = warehouse_places()
    found, left = 0, 0
    for finding in look_over(places, mend=mend):
        console.print(str(finding), markup=False)
        found, left = found + 1, left + finding.is_left
    if not found:
        console.print("Nothing is wrong.")
    raise typer.Exit(1 if left else 0)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The archive to write, such as stammkunde.tar.gz.")]) -> None:
    """Write what cannot be rebuilt into one archive.

    Records, published file and kept builds, mappings, your own thresholds and settings, with checksums.
    """
    from orchestration.backup import backup as write_backup
    from stammkunde.shops import warehouse_places

    parts = write_backup(warehouse_places(), file.absolute())
    held = ", ".join(f"{number} of {part}" for part, number in parts.items())
    console.print(f"{file} holds {held}; not the raw files.", markup=False)
    console.print("Keep it as safe as the records: whoever has it can tell who a customer is.", markup=False)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="An archive of stammkunde backup.")],
    replace: Annotated[bool, typer.Option("--replace", help="Give up what is there; it is kept beside.")] = False,
) -> None:
    """Put a backup in place, after all its checksums.

    Readers see its published build again, and the next refresh is compared with it.
    """
    from orchestration.backup import restore as put_back
    from stammkunde.shops import warehouse_places

    done = put_back(warehouse_places(), file.absolute(), replace=replace)
    readers = f"Readers see build {done.build_id}" if done.build_id else "Nothing was published in it"
    console.print(f"{readers}; builds that are kept: {done.builds}.", markup=False)
    for note in done.notes:
        console.print(note, markup=False)


@app.command()
def builds() -> None:
    """List the refreshes and what became of each."""
    from orchestration.history import told
    from stammkunde.published import published_build
    from stammkunde.shops import find_places

    places = find_places()
    rows = told(places)
    if not rows:
        console.print("No refresh was started yet.")
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


def whole_lines(table: Table) -> Iterator[str]:
    """A table as wide as it is: names in it are there to be copied, and none may be cut off."""
    wide = Console(file=io.StringIO(), width=WIDEST, highlight=False)
    with wide.capture() as printed:
        wide.print(table, markup=False)
    yield from (line.rstrip() for line in printed.get().splitlines())


@app.command()
def summary() -> None:
    """Print the key figures of the published build."""
    from reports.summary import summary_lines
    from stammkunde.shops import find_places

    show(summary_lines(find_places().published))


@app.command()
def report(
    language: Annotated[str, typer.Option(help="de or en.")] = "de",
    to: Annotated[
        Path | None, typer.Option("--to", help="The file to write; else one beside the published file.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="As PDF, too; needs Chromium or Chrome.")] = False,
) -> None:
    """Write overview and cohorts of the published build into one HTML file.

    It opens without a network and can be sent or printed.
    """
    from reports.pdf import write_pdf
    from reports.report import write_report
    from stammkunde.environment import LANGUAGES
    from stammkunde.shops import warehouse_places

    if language not in LANGUAGES:
        raise StammkundeError(f"--language is '{language}': it must be {' or '.join(LANGUAGES)}")
    places = warehouse_places()
    target = to or places.report(language)
    write_report(places.published, target, language)
    console.print(f"{target}", markup=False)
    if pdf:
        printed = target.with_suffix(".pdf")
        write_pdf(target, printed)
        console.print(f"{printed}", markup=False)


@app.command()
def serve() -> None:
    """Open Dagster's page: runs, schedule and sensor.

    It listens on 127.0.0.1 and shows the asset graph, too.
    """
    from orchestration.launch import prepare_instance
    from orchestration.targets import check_installed
    from stammkunde.shops import find_places, named

    places = find_places()
    check_installed(places.target)
    prepare_instance(places)
    console.print(f"{read_from(places)}\n", markup=False)
    # What nobody named stays open: each run reads what was read last by then.
    given = named().in_places(places).environment()
    os.chdir(PROJECT)
    # Dagster's own processes import our event log.
    environment = {**os.environ, **given, "PYTHONPATH": str(PROJECT)}
    os.execve(sys.executable, [sys.executable, "-m", "orchestration.page"], environment)


@app.command()
def dashboard(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on 127.0.0.1 (STAMMKUNDE_DASHBOARD_PORT; else 8501).")
    ] = None,
) -> None:
    """Open the dashboard: pages on the published figures.

    It listens on 127.0.0.1. What is published while it is open shows on the next view.
    """
    from dashboard.start import start
    from stammkunde.environment import environment
    from stammkunde.shops import warehouse_places

    start(warehouse_places(), port or environment().dashboard_port)


@app.command()
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
    console.print(f"The documentation is in {target / 'index.html'}.", markup=False)
    if open_page:
        os.chdir(PROJECT)
        os.execve(dbt.program, [str(dbt.program), "docs", "serve", "--host", "127.0.0.1"], dbt.environment())
    else:
        console.print("It loads its data from a server: stammkunde docs --serve shows it on 127.0.0.1:8080.")


def refresh(find: Callable[[], Places], wanted: Mapping[str, object]) -> None:
    """Run one refresh to its end; after a good one print the key figures. What cannot be done is said at once, and told
    as every outage is."""
    from orchestration import launch
    from orchestration.outage import outage_told
    from orchestration.targets import check_installed
    from stammkunde.shops import check_source, given_up, warehouse_places

    request = asked(wanted)
    with outage_told(warehouse_places(), request, lambda text: None):  # main shows it
        places = find()
        check_installed(places.target)
        check_source(places)
        given_up(places, request.replace_shop)
    console.print(read_from(places), markup=False)
    finish(launch.run(places, request), places.as_of(request.as_of_date) if request.as_of_date else places.published)


def read_from(places: Places) -> str:
    """Which shop is read, and from where."""
    from stammkunde.shops import Source

    source = Source.of(places)
    if source.is_sample:
        return "The sample shop. Your own: stammkunde run --raw FOLDER (make run RAW=FOLDER)"
    return f"The shop {source.shop}, from {source.raw or source.raw_tables or 'a place that is not known'}"


def asked(wanted: Mapping[str, object]) -> RefreshRequest:
    """What a refresh is asked for. Raises StammkundeError for an impossible value."""
    from pydantic import ValidationError

    try:
        return RefreshRequest.model_validate(wanted)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][0]).replace("_", "-")
        said = first["msg"].removeprefix("Value error, ")
        raise StammkundeError(f"{option} is '{first['input']}': it {said}") from error


def finish(status: int, written: Path) -> None:
    """End as the refresh ended; after a good one with the key figures."""
    if status:
        raise typer.Exit(status)
    from reports.summary import summary_lines

    show(summary_lines(written))


def show(lines: Iterable[str]) -> None:
    """Print lines as they are: what files hold is no markup. Secrets are left out."""
    for line in lines:
        console.print(hidden(line), markup=False)


def main() -> None:
    """Run the command. What cannot go on is one line, without a traceback."""
    keep_private()
    try:
        app(prog_name="stammkunde")
    except StammkundeError as error:
        complaints.print(str(error), markup=False)
        sys.exit(1)
