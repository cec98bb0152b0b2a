"""One refresh without a server: what `make run` does. The same Dagster job, its progress on the terminal.

The job runs in a process of its own, so that whoever started it learns of it also when that process is killed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from orchestration.places import PROJECT, Places

TERMINAL = "STAMMKUNDE_TERMINAL"  # set: progress goes to the terminal, not only to Dagster's log


def run(places: Places, request: Mapping[str, object]) -> int:
    """Refresh, and give the exit status: 0 only if everything ran and was published."""
    prepare_instance(places)
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in request.items() if value not in (None, False)]
    command = [sys.executable, "-m", "orchestration.refresh", *arguments]
    environment = {**os.environ, **places.environment(), TERMINAL: "1"}
    process = subprocess.Popen(command, cwd=PROJECT, env=environment)
    try:
        status = process.wait()
    except KeyboardInterrupt:
        status = process.wait()  # the interrupt reached it too
    if status < 0:
        tell_of_crash(places, -status)
        return 1
    return status


def prepare_instance(places: Places) -> None:
    """Dagster's folder with its settings, which turn off telemetry among others."""
    places.dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT / "orchestration" / "dagster.yaml", places.dagster_home / "dagster.yaml")


def tell_of_crash(places: Places, signal: int) -> None:
    """The process could not tell itself that it was killed."""
    from orchestration.session import locked, note_interrupted
    from orchestration.state import State

    print(f"The refresh was ended by signal {signal}. Readers keep the last good figures.", file=sys.stderr)
    with locked(places, print):
        note_interrupted(places, State(places.state))


def inside(request: Mapping[str, object]) -> int:
    """The job itself, in this process."""
    import dagster as dg

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
                tags={"started_by": "make run", "pid": str(os.getpid())},
                run_config={
                    "resources": {"refresh": {"config": dict(request)}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
            )
        finally:
            sys.stdout = terminal
    # A run may end well with steps that were skipped: what counts is what was made.
    made = {event.asset_key for event in result.get_asset_materialization_events()}
    missing = sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys - made)
    if result.success and not missing:
        return 0
    print("\nThe refresh did not get through. Readers keep the last good figures.", file=sys.stderr)
    return 1


def fail_dead_runs(instance) -> None:
    """Runs of killed processes would stay running for ever, and hold the place of those to come."""
    import dagster as dg

    for run_ in instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        pid = run_.tags.get("pid")
        if pid and not Path(f"/proc/{pid}").exists() and Path("/proc").exists():
            instance.report_run_failed(run_, "its process was ended")


def main() -> int:
    from orchestration.__main__ import refresh_arguments

    return inside(vars(refresh_arguments().parse_args()))


if __name__ == "__main__":
    sys.exit(main())
