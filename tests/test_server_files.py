"""The files that put the pages on a server: a proxy with TLS and login before pages that bind 127.0.0.1."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import yaml
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.conftest import PROJECT, Build
from tests.published import published_copy
from tests.watched import elsewhere, needs_strace, watching

PATIENCE = 120  # seconds after which something that is waited for will not come
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
DEPLOY = PROJECT / "deploy"
READER, OPERATOR = "reader", "operator"

needs_proxy = pytest.mark.skipif(
    not NGINX or not shutil.which("openssl"), reason="nginx or openssl is not installed here"
)


def free_ports(many: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(many)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@dataclass(frozen=True)
class Site:
    """The pages behind the proxy, as others reach them."""

    port: int
    certificate: Path
    calls: Path | None  # what the dashboard's process connected to, where that can be watched

    @property
    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def get(self, path: str, user: str | None = None, *, body: bytes | None = None) -> tuple[int, str]:
        """Status and text of an answer; redirections are not followed."""
        headers = {"content-type": "application/json", **login(user)}
        request = urllib.request.Request(f"https://localhost:{self.port}{path}", data=body, headers=headers)
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=self.context), Unfollowed())
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("location", "")


class Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def login(user: str | None) -> dict[str, str]:
    if user is None:
        return {}
    return {"authorization": "Basic " + base64.b64encode(f"{user}:secret".encode()).decode()}


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        for one in [*psutil.Process(process.pid).children(), process]:  # strace ends with what it watches, not before
            with suppress(psutil.NoSuchProcess):
                one.terminate()
        process.wait(PATIENCE)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise TimeoutError(log.read_text())


@pytest.fixture(scope="module")
def site(sample: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """nginx with the configuration that is shipped, and both pages, as the how-to starts them."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "published").mkdir()
    published = published_copy(sample.warehouse, folder / "published" / "retention.duckdb")
    published.with_name("retention_de.html").write_text("<title>Bericht</title>")
    outside, plain, dashboard, dagster = free_ports(4)
    certificate = make_certificate(folder)
    configuration(folder, certificate, outside, plain, dashboard, dagster)
    environment = {
        **os.environ,
        "HOME": str(folder),
        "STAMMKUNDE_RAW": str(folder / "raw"),  # nothing there: no refresh starts by itself
        "STAMMKUNDE_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "STAMMKUNDE_PUBLISHED": str(published),
        "STAMMKUNDE_DASHBOARD_PORT": str(dashboard),
        "STAMMKUNDE_DASHBOARD_URL": f"https://localhost:{outside}/dashboard",
        "STAMMKUNDE_DAGSTER_PORT": str(dagster),
        "STAMMKUNDE_DAGSTER_URL": f"https://localhost:{outside}/dagster",
    }
    calls = folder / "calls" if shutil.which("strace") else None
    watched = [sys.executable, "-m", "cli", "dashboard"]
    with ExitStack() as stack:
        pages = stack.enter_context(
            running(watching(calls, *watched) if calls else watched, environment, folder / "dashboard.log")
        )
        other = stack.enter_context(
            running([sys.executable, "-m", "cli", "serve"], environment, folder / "dagster.log")
        )
        proxy = stack.enter_context(
            running(
                [str(NGINX), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"], environment, folder / "nginx.log"
            )
        )
        wait_for(dashboard, pages, folder / "dashboard.log")
        wait_for(dagster, other, folder / "dagster.log")
        wait_for(outside, proxy, folder / "nginx.log")
        yield Site(outside, certificate, calls)


def make_certificate(folder: Path) -> Path:
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "key.pem"),
            "-out", str(folder / "certificate.pem"),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "certificate.pem"


def configuration(folder: Path, certificate: Path, outside: int, plain: int, dashboard: int, dagster: int) -> None:
    """The shipped configuration with ports, names and places of this test, and nothing else changed."""
    for file, users in (("stammkunde_readers", [READER, OPERATOR]), ("stammkunde_operators", [OPERATOR])):
        made = subprocess.run(["openssl", "passwd", "-apr1", "secret"], check=True, capture_output=True, text=True)
        (folder / file).write_text("".join(f"{user}:{made.stdout.strip()}\n" for user in users))
    text = (DEPLOY / "nginx" / "stammkunde.conf").read_text(encoding="utf-8")
    for shipped, own in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl": f"listen 127.0.0.1:{outside} ssl",
        "/etc/ssl/certs/retention.example.com.pem": str(certificate),
        "/etc/ssl/private/retention.example.com.key": str(folder / "key.pem"),
        "retention.example.com": "localhost",
        "/etc/nginx/": f"{folder}/",
        "127.0.0.1:8501": f"127.0.0.1:{dashboard}",
        "127.0.0.1:3000": f"127.0.0.1:{dagster}",
        "/srv/stammkunde/warehouse/published": str(folder / "published"),
    }.items():
        assert shipped in text
        text = text.replace(shipped, own)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"pid {folder}/nginx.pid; error_log {folder}/error.log; user root; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{text}\n}}\n"
    )


