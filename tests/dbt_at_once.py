"""dbt that starts at once: a server has imported it and parsed the project, and forks for each command.

`python -m tests.dbt_at_once ADDRESS` is the server, for warehouses of one name; `python tests/dbt_at_once.py ADDRESS
arguments` stands for the program `dbt`: it hands its arguments, environment, folder and output on, and ends as the
command ends. A command whose program was ended or killed ends, too, and frees the warehouse.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BYTES_OF_LENGTH = 8
READY = "ready\n"
NUMBERS = count()


class DbtAtOnce:
    """A server. `environment`: the variables that name the warehouse, and as DBT_TARGET_PATH a folder that knows the
    project as it is parsed for it. It ends with the process that started it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.address = f"stammkunde-{os.getpid()}-{next(NUMBERS)}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.dbt_at_once", self.address],
            cwd=PROJECT, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout and self.process.stdout.readline() == READY

    def stop(self) -> None:
        self.process.communicate()


def begin_at_once(address: str) -> Callable[..., list[str]]:
    """What takes the place of `Dbt.command`. What parses the project does so itself, and writes what it read."""
    from stammkunde.dbt import Dbt

    as_user, program = Dbt.command, [sys.executable, "-S", __file__, address]

    def command(dbt: Dbt, *arguments: str) -> list[str]:
        given = as_user(dbt, *arguments)
        return given if "parse" in arguments else [*program, *given[1:]]

    return command


def path_of(address: str) -> str:
    """A socket of no file."""
    return f"\0{address}"


# The program


def ask(address: str, arguments: list[str]) -> int:
    """The exit status of a command."""
    text = json.dumps({"arguments": arguments, "environment": dict(os.environ), "folder": str(Path.cwd())}).encode()
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path_of(address))
        socket.send_fds(server, [len(text).to_bytes(BYTES_OF_LENGTH, "big")], [1, 2])
        server.sendall(text)
        status = server.recv(1)
    return status[0] if status else 1


# The server


def serve(address: str) -> None:
    from dbt.task import runnable

    from tests.parsed_project import run

    # It is there, as dbt wrote it when it parsed the project. To write it takes longer than what most tests ask of dbt.
    runnable.write_manifest = lambda *_: None
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path_of(address))
        listening.listen()
        print(READY, end="", flush=True)
        running: dict[int, tuple[int, socket.socket]] = {}
        while True:
            ready, _, _ = select.select([listening, sys.stdin, *running], [], [])
            if sys.stdin in ready:
                return
            for ended in running.keys() & {*ready}:
                tell(*running.pop(ended))
                os.close(ended)
            if listening in ready:
                client, _ = listening.accept()
                pid = os.fork()
                if pid == 0:
                    listening.close()
                    arguments = take_the_place(client)
                    threading.Thread(target=end_with, args=(client,), daemon=True).start()
                    sys.exit(run({"arguments": arguments}))  # which ends as the program `dbt` ends
                running[os.pidfd_open(pid)] = pid, client


def tell(pid: int, client: socket.socket) -> None:
    """Tell the program how its command ended, whose process is gone then, as are its locks."""
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with client, suppress(OSError):  # it may have been killed
        client.send(bytes([status & 255]))


def take_the_place(client: socket.socket) -> list[str]:
    """Its environment, folder and output. Gives its arguments."""
    length, outputs, *_ = socket.recv_fds(client, BYTES_OF_LENGTH, 2)
    with client.makefile("rb") as reading:
        asked = json.loads(reading.read(int.from_bytes(length, "big")))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, output in enumerate(outputs, 1):
        os.dup2(output, descriptor)
        os.close(output)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    return asked["arguments"]


def end_with(client: socket.socket) -> None:
    while client.recv(1):  # nothing more is sent
        pass
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    if sys.argv[2:]:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
    serve(sys.argv[1])
