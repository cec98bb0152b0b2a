"""Starts a refresh without a server, as `stammkunde run` does: the same Dagster job, its progress on the terminal.

The job runs in a process of its own, so that its end is reported also when that process is killed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

import yaml

from orchestration.mending import BEFORE_DAGSTER, mended
from orchestration.outage import complain, locked, made_way, note_before, outage_told, tell
from orchestration.session import note_interrupted
from orchestration.state import State
from stammkunde.environment import PREFIX
from stammkunde.files import make_private_folder, replaced
from stammkunde.places import PROJECT, Places
from stammkunde.request import RefreshRequest

DAGSTER_OF_EVENT_LOG = "1.13.27"  # orchestration/event_log.py was written for it


TOLD = 3  # exit status of a refresh that did not get through, and told why


def run(places: Places, request: RefreshRequest) -> int:
    """Refresh, and give the exit status: 0 only if everything ran and was published."""
    with outage_told(places, request, complain):
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
        tell_of_crash(places, request, -status)
    elif status not in (0, TOLD):
        tell(places, request, f"the process that refreshes ended with status {status}: see above", complain)
    return 1 if status else 0


def environment_of_refresh(places: Places) -> dict[str, str]:
    """The variables of a process that refreshes and shows its progress."""
    return {**os.environ, **places.environment(), PREFIX + "TERMINAL": "1"}


def prepare_instance(places: Places) -> None:
    """Dagster's folder with its settings, which turn off telemetry among others. What cannot be read in it, or of what
    dbt left, is made anew.

    Our event log uses private names of one version of Dagster: with another version Dagster's own is taken, which is
    slower.
    """
    put_right = [*made_way(places), *mended(places, BEFORE_DAGSTER)]
    for text in put_right:
        print(f"  {text}", flush=True)
    note_before(places, put_right)
    make_private_folder(places.dagster_home)
    settings = yaml.safe_load((PROJECT / "orchestration" / "dagster.yaml").read_text(encoding="utf-8"))
    if version("dagster") != DAGSTER_OF_EVENT_LOG:
        del settings["event_log_storage"]
    with replaced(places.dagster_home / "dagster.yaml") as unfinished:
        unfinished.write_text(yaml.safe_dump(settings), encoding="utf-8")


def tell_of_crash(places: Places, request: RefreshRequest, signal: int) -> None:
    """The process could not tell itself that it was killed."""
    text = f"The refresh was ended by signal {signal}."
    complain(f"{text} Readers keep the last good figures.")
    with outage_told(places, request, complain), locked(places, print):
        if not note_interrupted(places, State(places)):
            tell(places, request, text, complain)  # before it had begun
