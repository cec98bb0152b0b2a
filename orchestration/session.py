"""One refresh from its lock to its note in the history: what its steps share, and what is said when it fails."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from intake.mapping import Mapping as RawMapping
from orchestration import compared, raw
from orchestration.history import failed_checks, is_settled, note_withdrawn
from orchestration.notify import Failure, notify
from orchestration.progress import Telling
from orchestration.publish.builds import Kept, baseline
from orchestration.publish.place import repair
from orchestration.quality.results import Acceptance, Lasting, Result, blocking
from orchestration.state import State
from orchestration.targets import on_spark
from stammkunde import settings
from stammkunde.dbt import Dbt
from stammkunde.environment import environment
from stammkunde.errors import StammkundeError, one_line
from stammkunde.places import Places
from stammkunde.published import published_build
from stammkunde.request import RefreshRequest
from stammkunde.shops import Source, check_source, given_up, remember, remembered


class RefreshError(StammkundeError):
    """The refresh cannot go on."""


class WarehouseLockedError(RefreshError):
    """Somebody else has the warehouse open. Worth another try."""


@dataclass
class Session:
    """A refresh that holds the lock. Steps run in order and in one process."""

    places: Places
    state: State
    run_id: str
    build_id: str
    request: RefreshRequest
    telling: Telling
    done: list[str] = field(default_factory=list)
    failures: dict[str, list[Failure]] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    prepared: Path | None = None  # the raw folder as dbt reads it; None where there is none
    sql_of_tests: dict[str, str] = field(default_factory=dict)  # of all dbt builds of this refresh, by name
    is_blocked: bool = False
    overrides: Mapping[str, object] = field(default_factory=dict)
    baseline: Kept | None = None
    acceptance: Acceptance | None = None
    lasting: Lasting = field(default_factory=lambda: Lasting({}))

    @property
    def say(self) -> Callable[[str], None]:
        return self.telling.say

    @property
    def dbt(self) -> Dbt:
        """dbt on this refresh's places, with its settings."""
        given = {
            **self.places.environment(),
            "STAMMKUNDE_RAW": str(self.prepared or ""),
            "STAMMKUNDE_BUILD_ID": self.build_id,
            "STAMMKUNDE_COLLECTED": str(self.places.collected) if on_spark(self.places.target) else "",
        }
        return Dbt(self.places.dbt_target, given, self.overrides)

    @contextmanager
    def step(self, name: str, after: Sequence[str] = ()) -> Iterator[None]:
        """One step. A refresh is always whole: a step whose predecessors did not run in it does not start."""
        if missing := [step for step in after if step not in self.done]:
            raise RefreshError(
                f"{name} needs {missing[0]} in the same run: a refresh is always whole. Start the job `refresh`"
            )
        self.say(f"{name} ...")
        started = time.monotonic()
        try:
            yield
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                self.failures[name] = [Failure(name, one_line(error))]
                raise
            text = f"{self.places.warehouse} is open elsewhere: {one_line(error)}. Close it there"
            self.failures[name] = [Failure(name, text)]
            self.say(f"  {text}")
            raise WarehouseLockedError(text) from error
        except Exception as error:
            self.failures.setdefault(name, [Failure(name, one_line(error))])
            raise
        if not self.is_blocked:
            self.failures.pop(name, None)
            self.done.append(name)
        self.say(f"{name} took {time.monotonic() - started:.1f} s")

    def judge(self, name: str, results: Sequence[Result]) -> list[Result]:
        """Note what the gate found. Gives the checks that block."""
        for result in results:
            if result.outcome in ("warned", "accepted") and (result.suite == "raw") == (name == "raw"):
                self.say(f"  {result.outcome}: {result.explanation} [{result.suite}.{result.check_name}]")
        noted = [{**result.__dict__, "build_id": self.build_id} for result in results]
        self.state.replace("validation_results", self.build_id, noted)
        allowed = compared.acceptances(self.build_id, results, self.lasting)
        self.state.replace("acceptances", self.build_id, allowed)
        self.facts |= {
            "checks": len(results),
            "warnings": sum(result.outcome == "warned" for result in results),
            "failures": sum(result.outcome in ("failed", "accepted") for result in results),
            "accepted_reason": self.request.accepted_reason if any_accepted(results) else None,
        }
        self.state.note(self.build_id, **self.facts)
        held = blocking(results)
        if held:
            self.is_blocked = True
            self.failures[name] = [
                Failure(f"{result.suite}.{result.check_name}", result.explanation, result.observed, result.expected)
                for result in held
            ]
        return held

    def all_failures(self) -> list[Failure]:
        return [failure for failures in self.failures.values() for failure in failures]

    def claim(self) -> None:
        """Raises ShopError unless there is something to read whose figures may take the place of the published ones.

        A shop that is new here is remembered at once: if this fails, the next refresh must not read the sample.
        """
        check_source(self.places)
        if former := given_up(self.places, self.request.replace_shop):
            self.say(f"  the figures of the shop {former} are given up for those of {self.places.shop}")
        is_new = not any(known.shop in self.source.names for known in remembered(self.places))
        if is_new and (not self.places.raw or self.places.raw.is_dir()):  # no typing error
            remember(self.places)

    def keep_source(self) -> None:
        """What could be read is what later refreshes read where nobody names anything, whatever the gate says of it."""
        remember(self.places)
        self.state.rename_shop(self.source.names, self.places.shop)

    @property
    def source(self) -> Source:
        return Source.of(self.places)

    def begin(self, mapping: RawMapping | None) -> None:
        """Settle what this refresh is compared with. Raises RefreshError where an acceptance does not fit."""
        if self.places.mapping and not self.places.raw:
            raise RefreshError("a mapping says how files are read: name their folder too (STAMMKUNDE_RAW)")
        self.overrides = settings.overrides(mapping.settings if mapping else {}, self.request.as_of_date)
        settings.check(self.overrides, str(mapping.path) if mapping else "the command line")
        chosen = settings.in_force(self.overrides)
        files = raw.files_below(self.places.raw, self.places.mapping)
        self.facts |= {
            "shop": self.places.shop,
            "settings": settings.shown(chosen),
            "settings_hash": settings.settings_hash(chosen),
            "raw_fingerprint": raw.fingerprint(files)[0],
        }
        self.facts["models_hash"] = compared.models_hash()
        self.baseline = baseline(self.places, self.source.names)
        self.facts |= {
            "baseline_build_id": self.baseline.build_id if self.baseline else None,
            "baseline_as_of_date": self.baseline.manifest.get("as_of_date") if self.baseline else None,
        }
        self.acceptance = self._acceptance()
        self.state.note(self.build_id, **self.facts)
        compared.keep_published_orders(self.state, self.baseline)
        changes = compared.definition_changes(self.build_id, self.facts, self.baseline) if self.baseline else []
        self.state.replace("definition_changes", self.build_id, changes)
        for change in changes:
            self.say(
                f"  since the build before, {change['definition']} changed: {change['was']}, now {change['is_now']}"
            )
        self.lasting = compared.lasting(self.state, self.baseline)

    def _acceptance(self) -> Acceptance | None:
        accepted, reason = self.request.accepted_build, self.request.accepted_reason
        if not accepted:
            return None
        builds = self.state.rows("builds")
        noted = next((row for row in builds if row["build_id"] == accepted), None)
        if noted is None or noted["outcome"] != "blocked" or not reason:
            raise RefreshError(f"there is no blocked build {accepted} to accept, or the reason is missing")
        if noted["raw_fingerprint"] != self.facts["raw_fingerprint"]:
            raise RefreshError(
                f"the raw files have changed since build {accepted} was blocked: run a usual refresh first (make run)"
            )
        if is_settled(builds, noted):
            raise RefreshError(f"build {accepted} is settled: a later one was published since")
        failed = failed_checks(builds, self.state.rows("validation_results"), accepted)
        return Acceptance(accepted, reason, frozenset((str(row["suite"]), str(row["check_name"])) for row in failed))


