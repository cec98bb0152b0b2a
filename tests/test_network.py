"""No connection leaves the machine, in any command: watched, and tried where there is no network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
import typer
from _pytest.mark import ParameterSet

from cli.app import app
from orchestration.backup import backup
from stammkunde.places import Places
from tests.conftest import PROJECT
from tests.refreshes import (
    environment_of_refresh,
    folder_of,
    link_again,
    new_places,
    places_in,
    published_rows,
    refresh_by_command,
)
from tests.test_page import JSON, free_port
from tests.watched import elsewhere, finished, needs_strace, needs_unshare, started, watching, without_network

COMMAND = (sys.executable, "-m", "cli")
ELSEWHERE = "192.0.2.1"  # of nobody (RFC 5737)
PATIENCE = 180
TICKS = """{ sensorOrError(sensorSelector: {repositoryLocationName: "orchestration.definitions",
  repositoryName: "__repository__", sensorName: "raw_files"})
  { ... on Sensor { sensorState { ticks(limit: 1) { status } } } } }"""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return new_places(tmp_path_factory.mktemp("network"))


@needs_strace
@pytest.mark.parametrize(
    ("code", "seen"),
    [
        (f"socket.socket(type=socket.SOCK_DGRAM).connect(('{ELSEWHERE}', 9))", {ELSEWHERE}),
        ("socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).connect(('::1', 9))", set()),
        ("socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.1', 9))", set()),
        ("socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.53', 53))", {"the resolver of names"}),
        (
            "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import socket; "
            f'socket.socket(type=socket.SOCK_DGRAM).connect(("{ELSEWHERE}", 9))\'])',
            {ELSEWHERE},
        ),
    ],
)
def test_a_connection_would_be_seen(code: str, seen: set[str], tmp_path: Path) -> None:
    """Of a process that another one starts, too. Nothing is sent: these sockets only learn where they would send."""
    log = tmp_path / "calls"
    ended = finished(watching(log, sys.executable, "-c", f"import socket; {code}"), environment_of_refresh_here())
    assert ended.returncode == 0, ended.stderr
    assert elsewhere(log) == seen


def environment_of_refresh_here() -> dict[str, str]:
    return environment_of_refresh(Places(None, None, Path("w.duckdb"), Path("r.duckdb")))


def assert_stays_here(arguments: Sequence[str], places: Places, log: Path) -> None:
    ended = finished(watching(log, *COMMAND, *arguments), environment_of_refresh(places))
    assert elsewhere(log) == set()
    # What is let through before the models is held back by what follows from it, behind them: the refresh went so far.
    expected = "blocked: The closed month" if arguments[0] == "accept" else ""
    assert (ended.returncode, expected in ended.stdout) == (int(bool(expected)), True), ended.stdout + ended.stderr


def long(*arguments: str) -> ParameterSet:
    return pytest.param(arguments, marks=pytest.mark.long)


def named(arguments: object) -> str:
    return str(arguments[0]) if isinstance(arguments, tuple) else ""


OF_A_FOLDER = [("map", "--raw", "{raw}"), ("check",), ("builds",), ("doctor",), long("run"), long("docs")]
OF_A_SHOP = [
    ("summary",), ("report", "--to", "{file}"), ("review",), ("export",), ("actions", "--with-addresses", "hubspot"),
    ("audit",), ("doctor", "--mend"), ("backup", "{file}"),
    ("metrics", "--saved-query", "retention_by_month"), ("export-person", "--customer-id", "c17"),
    ("forget", "--customer-id", "c17", "--yes", "--no-refresh"), long("forget", "--customer-id", "c17", "--yes"),
    long("restore", "{file}", "--replace"), long("replay", "--days", "2"), long("backtest"), long("rollback"),
    long("try-rule", "--rule", "lost_win_back"),
    long("accept", "--reason", "half of it was deleted"),
]  # fmt: skip


def test_every_command_is_watched() -> None:
    """The page and its daemon by a test of their own, and so are the dashboard and the server for assistants."""
    given = [*OF_A_FOLDER, *OF_A_SHOP]
    watched = {one.values[0][0] if isinstance(one, ParameterSet) else one[0] for one in given}
    assert set(typer.main.get_command(app).commands) == watched | {"serve", "dashboard", "mcp"}  # type: ignore[attr-defined]


@needs_strace
@pytest.mark.parametrize("arguments", OF_A_FOLDER, ids=named)
def test_a_command_connects_to_no_other_machine(arguments: tuple[str, ...], places: Places, tmp_path: Path) -> None:
    given = [argument.replace("{raw}", str(places.raw)) for argument in arguments]
    assert_stays_here(given, places, tmp_path / "calls")


@needs_strace
@pytest.mark.parametrize("arguments", OF_A_SHOP, ids=named)
def test_a_command_on_what_was_refreshed_connects_to_no_other_machine(
    arguments: tuple[str, ...], shop: Places, tmp_path: Path
) -> None:
    shutil.copytree(folder_of(shop), tmp_path / "shop", symlinks=True)
    places = places_in(tmp_path / "shop")
    link_again(places)
    file = tmp_path / "backup.tar.gz"
    if arguments[0] in BEFORE:
        BEFORE[arguments[0]](places, file)
    assert_stays_here([argument.replace("{file}", str(file)) for argument in arguments], places, tmp_path / "calls")


def half_of_the_orders(places: Places, _: Path) -> None:
    orders = places.raw / "orders.csv"  # type: ignore[operator]
    header, *lines = orders.read_text(encoding="utf-8").splitlines(keepends=True)
    orders.write_text("".join([header, *lines[::2]]), encoding="utf-8")
    assert finished([*COMMAND, "run"], environment_of_refresh(places)).returncode == 1  # blocked


# What must have been before a command has something to do.
BEFORE: Mapping[str, Callable[[Places, Path], object]] = {
    "rollback": lambda places, _: refresh_by_command(places),
    "accept": half_of_the_orders,
    "restore": backup,
}


@needs_strace
@pytest.mark.long
def test_the_page_and_its_daemon_connect_to_no_other_machine(places: Places, tmp_path: Path) -> None:
    """Until the sensor has looked into the raw folder: then all of Dagster's processes work."""
    log, port = tmp_path / "calls", free_port()
    given = {
        **environment_of_refresh(places),
        "STAMMKUNDE_DAGSTER_PORT": str(port),
        "STAMMKUNDE_SETTLE_SECONDS": "1000000",
    }
    body = json.dumps({"query": TICKS}).encode()
    with started(watching(log, *COMMAND, "serve"), given) as process:
        assert process.stdout
        assert any(line.startswith("Dagster's page") for line in process.stdout)
        threading.Thread(target=process.stdout.read, daemon=True).start()
        ticks, until = [], time.monotonic() + PATIENCE
        while not ticks and time.monotonic() < until:
            time.sleep(0.5)
            asked = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, JSON)
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
                found = json.load(answer)["data"]["sensorOrError"]
            ticks = found.get("sensorState", {}).get("ticks", [])
    assert [tick["status"] for tick in ticks] == ["SKIPPED"]
    assert elsewhere(log) == set()


