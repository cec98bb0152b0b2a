"""Which blocked build waits for a person, what a person lets pass, and which builds are withdrawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.console import whole_lines
from cli.looking import table_of_builds
from orchestration.acceptance import last_blocked
from orchestration.history import attempts, failed_checks, note_withdrawn, told, waiting
from orchestration.session import RefreshError
from orchestration.state import State
from stammkunde.places import Places
from stammkunde.request import RefreshRequest
from stammkunde.shops import Source


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = Places(tmp_path / "raw", None, tmp_path / "shop.duckdb", tmp_path / "published" / "retention.duckdb")
    found.state.mkdir()
    return found


def builds(*outcomes: str) -> list[dict[str, object]]:
    """Refreshes of one shop, one after the other; `outcome/day` of rebuilds of a past day."""
    pairs = [outcome.partition("/") for outcome in outcomes]
    return [
        {"build_id": f"b{number}", "outcome": outcome, "shop": "a", "rebuilt_for": day or None, "request": None}
        for number, (outcome, _, day) in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    ("outcomes", "waits"),
    [
        ([], None),
        (["published"], None),
        (["published", "blocked"], "b1"),
        (["blocked", "published"], None),
        (["blocked", "failed"], "b0"),  # an attempt that crashed, or found the warehouse locked
        (["blocked", "failed", "running"], "b0"),
        (["blocked", "blocked"], "b1"),
        (["blocked", "published", "blocked", "failed"], "b2"),
        (["blocked", "published", "withdrawn"], None),
        (["blocked", "withdrawn"], None),  # it was let through, and rolled back
        (["blocked/as of June", "published"], "b0"),  # the nightly refresh says nothing about it
        (["blocked/as of June", "published/as of June"], None),
    ],
)
def test_what_was_blocked_last_waits_until_a_later_build_comes_to_its_readers(
    outcomes: list[str], waits: str | None
) -> None:
    found = waiting(builds(*outcomes))
    assert (found and found["build_id"]) == waits


def test_another_shop_settles_nothing() -> None:
    rows = builds("blocked", "published")
    rows[1]["shop"] = "b"
    found = waiting(rows)
    assert found and found["build_id"] == "b0"


def result(build_id: str, check: str, outcome: str) -> dict[str, object]:
    return {"build_id": build_id, "suite": "drift", "check_name": check, "outcome": outcome}


def test_an_attempt_that_is_blocked_by_another_check_keeps_what_was_let_pass() -> None:
    """Blocked by one check; let through, and blocked by a second one; then by a third, before the first was judged."""
    rows = builds("blocked", "blocked", "blocked")
    rows[1]["request"] = json.dumps({"accepted_build": "b0"})
    rows[2]["request"] = json.dumps({"accepted_build": "b1"})
    results = [
        result("b0", "first", "failed"),
        result("b0", "passed", "passed"),
        result("b1", "first", "accepted"),
        result("b1", "second", "failed"),
        result("b2", "third", "failed"),
        result("b9", "of another build", "failed"),
    ]
    assert list(attempts(rows, "b2")) == ["b2", "b1", "b0"]
    checks = [row["check_name"] for row in failed_checks(rows, results, "b2")]
    assert sorted(map(str, checks)) == ["first", "second", "third"]


def test_attempts_that_name_each_other_come_to_an_end() -> None:
    rows = builds("blocked", "blocked")
    rows[0]["request"] = json.dumps({"accepted_build": "b1"})
    rows[1]["request"] = json.dumps({"accepted_build": "b0"})
    assert list(attempts(rows, "b1")) == ["b1", "b0"]


def test_what_is_let_through_is_the_refresh_that_was_blocked(places: Places, tmp_path: Path) -> None:
    """Started on Dagster's page of another shell: nothing of it is named here."""
    state = State(places)
    read = Source(
        shop="my shop",
        raw=tmp_path / "exports",
        mapping=tmp_path / "m.yml",
        raw_tables="customers=erp.c",
        target="spark",
    )
    asked = RefreshRequest(as_of_date="2025-06-30", replace_shop="old shop")
    source, request = read.model_dump_json(), asked.model_dump_json(exclude_defaults=True)
    state.note("b1", outcome="blocked", shop="my shop", source=source, request=request)
    state.note("b2", outcome="failed")
    state.replace("validation_results", "b1", [result("b1", "first", "failed")])
    blocked = last_blocked(places)
    assert (blocked.build_id, Source.of(blocked.places)) == ("b1", read)
    assert (blocked.places.warehouse, blocked.places.published) == (places.warehouse, places.published)
    assert [row["check_name"] for row in blocked.failed] == ["first"]
    assert blocked.accepted("it is right") == RefreshRequest(
        as_of_date="2025-06-30", replace_shop="old shop", accepted_build="b1", accepted_reason="it is right"
    )
    assert last_blocked(places, "duckdb").places.target == "duckdb"


