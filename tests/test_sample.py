"""The sample shop: what its README promises of every planted row comes true, and its generator is deterministic."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from sample_data.shop.edge_cases import EdgeCases, OtherCase, PlantedRow, edge_cases
from sample_data.shop.report import edge_tables
from sample_data.shop.sample import RATE_COLUMNS, planted_rows
from tests.conftest import PROJECT, SAMPLE, Build

GENERATOR = PROJECT / "sample_data" / "generate.py"
README = PROJECT / "sample_data" / "README.md"

OUTCOMES = {
    "orders": {
        "quarantined": {
            "missing_order_id",
            "damaged_id",
            "invalid_ordered_at",
            "ordered_in_future",
            "invalid_amount",
            "negative_amount",
            "invalid_refund",
            "unknown_currency",
        },
        "excluded": {"test_order", "status", "fully_refunded"},
        "superseded": {"duplicate", "older_version", "conflict"},
    },
    "refunds": {
        "quarantined": {
            "missing_order_id",
            "invalid_amount",
            "negative_amount",
            "invalid_refunded_at",
            "refunded_in_future",
            "unknown_order",
        },
        "superseded": {"none"},
    },
    "customers": {"quarantined": {"missing_customer_id", "damaged_id"}, "superseded": {"none"}},
    "exchange_rates": {
        "quarantined": {"invalid_rate_date", "missing_currency", "invalid_rate", "rate_not_positive"},
        "superseded": {"none"},
    },
}


def order_id(row: PlantedRow) -> str:
    """The number under which the row ends: as it was written, or as it is read where that differs."""
    return row.becomes.get("order_id", row.values["order_id"].strip())


def test_every_data_test_ran_and_passed(sample: Build) -> None:
    counts = dict(re.findall(r"(PASS|WARN|ERROR|SKIP)=(\d+)", sample.output.splitlines()[-1]))
    assert (counts["WARN"], counts["ERROR"], counts["SKIP"]) == ("0", "0", "0")
    kinds = Counter(node["resource_type"] for node in sample.manifest()["nodes"].values())
    hooks = 4
    assert int(counts["PASS"]) == kinds["model"] + kinds["seed"] + kinds["test"] + hooks


def test_planted_order_rows_end_as_written_down(sample: Build) -> None:
    planted = [(order_id(row), row.becomes) for row in edge_cases().order_rows()]
    assert len(planted) > 300
    expected = Counter((number, ends["outcome"], ends.get("reason", "none")) for number, ends in planted)
    ended = Counter(
        sample.rows(
            """
            select coalesce(trim(order_id), ''), 'counted', 'none' from marts.orders
            union all
            select coalesce(trim(order_id), ''), 'excluded', exclusion_reason from staging.excluded_orders
            union all
            select coalesce(trim(order_id), ''), 'quarantined', rejection_reason from staging.quarantined_orders
            union all
            select coalesce(trim(order_id), ''), 'superseded', superseded_reason from staging.superseded_orders
            """
        )
    )
    assert {key: ended[key] for key in expected} == dict(expected)


def test_planted_refunds_end_as_written_down(sample: Build) -> None:
    planted = [(row.values, row.becomes) for row in edge_cases().refund_rows()]
    assert len(planted) > 40
    columns = ("refund_id", "order_id", "refunded_at", "amount", "updated_at")
    expected = Counter(
        (*(values.get(column, "") for column in columns), ends["outcome"], ends.get("reason", "none"))
        for values, ends in planted
    )
    as_they_came = ", ".join(f"coalesce(raw_values['{column}'], '')" for column in columns)
    ended = Counter(
        sample.rows(
            f"""
            select {as_they_came},
                case when rejection_reason is not null then 'quarantined' when is_superseded then 'superseded'
                    else 'counted' end,
                coalesce(rejection_reason, 'none')
            from intermediate.int_refunds
            """
        )
    )
    assert {key: ended[key] for key in expected} == dict(expected)


def test_planted_counted_orders_have_the_customer_date_and_amount_written_down(sample: Build) -> None:
    expected = {
        order_id(row): (
            row.becomes["customer_id"] or None,
            row.becomes["order_date"],
            row.becomes["net_amount"],
        )
        for row in edge_cases().order_rows()
        if row.becomes["outcome"] == "counted"
    }
    query = "select order_id, customer_id, cast(order_date as text), cast(net_amount as text) from marts.orders"
    found = {number: tuple(rest) for number, *rest in sample.rows(query) if number in expected}
    assert found == expected


def test_every_reason_of_rejection_exclusion_and_superseding_occurs(sample: Build) -> None:
    found: dict[str, set[tuple[str, str]]] = {entity: set() for entity in OUTCOMES}
    query = "select entity, outcome, reason from marts.row_accounting where outcome <> 'counted'"
    for entity, outcome, reason in sample.rows(query):
        if entity in found:
            found[entity].add((outcome, reason))
    expected = {
        entity: {(outcome, reason) for outcome, reasons in outcomes.items() for reason in reasons}
        for entity, outcomes in OUTCOMES.items()
    }
    assert found == expected


def test_the_shares_of_returned_customers_in_the_readme_are_those_of_the_shop(sample: Build) -> None:
    query = """
        select
            coalesce(acquisition_channel, 'unknown') as channel,
            count(*),
            cast(round(100 * avg(case when second.days_since_previous_order <= 365 then 1 else 0 end)) as integer)
        from marts.customers
        left join marts.orders as second on customers.customer_id = second.customer_id and second.order_number = 2
        where customers.first_order_date <= (select max(order_date) from marts.orders) - 365
        group by channel
    """
    stated = re.findall(r"^\| `?([a-z_]+)`? \| (\d+) \| (\d+) % \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert {(channel, int(customers), int(share)) for channel, customers, share in stated} == set(sample.rows(query))


def test_the_goodwill_that_only_credit_notes_know_lowers_the_revenue(sample: Build) -> None:
    query = """
        with last_states as (
            select order_id, cast(refunded_amount as decimal(18, 4)) as refunded_amount
            from raw.orders
            where order_id like 'H%'
            qualify row_number() over (partition by order_id order by updated_at desc) = 1
        )
        select
            count(*) filter (where orders.refunded_amount > last_states.refunded_amount),
            count(*) filter (where orders.refunded_amount = last_states.refunded_amount)
        from marts.orders
        inner join last_states on orders.order_id = last_states.order_id
        where orders.order_id in (select order_id from raw.refunds)
    """
    [(goodwill, in_both)] = sample.rows(query)
    assert goodwill >= 15
    assert in_both >= 30


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
        query = f"""
            select count(*), count(orders.order_id)
            from '{tmp_path}/large/refunds/*.parquet' as refunds
            left join (select distinct order_id from '{tmp_path}/large/orders/*.parquet') as orders using (order_id)
        """
        (refunds, of_known_orders) = connection.execute(query).fetchall()[0]
    assert 19_800 <= orders <= 20_200
    assert 300 <= refunds <= 500
    assert refunds - of_known_orders <= 2


def test_a_generator_setting_that_cannot_be_meant_is_one_clear_line(tmp_path: Path) -> None:
    command = [sys.executable, str(GENERATOR), "--orders", "0", "--out", str(tmp_path / "none")]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert "--orders" in finished.stderr
    assert "Traceback" not in finished.stderr
