"""A real browser for tests: Chromium without a window, told what to do by its own protocol of development."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium")
PATIENCE = 60  # seconds after which something that is waited for will not come
PATIENCE_WITH_SERVERS = 120


class Page:
    """One page of the browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.asked = 0

    def tell(self, method: str, **parameters: object) -> Any:
        self.asked += 1
        self.connection.send(json.dumps({"id": self.asked, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.connection.recv(timeout=PATIENCE))
            if answer.get("id") == self.asked:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, address: str) -> None:
        self.tell("Page.navigate", url=address)
        self.wait_for(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(address[:12])})")

    def value(self, script: str) -> Any:
        """What an expression gives; a promise is waited for."""
        found = self.tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """Until an expression gives something."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if found := self.value(script):
                return found
            time.sleep(0.2)
        raise TimeoutError(f"{script}: {self.value('document.body.innerText')[:2000]}")


def wait_for_answer(address: str, process: subprocess.Popen[bytes], output: Path) -> None:
    """Until a server that was started answers."""
    until = time.monotonic() + PATIENCE_WITH_SERVERS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(output.read_text())


@contextmanager
def browser(folder: Path, *options: str) -> Iterator[Page]:
    """A browser with a profile of its own in `folder`, and a page in it."""
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
        f"--user-data-dir={folder}", *options, "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = port_of(folder / "DevToolsActivePort")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
            address = next(page["webSocketDebuggerUrl"] for page in json.load(answer) if page["type"] == "page")
        with connect(address, max_size=None) as connection:
            yield Page(connection)
    finally:
        process.terminate()
        process.wait()


def port_of(file: Path) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if file.exists() and (lines := file.read_text().splitlines()):
            return lines[0]
        time.sleep(0.1)
    raise TimeoutError("the browser did not start")
