"""What tests of whole refreshes share: a small shop, and refreshes of it that can be watched and killed."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb

from orchestration.launch import prepare_instance
from orchestration.state import State
from stammkunde.places import Places
from tests.conftest import PROJECT

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
        return self.server.ask({"wait": self.pid})

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


@dataclass
class RefreshServer:
    """The process that starts refreshes; `project` may be a changed copy."""

    folder: Path
    project: Path = PROJECT
    process: subprocess.Popen = field(init=False)
    started: int = 0

    def __post_init__(self) -> None:
        self.template = Places(self.folder / "raw", None, self.folder / "template.duckdb", self.folder / "none.duckdb")
        prepare_instance(self.template)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.refresh_server"],
            cwd=self.project,
            env={**clean_environment(), **self.template.environment()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout and self.process.stdout.readline() == "ready\n", "the server did not start"

    def ask(self, command: Mapping[str, object]) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self, places: Places, environment: Mapping[str, str] | None = None, **request: object) -> Refresh:
        if not places.dbt_target.exists():  # what dbt has parsed once it need not parse again
            shutil.copytree(self.template.dbt_target, places.dbt_target)
        prepare_instance(places)
        self.started += 1
        output = self.folder / f"output-{self.started}.txt"
        given = {**places.environment(), "STAMMKUNDE_TERMINAL": "1", "STAMMKUNDE_SHOP": "small", **(environment or {})}
        pid = self.ask({"start": {"environment": given, "request": request, "output": str(output)}})
        return Refresh(self, pid, places, output)

    def run(self, places: Places, environment: Mapping[str, str] | None = None, **request: object) -> tuple[int, str]:
        """Exit status and output of one refresh from start to end."""
        refresh = self.start(places, environment, **request)
        return refresh.wait(), refresh.output

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def clean_environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("STAMMKUNDE_", "DBT_", "DAGSTER_"))
    }


def new_places(folder: Path) -> Places:
    """A small shop in a folder of its own, nothing built yet."""
    write_shop(folder / "raw")
    return Places(folder / "raw", None, folder / "shop.duckdb", folder / "published" / "retention.duckdb")


def copied(places: Places, folder: Path) -> Places:
    """A shop as it is, somewhere else: what one test breaks is whole for the next."""
    source = places.raw.parent
    shutil.copytree(source, folder, symlinks=True)
    return replace(
        places,
        raw=folder / places.raw.relative_to(source),
        warehouse=folder / places.warehouse.relative_to(source),
        published=folder / places.published.relative_to(source),
    )


def last_build(places: Places) -> dict[str, object]:
    return State(places.state).rows("builds")[-1]


def published_rows(places: Places, query: str) -> list[tuple]:
    with duckdb.connect(str(places.published), read_only=True) as connection:
        return connection.execute(query).fetchall()


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
    assert last_build(places)["outcome"] == outcome
    assert not list(places.published.parent.rglob("*.wal"))