def test_what_an_earlier_version_blocked_is_read_from_where_the_shop_is_read(places: Places) -> None:
    State(places).note("b1", outcome="blocked")
    blocked = last_blocked(places)
    assert (blocked.places, blocked.request) == (places, RefreshRequest())


def test_without_a_blocked_build_there_is_nothing_to_accept(places: Places) -> None:
    with pytest.raises(RefreshError, match="there is nothing to accept"):
        last_blocked(places)


def keep(places: Places, build_id: str, **manifest: object) -> None:
    places.kept_builds.mkdir(parents=True, exist_ok=True)
    (places.kept_builds / f"{build_id}.duckdb").touch()
    (places.kept_builds / f"{build_id}.json").write_text(json.dumps({"build_id": build_id, **manifest}))


def test_builds_that_were_rolled_back_are_shown_and_noted_as_withdrawn(places: Places) -> None:
    state = State(places)
    for build_id, outcome in (("b1", "published"), ("b2", "published"), ("b3", "blocked"), ("b4", "published")):
        state.note(build_id, outcome=outcome, shop="a")
        if outcome == "published":
            keep(places, build_id, withdrawn_at="2026-01-01T00:00:00Z" if build_id == "b2" else None)
    outcomes = ["published", "withdrawn", "blocked", "published"]
    assert [row["outcome"] for row in told(places)] == outcomes
    assert [row["outcome"] for row in state.rows("builds")][1] == "published"
    note_withdrawn(places, state)
    assert [row["outcome"] for row in state.rows("builds")] == outcomes
    (places.kept_builds / "b2.json").unlink()  # long ago: no longer kept
    assert [row["outcome"] for row in told(places)] == outcomes


def test_the_list_of_builds_marks_the_one_that_readers_see(places: Places) -> None:
    state = State(places)
    state.note("b1", outcome="published", shop="a", orders=1234, accepted_reason="the shop was migrated")
    state.note("b2", outcome="withdrawn", shop="a", orders=1235)
    state.note("b3", outcome="blocked", shop="b", reason="too few orders", accepted_reason="they were test orders")
    table = table_of_builds(told(places), "b1")
    columns = [list(column.cells) for column in table.columns]
    assert columns == [
        ["b1", "b2", "b3"],
        ["a", "a", "b"],
        ["published", "withdrawn", "blocked"],
        ["1,234", "1,235", ""],
        ["readers see this one; the shop was migrated", "", "too few orders; they were test orders"],
    ]


def test_no_name_in_the_list_of_builds_is_cut_off(places: Places) -> None:
    State(places).note("20260301T050000Z-0a1b2c3d", outcome="blocked", shop="orders-of-the-shop-" + "x" * 60)
    lines = [*whole_lines(table_of_builds(told(places), None))]
    assert [line.split()[:3] for line in lines[1:]] == [
        ["20260301T050000Z-0a1b2c3d", "orders-of-the-shop-" + "x" * 60, "blocked"]
    ]
