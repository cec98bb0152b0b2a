"""Commands that refresh: run and accept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.console import say, show
from cli.options import MappingFile, Raw, ReplaceShop, Target
from stammkunde.errors import StammkundeError
from stammkunde.places import Places
from stammkunde.request import RefreshRequest


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
    say(
        f"The shop has a new salt ({places.records / salt.FILE}): every guest gets another id. The gate asks once "
        "whether this is meant (stammkunde accept)."
    )


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
    say(f"Letting these checks of build {blocked.build_id} fail once more:")
    for row in blocked.failed:
        say(f"  {row['suite']}.{row['check_name']}: {row['explanation']}")
    refresh(lambda: blocked.places, blocked.accepted(given).model_dump())


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
    say(read_from(places))
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
