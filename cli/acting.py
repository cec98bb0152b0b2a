"""Commands that say what to act on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import say, show
from cli.options import Language, known_language
from stammkunde.errors import StammkundeError


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


def try_rule(
    rule: Annotated[str | None, typer.Option("--rule", metavar="ID", help="A rule of the playbook to change.")] = None,
    threshold: Annotated[str | None, typer.Option("--threshold", help="Its other limit.")] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--change", metavar="FIELD=VALUE", help="Another value of a field of it; may be given again."),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="A CSV file with rules in the shape of seeds/playbook_rules.csv.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", help="A CSV file for today's customers.")] = None,
    language: Language = "de",
) -> None:
    """Say whom a changed or new rule would catch.

    Counts customers step by step, today and on the past twelve month ends, each as a refresh of that day would have
    known them. Changes nothing.
    """
    from cli.console import console
    from orchestration.progress import Telling
    from orchestration.trial import report, try_rules, write_today
    from stammkunde.shops import find_places

    code = known_language(language)
    telling = Telling(lambda text: None, console)
    trial = try_rules(find_places(), changes_of(rule, threshold, change or []), asked_for(rule, rules), telling)
    for line in report(trial):
        say(line)
    if to:
        say(f"{write_today(trial, to, code):,} rows of today: {to}")


def asked_for(rule: str | None, rules: Path | None) -> Path | None:
    if rule is None and rules is None:
        raise StammkundeError("--rule or --rules is missing: which rule is to be tried?")
    return rules


def changes_of(rule: str | None, threshold: str | None, changes: list[str]) -> dict[str, dict[str, str]]:
    """Rule to field to value. Raises StammkundeError for what is no change."""
    if rule is None:
        if threshold is not None or changes:
            raise StammkundeError("--threshold and --change need --rule: which rule is to be changed?")
        return {}
    fields = {} if threshold is None else {"threshold": threshold}
    for text in changes:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise StammkundeError(f"--change is '{text}': it must be FIELD=VALUE, such as cooldown_days=30")
        fields[name.strip()] = value.strip()
    return {rule: fields}
