"""What people see of the command: its help, how far a refresh is, and a demonstration that touches nobody's shop."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import typer
from rich.console import Console

from cli.app import app
from orchestration.assets.steps import AGE_OF_ORDERS, limits
from orchestration.progress import Telling
from orchestration.quality.thresholds import load_thresholds
from stammkunde.places import SAMPLE
from tests.conftest import PROJECT
from tests.refreshes import clean_environment, write_shop

WIDTH = 80


def test_no_line_of_the_help_is_cut_off() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    daily = {
        "run",
        "check",
        "map",
        "accept",
        "rollback",
        "builds",
        "summary",
        "serve",
        "docs",
        "dashboard",
        "report",
        "review",
        "export",
        "actions",
        "audit",
        "mcp",
    }
    rarely = {"doctor", "backup", "restore", "forget", "export-person", "replay", "backtest", "metrics", "try-rule"}
    assert daily | rarely == set(commands)
    room = WIDTH - 6 - max(len(name) for name in commands)  # as the list of commands is laid out
    cut_off = [name for name, command in commands.items() if command.get_short_help_str(room).endswith("...")]
    assert cut_off == []


def told(console: Console | None, *, upto: int = 172) -> list[str]:
    log: list[str] = []
    telling = Telling(log.append, console)
    telling.say("models ...")
    with telling.counting("models and tests"):
        for done in range(1, upto + 1):
            telling.count(done, 172, "models and tests")
    telling.say("models took 9.0 s")
    return log


def test_where_nobody_watches_a_count_is_a_line_now_and_then() -> None:
    file = io.StringIO()
    log = told(Console(file=file, soft_wrap=True))
    counts = [f"  {done} of 172 models and tests" for done in (43, 86, 129, 172)]
    assert file.getvalue().splitlines() == ["models ...", *counts, "models took 9.0 s"]
    assert log == ["models ...", "models took 9.0 s"]


def test_on_a_terminal_a_bar_counts_and_goes_away() -> None:
    file = io.StringIO()
    told(Console(file=file, force_terminal=True, width=WIDTH, highlight=False), upto=120)
    assert "120 of 172" in file.getvalue()
    assert file.getvalue().endswith("\x1b[2Kmodels took 9.0 s\n")


def test_a_refresh_of_the_page_counts_nothing() -> None:
    assert told(None) == ["models ...", "models took 9.0 s"]


def test_that_the_sample_is_old_is_no_news_but_that_of_a_shop_is() -> None:
    assert limits("sample")["raw"][AGE_OF_ORDERS].severity == "off"
    assert limits("my shop") == load_thresholds()
    assert limits("my shop")["raw"][AGE_OF_ORDERS].severity == "warn"
    others = [{**suites, "raw": {**suites["raw"], AGE_OF_ORDERS: None}} for suites in (limits("sample"), limits("a"))]
    assert others[0] == others[1]


def test_the_demonstration_has_nothing_to_do_with_a_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a shell names of a real one: its warehouse, folder, tables, limits, and who gets its messages."""
    from examples.broken_shops import separate
    from orchestration.launch import environment_of_refresh

    named = ("RAW", "MAPPING", "WAREHOUSE", "PUBLISHED", "TARGET", "RAW_TABLES", "SHOP", "THRESHOLDS", "WEBHOOK")
    for name in named:
        monkeypatch.setenv(f"STAMMKUNDE_{name}", f"/of a shop/{name}")
    places = separate(tmp_path)
    given = environment_of_refresh(places)
    assert [name for name, value in given.items() if "/of a shop/" in value] == []
    inside = ("RAW", "WAREHOUSE", "PUBLISHED", "THRESHOLDS")
    assert all(Path(given[f"STAMMKUNDE_{name}"]).is_relative_to(tmp_path) for name in inside)
    assert load_thresholds()["raw"][AGE_OF_ORDERS].severity == "off"


def command(folder: Path, *arguments: str, typed: str = "", **named: str) -> subprocess.CompletedProcess[str]:
    given = {
        **clean_environment(),
        "STAMMKUNDE_WAREHOUSE": str(folder / "shop.duckdb"),
        "STAMMKUNDE_PUBLISHED": str(folder / "published" / "retention.duckdb"),
        **{f"STAMMKUNDE_{name}": value for name, value in named.items()},
    }
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=PROJECT, env=given, input=typed, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_folder_that_is_gone_is_said_in_one_line_and_nothing_is_started(tmp_path: Path) -> None:
    from dataclasses import replace

    from orchestration.state import State
    from stammkunde.shops import remember
    from tests.refreshes import places_in

    places = places_in(tmp_path)
    remember(replace(places, shop="my shop"))
    for arguments in (("run",), ("check",)):
        finished = command(tmp_path, *arguments)
        assert finished.returncode == 1
        assert finished.stderr.startswith(f"{places.raw}: the folder that the last refresh of the shop my shop read is")
        assert "Traceback" not in finished.stderr
        assert (State(places).rows("builds")[-1:] or [{}])[0].get("reason") == finished.stderr.strip()
    assert [row["outcome"] for row in State(places).rows("builds")] == ["failed"]  # looking is no refresh


def test_check_reads_what_was_refreshed_last_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from intake import check as checking
    from stammkunde.shops import remember
    from tests.refreshes import places_in

    for name in [name for name in os.environ if name.startswith("STAMMKUNDE_")]:
        monkeypatch.delenv(name)
    places = places_in(tmp_path)
    assert places.raw
    write_shop(places.raw)
    monkeypatch.setenv("STAMMKUNDE_WAREHOUSE", str(places.warehouse))
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(places.published))
    looked_at: list[Path] = []
    monkeypatch.setattr(checking, "check", lambda raw, mapping, gate: looked_at.append(raw) or iter(()))
    from cli.looking import check

    check()
    remember(replace(places, shop="my shop"))
    check()
    assert looked_at == [SAMPLE, places.raw]


def test_check_says_what_it_leaves_open(tmp_path: Path) -> None:
    from dataclasses import replace

    from cli.looking import left_open
    from tests.refreshes import places_in

    places = replace(places_in(tmp_path), shop="mine")
    assert [*left_open(places)] == []
    (tables,) = left_open(replace(places, raw_tables="customers=erp.people"))
    assert "no table (STAMMKUNDE_RAW_TABLES: customers=erp.people)" in tables
    places.published.parent.mkdir(parents=True)
    with duckdb.connect(str(places.published)) as connection:
        connection.execute("create schema marts; create table marts.build as select 'b1' as build_id, 'mine' as shop")
    assert [*left_open(places)] == ["What has changed against the published figures is judged by the run itself."]
    (other,) = left_open(replace(places, shop="other", raw=tmp_path / "other"))
    assert other.startswith("But it is another shop than the published one: ")


def test_the_outcomes_in_the_summary_add_up_to_the_lines_of_the_files() -> None:
    from reports.summary import accounting

    def told(*outcomes: tuple[str, str, int]) -> list[list[str]]:
        rows = [dict(zip(("outcome", "reason", "rows"), outcome, strict=True)) for outcome in outcomes]
        return [line.split() for line in accounting(rows)]

    usual = [("counted", "none", 4), ("excluded", "status", 2)]
    assert [line[0] for line in told(*usual)] == ["Raw", "counted", "excluded", "status", "quarantined", "superseded"]
    lines = told(*usual, ("folded", "none", 3), ("left_out", "refunds", 1))
    assert lines[0] == ["Raw", "order", "rows", "10"]
    assert lines[-3:] == [["folded", "3"], ["left_out", "1"], ["refunds", "1"]]