def any_accepted(results: Sequence[Result]) -> bool:
    return any(result.outcome == "accepted" for result in results)


@contextmanager
def refresh_session(places: Places, run_id: str, request: RefreshRequest, telling: Telling) -> Iterator[Session]:
    """The refresh that holds the lock of a warehouse; another one waits. On the way out its outcome is noted and, if it
    is not published, told (notify). What an earlier refresh left when it was killed is put in order first.

    Raises RefreshError where the lock is not to be had in time.
    """
    places.state.mkdir(parents=True, exist_ok=True)
    with locked(places, telling.say):
        state = State(places.state)
        repair(places)
        note_interrupted(places, state)
        note_withdrawn(places, state)
        started_at = utc_now()
        session = Session(
            places, state, run_id, f"{started_at:%Y%m%dT%H%M%S}Z-{run_id[:8]}", request, telling
        )  # sorts by time
        state.note(
            session.build_id,
            started_at=started_at,
            outcome="running",
            shop=places.shop or None,
            request=request.model_dump_json(exclude_defaults=True),
            source=session.source.model_dump_json(),
        )
        try:
            yield session
        finally:
            finish(session)


@contextmanager
def locked(places: Places, say: Callable[[str], None]) -> Iterator[None]:
    lock = FileLock(places.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("another refresh runs; this one waits for it")
        seconds = environment().lock_wait
        try:
            lock.acquire(timeout=seconds)
        except Timeout as error:
            raise RefreshError(f"another refresh still runs after {seconds:,.0f} s (lock {places.lock})") from error
    try:
        yield
    finally:
        lock.release()


def note_interrupted(places: Places, state: State) -> None:
    """Refreshes that were killed still stand as running; the lock says that none is."""
    running = [str(row["build_id"]) for row in state.rows("builds") if row["outcome"] == "running"]
    if not running:
        return
    current = published_build(places.published)
    for build_id in running:
        if build_id == current:  # killed just after it was published
            state.note(build_id, outcome="published", finished_at=utc_now())
            continue
        reason = "was interrupted: its process was ended, or the machine"
        state.note(build_id, outcome="failed", reason=reason, finished_at=utc_now())
        notify(build_id, "failed", [Failure("refresh", f"The refresh {build_id} {reason}")])


def finish(session: Session) -> None:
    """Note how a refresh ended, and tell if readers did not get it."""
    if "publish" in session.done:
        session.state.note(session.build_id, outcome="published", finished_at=utc_now())
        return
    outcome = "blocked" if session.is_blocked else "failed"
    failures = session.all_failures() or [Failure("refresh", "It ended before it was published")]
    for failure in failures:
        session.say(f"  {outcome}: {failure.line()}")
    reason = "; ".join(failure.text for failure in failures)[:2000]
    try:
        session.state.note(session.build_id, outcome=outcome, reason=reason, finished_at=utc_now())
    except (OSError, duckdb.Error) as error:  # a full disk must not keep the message back
        print(f"the outcome could not be noted: {one_line(error)}", file=sys.stderr)
    notify(session.build_id, outcome, failures, session.run_id)


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
