"""The job itself, in this process: `python -m orchestration.job` with a RefreshRequest as JSON."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stammkunde.errors import StammkundeError
from stammkunde.request import RefreshRequest


def run_job(request: RefreshRequest) -> int:
    """Run the whole job. Gives the exit status: 0 only if everything was made."""
    import dagster as dg

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
    # A run may end well with steps that were skipped: what counts is what was made.
    made = {event.asset_key for event in result.get_asset_materialization_events()}
    missing = sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys if key not in made)
    if result.success and not missing:
        return 0
    print("\nThe refresh did not get through. Readers keep the last good figures.", file=sys.stderr)
    return 1


def fail_dead_runs(instance) -> None:
    """Runs of killed processes would stay running for ever, and hold the place of those to come."""
    import dagster as dg
    import psutil

    for run in instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        pid = run.tags.get("pid")
        if pid and not psutil.pid_exists(int(pid)):
            instance.report_run_failed(run, "its process was ended")


if __name__ == "__main__":
    try:
        sys.exit(run_job(RefreshRequest.model_validate_json(sys.argv[1])))
    except StammkundeError as error:  # a variable that cannot be meant
        sys.exit(str(error))
