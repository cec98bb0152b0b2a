"""What a webhook is told, over a real connection; one that does not work changes nothing and gives nothing away."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from orchestration import notify as notifying
from orchestration.notify import Failure, notify

SECRET = "T000-very-secret"


@dataclass
class Webhook:
    """A server that notes what it is told, and answers with `status`."""

    status: int = 200
    told: list[tuple[str, str, dict]] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.told.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    hook.address = f"http://127.0.0.1:{server.server_port}/{SECRET}"
    use(monkeypatch, hook.address)
    yield hook
    server.shutdown()
    thread.join()
    server.server_close()


def use(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("STAMMKUNDE_WEBHOOK", address)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("STAMMKUNDE_DAGSTER_URL", raising=False)


def test_the_message_says_which_build_and_what_was_found_instead_of_what(webhook: Webhook) -> None:
    failures = [
        Failure("raw.order_rows_kept", "Only 10 order rows came, 100 before", "10 %", "at least 85 %"),
        Failure("dbt", "A model failed"),
    ]
    assert notify("b1", "blocked", failures, "run-7")
    text = (
        "*Stammkunde: refresh blocked.* Readers keep the last good figures. Build b1\n"
        "• Only 10 order rows came, 100 before (found 10 %, expected at least 85 %) [raw.order_rows_kept]\n"
        "• A model failed [dbt]\n"
        "<http://127.0.0.1:3000/runs/run-7|What ran>"
    )
    assert webhook.told == [(f"/{SECRET}", "application/json", {"text": text})]


def test_the_run_is_linked_where_dagster_is_served(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_DAGSTER_URL", "https://dagster.example")
    assert notify("b1", "failed", [], "run-7")
    assert webhook.told[0][2]["text"].endswith("\n<https://dagster.example/runs/run-7|What ran>")


def test_without_a_run_nothing_is_linked(webhook: Webhook) -> None:
    assert notify("b1", "failed", [Failure("refresh", "was interrupted")])
    assert webhook.told[0][2]["text"].splitlines()[1:] == ["• was interrupted [refresh]"]


def test_texts_of_failures_link_and_call_nobody(webhook: Webhook) -> None:
    assert notify("b1", "failed", [Failure("dbt", "<!channel> & <https://elsewhere.example|here>", "<1>", "&")])
    line = webhook.told[0][2]["text"].splitlines()[1]
    expected = "&lt;!channel&gt; &amp; &lt;https://elsewhere.example|here&gt; (found &lt;1&gt;, expected &amp;) [dbt]"
    assert line == f"• {expected}"


def test_texts_are_read_whole_up_to_600_characters(webhook: Webhook) -> None:
    fits, too_long = Failure("w", "a" * 596), Failure("w", "b" * 597)
    assert len(fits.line()) == 600
    assert notify("b1", "failed", [fits, too_long])
    assert webhook.told[0][2]["text"].splitlines()[1:] == [f"• {fits.line()}", f"• {'b' * 597}..."]


@pytest.mark.parametrize(("failures", "more"), [(6, []), (7, ["• and 1 more"]), (40, ["• and 34 more"])])
def test_six_failures_are_shown_and_the_others_counted(webhook: Webhook, failures: int, more: list[str]) -> None:
    assert notify("b1", "failed", [Failure("w", f"failure {number}") for number in range(failures)])
    assert webhook.told[0][2]["text"].splitlines()[1:] == [f"• failure {number} [w]" for number in range(6)] + more


def test_without_an_address_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.delenv("STAMMKUNDE_WEBHOOK", raising=False)
    assert not notify("b1", "failed", [])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_server_that_refuses_is_told_without_the_address(
    webhook: Webhook, capsys: pytest.CaptureFixture, status: int
) -> None:
    webhook.status = status
    assert not notify("b1", "failed", [])
    assert len(webhook.told) == 1
    assert_not_delivered(capsys)


def test_a_server_that_does_not_listen_is_told_without_the_address(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    use(monkeypatch, f"http://127.0.0.1:{port}/{SECRET}")
    assert not notify("b1", "failed", [])
    assert_not_delivered(capsys)


def test_a_server_that_never_answers_is_not_waited_for_longer_than_the_limit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(notifying, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}")
        assert not notify("b1", "failed", [])
    assert_not_delivered(capsys)


def test_a_server_that_speaks_no_http_is_told_without_the_address(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example ESMTP\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        use(monkeypatch, f"http://127.0.0.1:{server.getsockname()[1]}/{SECRET}")
        assert not notify("b1", "failed", [])
        thread.join()
    assert_not_delivered(capsys)


@pytest.mark.parametrize(
    "address",
    [
        SECRET,
        f"htps://127.0.0.1/{SECRET}",
        f"http://127.0.0.1:9/with a blank/{SECRET}",
        f"http://127.0.0.1:port/{SECRET}",
        f"http://[::1/{SECRET}",
    ],
)
def test_an_address_that_is_none_is_told_without_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, address: str
) -> None:
    use(monkeypatch, address)
    assert not notify("b1", "failed", [])
    assert_not_delivered(capsys)


def assert_not_delivered(capsys: pytest.CaptureFixture) -> None:
    printed = capsys.readouterr()
    assert printed.err.startswith("the message to STAMMKUNDE_WEBHOOK was not delivered: ")
    assert SECRET not in printed.err + printed.out
    assert "127.0.0.1" not in printed.err + printed.out
