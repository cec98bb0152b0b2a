"""What the tests share: building a warehouse with dbt in a folder of its own, the sample and a refreshed shop."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from filelock import FileLock

from tests.forks import ForkServer
from tests.postgres import running_postgres

if TYPE_CHECKING:
    from stammkunde.places import Places
    from tests.refreshes import RefreshServer

# Processes of pytest-xdist have no main file. pyspark, which Great Expectations imports where it is installed, takes
# such a process for a run of its doctests, and ends it.
main_module = sys.modules["__main__"]
if not hasattr(main_module, "__file__"):
    main_module.__file__ = __file__

PROJECT = Path(__file__).resolve().parent.parent
WAREHOUSE, OUTPUT = "warehouse.duckdb", "output.txt"
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
    seeds: Path | None = None,
    project: Path = PROJECT,
    as_user: bool = False,
    artefacts: bool = False,
) -> Build:
    """Run dbt with its warehouse, artefacts and logs under `directory`. Files of the folder `seeds` take the place of
    the project's own.

    The project is parsed once for all commands, except those of a changed copy or of another target, and where dbt is
    to be started as a user starts it. Writing the manifest takes longer than what most tests ask of dbt: artefacts are
    left out where they are not asked for.
    """
    directory.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "STAMMKUNDE_RAW": str(raw),
        "STAMMKUNDE_WAREHOUSE": str(directory / WAREHOUSE),
        "STAMMKUNDE_SPARK_WAREHOUSE": str(directory / "spark"),
        "DBT_TARGET_PATH": str(directory / "target"),
        "DBT_LOG_PATH": str(directory / "logs"),
        "NO_COLOR": "1",
    }
    arguments = [*command, *(["--vars", json.dumps(dict(settings))] if settings else [])]
    if as_user or project != PROJECT or "--target" in command:
        status = run_program(arguments, environment, directory / OUTPUT, project)
    else:
        written = {} if artefacts else {"DBT_WRITE_JSON": "false"}
        status = run_forked(arguments, {**environment, **written}, directory / OUTPUT, seeds)
    return build_in(directory, status)


def build_in(directory: Path, exit_code: int) -> Build:
    """The run of dbt that left its things in `directory`."""
    output = (directory / OUTPUT).read_text(encoding="utf-8")
    return Build(exit_code, output, directory / WAREHOUSE, directory / "target")


def run_forked(
    arguments: Sequence[str], environment: Mapping[str, str], output: Path, seeds: Path | None = None
) -> int:
    """A dbt command in a process of its own that need not import dbt and parse the project again."""
    server = dbt_server()
    given = {"arguments": arguments, "seeds": str(seeds) if seeds else None}
    return server.wait(server.start(given, environment, output))


@cache
def dbt_server() -> ForkServer:
    # Parsed models name the database, which DuckDB calls as its file.
    server = ForkServer("tests.parsed_project", {**os.environ, "STAMMKUNDE_WAREHOUSE": WAREHOUSE})
    atexit.register(server.stop)
    return server


def run_program(arguments: Sequence[str], environment: Mapping[str, str], output: Path, project: Path) -> int:
    """A dbt command as a user starts it."""
    program = Path(sys.executable).with_name("dbt")
    with output.open("w", encoding="utf-8") as printed:
        return subprocess.run(
            [program, *arguments], cwd=project, env=environment, stdout=printed, stderr=subprocess.STDOUT, check=False
        ).returncode


def build_models(
    directory: Path,
    raw: Path = SAMPLE,
    settings: Mapping[str, object] | None = None,
    *,
    data_tests: bool = False,
    seeds: Path | None = None,
) -> Build:
    """All models and seeds, with data tests where asked for; the test fails where the build does."""
    without = ["unit_test"] if data_tests else ["unit_test", "test"]
    command = ["build", "--exclude-resource-types", *without]
    build = run_dbt(command, directory, raw=raw, settings=settings, seeds=seeds)
    assert build.exit_code == 0, build.output
    return build


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first process of pytest-xdist to need it makes for all of them; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    done = folder / "done"
    with FileLock(f"{folder}.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The sample shop, built once as a user builds it, with the default settings and every data test. Unit tests have a
    file of their own, so that nobody waits for them."""

    def make(folder: Path) -> None:
        build = run_dbt(["build", "--exclude-resource-types", "unit_test"], folder, as_user=True)
        assert build.exit_code == 0, build.output

    return build_in(made_once(tmp_path_factory, "sample", make), 0)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RefreshServer]:
    """Starts refreshes, each in a process of its own."""
    from tests.refreshes import RefreshServer

    started = RefreshServer(tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """A small shop, refreshed once as a user refreshes it. Tests that change something work on a copy of it."""
    from tests.refreshes import new_places, places_in, refresh_by_command

    return places_in(made_once(tmp_path_factory, "shop", lambda folder: refresh_by_command(new_places(folder))))


@pytest.fixture
def places(server: RefreshServer, shop: Places) -> Places:
    """A copy of the shop as it is."""
    return server.copy_of(shop)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of its own."""
    with running_postgres() as address:
        yield address
