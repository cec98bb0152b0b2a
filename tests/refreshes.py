"""What tests of whole refreshes share: a small shop, and refreshes of it that can be watched and killed."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.launch import prepare_instance
from orchestration.state import State
from stammkunde.places import Places
from tests.conftest import PROJECT
from tests.dbt_at_once import DbtAtOnce
from tests.forks import ForkServer

PATIENCE = 300  # seconds after which something that is waited for will not come


def write_shop(raw: Path) -> None:
    """60 customers of whom customer k orders every 10 + k days, 2024-01-01 to 2025-06-30, by way of an example."""
    raw.mkdir(parents=True, exist_ok=True)
    first, last = date(2024, 1, 1), date(2025, 6, 30)
    rows = []
    for customer in range(60):
        day, number = first + timedelta(days=7 * customer % 200), 0
        while day <= last:
            number += 1
            amount = f"{20 + (customer * 7 + number * 3) % 50}.50"
            ordered_at = f"{day} {8 + customer % 12:02}:{number % 60:02}:00"
            rows.append((f"o{customer}-{number}", f"c{customer}", ordered_at, amount, ordered_at))
            day += timedelta(days=10 + customer)
    with (raw / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("order_id", "customer_id", "ordered_at", "amount", "updated_at"))
        writer.writerows(sorted(rows, key=lambda row: (row[2], row[0])))


@dataclass
class Refresh:
    """One refresh that was started."""

    server: RefreshServer
    pid: int
    places: Places
    output_file: Path

    @property
    def output(self) -> str:
        return self.output_file.read_text(encoding="utf-8") if self.output_file.exists() else ""

    def wait(self) -> int:
        return self.server.forks.wait(self.pid)

    def wait_for(self, happened: Callable[[], bool]) -> bool:
        """Whether it happened while the refresh ran."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if happened():
                return True
            if not Path(f"/proc/{self.pid}/stat").exists() or is_zombie(self.pid):
                return happened()
            time.sleep(0.02)
        raise TimeoutError(self.output)


def is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


class RefreshServer:
    """Starts refreshes, each in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started = 0
        self.places = places_in(folder / "shop")
        prepare_instance(self.places)
        self.forks = ForkServer("tests.forked_refresh", self.environment)
        self.dbt: DbtAtOnce | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {**clean_environment(), **self.places.environment()}

    @property
    def parsed(self) -> Path:
        """What dbt knows of the project, which it parsed for the place that all tests use in turn."""
        self.forks.wait_until_ready()
        parsed = self.folder / "parsed"
        if not parsed.exists():
            self.places.dbt_target.rename(parsed)
        return parsed

    def copy_of(self, shop: Places) -> Places:
        """The shop for one test to break; all tests use one place in turn, for which dbt parses the project once."""
        parsed, copy = self.parsed, self.places
        of_dbt = shop.dbt_target
        shutil.rmtree(folder_of(copy))
        shutil.copytree(
            folder_of(shop), folder_of(copy), symlinks=True,
            ignore=lambda folder, names: names if Path(folder) == of_dbt else (),
        )  # fmt: skip
        shutil.copytree(parsed, copy.dbt_target, dirs_exist_ok=True)
        return copy

    def dbt_at_once(self) -> str:
        """The address of a server for these refreshes."""
        if not self.dbt:
            self.dbt = DbtAtOnce({**self.environment, "DBT_TARGET_PATH": str(self.parsed)})
        return self.dbt.address

    def stop(self) -> None:
        self.forks.stop()
        if self.dbt:
            self.dbt.stop()

    def start(
        self,
        places: Places,
        environment: Mapping[str, str] | None = None,
        *,
        without_suite: str | None = None,
        dbt_as_user: bool = False,
        **request: object,
    ) -> Refresh:
        """`dbt_as_user`: with dbt's own program, which reads all models again; for what kills it or another project."""
        prepare_instance(places)
        self.started += 1
        output = self.folder / f"output-{self.started}.txt"
        given = {**environment_of_refresh(places), **(environment or {})}
        is_parsed = (places.dbt_target / "manifest.json").is_file()
        dbt = self.dbt_at_once() if is_parsed and not dbt_as_user else ""
        asked = {"without_suite": without_suite, "dbt_at_once": dbt, "request": request}
        pid = self.forks.start(asked, given, output)
        return Refresh(self, pid, places, output)

    def run(self, places: Places, environment: Mapping[str, str] | None = None, **asked: Any) -> tuple[int, str]:
        """Exit status and output of one refresh from start to end."""
        refresh = self.start(places, environment, **asked)
        return refresh.wait(), refresh.output


