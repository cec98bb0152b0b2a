"""Whole refreshes through Dagster: what is published, what is blocked, and what a person lets through."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from orchestration.places import Places
from orchestration.state import State
from tests.conftest import PROJECT
from tests.refreshes import (
    RefreshServer,
    assert_readers_saw_nothing,
    content,
    copied,
    last_build,
    published_rows,
)


def test_a_refresh_publishes_the_marts_and_nothing_else(shop: Places) -> None:
    schemas = published_rows(shop, "select distinct table_schema from information_schema.tables")
    assert schemas == [("marts",)]
    tables = {row[0] for row in published_rows(shop, "select table_name from information_schema.tables")}
    assert {"orders", "retention_kpis", "build", "builds", "check_results", "restatements", "kpi_glossary"} <= tables
    build_id, orders = published_rows(shop, "select build_id, orders from marts.build")[0]
    assert orders == published_rows(shop, "select count(*) from marts.orders")[0][0]
    manifest = json.loads(shop.manifest.read_text(encoding="utf-8"))
    assert manifest["build_id"] == build_id == last_build(shop)["build_id"]
    assert manifest["tables"]["orders"] == orders
    assert last_build(shop)["outcome"] == "published"
    assert published_rows(shop, "select outcome from marts.builds where is_this_build") == [("published",)]


def test_a_first_refresh_has_nothing_to_be_compared_with_and_says_so(shop: Places) -> None:
    outcomes = dict(
        published_rows(shop, "select suite, string_agg(distinct outcome) from marts.check_results group by all")
    )
    assert outcomes["drift"] == "no_baseline"
    assert outcomes["reconciliation"] == "passed"
    assert published_rows(shop, "select baseline_build_id from marts.build") == [(None,)]


def test_what_changed_since_is_restated_and_explained(shop: Places, server: RefreshServer, tmp_path: Path) -> None:
    """One order of January 2025 is refunded by a newer version, one of February comes late: both are explained."""
    places = copied(shop, tmp_path / "shop")
    with (places.raw / "orders.csv").open("a", encoding="utf-8") as file:
        file.write("late,c1,2025-02-10 10:00:00,30.00,\n")
        file.write("o0-40,c0,2025-01-25 08:40:00,10.00,2025-06-30 09:00:00\n")
    before = published_rows(places, "select net_amount, order_date from marts.orders where order_id = 'o0-40'")
    assert [str(row[1])[:7] for row in before] == ["2025-01"]
    status, output = server.run(places)
    assert status == 0, output
    restated = published_rows(
        places,
        """
        select strftime(period_start, '%Y-%m'), late_orders, updated_orders, unexplained_orders,
            net_revenue_change, order_ids
        from marts.restatements where period_grain = 'month' order by 1
        """,
    )
    assert restated == [
        ("2025-01", 0, 1, 0, 10 - before[0][0], "o0-40"),
        ("2025-02", 1, 0, 0, 30, "late"),
    ]
    assert published_rows(places, "select baseline_build_id from marts.build") == [(last_build(shop)["build_id"],)]


def test_a_failing_suite_blocks_and_is_told_and_can_be_accepted_once(
    shop: Places, server: RefreshServer, tmp_path: Path
) -> None:
    """A third of February 2025 is missing: blocked, told, let through with a reason, and not noticed again."""
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    lines = (places.raw / "orders.csv").read_text(encoding="utf-8").splitlines()
    of_month = [line for line in lines if ",2025-02-" in line.split(",c", 1)[1]]
    gone = set(of_month[::3])
    (places.raw / "orders.csv").write_text(
        "\n".join(line for line in lines if line not in gone) + "\n", encoding="utf-8"
    )
    with webhook() as (address, received):
        status, output = server.run(places, {"STAMMKUNDE_WEBHOOK": address})
    assert status == 1
    assert_readers_saw_nothing(places, before, "blocked")
    assert "The closed month February 2025 changed" in output
    assert "Traceback" not in output
    text = received[0]["text"]
    assert "The closed month February 2025 changed" in text
    assert "expected at most 0.5 %" in text
    assert "/runs/" in text

    blocked = last_build(places)
    status, output = server.run(places, accepted_build=blocked["build_id"], accepted_reason="the shop deleted them")
    assert status == 0, output
    accepted = published_rows(places, "select accepted_reason, failures from marts.build")
    assert accepted == [("the shop deleted them", 1)]
    outcomes = published_rows(places, "select check_name from marts.check_results where outcome = 'accepted'")
    assert outcomes == [("unexplained_revenue_share",)]
    history = published_rows(places, "select outcome from marts.builds order by build_id")
    assert history == [("published",), ("blocked",), ("published",)]

    again = subprocess.run(
        [sys.executable, "-m", "orchestration", "accept", "--reason", "again"],
        cwd=PROJECT, env={**os.environ, **places.environment()}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert again.returncode == 1
    assert "there is nothing to accept" in again.stderr


def test_an_acceptance_is_for_the_files_that_were_blocked(shop: Places, server: RefreshServer, tmp_path: Path) -> None:
    places = copied(shop, tmp_path / "shop")
    before = content(places)
    State(places.state).note("20990101T000000Z-blocked", outcome="blocked", raw_fingerprint="of other files")
    status, output = server.run(places, accepted_build="20990101T000000Z-blocked", accepted_reason="it is right")
    assert status == 1
    assert "the raw files have changed" in output
    assert content(places) == before


class webhook:  # noqa: N801 - a context manager, used as a function
    """A real server on 127.0.0.1 that keeps what is posted to it."""

    def __enter__(self) -> tuple[str, list[dict]]:
        received: list[dict] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/", received

    def __exit__(self, *arguments: object) -> None:
        self.server.shutdown()
        self.server.server_close()
