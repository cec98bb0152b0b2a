"""Commands that say what to act on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import say, show
from cli.options import Language, known_language


def actions(
    language: Language = "de",
    to: Annotated[
        Path | None, typer.Option("--to", help="The file to write; else one beside the published file.")
    ] = None,
    with_addresses: Annotated[
        list[str] | None,
        typer.Option(
            "--with-addresses",
            metavar="SYSTEM",
            help="Also a file with e-mail addresses, for you alone: klaviyo, mailchimp or hubspot. May be repeated.",
        ),
    ] = None,
) -> None:
    """Write the day's list: whom to contact, and why.

    One CSV file with the customers whom the playbook selects, by whom and until when. It is noted who was handed out
    and who is left alone as control; a second run on the same day writes the same list.
    """
    from datetime import UTC, datetime

    from orchestration.action_list import hand_out
    from orchestration.address_files import known_systems
    from stammkunde.shops import warehouse_places

    code, systems = known_language(language), known_systems(with_addresses or ())
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    done = hand_out(warehouse_places(), code, now, say, to, systems)
    show(done.lines(now.date()))


def audit(language: Language = "de") -> None:
    """Print where retention is weakest, and what to do first.

    The 15-point audit: each point with its score, what it rests on and a first step, the weakest first.
    """
    from reports.audit import audit_lines
    from stammkunde.shops import find_places

    code = known_language(language)
    for line in audit_lines(find_places().published, code):
        say(line)
