"""Starts Apache Superset on the published file: `make superset`. It runs in an environment of its own."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from dashboard.start import HOST, check_free
from dashboard.superset.bundle import FILE, bundle, write_bundle
from stammkunde.environment import environment
from stammkunde.errors import StammkundeError
from stammkunde.files import keep_private, make_private_folder, read_json, write_json, write_private
from stammkunde.places import PROJECT, Places
from stammkunde.shops import warehouse_places

PYTHON = PROJECT / ".venv-superset" / "bin" / "python"
HERE = PROJECT / "dashboard" / "superset"
CONFIG = HERE / "superset_config.py"
LOCK = PROJECT / "requirements-superset.lock"
SECRET_KEY = "secret_key"
READY = "ready.json"  # what Superset was last made ready for
THREADS = 8  # charts that are answered at once
PATH = "superset/dashboard/retention/"


def start(places: Places, port: int, password: str | None) -> NoReturn:
    """Superset with the shipped dashboard, in place of this process. Raises StammkundeError where that cannot be."""
    if not PYTHON.exists():
        raise StammkundeError("Superset is not installed: start it with 'make superset', which installs it")
    check_free(port, "STAMMKUNDE_SUPERSET_PORT")
    keep_private()
    make_private_folder(places.superset)
    keep_secret_key(places.superset)
    make_ready(places, password)
    print(f"Superset on {places.published}: http://{HOST}:{port}/{PATH} (Ctrl-C ends it)", flush=True)
    options = [
        f"--bind={HOST}:{port}", "--worker-class=gthread", f"--threads={THREADS}", "--timeout=120",
        "--no-control-socket", "--log-level=warning",
    ]  # fmt: skip
    os.chdir(places.superset)
    os.execve(PYTHON, [str(PYTHON), "-m", "gunicorn", *options, "superset.app:create_app()"], around(places))


def around(places: Places) -> dict[str, str]:
    """The variables that Superset runs with; none of this project's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STAMMKUNDE_", "PYTHON"))}
    return {
        **kept,
        "SUPERSET_HOME": str(places.superset),
        "SUPERSET_CONFIG_PATH": str(CONFIG),
        "FLASK_DEBUG": "0",
        "SCARF_ANALYTICS": "false",
    }


def keep_secret_key(home: Path) -> None:
    """What Superset signs sessions with, made once."""
    if not (home / SECRET_KEY).exists():
        write_private(home / SECRET_KEY, secrets.token_urlsafe(48) + "\n")


def make_ready(places: Places, password: str | None) -> None:
    """Superset's database, the login and the dashboard, where something of it is new."""
    ready = places.superset / READY
    wanted = {"for": state_of(places)}
    first = not ready.exists()
    if password is None and read_json(ready) == wanted:
        return
    print("Superset is made ready: some seconds.", flush=True)
    write_bundle(places.published, places.superset / FILE)
    chosen = password or (secrets.token_urlsafe(12) if first else "")
    finished = subprocess.run(
        [PYTHON, HERE / "prepare.py", places.superset / FILE],
        env={**around(places), "SUPERSET_ADMIN_PASSWORD": chosen},
        cwd=places.superset, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if finished.returncode:
        log = places.superset / "prepare.log"
        log.write_text(finished.stdout + finished.stderr, encoding="utf-8")
        raise StammkundeError(f"Superset could not be made ready: {log} says why")
    if chosen and password is None:
        print(
            f"Log in as admin with the password {chosen}\nIt is shown this once (docs/connect/superset.md).", flush=True
        )
    write_json(ready, wanted)


def state_of(places: Places) -> str:
    """Changes with Superset's version and configuration, and with what the dashboard and its datasets say."""
    parts = [LOCK.read_text(encoding="utf-8"), CONFIG.read_text(encoding="utf-8"), json.dumps(bundle(places.published))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def main() -> None:
    try:
        given = environment()
        password = given.superset_password
        start(warehouse_places(), given.superset_port, password.get_secret_value() if password else None)
    except StammkundeError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
