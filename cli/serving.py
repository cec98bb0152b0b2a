"""Commands that serve: pages on 127.0.0.1, and assistants on stdin and stdout."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cli.console import say, show
from cli.refreshing import read_from
from stammkunde.places import PROJECT


def dashboard(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on 127.0.0.1 (STAMMKUNDE_DASHBOARD_PORT; else 8501).")
    ] = None,
) -> None:
    """Open the dashboard: pages on the published figures.

    It listens on 127.0.0.1. What is published while it is open shows on the next view.
    """
    from dashboard.start import start
    from stammkunde.environment import environment
    from stammkunde.shops import warehouse_places

    given = environment()
    start(warehouse_places(), port or given.dashboard_port, given.dashboard_url)


def mcp(
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print what a client needs to start it, and end.")
    ] = False,
) -> None:
    """Answer assistants: governed figures over MCP.

    A client (Claude Desktop, Cursor, VS Code) starts it and talks to it on stdin and stdout. It reads the published
    figures with each question and listens on no port.
    """
    from assistants.start import configuration, start
    from stammkunde.shops import warehouse_places

    if show_config:
        show(configuration(warehouse_places().published))
    else:
        start(warehouse_places().published)


def serve() -> None:
    """Open Dagster's page: runs, schedule and sensor.

    It listens on 127.0.0.1 and shows the asset graph, too.
    """
    from orchestration.launch import prepare_instance
    from orchestration.targets import check_installed
    from stammkunde.shops import find_places, named

    places = find_places()
    check_installed(places.target)
    prepare_instance(places)
    say(f"{read_from(places)}\n")
    # What nobody named stays open: each run reads what was read last by then.
    given = named().in_places(places).environment()
    os.chdir(PROJECT)
    # Dagster's own processes import our event log.
    environment = {**os.environ, **given, "PYTHONPATH": str(PROJECT)}
    os.execve(sys.executable, [sys.executable, "-m", "orchestration.page"], environment)
