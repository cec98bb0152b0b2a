"""Passwords and addresses stay in the environment: no message, note, log or state holds them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import pytest

from intake.errors import IntakeError
from intake.prepare import prepare
from orchestration.assets.steps import guarded
from orchestration.notify import Failure, message
from orchestration.progress import Telling
from orchestration.state import State
from stammkunde.dbt import Dbt
from stammkunde.environment import environment
from stammkunde.errors import SettingError, StammkundeError, one_line
from stammkunde.hiding import HIDDEN, hidden
from stammkunde.postgres import without_address
from tests.conftest import PROJECT
from tests.refreshes import environment_of_refresh, last_build, new_places

PASSWORD, DATABASE, HOST, USER = "hunter2-geheim", "erp_geheim", "db.geheim.example", "reader_geheim"
URL = f"postgresql://{USER}:{PASSWORD}@{HOST}:5432/{DATABASE}"
KEYS = f"host={HOST} dbname={DATABASE} user={USER} password='{PASSWORD}'"
MAPPING = (
    "entities: {orders: {table: {postgres: '%s', name: orders}, "
    "columns: {order_id: id, customer_id: customer, ordered_at: day, amount: value}}}\n"
)


def is_clean(text: str) -> bool:
    return "geheim" not in text


# The one function ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"cannot read {URL}: refused", f"cannot read {HIDDEN} refused"),
        (f"'{URL}' is not set", f"'{HIDDEN}' is not set"),
        (f"at {URL.replace('postgresql', 'POSTGRES')} again", f"at {HIDDEN} again"),
        (f"jdbc:postgresql://{HOST}/geheim", HIDDEN),
        ("mysql://localhost/geheim is no file", f"{HIDDEN} is no file"),
        (f"https://bot:{PASSWORD}@example.org/hook failed", f"{HIDDEN} failed"),
        (f'missing "=" after "x" in {KEYS}', f'missing "=" after "x" in {HIDDEN}'),
        (f"password = {PASSWORD}", HIDDEN),
        ("PWD='geheim mit Leerzeichen'", HIDDEN),
        ("user=anna ordered at 10:00", "user=anna ordered at 10:00"),
        ("see https://docs.example/a?b=c#d", "see https://docs.example/a?b=c#d"),
        ("orders.csv, line 3: 'anna@example.org' is odd", "orders.csv, line 3: 'anna@example.org' is odd"),
    ],
)
def test_what_has_the_form_of_a_secret_is_hidden(text: str, shown: str) -> None:
    assert hidden(text) == shown


def test_secrets_of_the_environment_are_hidden_in_whatever_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_SOURCE_SHOP", f"postgresql://{USER}:p%40ss-geheim@{HOST}/{DATABASE}")
    monkeypatch.setenv("STAMMKUNDE_SOURCE_ERP", f"host={HOST} password='ein geheim'")
    monkeypatch.setenv("STAMMKUNDE_WEBHOOK", "https://hooks.example/T0/geheim")
    monkeypatch.setenv("STAMMKUNDE_IDENTITY_SALT", "salz-geheim")
    monkeypatch.setenv("DBT_ENV_SECRET_KEY", "key-geheim")
    monkeypatch.setenv("STAMMKUNDE_SOURCE_SHORT", "abc")  # would stand in many words
    for secret in ("p%40ss-geheim", "p@ss-geheim", "ein geheim", "https://hooks.example/T0/geheim", "salz-geheim"):
        assert hidden(f"<{secret}> of abc") == f"<{HIDDEN}> of abc"
    assert hidden("'key-geheim'") == f"'{HIDDEN}'"


def test_every_way_to_say_something_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    text, log = f"cannot read {URL}", []
    assert is_clean(str(StammkundeError(text)))
    assert is_clean(one_line(ValueError(text)))
    assert is_clean(Failure("raw", text).text)
    assert is_clean(json.dumps(message("b1", "failed", [Failure("raw", text)])))
    Telling(log.append).say(text)
    assert is_clean(log[0])


def test_an_error_that_nobody_foresaw_is_kept_without_secrets() -> None:
    """Dagster keeps the error of a step with its traceback."""

    class Steps:
        @contextmanager
        def step(self, name: str, after: tuple) -> Iterator[None]:
            yield

    def failing(error: Exception) -> Iterator[None]:
        raise error
        yield

    with pytest.raises(dg.Failure) as failure:
        [*guarded(Steps(), "raw", (), lambda: failing(ValueError(text_of_a_library)))]  # type: ignore[arg-type]
    assert is_clean(str(failure.value.description))
    assert failure.value.__suppress_context__
    with pytest.raises(ZeroDivisionError):
        [*guarded(Steps(), "raw", (), lambda: failing(ZeroDivisionError("of ours")))]  # type: ignore[arg-type]


text_of_a_library = f"could not open {KEYS}"


# Mappings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "named", [URL, KEYS.replace("'", "''"), "AWS_SECRET_ACCESS_KEY", "STAMMKUNDE_WEBHOOK", "SOURCE_geheim", "geheim"]
)
def test_a_mapping_names_only_variables_that_are_meant_for_it(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "geheim")
    (tmp_path / "mapping.yml").write_text(MAPPING % named)
    with pytest.raises(
        IntakeError, match="must name an environment variable that begins with STAMMKUNDE_SOURCE_"
    ) as error:
        prepare(tmp_path, tmp_path / "prepared")
    assert is_clean(str(error.value))
    assert named not in str(error.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"postgresql://{USER}:{PASSWORD}@127.0.0.1:1/{DATABASE}", "Connection refused"),
        (f"host=127.0.0.1 port=1 dbname={DATABASE} user={USER} password={PASSWORD}", "Connection refused"),
        (f"host=/geheim user={USER}", "No such file or directory"),
        (f"{PASSWORD} {DATABASE}", "the variable holds no address of PostgreSQL"),
        (f"postgresql://{USER}:{PASSWORD}@[::1/{DATABASE}", "the variable holds no address of PostgreSQL"),
        (f"host=127.0.0.1 geheim={PASSWORD}", "the variable holds no address of PostgreSQL"),
    ],
)
def test_an_address_that_does_not_work_is_not_repeated(
    address: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    monkeypatch.setenv("STAMMKUNDE_SOURCE_SHOP", address)
    (tmp_path / "mapping.yml").write_text(MAPPING % "STAMMKUNDE_SOURCE_SHOP")
    with pytest.raises(IntakeError) as error:
        prepare(tmp_path, tmp_path / "prepared")
    assert str(error.value).startswith("PostgreSQL (STAMMKUNDE_SOURCE_SHOP), table 'orders': ")
    assert said in str(error.value)
    assert is_clean(str(error.value))
    assert "127.0.0.1" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            f'connection failed: connection to server at "10.1.2.3", port 5432 failed: FATAL:  password authentication '
            f'failed for user "{USER}"',
            f'FATAL:  password authentication failed for user "{HIDDEN}"',
        ),
        (f'connection to server at "{HOST}" (10.1.2.3), port 5432 failed: timeout expired', "timeout expired"),
        (f"failed to resolve host '{HOST}': Name or service not known", f"failed to resolve host '{HIDDEN}': Name or "),
        (f'FATAL:  database "{DATABASE}" does not exist', f'FATAL:  database "{HIDDEN}" does not exist'),
        ('relation "orders" does not exist', 'relation "orders" does not exist'),
    ],
)
def test_what_a_server_says_is_shown_without_where_it_is(said: str, shown: str) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    for address in (URL, KEYS):
        assert without_address(said, address).startswith(shown)
        assert is_clean(without_address(said, address))


# The environment -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WEBHOOK", "file:///geheim", "must be an address that begins with https:// or http://"),
        ("WEBHOOK", "ftp://geheim.example/a", "must be an address that begins with https:// or http://"),
        ("WEBHOOK", "geheim", "must be an address that begins with https:// or http://"),
        ("WEBHOOK", "https:///geheim", "must be an address that begins with https:// or http://"),
        ("WEBHOOK", "https://a.example/geheim\nX: y", "must be an address that begins with https:// or http://"),
        ("RAW_TABLES", f"orders={URL}", "must name entities and tables of the engine, as in orders=shop.orders"),
        ("RAW_TABLES", f"orders={KEYS}", "must name entities and tables of the engine, as in orders=shop.orders"),
        ("IDENTITY_SALT", "geheim'", "must be a text without quotation marks"),
    ],
)
def test_a_wrong_variable_is_named_and_not_repeated(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"STAMMKUNDE_{name}", value)
    with pytest.raises(SettingError) as error:
        environment()
    assert str(error.value).startswith(f"STAMMKUNDE_{name}: {said}")
    assert is_clean(str(error.value))
    assert error.value.__cause__ is None  # what pydantic says repeats it
    assert error.value.__suppress_context__
    assert is_clean(str(error.value.__context__))


def test_dbt_gets_no_secret_that_it_does_not_need(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STAMMKUNDE_SOURCE_SHOP", URL)
    monkeypatch.setenv("STAMMKUNDE_WEBHOOK", "https://hooks.example/geheim")
    assert is_clean(json.dumps(Dbt(tmp_path).environment()))


# A whole refresh -----------------------------------------------------------------------------------------------------


def test_a_refresh_that_reaches_no_database_leaves_no_trace_of_its_address(tmp_path: Path) -> None:
    """On the terminal, in the message, in the history, in Dagster's storage and event log, in dbt's logs, in check."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    places = new_places(tmp_path)
    assert places.raw
    (places.raw / "orders.csv").unlink()
    (places.raw / "mapping.yml").write_text(MAPPING % "STAMMKUNDE_SOURCE_SHOP")
    told: list[str] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    given = {
        **environment_of_refresh(places),
        "STAMMKUNDE_SOURCE_SHOP": f"postgresql://{USER}:{PASSWORD}@127.0.0.1:1/{DATABASE}",
        "STAMMKUNDE_WEBHOOK": f"http://127.0.0.1:{server.server_port}/geheim",
        "no_proxy": "*",
    }
    printed = ""
    for command in ("run", "check", "builds"):
        finished = subprocess.run(
            [sys.executable, "-m", "cli", command], cwd=PROJECT, env=given, capture_output=True, text=True, check=False
        )
        printed += finished.stdout + finished.stderr
    server.shutdown()
    server.server_close()
    said = "PostgreSQL (STAMMKUNDE_SOURCE_SHOP), table 'orders': Connection refused"
    assert printed.count(said) >= 3  # each of the commands
    assert is_clean(printed)
    assert said in str(last_build(places)["reason"])
    assert is_clean(str(State(places).rows("builds")))
    assert len(told) == 1
    assert "Connection refused" in told[0]
    assert is_clean(told[0])
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in left)
    assert [path for path in left if b"geheim" in path.read_bytes()] == []
