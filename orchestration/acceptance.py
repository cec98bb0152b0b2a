"""Letting the last blocked build through, once: what failed, what it was asked for, and whether it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.history import asked_for, failed_checks, waiting
from orchestration.session import RefreshError
from orchestration.state import Row, State
from stammkunde.places import Places
from stammkunde.request import RefreshRequest
from stammkunde.shops import Source


@dataclass(frozen=True)
class Blocked:
    """A blocked build: the checks that failed in it, what it read, and what it was asked for."""

    build_id: str
    failed: Sequence[Row]
    places: Places
    request: RefreshRequest

    def accepted(self, reason: str) -> RefreshRequest:
        """The same refresh once more, in which these checks may fail."""
        return self.request.model_copy(update={"accepted_build": self.build_id, "accepted_reason": reason})


def last_blocked(places: Places, target: str | None = None) -> Blocked:
    """The build that was blocked last, however it was started. Raises RefreshError where none waits."""
    state = State(places)
    builds = state.rows("builds")
    build = waiting(builds)
    if build is None:
        raise RefreshError("No refresh was blocked since the last one was published: there is nothing to accept.")
    build_id = str(build["build_id"])
    source = Source.model_validate_json(str(build["source"])) if build["source"] else Source.of(places)
    if target:
        source = source.model_copy(update={"target": target})
    return Blocked(
        build_id=build_id,
        failed=failed_checks(builds, state.rows("validation_results"), build_id),
        places=source.in_places(places),
        request=RefreshRequest.model_validate(asked_for(build)),
    )
