"""Commands about one person: erasing, and handing out what is held."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import say, show
from cli.options import CustomerId, Email
from cli.refreshing import refresh
from stammkunde.errors import StammkundeError

if TYPE_CHECKING:
    from orchestration.person.erase import Erased
    from orchestration.person.find import Person


def forget(
    customer_id: CustomerId = None,
    email: Email = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether the right person was found.")] = False,
    and_refresh: Annotated[bool, typer.Option("--refresh/--no-refresh", help="Build and publish anew at once.")] = True,
) -> None:
    """Erase a person for good, from all that refreshes left.

    This is article 17 of the GDPR. Without an option it asks for number or e-mail, so that neither stands in the
    history of the shell. The raw files belong to the source: erase the person there, too.
    """
    from orchestration.copies.renew import renew
    from orchestration.mending import found_places, mended
    from orchestration.outage import locked
    from orchestration.person.erase import erase
    from orchestration.person.find import find_person
    from stammkunde.shops import find_places

    places = found_places()
    with locked(places, say):
        show(mended(places))
        person = find_person(places, *who(customer_id, email))
        show(about(person))
        if not yes and not typer.confirm("Erase this person for good?"):
            raise typer.Exit(1)
        erased = erase(places, person, say)
        not_renewed = renew(places, say)
    say(f"Erased: {erased.orders:,} orders are nobody's now, in {erased.builds} published builds.")
    if not_renewed:
        raise StammkundeError(f"What is made of the published file may still hold the person: {not_renewed[0]}")
    if erased.left:
        raise StammkundeError(f"Something of the person is still in {', '.join(map(str, erased.left))}: report this")
    show(left_to_do(erased))
    if and_refresh:
        refresh(find_places, {})
    else:
        say("The working warehouse was removed; the next refresh (make run) builds it anew.")


def left_to_do(erased: Erased) -> Iterator[str]:
    """What a person may still be in, and what is no refresh's to change."""
    from orchestration.left_behind import temporary_folders

    for file in erased.named:
        yield f"{file} names the person, and is yours: it was not touched. Take the person out there."
    for folder in temporary_folders():
        yield f"{folder} is of a command that runs, or was killed. Take it away if none runs."
    yield "The raw files are the source's and were not touched: erase the person there, and in copies that you made."
    yield "Backups that were made before still hold the person: take them away, or erase again after a restore."


def export_person_(
    customer_id: CustomerId = None,
    email: Email = None,
    folder: Annotated[Path | None, typer.Option("--to", help="A new folder for the files; else one is made.")] = None,
) -> None:
    """Write all that is held about a person into files.

    This is article 15 of the GDPR: CSV files, from raw files to marts.

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
        say(f"{target}: readable for you alone. Take it away when it was handed out.")
    else:
        say("Nothing is held about this person, and nothing was written.")


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
