"""Reading in a process of its own, whose memory is limited: XML of a few bytes can ask for any amount of it."""

from __future__ import annotations

import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from stammkunde.environment import bytes_of, environment
from stammkunde.places import PROJECT

from ..errors import IntakeError

T = TypeVar("T")
MEMORY = "STAMMKUNDE_EXCEL_MEMORY"
NO_MEMORY = 3  # exit status


def in_own_process(read: Callable[..., T], path: Path, *arguments: object) -> T:
    """What `read(path, *arguments)` gives. Raises IntakeError where it does, and where it needs too much memory."""
    limit = environment().excel_memory
    asked = pickle.dumps((bytes_of(limit), read, path, arguments))
    finished = subprocess.run(
        [sys.executable, "-m", __name__],
        input=asked, env={**os.environ, "PYTHONPATH": str(PROJECT)}, capture_output=True, check=False,
    )  # fmt: skip
    said = finished.stderr.decode(errors="replace").strip().splitlines() or ["it says nothing"]
    # Where nothing is left, Python itself may be ended, or fail while it fails.
    if (
        finished.returncode < 0
        or finished.returncode == NO_MEMORY
        or any(MemoryError.__name__ in line for line in said)
    ):
        raise IntakeError(
            f"{path} ({path.stat().st_size:,} bytes): reading it takes more memory than {limit} ({MEMORY}). If it is a "
            f"real export, save it as CSV or give {MEMORY} a larger size; else take the file away"
        )
    if finished.returncode:
        raise IntakeError(f"{path}: reading it failed ({said[-1]}). Save it again")
    answer: Any = pickle.loads(finished.stdout)
    if isinstance(answer, IntakeError):
        raise answer
    return answer


def main() -> None:
    limit, read, path, arguments = pickle.load(sys.stdin.buffer)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    try:
        answer = read(path, *arguments)
    except IntakeError as error:
        answer = error
    except MemoryError:
        sys.exit(NO_MEMORY)
    sys.stdout.buffer.write(pickle.dumps(answer))


if __name__ == "__main__":
    main()
