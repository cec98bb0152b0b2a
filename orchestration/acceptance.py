"""Letting the last blocked build through, once: what failed, and whether it may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.session import RefreshError
from orchestration.state import State
from stammkunde.places import Places


@dataclass(frozen=True)
class Blocked:
    """A blocked build and the checks that failed in it."""

    build_id: str
    failed: Sequence[Mapping[str, object]]


def last_blocked(places: Places) -> Blocked:
    """The build that was blocked last, if the last refresh was blocked. Raises RefreshError."""
    state = State(places.state)
    ended = [row for row in state.rows("builds") if row["outcome"] != "running"]
    if not ended or ended[-1]["outcome"] != "blocked":
        raise RefreshError("The last refresh was not blocked: there is nothing to accept.")
    build_id = str(ended[-1]["build_id"])
    failed = [row for row in state.of_build("validation_results", build_id) if row["outcome"] == "failed"]
    return Blocked(build_id, failed)
