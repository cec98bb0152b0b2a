"""Imports a module once and forks for each call of its function `run`: what is slow to import or to parse is shared.

Each call is a process of its own, as a command on a terminal is: it has its own environment, output and exit status, it
frees its locks when it ends, and it can be killed. Reads one JSON command per line: {"start": {"request": ...,
"environment": ..., "output": path}} answers with the process id, {"wait": pid} with its exit status.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any


def start(run: Callable[[Any], int | None], command: dict) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(command["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.exit(run(command["request"]))


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")  # nothing else that is printed here is an answer
    os.dup2(2, 1)
    run = importlib.import_module(sys.argv[1]).run
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if "start" in command:
            answer = start(run, command["start"])
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(command["wait"], 0)[1])
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
