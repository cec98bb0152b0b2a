"""Dagster's page: no other page in the same browser starts a run, and what is started there is the usual refresh."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from orchestration.page.guard import Guard
from stammkunde.places import Places
from tests.browser import CHROMIUM, browser
from tests.conftest import PROJECT
from tests.refreshes import environment_of_refresh, new_places, published_rows

PORT = 3000
PATIENCE = 120  # seconds after which something that is waited for will not come
QUESTION = "{ version }"
JOB = (
    'selector: {repositoryLocationName: "orchestration.definitions", repositoryName: "__repository__", '
    'jobName: "refresh"}'
)
MUTATION = f"mutation {{ launchRun(executionParams: {{{JOB}, runConfigData: {{}}}}) {{ __typename }} }}"
WITH_WISHES = (
    f"mutation($asked: RunConfigData) {{ launchRun(executionParams: {{{JOB}, runConfigData: $asked}}) "
    "{ __typename ... on RunConfigValidationInvalid { errors { message } } } }"
)
JSON = {"content-type": "application/json"}

# The guard by itself -------------------------------------------------------------------------------------------------


def answer(
    method: str = "GET",
    path: str = "/",
    query: str = "",
    headers: Mapping[str, str] | None = None,
    *,
    kind: str = "http",
    public: str | None = None,
    doubled: tuple[str, str] | None = None,
) -> int:
    """The status of the guard's answer, of which 200 comes from what lies behind it; 101 is a WebSocket that is let
    through, 1008 one that is not."""
    given = {"host": f"127.0.0.1:{PORT}", **(headers or {})}
    lines = [(name.encode(), value.encode()) for name, value in given.items()]
    lines += [(doubled[0].encode(), doubled[1].encode())] if doubled else []
    scope = {"type": kind, "method": method, "path": path, "query_string": query.encode(), "headers": lines}
    said: list = []

    async def behind(scope, receive, send) -> None:
        if kind == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"done"})
        else:
            await send({"type": "websocket.accept"})

    async def receive():
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    async def send(message) -> None:
        said.append(message)

    asyncio.run(Guard(behind, PORT, public)(scope, receive, send))
    if kind == "websocket":
        return 101 if said[0]["type"] == "websocket.accept" else said[0]["code"]
    assert (said[1]["body"] == b"done") == (said[0]["status"] == 200)
    return said[0]["status"]


def asked(query: str) -> str:
    return f"query={quote(query)}"


OWN = {"origin": f"http://127.0.0.1:{PORT}", "sec-fetch-site": "same-origin"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"headers": {"host": f"localhost:{PORT}"}},
        {"headers": OWN},
        {"path": "/graphql", "query": asked(QUESTION)},
        {"path": "/graphql", "query": asked("query A { version } query B { version } fragment F on Run { id }")},
        {"path": "/runs", "query": "q=mutation"},
        {"method": "POST", "path": "/graphql", "headers": {**OWN, **JSON}},
        {"method": "POST", "path": "/graphql", "headers": {"content-type": "Application/JSON; charset=utf-8"}},
        {"method": "HEAD"},
        {"kind": "websocket", "path": "/graphql", "headers": {"origin": f"http://127.0.0.1:{PORT}"}},
        {"kind": "websocket", "path": "/graphql"},
        # A link in a message, in whichever page it is read.
        {"headers": {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}},
    ],
)
def test_what_the_page_itself_asks_for_gets_through(given: dict) -> None:
    assert answer(**given) in (200, 101)


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"host": "evil.example"}},  # DNS rebinding: the name now means 127.0.0.1
        {"headers": {"host": f"evil.example:{PORT}"}},
        {"headers": {"host": "127.0.0.1"}},
        {"headers": {"host": "127.0.0.1:4000"}},
        {"headers": {"host": f"127.0.0.1:{PORT}.evil.example"}},
        {"headers": {"host": ""}},
        {"doubled": ("host", f"127.0.0.1:{PORT}")},
        {"method": "POST", "path": "/graphql", "headers": {"origin": "http://127.0.0.1:4000", **JSON}},
        {"method": "POST", "path": "/graphql", "headers": {"origin": f"http://localhost:{PORT}", **JSON}},
        {"method": "POST", "path": "/graphql", "headers": {"origin": "null", **JSON}},
        {"method": "POST", "path": "/graphql", "headers": {"origin": f"https://127.0.0.1:{PORT}", **JSON}},
        {"method": "POST", "path": "/graphql", "headers": {**OWN, **JSON}, "doubled": ("origin", "http://evil.example")},
        {"method": "POST", "path": "/graphql", "headers": OWN},
        {"method": "POST", "path": "/graphql", "headers": {"content-type": "text/plain"}},
        {"method": "POST", "path": "/graphql", "headers": {"content-type": "text/plain; application/json"}},
        {"method": "POST", "path": "/graphql", "headers": {"content-type": "application/graphql"}},
        {"method": "POST", "path": "/graphql", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"method": "POST", "path": "/graphql", "headers": {"content-type": "text/plain"}, "query": asked(MUTATION)},
        {"method": "POST", "path": "/report_asset_materialization/a", "headers": {"content-type": "text/plain"}},
        {"method": "OPTIONS", "path": "/graphql", "headers": {"origin": "http://evil.example"}},
        {"method": "OPTIONS", "path": "/graphql"},
        {"method": "PUT", "path": "/graphql", "headers": JSON},
        {"path": "/graphql", "query": asked(MUTATION)},
        {"path": "/graphql/", "query": asked(MUTATION)},
        {"path": "/graphql\n", "query": asked(MUTATION)},
        {"path": "/graphql", "query": asked("subscription { capturedLogs(logKey: []) { cursor } }")},
        {"path": "/graphql", "query": asked(f"query A {{ version }} {MUTATION}") + "&operationName=B"},
        {"path": "/graphql", "query": f"{asked(QUESTION)}&{asked(MUTATION)}"},
        {"path": "/graphql", "query": f"{asked(MUTATION)}&{asked(QUESTION)}"},
        {"path": "/graphql", "query": asked("no question")},
        {"path": "/graphql", "query": asked(QUESTION), "headers": {"sec-fetch-site": "same-site"}},
        {"path": "/graphql", "query": asked(QUESTION), "headers": {"sec-fetch-site": "cross-site"}},
        {"headers": {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}},
        {
            "method": "POST", "path": "/graphql",
            "headers": {
                **JSON, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"
            },
        },
        {"kind": "websocket", "path": "/graphql", "headers": {"origin": "http://127.0.0.1:4000"}},
        {"kind": "websocket", "path": "/graphql", "headers": {"origin": f"http://localhost:{PORT}"}},
        {"kind": "websocket", "path": "/graphql", "headers": {"host": f"evil.example:{PORT}"}},
    ],
)  # fmt: skip
def test_what_another_page_could_send_is_refused(given: dict) -> None:
    assert answer(**given) in (403, 1008)


def test_a_proxy_that_people_named_is_no_other_page() -> None:
    public = "https://figures.example/dagster"
    post = {"method": "POST", "path": "/graphql", "public": public}
    origin = {"origin": "https://figures.example", **JSON}
    assert answer(headers={"host": "figures.example", **origin}, **post) == 200
    assert answer(headers=origin, **post) == 200  # a proxy that does not hand the name on
    assert answer(headers={"host": "figures.example", **JSON, "origin": "http://figures.example"}, **post) == 403
    assert answer(headers={"host": f"127.0.0.1:{PORT}", **JSON, "origin": "https://other.example"}, **post) == 403
    assert answer(headers={"host": "figures.example"}) == 403  # where nobody named it


# The page as people start it -----------------------------------------------------------------------------------------


@dataclass
class Served:
    """A page that was started with `stammkunde serve`."""

    places: Places
    port: int
    process: psutil.Process

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query: str, **variables: object) -> dict:
        body = json.dumps({"query": query, "variables": variables}).encode()
        return json.load(
            urllib.request.urlopen(urllib.request.Request(f"{self.address}/graphql", body, JSON), timeout=60)
        )

    def runs(self) -> list[str]:
        """The state of each run there ever was."""
        found = self.ask("{ runsOrError { ... on Runs { results { status } } } }")["data"]["runsOrError"]["results"]
        return [run["status"] for run in found]


@contextmanager
def serving(places: Places) -> Iterator[Served]:
    """`stammkunde serve`, from the line that names its address on."""
    port = free_port()
    given = {
        **environment_of_refresh(places),
        "STAMMKUNDE_DAGSTER_PORT": str(port),
        "STAMMKUNDE_SETTLE_SECONDS": "1000000",  # nothing starts by itself
        "STAMMKUNDE_SCHEDULE": "0 5 29 2 *",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve"], cwd=PROJECT, env=given,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Dagster's page"):
                break
        else:
            raise AssertionError("".join(said))
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield Served(places, port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(new_places(tmp_path_factory.mktemp("page"))) as page:
        yield page


def free_port() -> int:
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


def test_no_port_lies_behind_the_guard(served: Served) -> None:
    """Whatever the page's processes listen at: one port of 127.0.0.1, and sockets of this machine's files."""
    everyone = [served.process, *served.process.children(recursive=True)]
    assert len(everyone) >= 3  # page, daemon, server of the definitions
    listening = {
        (known.laddr.ip, known.laddr.port)
        for process in everyone
        for known in process.net_connections(kind="inet")
        if known.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", served.port)}


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        (f"/graphql?{asked(MUTATION)}", None, {}),
        (f"/graphql?{asked(MUTATION)}", b"", {"Content-Type": "text/plain"}),
        ("/graphql", json.dumps({"query": MUTATION}).encode(), {**JSON, "Origin": "http://evil.example"}),
        ("/graphql", json.dumps({"query": MUTATION}).encode(), {**JSON, "Host": "evil.example"}),
        ("/graphql", json.dumps({"query": MUTATION}).encode(), {"Content-Type": "text/plain; application/json"}),
        ("/graphql", MUTATION.encode(), {"Content-Type": "application/graphql"}),
    ],
)
def test_the_page_starts_nothing_for_others(path: str, body: bytes | None, headers: dict, served: Served) -> None:
    before = served.runs()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(f"{served.address}{path}", body, headers), timeout=60)
    assert served.runs() == before


@pytest.mark.parametrize("name", ["as_of_date", "accepted_build", "accepted_reason", "replace_shop", "full_refresh"])
def test_a_run_of_the_page_takes_no_wishes(name: str, served: Served) -> None:
    before = served.runs()
    config = {"resources": {"refresh": {"config": {name: "2024-06-30"}}}}
    answered = served.ask(WITH_WISHES, asked=config)["data"]["launchRun"]
    assert answered["__typename"] == "RunConfigValidationInvalid"
    assert f'unexpected config entry "{name}"' in answered["errors"][0]["message"]
    assert served.runs() == before


def test_a_second_page_says_that_the_port_is_taken(served: Served) -> None:
    given = {**environment_of_refresh(served.places), "STAMMKUNDE_DAGSTER_PORT": str(served.port)}
    finished = subprocess.run(
        [sys.executable, "-m", "cli", "serve"], cwd=PROJECT, env=given, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 1
    assert finished.stderr.startswith(f"port {served.port} cannot be had (Address already in use)")
    assert "STAMMKUNDE_DAGSTER_PORT" in finished.stderr


@pytest.mark.parametrize(("answer", "ended_by"), [("SIG_DFL", -signal.SIGTERM), ("SIG_IGN", 1)])
def test_a_daemon_ends_when_nobody_holds_the_other_end_of_its_input(answer: str, ended_by: int) -> None:
    """At once: its own patience is longer than this test's. It inherits a signal that is ignored, as it is wherever
    Dagster has run in the background of a script."""
    live = "from orchestration.page import daemon; daemon.PATIENCE_SECONDS *= 10; daemon.live_with_the_page()"
    code = f"import signal; signal.signal(signal.SIGTERM, signal.{answer}); {live}; print(flush=True); signal.pause()"
    daemon = subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdin and daemon.stdout
    assert daemon.stdout.readline() == "\n"
    assert daemon.poll() is None
    daemon.stdin.close()
    assert daemon.wait(PATIENCE) == ended_by
    daemon.stdout.close()


@pytest.mark.long
def test_a_page_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    """The server of the definitions ends when it has heard of nobody for 45 seconds."""
    with serving(new_places(tmp_path)) as page:
        others = page.process.children(recursive=True)
        (daemon,) = [process for process in others if "orchestration.page.daemon" in process.cmdline()]
        assert all(process.is_running() for process in others)
        page.process.kill()
        assert psutil.wait_procs([daemon], PATIENCE)[1] == []
        assert psutil.wait_procs(others, PATIENCE)[1] == []


# In a browser ---------------------------------------------------------------------------------------------------------

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")

ATTACK = """(async (address, mutation) => {
  const body = JSON.stringify({query: mutation});
  const get = address + '/graphql?query=' + encodeURIComponent(mutation);
  const ended = (element, done) => new Promise(settled => {
    element.onload = element.onerror = settled;
    done(element);
  });
  const form = (method, encoding) => ended(document.createElement('iframe'), frame => {
    frame.name = 'frame' + Math.random();
    const form = document.createElement('form');
    Object.assign(form, {method, enctype: encoding, target: frame.name});
    form.action = method === 'get' ? address + '/graphql' : get;
    form.innerHTML = '<input name=query>';
    form.firstChild.value = mutation;
    document.body.append(frame, form);
    form.submit();
  });
  const fetched = (where, wish) => fetch(where, wish).then(answer => answer.type, () => 'refused');
  const found = {};
  found.forms = [
    await form('post', 'application/x-www-form-urlencoded'), await form('post', 'text/plain'),
    await form('post', 'multipart/form-data'), await form('get', ''),
  ].length;
  found.text = await fetched(address + '/graphql', {method: 'POST', mode: 'no-cors', body,
    headers: {'content-type': 'text/plain'}});
  found.get = await fetched(get, {mode: 'no-cors'});
  found.credentials = await fetched(get, {mode: 'no-cors', credentials: 'include'});
  found.json = await fetched(address + '/graphql', {method: 'POST', body,
    headers: {'content-type': 'application/json'}});
  found.beacon = navigator.sendBeacon(get, body);
  await ended(new Image(), image => { image.src = get; });
  await ended(document.createElement('script'), script => { script.src = get; document.body.append(script); });
  await ended(document.createElement('iframe'), frame => { frame.src = get; document.body.append(frame); });
  found.socket = await new Promise(settled => {
    const line = new WebSocket(address.replace('http', 'ws') + '/graphql', 'graphql-ws');
    line.onopen = () => {
      line.send(JSON.stringify({type: 'connection_init'}));
      line.send(JSON.stringify({type: 'start', id: '1', payload: {query: mutation}}));
      setTimeout(() => settled('opened'), 1000);
    };
    line.onerror = () => settled('refused');
  });
  return found;
})"""


@contextmanager
def someone_else() -> Iterator[tuple[int, list[str]]]:
    """Another page of this machine, and what is asked of it."""
    seen: list[str] = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_socket = self.headers.get("upgrade") == "websocket"
            self.note("websocket" if is_socket else f"GET {self.headers.get('sec-fetch-dest')}")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.note(f"POST {self.headers.get('content-type', '').partition(';')[0]}")

        def do_OPTIONS(self) -> None:
            self.note("OPTIONS")

        def note(self, what: str) -> None:
            seen.append(what)
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><body>somebody else's page")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        server.server_close()


@needs_browser
def test_no_other_page_in_the_browser_starts_a_run(served: Served, tmp_path: Path) -> None:
    """The same attempts reach a page that does not guard itself: it is not the browser that stops them."""
    before = served.runs()
    with someone_else() as (other, _), someone_else() as (unguarded, arrived), browser(tmp_path / "profile") as page:
        for name, target in (("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("127.0.0.1", "localhost")):
            page.open(f"http://{name}:{other}/")
            arrived.clear()
            attempt = f"{ATTACK}('http://{target}:%s', {json.dumps(MUTATION)})"
            page.value(attempt % unguarded)
            assert {
                "POST application/x-www-form-urlencoded", "POST text/plain", "POST multipart/form-data", "GET iframe",
                "GET image", "GET script", "GET empty", "OPTIONS", "websocket",
            } <= set(arrived)  # fmt: skip
            found = page.value(attempt % served.port)
            assert (found["json"], found["socket"]) == ("refused", "refused")
            assert served.runs() == before
        # The address bar, led there by a link.
        page.value(f"location.href = '{served.address}/graphql?{asked(MUTATION)}'")
        page.wait_for("document.body && document.body.innerText.includes('must be sent as POST')")
    assert served.runs() == before


@needs_browser
def test_a_name_that_was_turned_to_this_machine_gets_nothing(served: Served, tmp_path: Path) -> None:
    rebound = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    with browser(tmp_path / "profile", rebound) as page:
        page.open(f"http://evil.example:{served.port}/")
        assert "addressed to another host" in page.value("document.body.innerText")


@needs_browser
@pytest.mark.long
def test_people_start_a_refresh_with_the_button_of_the_page(served: Served, tmp_path: Path) -> None:
    before = served.runs()
    with browser(tmp_path / "profile", "--window-size=1600,1000") as page:
        page.open(f"{served.address}/locations/orchestration.definitions/jobs/refresh/playground")
        button = "[...document.querySelectorAll('button')].find(button => /^Launch run/i.test(button.innerText.trim()))"
        page.wait_for(f"({button})?.disabled === false")
        page.value(f"({button}).click()")
        until = time.monotonic() + 300
        while time.monotonic() < until and (served.runs() == before or served.runs()[0] not in ("SUCCESS", "FAILURE")):
            time.sleep(1)
    assert served.runs()[0] == "SUCCESS"
    assert published_rows(served.places, "select count(*) from marts.orders")[0][0] > 0
