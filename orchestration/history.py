"""What the list of refreshes says: which blocked build waits for a person, and which builds were withdrawn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from orchestration.publish.builds import kept
from orchestration.state import Row, State
from stammkunde.places import Places


def waiting(builds: Sequence[Row]) -> Row | None:
    """The build that was blocked last, unless it is settled. `builds` are in the order of their starts."""
    blocked = [build for build in builds if build["outcome"] == "blocked"]
    return blocked[-1] if blocked and not is_settled(builds, blocked[-1]) else None


def is_settled(builds: Sequence[Row], blocked: Row) -> bool:
    """Whether a later build of the same shop and settings came to its readers: a blocked build is let through once.

    Attempts that failed or were blocked settle nothing.
    """
    return any(
        build["outcome"] in ("published", "withdrawn")
        and str(build["build_id"]) > str(blocked["build_id"])
        and (build["shop"], build["settings_hash"]) == (blocked["shop"], blocked["settings_hash"])
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
    """What a refresh was asked for; earlier versions did not note it."""
    return json.loads(str(build["request"])) if build["request"] else {}


def told(places: Places) -> list[Row]:
    """The refreshes in the order of their starts. Builds that were rolled back are withdrawn, whether or not it was
    noted."""
    withdrawn = {build.build_id for build in kept(places) if build.is_withdrawn}
    return [
        {**row, "outcome": "withdrawn"} if row["outcome"] == "published" and row["build_id"] in withdrawn else row
        for row in State(places).rows("builds")
    ]


def note_withdrawn(places: Places, state: State) -> None:
    """Note which builds were rolled back, also where a crash came between: only the last builds are kept."""
    noted = {row["build_id"] for row in state.rows("builds") if row["outcome"] == "withdrawn"}
    for row in told(places):
        if row["outcome"] == "withdrawn" and row["build_id"] not in noted:
            state.note(str(row["build_id"]), outcome="withdrawn")
