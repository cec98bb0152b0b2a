"""The job itself, in this process: `python -m orchestration.job` with a RefreshRequest as JSON."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from orchestration.launch import TOLD
from orchestration.outage import Told, complain, tell
from stammkunde.errors import StammkundeError, one_line
from stammkunde.files import keep_private
from stammkunde.request import RefreshRequest
from stammkunde.shops import warehouse_places


def run_job(request: RefreshRequest) -> int:
    """Run the whole job. Gives the exit status: 0 only if everything was made. Whatever stops it is told."""
    places = warehouse_places()
    try:
        if made_all(request):
            return 0
        why = "it ended before it began: last_run.log beside Dagster's instance, or its page, says why"
    except Exception as error:  # whatever it is, it must not be silent
        why = str(error) if isinstance(error, StammkundeError) else f"{type(error).__name__}: {one_line(error)}"
    if not Told.anything:
        tell(places, request, why, complain)
    complain("\nThe refresh did not get through. Readers keep the last good figures.")
    return 1


def made_all(request: RefreshRequest) -> bool:
    """Run the job in this process. Whether everything was made."""
    import dagster as dg

    from orchestration.assets.actions import HANDED_OUT
    from orchestration.assets.steps import refresh_of
    from orchestration.definitions import defs

    instance = dg.DagsterInstance.get()
    fail_dead_runs(instance)
    job = defs.resolve_job_def("refresh")
    # What dbt prints is in its log; the terminal shows the steps.
    log = Path(os.environ["DAGSTER_HOME"]) / "last_run.log"
    with log.open("w", encoding="utf-8") as kept:
        terminal, sys.stdout = sys.stdout, kept
        try:
            result = job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                tags={"started_by": "stammkunde run", "pid": str(os.getpid())},
                resources={"refresh": refresh_of(request)},
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        finally:
            sys.stdout = terminal
    # A run may end well with steps that were skipped: what counts is what was made. The day's list may be left out.
    made = {HANDED_OUT, *(event.asset_key for event in result.get_asset_materialization_events())}
    missing = sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys if key not in made)
    return result.success and not missing


def fail_dead_runs(instance) -> None:
    """Runs of killed processes would stay running for ever, and hold the place of those to come."""
    import dagster as dg
    import psutil

    for run in instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        pid = run.tags.get("pid")
        if pid and not psutil.pid_exists(int(pid)):
            instance.report_run_failed(run, "its process was ended")


if __name__ == "__main__":
    keep_private()
    sys.exit(TOLD if run_job(RefreshRequest.model_validate_json(sys.argv[1])) else 0)
