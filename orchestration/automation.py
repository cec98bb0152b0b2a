"""When a refresh starts by itself: every day, and when the raw files have changed."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from orchestration.mending import found_places
from orchestration.raw import File, files_below, fingerprint, still_written
from orchestration.state import State
from stammkunde.environment import environment
from stammkunde.errors import SettingError
from stammkunde.places import Places
from stammkunde.settings import defaults
from stammkunde.shops import ShopError, check_source

Job = Any  # what dg.define_asset_job gives has no public name
JOB = "refresh"
SENSOR_SECONDS = 30


@dataclass(frozen=True)
class Look:
    """What a look at the raw folder gives: what to remember, and whether to refresh or why not."""

    cursor: str
    refresh: str | None  # the fingerprint to refresh
    reason: str


def look(files: Sequence[File], now: float, cursor: str | None, refreshed: str | None, settle_seconds: float) -> Look:
    """Judge the raw folder by its contents.

    `refreshed` is the fingerprint of the last refresh, whatever became of it: what is known not to work is not tried
    again until it changes. Files are only read when they have rested and are as they were at the last look.
    """
    known = json.loads(cursor) if cursor else {}
    states = [file.state for file in files]
    if not files:
        return Look(json.dumps({**known, "states": states}), None, "the raw folder is empty")
    if unfinished := still_written(files, now, settle_seconds):
        return Look(json.dumps({**known, "states": states}), None, f"{unfinished[0].name} is still being written")
    if states != known.get("states"):
        return Look(
            json.dumps({**known, "states": states}), None, "the raw files have changed: one more look, to be sure"
        )
    found, hashes = fingerprint(files, known.get("hashes"))
    remembered = {"states": states, "hashes": hashes}
    if found in (refreshed, known.get("requested")):
        # Files that are back at the last refresh's take the request back: it may not have read them in between.
        requested = found if found == known.get("requested") else None
        return Look(
            json.dumps({**remembered, "requested": requested}), None, "the raw files are those of the last refresh"
        )
    return Look(json.dumps({**remembered, "requested": found}), found, "the raw files have changed")


def last_fingerprint(places: Places) -> str | None:
    """The fingerprint of the raw files that the last refresh of the shop was started with. One that rebuilt a past day
    brought its readers nothing."""
    rows = [
        row
        for row in State(places).rows("builds")
        if row["raw_fingerprint"] and row["shop"] == places.shop and not row["rebuilt_for"]
    ]
    return str(rows[-1]["raw_fingerprint"]) if rows else None


def daily(job: Job) -> dg.ScheduleDefinition:
    """Every day by the clocks of the shop; STAMMKUNDE_SCHEDULE holds another cron expression."""
    expression = environment().schedule
    try:
        return dg.ScheduleDefinition(
            name="daily_refresh",
            job=job,
            cron_schedule=expression,
            execution_timezone=str(defaults()["reporting_timezone"]),
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="A whole refresh every day, also when no file has changed: so that a silent export is noticed.",
        )
    except dg.DagsterInvalidDefinitionError as error:
        raise SettingError(
            f"STAMMKUNDE_SCHEDULE is '{expression}': must be a cron expression such as 0 5 * * * (every day at 5:00)"
        ) from error


def on_new_files(job: Job) -> dg.SensorDefinition:
    """When files appear or change in the raw folder."""

    @dg.sensor(
        name="raw_files",
        job=job,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts a refresh when the contents of raw files have changed, never on one that is being written.",
    )
    def raw_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        places = found_places()
        try:
            check_source(places)
        except ShopError as error:
            return dg.SkipReason(str(error))
        settle_seconds = environment().settle_seconds
        files = files_below(places.raw, places.mapping)
        seen = look(files, time.time(), context.cursor, last_fingerprint(places), settle_seconds)
        requests = [dg.RunRequest(tags={"raw_fingerprint": seen.refresh})] if seen.refresh else []
        return dg.SensorResult(
            run_requests=requests, skip_reason=None if requests else dg.SkipReason(seen.reason), cursor=seen.cursor
        )

    return raw_files


def on_crash() -> dg.SensorDefinition:
    """Tells of a run whose process died: it could not tell itself."""
    from orchestration.session import note_interrupted

    @dg.run_failure_sensor(
        name="interrupted_refreshes",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Notes a refresh whose process was ended, and sends the message that it could not send.",
    )
    def interrupted_refreshes(context: dg.RunFailureSensorContext) -> None:
        from filelock import FileLock, Timeout

        places = found_places()
        try:
            with FileLock(places.lock, timeout=0):
                note_interrupted(places, State(places))
        except Timeout:
            context.log.info("another refresh runs: it has put this one in order")

    return interrupted_refreshes