def environment_of_refresh(places: Places) -> dict[str, str]:
    given = {"STAMMKUNDE_TERMINAL": "1", "STAMMKUNDE_SHOP": "small", "STAMMKUNDE_REPORT_LANGUAGES": "none"}
    return {**clean_environment(), **places.environment(), **given}


def clean_environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("STAMMKUNDE_", "DBT_", "DAGSTER_"))
    }


def new_places(folder: Path) -> Places:
    """A small shop in a folder of its own, nothing built yet."""
    write_shop(folder / "raw")
    return places_in(folder)


def places_in(folder: Path) -> Places:
    return Places(folder / "raw", None, folder / "shop.duckdb", folder / "published" / "retention.duckdb")


def folder_of(places: Places) -> Path:
    return places.warehouse.parent


def refresh_by_command(places: Places) -> None:
    """The whole command that `make run` calls."""
    finished = subprocess.run(
        [sys.executable, "-m", "cli", "run"],
        cwd=PROJECT, env=environment_of_refresh(places), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr


def named_copy(shop: Places, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A copy of a shop, whose warehouse is all that the environment names: no folder, no shop."""
    shutil.copytree(folder_of(shop), folder, symlinks=True)
    places = places_in(folder)
    link_again(places)
    name_only(places, monkeypatch)
    return places


def name_only(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.setenv("STAMMKUNDE_WAREHOUSE", str(places.warehouse))
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(places.published))
    monkeypatch.setenv("no_proxy", "*")


def link_again(places: Places) -> None:
    """A published file and its kept build are one file with two names, which a copy of them is not."""
    (file,) = places.kept_builds.glob("*.duckdb")
    file.unlink()
    os.link(places.published, file)


def last_build(places: Places) -> dict[str, object]:
    return State(places).rows("builds")[-1]


def published_rows(places: Places, query: str) -> list[tuple]:
    with duckdb.connect(str(places.published), read_only=True) as connection:
        return connection.execute(query).fetchall()


def command_of_another_shell(
    places: Places, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command where no variable says what the warehouse reads."""
    known = {"STAMMKUNDE_WAREHOUSE": str(places.warehouse), "STAMMKUNDE_PUBLISHED": str(places.published)}
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=PROJECT,
        env={**clean_environment(), **known, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )


# What says when and by whom a build was made.
OWN_TO_A_BUILD = ("build", "builds", "check_results")


def published_figures(places: Places) -> dict[str, list[tuple]]:
    """All published marts but those that describe the build, each in one order."""
    with duckdb.connect(str(places.published), read_only=True) as connection:
        tables = [row[0] for row in connection.execute("select table_name from information_schema.tables").fetchall()]
        return {
            table: connection.execute(f"select * from marts.{table} order by all").fetchall()
            for table in sorted(tables)
            if table not in OWN_TO_A_BUILD
        }


def content(places: Places) -> str:
    return hashlib.sha256(places.published.read_bytes()).hexdigest()


def assert_readers_saw_nothing(places: Places, before: str, outcome: str) -> None:
    assert content(places) == before
    last = last_build(places)
    assert last["outcome"] == outcome, last["reason"]
    assert not list(places.published.parent.rglob("*.wal"))


class webhook:  # noqa: N801 - a context manager, used as a function
    """A real server on 127.0.0.1 that keeps what is posted to it."""

    def __enter__(self) -> tuple[str, list[dict]]:
        received: list[dict] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/", received

    def __exit__(self, *arguments: object) -> None:
        self.server.shutdown()
        self.server.server_close()
