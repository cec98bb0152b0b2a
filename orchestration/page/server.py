"""Dagster's page, its daemon and the server of the definitions, as `dagster dev` starts them, but with the guard in the
process of the page itself: no port lies behind it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
import yaml
from dagster import DagsterInstance
from dagster._cli.proxy_server_manager import ProxyServerManager
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget, WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__

from orchestration.page.guard import Guard
from stammkunde.environment import base_path
from stammkunde.errors import StammkundeError
from stammkunde.places import PROJECT

HOST = "127.0.0.1"
DEFINITIONS, DAEMON = "orchestration.definitions", "orchestration.page.daemon"
PATIENCE_SECONDS = 60  # for the daemon to end


def serve(port: int, public: str | None) -> int:
    """Show the page until somebody ends it. Gives the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # in place of an end that would leave the other processes
    with ExitStack() as stack:
        listening = stack.enter_context(listener(port))
        instance = stack.enter_context(DagsterInstance.get())
        workspace = stack.enter_context(workspace_file(instance))
        daemon = stack.enter_context(daemon_process(workspace))
        context = stack.enter_context(context_of(instance, workspace))
        page = create_app_from_workspace_process_context(context, path_prefix=base_path(public))
        guarded = Guard(page, port, public)
        server = uvicorn.Server(uvicorn.Config(guarded, log_level="warning", server_header=False))
        threading.Thread(target=end_with, args=(daemon, server), daemon=True).start()
        print(f"Dagster's page: http://{HOST}:{port}{base_path(public)} (Ctrl-C ends it)", flush=True)
        server.run(sockets=[listening])
        if daemon.poll():
            print("Dagster's daemon has ended; the page ends, too. Start it again: make dagster", file=sys.stderr)
            return 1
    return 0


@contextmanager
def listener(port: int) -> Iterator[socket.socket]:
    """The port of the page. Raises StammkundeError where somebody else has it."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen()
        except OSError as error:
            raise StammkundeError(
                f"port {port} cannot be had ({error.strerror}): end what has it, such as another `make dagster`, or "
                "name another one with STAMMKUNDE_DAGSTER_PORT"
            ) from error
        yield listening


@contextmanager
def workspace_file(instance: DagsterInstance) -> Iterator[Path]:
    """Starts the server of the definitions, on a socket, and gives the file that tells Dagster's processes of it."""
    target = ModuleTarget(DEFINITIONS, None, str(PROJECT), None)
    with (
        ProxyServerManager(instance, target, code_server_log_level="warning") as servers,
        TemporaryDirectory(prefix="stammkunde_") as folder,
    ):
        workspace = Path(folder) / "workspace.yaml"
        workspace.write_text(yaml.safe_dump({"load_from": list(servers.get_code_server_specs())}), encoding="utf-8")
        yield workspace


def context_of(instance: DagsterInstance, workspace: Path) -> WorkspaceProcessContext:
    return WorkspaceProcessContext(instance, WorkspaceFileTarget([str(workspace)]), version=__version__)


@contextmanager
def daemon_process(workspace: Path) -> Iterator[subprocess.Popen[bytes]]:
    """What starts the runs of schedule, sensors and queue. It ends with this process (orchestration/page/daemon.py)."""
    command = [sys.executable, "-m", DAEMON, "run", "--workspace", str(workspace)]
    daemon = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        yield daemon
    finally:
        daemon.terminate()
        try:
            daemon.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            daemon.kill()


def end_with(daemon: subprocess.Popen[bytes], server: uvicorn.Server) -> None:
    """A page without its daemon would start nothing, and say nothing of it."""
    daemon.wait()
    server.should_exit = True
