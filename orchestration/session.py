"""One refresh from its lock to its note in the history: what its steps share, and what is said when it fails."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import duckdb

from intake.mapping import Mapping as RawMapping
from orchestration import compared, raw
from orchestration.address_files import remove_old
from orchestration.history import failed_checks, is_settled, note_withdrawn
from orchestration.mending import mended
from orchestration.notify import Failure, fault_of_webhook, notify
from orchestration.outage import (
    HISTORY_ERRORS,
    Told,
    locked,
    new_build_id,
    not_noted,
    noted_before,
    outage_told,
    utc_now,
)
from orchestration.predicting.tables import complete as complete_predictions
from orchestration.progress import Telling
from orchestration.publish.builds import Kept, baseline
from orchestration.publish.place import repair
from orchestration.quality.results import Acceptance, Lasting, Result, blocking
from orchestration.state import State, definitions, is_record
from orchestration.targets import on_spark
from stammkunde import salt, settings, suppression
from stammkunde.database import LOCKED, wal_of
from stammkunde.dbt import Dbt
from stammkunde.errors import StammkundeError, one_line
from stammkunde.files import PRIVATE_FILE, PRIVATE_FOLDER, free_name, keep_private
from stammkunde.places import Places
from stammkunde.published import published_build
from stammkunde.request import RefreshRequest
from stammkunde.shops import FILE, Source, check_source, given_up, remember, remembered


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
    late: dict[str, str] = field(default_factory=dict)  # SQL of the marts behind the gate, where not DuckDB built them
    is_blocked: bool = False
    overrides: Mapping[str, object] = field(default_factory=dict)
    baseline: Kept | None = None
    acceptance: Acceptance | None = None
    lasting: Lasting = field(default_factory=lambda: Lasting({}))
    mended: Sequence[str] = ()  # what was put right before it could start
    failed_copies: Sequence[str] = ()  # copies of the published file that are still those of an earlier build

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
            **suppression.variables(self.places, is_empty=not self.state.rows("suppressed")),
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
            if LOCKED not in str(error).lower():
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

    @property
    def written_file(self) -> Path:
        """Where its figures go: those of a past day never take the place of current ones."""
        day = self.request.as_of_date
        return self.places.as_of(day) if day else self.places.published

    def begin(self, mapping: RawMapping | None) -> None:
        """Settle what this refresh is compared with. Raises RefreshError where an acceptance does not fit."""
        if self.places.mapping and not self.places.raw:
            raise RefreshError("a mapping says how files are read: name their folder too (STAMMKUNDE_RAW)")
        self.overrides = settings.overrides(mapping.settings if mapping else {}, self.request.as_of_date)
        settings.check(self.overrides, str(mapping.path) if mapping else "the command line")
        chosen = settings.in_force(self._with_salt())
        files = raw.files_below(self.places.raw, self.places.mapping)
        self.facts |= {
            "shop": self.places.shop,
            "settings": settings.shown(chosen),
            "settings_hash": settings.settings_hash(chosen, salt.id_of(str(chosen[settings.SECRET]), self.places)),
            "models_hash": compared.models_hash(),
            "raw_fingerprint": raw.fingerprint(files)[0],
        }
        # A past day is compared with nothing: it stands beside the current figures.
        self.baseline = None if self.request.as_of_date else baseline(self.places, self.source.names)
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

    def _with_salt(self) -> Mapping[str, object]:
        """The settings with the salt of the shop, which a new shop gets here."""
        suppression.check_key(self.places, is_empty=not self.state.rows("suppressed"))
        found, is_new = salt.salt_of(self.places, self.overrides)
        self.overrides = {**self.overrides, settings.SECRET: found}
        if is_new:
            self.say(
                f"  a salt for the ids of guests was made: {self.places.records / salt.FILE}. Keep a copy of it in a "
                "safe place: without it guests get other ids"
            )
        return self.overrides

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
    is not published, told (notify). What an earlier refresh left when it was killed is put in order first, and so is
    what cannot be read.

    Raises OutageError where it cannot begin.
    """
    keep_private()
    with ExitStack() as held:
        with outage_told(places, request, telling.say, run_id):
            held.enter_context(locked(places, telling.say))
            session = begun(places, run_id, request, telling)
        try:
            yield session
        finally:
            finish(session)


