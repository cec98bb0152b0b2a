"""Starts a refresh without a server, as `stammkunde run` does: the same Dagster job, its progress on the terminal.

The job runs in a process of its own, so that its end is reported also when that process is killed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

import yaml

from orchestration.session import locked, note_interrupted
from orchestration.state import State
from stammkunde.environment import PREFIX
from stammkunde.files import replaced
from stammkunde.places import PROJECT, Places
from stammkunde.request import RefreshRequest

DAGSTER_OF_EVENT_LOG = "1.13.27"  # orchestration/event_log.py was written for it


def run(places: Places, request: RefreshRequest) -> int:
    """Refresh, and give the exit status: 0 only if everything ran and was published."""
    prepare_instance(places)
    is_first = not (places.dbt_target / "manifest.json").exists()
    print("starting ..." + (" the first time dbt reads all models: some ten seconds" if is_first else ""), flush=True)
    command = [sys.executable, "-m", "orchestration.job", request.model_dump_json(exclude_defaults=True)]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment_of_refresh(places))
    try:
        status = process.wait()
    except KeyboardInterrupt:
        status = process.wait()  # the interrupt reached it too
    if status < 0:
        tell_of_crash(places, -status)
        return 1
    return status


def environment_of_refresh(places: Places) -> dict[str, str]:
    """The variables of a process that refreshes and shows its progress."""
    return {**os.environ, **places.environment(), PREFIX + "TERMINAL": "1"}


def prepare_instance(places: Places) -> None:
    """Dagster's folder with its settings, which turn off telemetry among others.

    Our event log uses private names of one version of Dagster: with another version Dagster's own is taken, which is
    slower.
    """
    settings = yaml.safe_load((PROJECT / "orchestration" / "dagster.yaml").read_text(encoding="utf-8"))
    if version("dagster") != DAGSTER_OF_EVENT_LOG:
        del settings["event_log_storage"]
    with replaced(places.dagster_home / "dagster.yaml") as unfinished:
        unfinished.write_text(yaml.safe_dump(settings), encoding="utf-8")


def tell_of_crash(places: Places, signal: int) -> None:
    """The process could not tell itself that it was killed."""
    print(f"The refresh was ended by signal {signal}. Readers keep the last good figures.", file=sys.stderr)
    with locked(places, print):
        note_interrupted(places, State(places))
