"""What the gate remembers from refresh to refresh: settings, what was accepted, what was first published."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.publish.builds import kept
from orchestration.state import State
from stammkunde.places import Places
from tests.refreshes import RefreshServer, content, last_build, published_rows


def outcome_of(places: Places, check: str) -> tuple[str, str]:
    """What a check found in the last refresh, and what it says."""
    rows = State(places).of_build("validation_results", str(last_build(places)["build_id"]))
    return next((str(row["outcome"]), str(row["explanation"])) for row in rows if row["check_name"] == check)


def failed(places: Places) -> set[str]:
    rows = State(places).of_build("validation_results", str(last_build(places)["build_id"]))
    return {str(row["check_name"]) for row in rows if row["outcome"] == "failed"}


def keep_orders(raw: Path, is_kept: Callable[[dict[str, str]], bool]) -> None:
    """Write the export again, with some of its rows."""
    with (raw / "orders.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if is_kept(row)]
    with (raw / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def accepted(places: Places, server: RefreshServer) -> int:
    """How many times it takes to let the last refresh through."""
    for times in range(1, 4):
        blocked = str(last_build(places)["build_id"])
        status, output = server.run(places, accepted_build=blocked, accepted_reason="the source keeps a year")
        if not status:
            return times
    raise AssertionError(output)


@pytest.mark.long
def test_figures_that_a_setting_moved_are_shown_with_that_cause_and_accepted_once(
    places: Places, server: RefreshServer
) -> None:
    before = content(places)
    (places.raw / "mapping.yml").write_text("settings: {active_window_days: 60}\n", encoding="utf-8")
    status, output = server.run(places)
    assert status == 1
    assert "active_window_days changed: 365, now 60" in output
    said = "Since the build before, active_window_days changed from 365 to 60, and "
    assert outcome_of(places, "figures_moved_by_definitions")[1].startswith(said)
    assert failed(places) == {"figures_moved_by_definitions"}
    assert content(places) == before
    assert accepted(places, server) == 1
    assert published_rows(places, "select accepted_reason from marts.build") == [("the source keeps a year",)]
    status, output = server.run(places)
    assert (status, "accepted" in output) == (0, False)
    assert outcome_of(places, "figures_moved_by_definitions")[0] == "passed"


@pytest.mark.long
def test_models_that_changed_and_moved_no_figure_are_said_and_block_nothing(
    places: Places, server: RefreshServer
) -> None:
    manifest = kept(places)[0].file.with_suffix(".json")
    manifest.chmod(0o600)
    known = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**known, "models_hash": "0123456789abcdef"}), encoding="utf-8")
    status, output = server.run(places)
    assert (status, "models changed: 0123456789abcdef, now" in output) == (0, True)
    assert outcome_of(places, "figures_moved_by_definitions")[0] == "passed"


def test_without_its_state_a_refresh_is_compared_with_the_published_file(places: Places, server: RefreshServer) -> None:
    """Half of the export is missing: its rows before are those that the published file accounts for."""
    state = {path for path in places.state.iterdir() if path.name not in ("dbt", "dagster")}
    for path in state:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(places.kept_builds)
    before = content(places)
    keep_orders(places.raw, lambda row: not row["order_id"].endswith(("0", "2", "4", "6", "8")))
    assert server.run(places)[0] == 1
    assert failed(places) == {"order_rows_kept"}
    assert outcome_of(places, "columns_emptied")[0] == "no_baseline"
    assert content(places) == before


@pytest.mark.long
def test_a_source_that_keeps_the_last_year_is_accepted_once(places: Places, server: RefreshServer) -> None:
    """Half a year is gone, and a week later another week: what was accepted lasts."""
    keep_orders(places.raw, lambda row: row["ordered_at"] >= "2024-07-01")
    assert server.run(places)[0] == 1
    assert "days_missing_at_the_start" in failed(places)
    assert accepted(places, server) == 1
    keep_orders(places.raw, lambda row: row["ordered_at"] >= "2024-07-08")
    status, output = server.run(places)
    assert status == 0, output
    assert outcome_of(places, "days_missing_at_the_start")[0] == "accepted"
    assert "(accepted before: the source keeps a year)" in output
    keep_orders(places.raw, lambda row: row["ordered_at"] >= "2025-03-01")
    assert server.run(places)[0] == 1


def test_what_was_first_published_of_closed_months_is_kept_build_by_build(
    places: Places, server: RefreshServer
) -> None:
    months = State(places).rows("closed_months")
    first = str(last_build(places)["build_id"])
    assert {row["build_id"] for row in months} == {first}
    assert [str(row["month_start"]) for row in months][::17] == ["2024-01-01", "2025-06-01"]
    assert not any(row["is_accepted"] for row in months)
    refund = "o0-40,c0,2025-01-25 08:40:00,10.00,2025-06-30 09:00:00\n"
    with (places.raw / "orders.csv").open("a", encoding="utf-8") as file:
        file.write(refund)
    assert server.run(places)[0] == 0
    added = State(places).rows("closed_months")[len(months) :]
    assert [(str(row["month_start"]), row["build_id"]) for row in added] == [
        ("2025-01-01", str(last_build(places)["build_id"]))
    ]
    shutil.rmtree(places.state)
    assert State(places).rows("closed_months")[len(months) :] == added
