"""What the list of refreshes says: which blocked build waits for a person, and which builds were withdrawn."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publish.builds import kept
from orchestration.publish.place import FACTS
from orchestration.state import Row, State, columns, position
from stammkunde.database import rows
from stammkunde.errors import PublishedFileError
from stammkunde.places import Places
from stammkunde.published import opened
from stammkunde.shops import Source


def waiting(builds: Sequence[Row]) -> Row | None:
    """The build that was blocked last, unless it is settled. `builds` are in the order of their starts."""
    blocked = [build for build in builds if build["outcome"] == "blocked"]
    return blocked[-1] if blocked and not is_settled(builds, blocked[-1]) else None


def is_settled(builds: Sequence[Row], blocked: Row) -> bool:
    """Whether a later build of the same shop and past day came to its readers: a blocked build is let through once.

    Attempts that failed or were blocked settle nothing.
    """
    return any(
        build["outcome"] in ("published", "withdrawn", "rebuilt")
        and position(build) > position(blocked)
        and (build["shop"], build.get("rebuilt_for")) == (blocked["shop"], blocked.get("rebuilt_for"))
        for build in builds
    )


def failed_checks(builds: Sequence[Row], results: Sequence[Row], build_id: str) -> list[Row]:
    """The checks that held a build back. Where it was itself an attempt to let a build through, also those of that one:
    what a person has let pass is not asked for again."""
    found: dict[tuple[object, object], Row] = {}
    for attempt in attempts(builds, build_id):
        for result in results:
            if result["build_id"] == attempt and result["outcome"] in ("failed", "accepted"):
                found.setdefault((result["suite"], result["check_name"]), result)
    return list(found.values())


def attempts(builds: Sequence[Row], build_id: str) -> Iterator[str]:
    """A blocked build, the one before that it was to let through, and so on."""
    requests = {str(build["build_id"]): asked_for(build) for build in builds}
    following: object = build_id
    while following in requests:
        yield str(following)
        following = requests.pop(str(following)).get("accepted_build")


def asked_for(build: Row) -> Mapping[str, object]:
    """What a refresh was asked for, but for the reason: each attempt has its own. Earlier versions did not note it."""
    asked = json.loads(str(build["request"])) if build["request"] else {}
    return {name: value for name, value in asked.items() if name != "accepted_reason"}


def rebuilt_builds(places: Places) -> list[Row]:
    """The history by what was published: what the newest whole file of each shop lists, and the manifests of the kept
    builds. What was asked for and read stands in neither."""
    names = columns("builds")
    listed: dict[str, dict[str, object]] = {}
    shops: set[object] = set()
    whole = [build for build in kept(places) if build.is_whole]
    for build in whole:
        noted = {name: build.manifest[name] for name in FACTS if build.manifest.get(name) is not None}
        outcome = "withdrawn" if build.is_withdrawn else "published"
        finished_at = str(build.manifest.get("published_at") or "").removesuffix("Z") or None
        listed[build.build_id] = {**noted, "build_id": build.build_id, "outcome": outcome, "finished_at": finished_at}
    for file, shop in [(places.published, None), *((build.file, build.shop) for build in whole)]:
        if shop not in shops and file.is_file():
            for row in listed_in(file):
                shops.add(row.get("shop"))
                before = listed.get(str(row["build_id"]), {})
                listed[str(row["build_id"])] = {"started_at": row.get("built_at"), **row, **before}
    return sorted(({name: row.get(name) for name in names} for row in listed.values()), key=position)


def listed_in(file: Path) -> list[dict[str, Any]]:
    """The builds that a published file lists; none where it cannot be read."""
    try:
        with opened(file) as connection:
            return rows(connection, "select * from marts.builds")
    except (PublishedFileError, duckdb.Error):
        return []


def sources_of(builds: Sequence[Row]) -> list[Source]:
    """What each shop was last read from, the latest last. The sample needs no memory."""
    found: dict[str, Source] = {}
    for build in builds:
        if build["source"] and build["shop"] and build["raw_fingerprint"]:
            source = Source.model_validate_json(str(build["source"]))
            found.pop(source.shop, None)
            found[source.shop] = source
    return [source for source in found.values() if source.is_known and not source.is_sample]


def told(places: Places) -> list[Row]:
    """The refreshes in the order of their starts. Builds that were rolled back are withdrawn, whether or not it was
    noted."""
    withdrawn = {build.build_id for build in kept(places) if build.is_withdrawn}
    return [
        {**row, "outcome": "withdrawn"} if row["outcome"] == "published" and row["build_id"] in withdrawn else row
        for row in State(places).rows("builds")
    ]


def note_withdrawn(places: Places, state: State, now: Collection[str] = ()) -> None:
    """Note which builds were rolled back: those of `now`, and earlier ones where a crash came between."""
    noted = {row["build_id"] for row in state.rows("builds") if row["outcome"] == "withdrawn"}
    for row in told(places):
        if row["build_id"] not in noted and (row["outcome"] == "withdrawn" or row["build_id"] in now):
            state.note(str(row["build_id"]), outcome="withdrawn")
