"""A PostgreSQL server for tests."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def postgres_program(name: str) -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which(name)
    return found[-1] if found else Path(on_path) if on_path else None


def unprivileged_user() -> str | None:
    """PostgreSQL does not run as root: None where this already is another user."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((user for user in ("postgres", "nobody") if user in known), None)


@contextmanager
def running_postgres() -> Iterator[str]:
    """The address of a server of its own on 127.0.0.1, gone afterwards. Skips where there is none to start."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    initdb, pg_ctl = postgres_program("initdb"), postgres_program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    user = unprivileged_user()
    if os.geteuid() == 0 and user is None:
        pytest.skip("PostgreSQL does not run as root, and there is no other user")
    # Not below pytest's folder, which belongs to its user alone.
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        data = Path(folder)
        if user:
            shutil.chown(data, user)

        def run(*command: object) -> None:
            given = [str(part) for part in command]
            finished = subprocess.run(given, capture_output=True, text=True, user=user, cwd=data)
            assert finished.returncode == 0, finished.stdout + finished.stderr

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        run(initdb, "--pgdata", data / "db", "--username", "shop", "--auth", "trust", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off"
        run(pg_ctl, "start", "--pgdata", data / "db", "--wait", "--log", data / "log", "--options", options)
        try:
            yield f"host=127.0.0.1 port={port} user=shop dbname=postgres"
        finally:
            run(pg_ctl, "stop", "--pgdata", data / "db", "--mode", "immediate")
