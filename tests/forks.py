"""Processes that start at once, because a server (tests/fork_server.py) has imported what is slow to import."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stammkunde.places import PROJECT


class ForkServer:
    """Starts calls of the function `run` of a module, each in a process of its own in the project's folder."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self.is_ready = False
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", module],
            cwd=PROJECT, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait_until_ready(self) -> None:
        """Wait until the module is imported."""
        if not self.is_ready:
            assert self._answer() == "ready"
            self.is_ready = True

    def start(self, request: object, environment: Mapping[str, str], output: Path) -> int:
        """The id of a new process; what it prints goes to the file `output`."""
        given = {"request": request, "environment": dict(environment), "output": str(output)}
        return self._ask({"start": given})

    def wait(self, pid: int) -> int:
        """The exit status of a process, when it has ended."""
        return self._ask({"wait": pid})

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()

    def _ask(self, command: Mapping[str, object]) -> int:
        self.wait_until_ready()
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the server did not start, or was ended: what it printed says why"
        return json.loads(line)