@needs_strace
def test_the_dashboard_connects_to_no_other_machine(places: Places, tmp_path: Path) -> None:
    """Until its page is served; what the page asks for is watched by the browser of test_dashboard_in_browser.py."""
    log, port = tmp_path / "calls", free_port()
    address = f"http://127.0.0.1:{port}"
    with started(watching(log, *COMMAND, "dashboard", "--port", str(port)), environment_of_refresh(places)) as process:
        until = time.monotonic() + PATIENCE
        page = b""
        while not page and time.monotonic() < until and process.poll() is None:
            time.sleep(0.2)
            with suppress(urllib.error.URLError, ConnectionError):
                page = urllib.request.urlopen(address, timeout=PATIENCE).read()
    assert b"<html" in page
    assert elsewhere(log) == set()


@needs_strace
def test_the_server_for_assistants_connects_to_no_other_machine(shop: Places, tmp_path: Path) -> None:
    """From the greeting to the figure that it is asked for."""
    log = tmp_path / "calls"
    asked = {"name": "get_measure", "arguments": {"measure": "orders", "grain": "month"}}
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    process = subprocess.Popen(
        watching(log, *COMMAND, "mcp"), cwd=PROJECT, env=environment_of_refresh(shop), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    answers = []
    for message in (
        {"id": 1, "method": "initialize", "params": hello},
        {"id": 2, "method": "tools/call", "params": asked},
    ):
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        process.stdin.flush()
        answers.append(json.loads(process.stdout.readline()))
    _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, complaints
    assert answers[1]["result"]["structuredContent"]["figure"]["value"] > 0
    assert elsewhere(log) == set()


@needs_unshare
@pytest.mark.long
def test_a_refresh_needs_no_network(places: Places, tmp_path: Path) -> None:
    """In a namespace without one: not even this machine can be reached by an address."""
    alone = new_places(tmp_path)
    ended = finished(without_network(*COMMAND, "run"), environment_of_refresh(alone))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert published_rows(alone, "select count(*) from marts.orders")[0][0] > 0


@needs_unshare
@pytest.mark.parametrize("arguments", [["map", "--raw", "{raw}"], ["builds"]], ids=lambda arguments: arguments[0])
def test_a_command_needs_no_network(arguments: list[str], places: Places) -> None:
    given = [argument.replace("{raw}", str(places.raw)) for argument in arguments]
    ended = finished(without_network(*COMMAND, *given), environment_of_refresh(places))
    assert ended.returncode == 0, ended.stdout + ended.stderr


@needs_unshare
def test_there_is_no_network_in_that_namespace() -> None:
    code = f"import socket; socket.create_connection(('127.0.0.1', {free_port()}), timeout=5)"
    ended = finished(without_network(sys.executable, "-c", code), environment_of_refresh_here())
    assert "Network is unreachable" in ended.stderr


def test_telemetry_is_switched_off_in_every_process_of_dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stammkunde.dbt import Dbt

    monkeypatch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "true")
    assert Dbt(tmp_path).environment()["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
