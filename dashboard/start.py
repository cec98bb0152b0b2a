"""Starts the pages in Streamlit, in place of the command that asks for it."""

from __future__ import annotations

import os
import socket
import sys
from importlib.util import find_spec
from typing import NoReturn

from stammkunde.environment import base_path
from stammkunde.errors import StammkundeError
from stammkunde.places import PROJECT, Places

HOST = "127.0.0.1"


def start(places: Places, port: int, public: str | None = None) -> NoReturn:
    """The pages on the published file of these places. `public` is the address under which a proxy shows them, if any.
    Raises StammkundeError where they cannot be shown."""
    if find_spec("streamlit") is None:
        raise StammkundeError("the dashboard needs Streamlit: start it with 'make dashboard', which installs it")
    check_free(port)
    print(f"The dashboard of {places.published}: http://{HOST}:{port}{base_path(public)} (Ctrl-C ends it)", flush=True)
    environment = {**os.environ, **places.environment(), "PYTHONPATH": str(PROJECT)}
    os.execve(sys.executable, [sys.executable, "-m", "dashboard.server", str(port), public or ""], environment)


def check_free(port: int, named_by: str = "--port or STAMMKUNDE_DASHBOARD_PORT") -> None:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError as error:
            raise StammkundeError(
                f"port {port} cannot be had ({error.strerror}): end what has it, such as another dashboard, or name "
                f"another one with {named_by}"
            ) from error
