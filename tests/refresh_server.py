"""Starts refreshes for tests: a process that has imported Dagster and Great Expectations once, and forks for each.

Each refresh is a process of its own, as in operation, that can be killed; only the imports, some 15 s, are shared.
Reads one JSON command per line: {"start": {"environment": ..., "request": ..., "output": path}} answers with the
process id, {"wait": pid} with its exit status.
"""

from __future__ import annotations

import json
import os
import sys


def start(command: dict) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        output = os.open(command["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.update(command["environment"])
        from orchestration.job import run_job
        from stammkunde.request import RefreshRequest

        status = run_job(RefreshRequest(**command["request"]))
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def main() -> None:
    import great_expectations.expectations  # noqa: F401

    import orchestration.definitions  # noqa: F401

    print("ready", flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if "start" in command:
            answer = start(command["start"])
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(command["wait"], 0)[1])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
