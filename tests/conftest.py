"""What the tests share: building a warehouse with dbt's command line, as a user does, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.forks import ForkServer

if TYPE_CHECKING:
    from stammkunde.places import Places
    from tests.refreshes import RefreshServer

# Processes of pytest-xdist have no main file. pyspark, which Great Expectations imports where it is installed, takes
# such a process for a run of its doctests, and ends it.
main_module = sys.modules["__main__"]
if not hasattr(main_module, "__file__"):
    main_module.__file__ = __file__

PROJECT = Path(__file__).resolve().parent.parent
WAREHOUSE = "warehouse.duckdb"
SAMPLE = PROJECT / "sample_data" / "raw"
LONGEST = "test_refresh.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The file that takes longest comes first, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: item.path.name != LONGEST)


@dataclass(frozen=True)
class Build:
    """One run of dbt: how it ended, what it printed and where its warehouse and artefacts are."""

    exit_code: int
    output: str
    warehouse: Path
    target: Path

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(query).fetchall()

    def manifest(self) -> dict:
        return json.loads((self.target / "manifest.json").read_text(encoding="utf-8"))


def run_dbt(
    command: Sequence[str],
    directory: Path,
    *,
    raw: Path = SAMPLE,
    settings: Mapping[str, object] | None = None,
) -> Build:
    """Run dbt with its warehouse, artefacts and logs under `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    warehouse, target = directory / WAREHOUSE, directory / "target"
    environment = {
        **os.environ,
        "STAMMKUNDE_RAW": str(raw),
        "STAMMKUNDE_WAREHOUSE": str(warehouse),
        "STAMMKUNDE_SPARK_WAREHOUSE": str(directory / "spark"),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(directory / "logs"),
        "NO_COLOR": "1",
    }
    arguments = [*command, *(["--vars", json.dumps(dict(settings))] if settings else [])]
    started = run_forked if "--target" not in command else run_program
    status, output = started(arguments, environment, directory / "output.txt")
    return Build(status, output, warehouse, target)


def run_forked(arguments: Sequence[str], environment: Mapping[str, str], output: Path) -> tuple[int, str]:
    """A dbt command in a process of its own that need not import dbt and parse the project again."""
    server = dbt_server()
    status = server.wait(server.start(arguments, environment, output))
    return status, output.read_text(encoding="utf-8")


@cache
def dbt_server() -> ForkServer:
    # Parsed models name the database, which DuckDB calls as its file.
    return ForkServer("tests.parsed_project", PROJECT, {**os.environ, "STAMMKUNDE_WAREHOUSE": WAREHOUSE})


def run_program(arguments: Sequence[str], environment: Mapping[str, str], output: Path) -> tuple[int, str]:
    """A dbt command as a user starts it."""
    program = Path(sys.executable).with_name("dbt")
    with output.open("w", encoding="utf-8") as printed:
        finished = subprocess.run(
            [program, *arguments], cwd=PROJECT, env=environment, stdout=printed, stderr=subprocess.STDOUT, check=False
        )
    return finished.returncode, output.read_text(encoding="utf-8")


def build_models(
    directory: Path,
    raw: Path = SAMPLE,
    settings: Mapping[str, object] | None = None,
    *,
    data_tests: bool = False,
) -> Build:
    """All models and seeds, with data tests where asked for; the test fails where the build does."""
    without = ["unit_test"] if data_tests else ["unit_test", "test"]
    build = run_dbt(["build", "--exclude-resource-types", *without], directory, raw=raw, settings=settings)
    assert build.exit_code == 0, build.output
    return build


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The sample shop, built once with the default settings and every unit and data test."""
    build = run_dbt(["build"], tmp_path_factory.mktemp("sample"))
    assert build.exit_code == 0, build.output
    return build


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RefreshServer]:
    """Starts refreshes, each in a process of its own."""
    from tests.refreshes import RefreshServer

    started = RefreshServer(tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def shop(server: RefreshServer, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """A small shop, refreshed once. Tests work on copies of it."""
    from tests.refreshes import new_places

    places = new_places(tmp_path_factory.mktemp("shop") / "shop")
    status, output = server.run(places)
    assert status == 0, output
    return places
