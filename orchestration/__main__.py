"""The commands of operation: `python -m orchestration run|accept|rollback|builds|serve`; make has a target for each."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from orchestration.places import PROJECT, Places
from orchestration.targets import TargetError, check_installed

PORT = "3000"


def refresh_arguments() -> argparse.ArgumentParser:
    """What one refresh can be asked for."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--as-of-date", help="rebuild the warehouse as it was known on this day, YYYY-MM-DD")
    parser.add_argument(
        "--full-refresh", type=truth, nargs="?", const=True, default=False, help="rebuild everything whole"
    )
    parser.add_argument("--accepted-build", help=argparse.SUPPRESS)
    parser.add_argument("--accepted-reason", help=argparse.SUPPRESS)
    return parser


def truth(text: str) -> bool:
    return text.lower() in ("true", "1", "yes")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m orchestration", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", parents=[refresh_arguments()], help="refresh, and print the key figures")
    running.add_argument("--raw", type=Path, help="the raw folder (STAMMKUNDE_RAW)")
    running.add_argument("--target", help="the engine, by its name in profiles.yml (STAMMKUNDE_TARGET)")
    running.add_argument("--mapping", type=Path, help="how foreign files are read (STAMMKUNDE_MAPPING)")
    accepting = commands.add_parser("accept", help="let the last blocked build through, once")
    accepting.add_argument("--reason", required=True, help="why its figures are right; kept in marts.builds")
    commands.add_parser("rollback", help="bring the published build before back")
    commands.add_parser("builds", help="list the refreshes and what became of them")
    commands.add_parser("serve", help="open Dagster's page on 127.0.0.1, with schedule and sensor")
    arguments = parser.parse_args()
    places = Places.from_environment()
    places = replace(places, target=getattr(arguments, "target", None) or places.target)
    try:
        if arguments.command in BUILDING:
            check_installed(places.target)
    except TargetError as error:
        print(error, file=sys.stderr)
        return 1
    return COMMANDS[arguments.command](places, arguments)


def run(places: Places, arguments: argparse.Namespace) -> int:
    from orchestration import refresh, summary

    places = replace(
        places,
        raw=arguments.raw.absolute() if arguments.raw else places.raw,
        mapping=arguments.mapping.absolute() if arguments.mapping else places.mapping,
    )
    asked = ("as_of_date", "full_refresh", "accepted_build", "accepted_reason")
    status = refresh.run(places, {name: getattr(arguments, name) for name in asked})
    return status or summary.show(places.published)


def accept(places: Places, arguments: argparse.Namespace) -> int:
    from orchestration import refresh, summary
    from orchestration.state import State

    reason = " ".join(arguments.reason.split())
    state = State(places.state)
    ended = [row for row in state.rows("builds") if row["outcome"] != "running"]
    last = ended[-1] if ended else None
    if last is None or last["outcome"] != "blocked":
        print("The last refresh was not blocked: there is nothing to accept.", file=sys.stderr)
        return 1
    if not reason:
        print('Say why the figures are right: make accept REASON="the shop was migrated"', file=sys.stderr)
        return 1
    failed = [row for row in state.of_build("validation_results", str(last["build_id"])) if row["outcome"] == "failed"]
    print(f"Letting these checks of build {last['build_id']} fail once more:")
    for row in failed:
        print(f"  {row['suite']}.{row['check_name']}: {row['explanation']}")
    status = refresh.run(places, {"accepted_build": last["build_id"], "accepted_reason": reason})
    return status or summary.show(places.published)


def rollback(places: Places, arguments: argparse.Namespace) -> int:
    from orchestration import publish
    from orchestration.session import locked

    try:
        with locked(places, print):
            publish.repair(places)
            withdrawn, current = publish.rollback(places)
    except publish.PublishError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"Readers now see build {current} again; {withdrawn} is withdrawn. The next refresh is compared with {current}."
    )
    return 0


def builds(places: Places, arguments: argparse.Namespace) -> int:
    from orchestration.publish import published_build
    from orchestration.state import State

    rows = State(places.state).rows("builds")
    if not rows:
        print("No refresh was started yet.")
    current = published_build(places)
    for row in rows:
        orders = "" if row["orders"] is None else f"{row['orders']:,} orders"
        said = "readers see this one" if row["build_id"] == current else row["accepted_reason"] or row["reason"] or ""
        print(f"{row['build_id']}  {row['outcome']:<10}{orders:>18}  {said}"[:200])
    return 0


def serve(places: Places, arguments: argparse.Namespace) -> int:
    from orchestration.refresh import prepare_instance

    prepare_instance(places)
    # Dagster's own processes import our event log.
    environment = {**os.environ, **places.environment(), "PYTHONPATH": str(PROJECT)}
    program = Path(sys.executable).with_name("dagster")
    port = os.environ.get("STAMMKUNDE_DAGSTER_PORT", PORT)
    command = [str(program), "dev", "--host", "127.0.0.1", "--port", port, "--module-name", "orchestration.definitions"]
    os.chdir(PROJECT)
    os.execve(program, command, environment)


BUILDING = ("run", "accept", "serve")  # the others work without the engine: a rollback must always be possible
COMMANDS = {"run": run, "accept": accept, "rollback": rollback, "builds": builds, "serve": serve}

if __name__ == "__main__":
    sys.exit(main())