def begun(places: Places, run_id: str, request: RefreshRequest, telling: Telling) -> Session:
    """Put the warehouse in order, and note that a refresh runs."""
    state = State(places)
    if fault := fault_of_webhook():
        telling.say(f"  {fault}")
    put_right = noted_before(places)
    for text in chain(take_records_over(places), mended(places)):
        telling.say(f"  {text}")
        put_right.append(text)
    make_private(places)
    remove_old(places, lambda text: telling.say(f"  {text}"))
    state.complete()
    complete_predictions(places)
    state.leave_emails_out()
    repair(places)
    note_interrupted(places, state)
    note_withdrawn(places, state)
    started_at = utc_now()
    build_id = new_build_id(started_at, run_id)
    session = Session(places, state, run_id, build_id, request, telling, mended=put_right)
    state.note(
        build_id,
        started_at=started_at,
        outcome="running",
        shop=places.shop or None,
        request=request.model_dump_json(exclude_defaults=True),
        source=session.source.model_dump_json(),
        mended="; ".join(put_right) or None,
        rebuilt_for=request.as_of_date,
    )
    session.facts["build_number"] = state.of_build("builds", build_id)[0]["build_number"]
    Told.anything = True  # whatever becomes of it
    return session


def make_private(places: Places) -> None:
    """What an earlier version left open: personal data ends in staging, and staging is in the warehouse."""
    for file in (places.warehouse, wal_of(places.warehouse)):
        if file.is_file():
            with suppress(PermissionError):
                file.chmod(PRIVATE_FILE)
    for folder in (places.prepared, places.collected):
        if folder.is_dir():
            with suppress(PermissionError):
                folder.chmod(PRIVATE_FOLDER)


def take_records_over(places: Places) -> Iterator[str]:
    """An earlier version kept the records in the state folder. Says what was moved; nothing is ever overwritten."""
    for record in (places.records / FILE, *(State(places).path(table) for table in definitions() if is_record(table))):
        former = places.state / record.name
        if not former.is_file():
            continue
        target = record if not record.exists() else free_name(record, ".of_an_earlier_version-")
        shutil.move(former, target)
        yield f"{former} is now kept as {target}"


def note_interrupted(places: Places, state: State) -> list[str]:
    """Refreshes that were killed still stand as running; the lock says that none is. Gives their ids."""
    running = [str(row["build_id"]) for row in state.rows("builds") if row["outcome"] == "running"]
    if not running:
        return []
    current = published_build(places.published)
    for build_id in running:
        if build_id == current:  # killed just after it was published
            state.note(build_id, outcome="published", finished_at=utc_now())
            continue
        reason = "was interrupted: its process was ended, or the machine"
        state.note(build_id, outcome="failed", reason=reason, finished_at=utc_now())
        notify(build_id, "failed", [Failure("refresh", f"The refresh {build_id} {reason}")])
    return running


def finish(session: Session) -> None:
    """Note how a refresh ended, and tell if readers did not get it, or if something had to be put right for it."""
    outcome = outcome_of(session)
    reason: str | None
    failures = session.all_failures() or [Failure("refresh", "It ended before it was published")]
    if outcome in ("blocked", "failed"):
        for failure in failures:
            session.say(f"  {outcome}: {failure.line()}")
        reason = "; ".join(failure.text for failure in failures)[:2000]
    else:
        reason = "; ".join(session.failed_copies)[:2000] or None
        failures = [
            *(Failure("copies", text) for text in session.failed_copies),
            *(Failure("doctor", text) for text in session.mended),
        ]
    try:
        session.state.note(session.build_id, outcome=outcome, reason=reason, finished_at=utc_now())
    except HISTORY_ERRORS as error:  # a full disk must not keep the message back
        not_noted(error)
    if failures:
        told = "published without a copy" if session.failed_copies else outcome
        notify(session.build_id, told, failures, session.run_id)


def outcome_of(session: Session) -> str:
    if "publish" in session.done:
        return "rebuilt" if session.request.as_of_date else "published"
    return "blocked" if session.is_blocked else "failed"
