"""python -m intake prepare | check | map: see docs/bring-your-own-orders.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from .errors import IntakeError

SAMPLE = "sample_data/raw"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m intake", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    preparing = commands.add_parser("prepare", help="write a folder that dbt reads; prints its path")
    preparing.add_argument("--out", type=Path, required=True)
    checking = commands.add_parser("check", help="say what a raw folder holds and what would become of it")
    proposing = commands.add_parser("map", help="propose a mapping for an unknown file")
    proposing.add_argument("--raw", type=Path, required=True, help="the file, or a folder of such files")
    for command in (preparing, checking):
        command.add_argument("--raw", type=Path, default=Path(os.environ.get("STAMMKUNDE_RAW", SAMPLE)))
        command.add_argument("--mapping", type=Path, default=os.environ.get("STAMMKUNDE_MAPPING"))
    arguments = parser.parse_args()
    try:
        for line in lines(arguments):
            print(line, flush=True)
    except IntakeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """What the command prints."""
    if arguments.command == "map":
        from .propose import propose

        yield from propose(arguments.raw)
        return
    mapping = Path(arguments.mapping) if arguments.mapping else None
    if arguments.command == "check":
        from .check import check

        yield from check(arguments.raw, mapping)
    else:
        from .prepare import prepare

        yield str(prepare(arguments.raw, arguments.out, mapping))


if __name__ == "__main__":
    sys.exit(main())
