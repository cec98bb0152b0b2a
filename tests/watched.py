"""Commands whose connections are watched: every address that one of their processes turns to."""

from __future__ import annotations

import ipaddress
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import PROJECT

STRACE, UNSHARE = shutil.which("strace"), shutil.which("unshare")
RESOLVER = "htons(53)"
PATIENCE = 120  # seconds
CALLS = "connect,sendto,sendmsg,sendmmsg"
ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')


def works(*command: str | None) -> bool:
    """Whether this machine lets us do that."""
    return (
        None not in command
        and not subprocess.run(
            [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        ).returncode
    )


needs_strace = pytest.mark.skipif(not works(STRACE, "-f", "true"), reason="strace is not installed, or not permitted")
needs_unshare = pytest.mark.skipif(
    not works(UNSHARE, "--map-root-user", "--net", "true"), reason="namespaces are not permitted to this user"
)


def addresses_in(log: Path) -> set[str]:
    """All addresses of the internet in a log of strace."""
    return {first or second for first, second in ADDRESS.findall(log.read_text(errors="replace"))}


def elsewhere(log: Path) -> set[str]:
    """Those of other machines. A name is asked for at one, or at this machine's own resolver, which asks one."""
    names = {"the resolver of names"} if RESOLVER in log.read_text(errors="replace") else set()
    return names | {address for address in addresses_in(log) if not ipaddress.ip_address(address).is_loopback}


def watching(log: Path, *command: object) -> list[str]:
    return [
        str(part) for part in (STRACE, "-f", "-q", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", log, *command)
    ]


def without_network(*command: object) -> list[str]:
    """In a namespace that has no network, not even the loopback."""
    return [str(part) for part in (UNSHARE, "--map-root-user", "--net", *command)]


def finished(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


@contextmanager
def started(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        for child in psutil.Process(process.pid).children():  # strace ends with what it watches, and not before
            child.terminate()
        process.wait(PATIENCE)
