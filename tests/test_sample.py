"""The sample shop: what its README promises of every planted row comes true, and its generator is deterministic."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from sample_data.shop.edge_cases import EdgeCases, OtherCase, edge_cases
from sample_data.shop.report import edge_tables
from sample_data.shop.sample import RATE_COLUMNS, planted_rows
from tests.conftest import PROJECT, SAMPLE, Build

GENERATOR = PROJECT / "sample_data" / "generate.py"
README = PROJECT / "sample_data" / "README.md"


def test_every_unit_and_data_test_ran_and_passed(sample: Build) -> None:
    counts = dict(re.findall(r"(PASS|WARN|ERROR|SKIP)=(\d+)", sample.output.splitlines()[-1]))
    assert (counts["WARN"], counts["ERROR"], counts["SKIP"]) == ("0", "0", "0")
    kinds = Counter(node["resource_type"] for node in sample.manifest()["nodes"].values())
    kinds["unit_test"] = len(sample.manifest()["unit_tests"])
    hooks = 3
    assert int(counts["PASS"]) == kinds["model"] + kinds["seed"] + kinds["test"] + kinds["unit_test"] + hooks


def test_planted_order_rows_end_as_written_down(sample: Build) -> None:
    planted = [(row.values["order_id"].strip(), row.becomes) for _, row in edge_cases().order_rows()]
    assert len(planted) > 200
    expected = Counter((order_id, ends["outcome"], ends.get("reason", "none")) for order_id, ends in planted)
    ended = Counter(
        sample.rows(
            """
            select coalesce(trim(order_id), ''), 'counted', 'none' from marts.orders
            union all
            select coalesce(trim(order_id), ''), 'excluded', exclusion_reason from staging.excluded_orders
            union all
            select coalesce(trim(order_id), ''), 'quarantined', rejection_reason from staging.quarantined_orders
            union all
            select coalesce(trim(order_id), ''), 'superseded', 'none' from staging.superseded_orders
            """
        )
    )
    assert {key: ended[key] for key in expected} == dict(expected)


def test_planted_counted_orders_have_the_customer_date_and_amount_written_down(sample: Build) -> None:
    expected = {
        row.values["order_id"].strip(): (
            row.becomes["customer_id"] or None,
            row.becomes["order_date"],
            row.becomes["net_amount"],
        )
        for _, row in edge_cases().order_rows()
        if row.becomes["outcome"] == "counted"
    }
    query = "select order_id, customer_id, cast(order_date as text), cast(net_amount as text) from marts.orders"
    found = {order_id: rest for order_id, *rest in sample.rows(query) if order_id in expected}
    assert {order_id: tuple(rest) for order_id, rest in found.items()} == expected


def test_every_reason_of_rejection_and_exclusion_occurs(sample: Build) -> None:
    query = "select reason from marts.row_accounting where entity = 'orders' and outcome in ('quarantined', 'excluded')"
    assert {reason for (reason,) in sample.rows(query)} == {
        "missing_order_id",
        "invalid_ordered_at",
        "ordered_in_future",
        "invalid_amount",
        "negative_amount",
        "invalid_refund",
        "unknown_currency",
        "test_order",
        "status",
        "fully_refunded",
    }


def test_the_generator_writes_the_committed_files_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(GENERATOR), "--out", str(tmp_path / "raw")], check=True, capture_output=True)
    committed = sorted(path.name for path in SAMPLE.iterdir())
    for name in committed:
        assert (tmp_path / "raw" / name).read_bytes() == (SAMPLE / name).read_bytes(), name
    assert sum((SAMPLE / name).stat().st_size for name in committed) < 3_000_000


def test_the_tables_of_the_readme_say_what_is_planted() -> None:
    assert f"\n\n{edge_tables(edge_cases())}\n\n" in README.read_text(encoding="utf-8")


def test_a_planted_column_that_the_entity_lacks_is_named() -> None:
    edges = EdgeCases({}, [OtherCase("exchange_rates", "", "", [{"rate_date": "2024-01-01", "rates": "1"}])])
    with pytest.raises(ValueError, match=r"edge_cases.yml, exchange_rates: no such column: rates"):
        planted_rows(edges, "exchange_rates", RATE_COLUMNS)


def test_a_large_shop_has_the_size_asked_for(tmp_path: Path) -> None:
    command = [sys.executable, str(GENERATOR), "--orders", "20000", "--out", str(tmp_path / "large")]
    subprocess.run(command, check=True, capture_output=True)
    with duckdb.connect() as connection:
        query = f"select count(distinct order_id) from '{tmp_path}/large/orders/*.parquet'"
        (orders,) = connection.execute(query).fetchall()[0]
    assert 19_800 <= orders <= 20_200


def test_a_generator_setting_that_cannot_be_meant_is_one_clear_line(tmp_path: Path) -> None:
    command = [sys.executable, str(GENERATOR), "--orders", "0", "--out", str(tmp_path / "none")]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert "--orders" in finished.stderr
    assert "Traceback" not in finished.stderr