@needs_proxy
@pytest.mark.long
def test_nobody_gets_in_without_a_login(site: Site) -> None:
    for path in ("/dashboard/", "/report/retention_de.html", "/dagster", "/dagster/graphql"):
        assert site.get(path)[0] == 401
    assert site.get("/dagster", READER)[0] == 401


@needs_proxy
@pytest.mark.long
def test_readers_get_dashboard_and_report(site: Site) -> None:
    assert site.get("/", READER) == (302, f"https://localhost:{site.port}/dashboard/")
    status, page = site.get("/dashboard/", READER)
    assert (status, "Streamlit" in page) == (200, True)
    assert site.get("/report/retention_de.html", READER) == (200, "<title>Bericht</title>")
    assert site.get("/report/retention.duckdb", READER)[0] == 404


@needs_proxy
@pytest.mark.long
def test_operators_ask_dagster_below_its_path(site: Site) -> None:
    question = json.dumps({"query": "{ version }"}).encode()
    status, answer = site.get("/dagster/graphql", OPERATOR, body=question)
    assert (status, set(json.loads(answer)["data"])) == (200, {"version"})
    status, page = site.get("/dagster/runs", OPERATOR)
    assert (status, "/dagster/" in page) == (200, True)
    change = "/dagster/graphql?query=mutation%7B__typename%7D"
    assert site.get(change, OPERATOR)[0] == 403


@needs_proxy
@pytest.mark.long
def test_the_dashboard_talks_to_its_own_page_and_to_no_other(site: Site) -> None:
    """By WebSocket, through the proxy. One from another page is refused."""
    address = f"wss://localhost:{site.port}/dashboard/_stcore/stream"
    own = f"https://localhost:{site.port}"
    with connect(address, ssl=site.context, origin=own, additional_headers=login(READER), proxy=None) as opened:
        assert opened.response.status_code == 101
    with pytest.raises(InvalidStatus) as refused:
        connect(address, ssl=site.context, origin="https://evil.example", additional_headers=login(READER), proxy=None)
    assert refused.value.response.status_code == 403


@needs_proxy
@needs_strace
@pytest.mark.long
def test_the_dashboard_asks_nobody_in_the_internet_about_another_page(site: Site) -> None:
    test_the_dashboard_talks_to_its_own_page_and_to_no_other(site)
    assert site.calls
    assert elsewhere(site.calls) == set()


@needs_proxy
def test_the_proxy_takes_its_configuration(tmp_path: Path) -> None:
    configuration(tmp_path, make_certificate(tmp_path), *free_ports(4))
    judged = subprocess.run([str(NGINX), "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True)
    assert judged.returncode == 0, judged.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")
def test_the_units_are_sound(tmp_path: Path) -> None:
    units = []
    for unit in sorted((DEPLOY / "systemd").iterdir()):
        text = unit.read_text(encoding="utf-8").replace("/srv/stammkunde/.venv/bin/stammkunde", sys.executable)
        units.append(tmp_path / unit.name)
        units[-1].write_text(text.replace("/srv/stammkunde", str(PROJECT)))
    assert len(units) == 4
    judged = subprocess.run(["systemd-analyze", "verify", *map(str, units)], capture_output=True, text=True)
    assert (judged.returncode, judged.stderr) == (0, "")


def test_only_the_proxy_has_ports_outside() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    for name in ("dagster", "dashboard"):
        assert services[name]["network_mode"] == "service:proxy"


def test_the_container_has_the_version_of_psycopg_that_is_locked() -> None:
    container = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    locked = (PROJECT / "requirements-dev.lock").read_text(encoding="utf-8")
    (wanted,) = {line.split("'")[1] for line in container.splitlines() if "psycopg" in line}
    assert f"{wanted} \\" in locked
