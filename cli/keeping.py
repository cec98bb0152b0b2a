"""Commands that keep a warehouse in order: rollback, doctor, backup and restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import say
from cli.options import ReplaceShop


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
            say(text)
        place.repair(places)
        done = place.rollback(places, replace_shop, to)
        note_withdrawn(places, State(places), done.withdrawn)
        failed = renew(places, say)
    for build_id in done.broken:
        say(f"Build {build_id} is not what was published, and was passed over.")
    withdrawn = " and ".join(done.withdrawn)
    is_or_are = "is" if len(done.withdrawn) == 1 else "are"
    say(f"Readers now see build {done.current} again; {withdrawn} {is_or_are} withdrawn.")
    say(f"The next refresh is compared with {done.current}.")
    if failed:
        raise typer.Exit(1)


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
        say(str(finding))
        found, left = found + 1, left + finding.is_left
    if not found:
        say("Nothing is wrong.")
    raise typer.Exit(1 if left else 0)


def backup(file: Annotated[Path, typer.Argument(help="The archive to write, such as stammkunde.tar.gz.")]) -> None:
    """Write what cannot be rebuilt into one archive.

    Records, published file and kept builds, mappings, your own thresholds and settings, with checksums.
    """
    from orchestration.backup import backup as write_backup
    from stammkunde.shops import warehouse_places

    parts = write_backup(warehouse_places(), file.absolute())
    held = ", ".join(f"{number} of {part}" for part, number in parts.items())
    say(f"{file} holds {held}; not the raw files.")
    say("Keep it as safe as the records: whoever has it can tell who a customer is.")


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
    say(f"{readers}; builds that are kept: {done.builds}.")
    for note in done.notes:
        say(note)
