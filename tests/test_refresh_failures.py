"""What stops a refresh turns it red and leaves the last good file."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from orchestration.places import Places
from tests.conftest import PROJECT
from tests.refreshes import (
    Refresh,
    RefreshServer,
    assert_readers_saw_nothing,
    content,
    copied,
    last_build,
)


def test_a_file_that_cannot_be_read_fails_in_one_line(shop: Places, server: RefreshServer, tmp_path: Path) -> None:
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    (places.raw / "orders.csv").write_bytes(b"%PDF-1.7 no table at all")
    status, output = server.run(places)
    assert status == 1
    assert "orders.csv" in output
    assert "Traceback" not in output
    assert_readers_saw_nothing(places, before, "failed")


def test_a_crashed_dbt_stops_the_refresh(shop: Places, server: RefreshServer, tmp_path: Path) -> None:
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    refresh = server.start(places)
    assert refresh.wait_for(lambda: bool(dbt_processes(refresh)))
    for process in dbt_processes(refresh):
        os.kill(process, signal.SIGKILL)
    assert refresh.wait() == 1
    assert "dbt" in refresh.output
    assert_readers_saw_nothing(places, before, "failed")


def dbt_processes(refresh: Refresh) -> list[int]:
    """Children of a refresh that are a dbt build."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == refresh.pid and "build" in (process / "cmdline").read_text().split("\0"):
                found.append(int(process.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def test_a_full_disk_stops_publish(server: RefreshServer, shop: Places, tmp_path: Path) -> None:
    places = copied(shop, tmp_path / "shop")
    before = places.published.read_bytes()
    shutil.rmtree(places.published.parent)
    places.published.parent.mkdir()
    size = len(before) + 400_000  # the good build and its manifests fit, another does not
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(places.published.parent)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        places.published.write_bytes(before)
        status, output = server.run(places)
        assert status == 1
        assert "could not be written" in output
        assert places.published.read_bytes() == before
        assert last_build(places)["outcome"] == "failed"
    finally:
        subprocess.run(["umount", str(places.published.parent)], check=True)


class Broken:
    """A copy of the project with something taken out or put in."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        ignored = shutil.ignore_patterns(".git", ".venv", "target", "logs", "warehouse", "__pycache__", ".pytest_cache")
        shutil.copytree(PROJECT, self.project, ignore=ignored)


def test_a_failing_dbt_test_and_a_missing_suite_stop_publish(shop: Places, tmp_path: Path) -> None:
    """In a copy of the project: first an order that a dbt test forbids; without it, a suite that is not there."""
    broken = Broken(tmp_path)
    test = broken.project / "tests" / "data" / "assert_no_forbidden_order.sql"
    test.write_text("select order_id from {{ ref('orders') }} where order_id = 'forbidden'\n", encoding="utf-8")
    suites = broken.project / "orchestration" / "quality" / "suites.py"
    text = suites.read_text(encoding="utf-8")
    assert '    "drift": drift,\n' in text
    suites.write_text(text.replace('    "drift": drift,\n', ""), encoding="utf-8")
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    orders = places.raw / "orders.csv"
    sound = orders.read_text(encoding="utf-8")
    orders.write_text(sound + "forbidden,c1,2025-06-30 10:00:00,5.00,\n", encoding="utf-8")
    server = RefreshServer(tmp_path / "server", broken.project)
    try:
        status, output = server.run(places)
        assert status == 1
        assert "assert_no_forbidden_order" in output
        assert_readers_saw_nothing(places, before, "failed")

        orders.write_text(sound, encoding="utf-8")
        status, output = server.run(places)
        assert status == 1
        assert "the suite drift is missing" in output
        assert_readers_saw_nothing(places, before, "failed")
    finally:
        server.stop()
