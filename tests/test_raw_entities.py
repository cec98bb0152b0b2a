"""Raw folders as users have them: entities and columns that are absent, files in parts, text and typed columns."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.conftest import SAMPLE, Build, build_models, run_dbt
from tests.reference.calculate import MARTS

HEADER = "order_id,customer_id,ordered_at,amount\n"
TWO_ORDERS = HEADER + "o1,c1,2024-01-05,10.00\no2,c1,2024-02-10,20.00\n"


def marts_of(build: Build) -> dict[str, list[tuple]]:
    return {mart: build.rows(f"select * from marts.{mart} order by all") for mart in MARTS if mart != "row_accounting"}


def only_raw_views(directory: Path, raw: Path) -> Build:
    """The cheapest run that reads the raw folder."""
    return run_dbt(["run", "--select", "stg_orders"], directory, raw=raw)


def write_raw(directory: Path, **files: str) -> Path:
    raw = directory / "raw"
    raw.mkdir()
    for name, text in files.items():
        (raw / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return raw


@pytest.fixture(scope="module")
def orders_alone(tmp_path_factory: pytest.TempPathFactory) -> Build:
    directory = tmp_path_factory.mktemp("orders_alone")
    return build_models(directory, write_raw(directory, orders__csv=TWO_ORDERS))


def test_orders_alone_with_the_required_columns_are_enough(orders_alone: Build) -> None:
    assert orders_alone.rows("select customer_id, orders, net_revenue, country from marts.customers") == [
        ("c1", 2, 30, None)
    ]
    assert orders_alone.rows("select distinct dimension from marts.cohort_retention order by 1") == [
        ("all",),
    ]


def test_absent_entities_are_empty_sources(orders_alone: Build) -> None:
    for entity in ("customers", "order_lines", "activities", "subscriptions", "marketing_spend", "exchange_rates"):
        assert orders_alone.rows(f"select count(*) from raw.{entity}") == [(0,)]


def test_a_header_without_orders_builds_empty_marts(tmp_path: Path) -> None:
    build = build_models(tmp_path, write_raw(tmp_path, orders__csv=HEADER), data_tests=True)
    # The three levers of what_if are there in any shop.
    assert {mart: len(rows) for mart, rows in marts_of(build).items() if rows} == {"what_if": 3}
    assert build.rows("select count(gain_365d) from marts.what_if") == [(0,)]
    assert build.rows("select count(*) from marts.row_accounting") == [(0,)]


def test_only_unusable_orders_build_empty_marts_and_are_accounted_for(tmp_path: Path) -> None:
    build = build_models(tmp_path, write_raw(tmp_path, orders__csv=HEADER + ",,,\no1,c1,never,1\n"))
    assert build.rows("select outcome, reason, rows from marts.row_accounting order by reason") == [
        ("quarantined", "invalid_ordered_at", 1),
        ("quarantined", "missing_order_id", 1),
    ]


def test_parts_in_a_folder_extra_columns_and_header_spelling_make_no_difference(
    orders_alone: Build, tmp_path: Path
) -> None:
    raw = write_raw(tmp_path)
    (raw / "orders").mkdir()
    (raw / "orders" / "a.csv").write_text(
        "Order_ID, CUSTOMER_ID ,ordered_at,amount,mood\no1,c1,2024-01-05,10.00,good\n"
    )
    (raw / "orders" / "b.csv").write_text("amount,ordered_at,order_id,customer_id\n20.00,2024-02-10,o2,c1\n")
    (raw / "orders" / ".hidden.csv").write_text("nothing of this is read")
    assert marts_of(build_models(tmp_path, raw)) == marts_of(orders_alone)


def test_typed_columns_give_the_same_marts_as_text(sample: Build, tmp_path: Path) -> None:
    """All usable rows of the sample as typed Parquet, in a folder with the rest as CSV."""
    raw = tmp_path / "raw"
    shutil.copytree(SAMPLE, raw)
    shutil.move(raw / "orders.csv", raw / "rejected.txt")
    (raw / "orders").mkdir()
    with duckdb.connect(str(sample.warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(
            f"""
            copy (
                select
                    order_id, coalesce(customer_id, customer_email) as customer_id, customer_email,
                    timezone('UTC', ordered_at) as ordered_at, cast(amount as double) as amount, currency,
                    refunded_amount, discount_amount, status, sales_channel, is_test,
                    timezone('UTC', updated_at) as updated_at
                from staging.stg_orders where rejection_reason is null
            ) to '{raw}/orders/usable.parquet'
            """
        )
        connection.execute(
            f"copy (select * exclude (rejection_reason, source_file) from staging.quarantined_orders) "
            f"to '{raw}/orders/rejected.csv'"
        )
    typed = build_models(tmp_path, raw)
    assert marts_of(typed) == marts_of(sample)
    accounting = "select * from marts.row_accounting order by all"
    assert typed.rows(accounting) == sample.rows(accounting)


def test_typed_times_mean_what_the_same_times_mean_as_text(tmp_path: Path) -> None:
    """Outside UTC: a date is local midnight, a time without zone is in the source zone, an instant is itself."""
    settings = {"reporting_timezone": "Europe/Berlin", "source_timezone": "America/New_York"}
    times = {
        "date": ("2024-07-01", "2024-06-30 22:00:00", "2024-07-01"),
        "timestamp": ("2024-06-30 19:30:00.25", "2024-06-30 23:30:00.25", "2024-07-01"),
        "timestamp_ns": ("2024-01-31 18:30:00", "2024-01-31 23:30:00", "2024-02-01"),
        "timestamptz": ("2024-12-31T23:30:00Z", "2024-12-31 23:30:00", "2025-01-01"),
    }
    raw = write_raw(tmp_path)
    (raw / "orders").mkdir()
    rows = [f"text_{kind},c1,{text},1" for kind, (text, *_) in times.items()]
    (raw / "orders" / "text.csv").write_text(HEADER + "\n".join(rows) + "\n")
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for kind, (text, *_) in times.items():
            connection.execute(
                f"copy (select 'typed_{kind}' as order_id, 'c1' as customer_id, 1.0 as amount, "
                f"cast('{text}' as {kind}) as ordered_at) to '{raw}/orders/{kind}.parquet'"
            )
    build = run_dbt(["run", "--select", "+stg_orders"], tmp_path / "build", raw=raw, settings=settings)
    assert build.exit_code == 0, build.output
    query = "select order_id, cast(ordered_at as text), cast(order_date as text) from staging.stg_orders"
    expected = {(f"{form}_{kind}", *want) for form in ("text", "typed") for kind, (_, *want) in times.items()}
    assert set(build.rows(query)) == expected


def test_an_id_that_arrives_as_a_number_is_its_digits(tmp_path: Path) -> None:
    """Whole, floating or with decimals, and as text: the same order of the same customer."""
    raw = write_raw(tmp_path)
    (raw / "orders").mkdir()
    (raw / "orders" / "text.csv").write_text(HEADER + "5678901234567,7.0,2024-01-05,1\n")
    with duckdb.connect() as connection:
        for kind in ("bigint", "double", "decimal(18, 2)"):
            connection.execute(
                f"copy (select cast(5678901234567 as {kind}) as order_id, cast(7 as {kind}) as customer_id, "
                f"1.0 as amount, date '2024-01-05' as ordered_at) to '{raw}/orders/{kind.split('(')[0]}.parquet'"
            )
        connection.execute(
            "copy (select *, 1.0 as amount, date '2024-01-05' as ordered_at from ("
            "values (820982911946154496::double, 'nan'::double), (1.5, 0)) as ids (order_id, customer_id)"
            f") to '{raw}/orders/others.parquet'"
        )
    build = run_dbt(["run", "--select", "+stg_orders"], tmp_path / "build", raw=raw)
    assert build.exit_code == 0, build.output
    query = "select order_id, customer_id, rejection_reason, count(*) from staging.stg_orders group by all order by 1"
    assert build.rows(query) == [
        ("1.5", None, None, 1),
        ("5678901234567", "7", None, 4),
        ("820982911946154496", None, None, 1),
    ]


def test_what_databases_write_for_nothing_is_null(tmp_path: Path) -> None:
    """The backslash of MySQL's own form stands in no unit test of a model: engines write it differently there."""
    rows = "o1,\\N,2024-01-05,1\no2,\\n,2024-01-05,1\no3,\\Nora,2024-01-05,1\n\\N,c1,2024-01-05,1\n"
    build = run_dbt(
        ["run", "--select", "+stg_orders"], tmp_path / "build", raw=write_raw(tmp_path, orders__csv=HEADER + rows)
    )
    assert build.exit_code == 0, build.output
    assert build.rows("select order_id, customer_id, rejection_reason from staging.stg_orders order by all") == [
        ("o1", None, None),
        ("o2", None, None),
        ("o3", "\\Nora", None),
        (None, "c1", "missing_order_id"),
    ]


def test_a_missing_required_column_names_file_and_column(tmp_path: Path) -> None:
    build = only_raw_views(
        tmp_path, write_raw(tmp_path, orders__csv="order_id,customer_id,ordered_at\no1,c1,2024-01-05\n")
    )
    assert build.exit_code != 0
    assert "column 'amount' is missing in" in build.output
    assert "orders.csv" in build.output
    assert "Traceback" not in build.output


def test_a_missing_column_in_one_part_is_not_covered_up_by_the_others(tmp_path: Path) -> None:
    raw = write_raw(tmp_path)
    (raw / "orders").mkdir()
    (raw / "orders" / "a.csv").write_text(TWO_ORDERS)
    (raw / "orders" / "b.csv").write_text("order_id,customer_id,amount\no3,c1,5\n")
    build = only_raw_views(tmp_path, raw)
    assert build.exit_code != 0
    assert "column 'ordered_at' is missing in" in build.output
    assert "b.csv" in build.output


@pytest.mark.parametrize("name", ["empty", "nowhere"])
def test_no_orders_is_one_clear_error(name: str, tmp_path: Path) -> None:
    raw = tmp_path / name
    if name == "empty":
        raw.mkdir()
    build = only_raw_views(tmp_path / "build", raw)
    assert build.exit_code != 0
    assert f"no orders in the raw folder '{raw}' (STAMMKUNDE_RAW)" in build.output
    assert "Traceback" not in build.output


def test_an_entity_given_twice_is_one_clear_error(tmp_path: Path) -> None:
    raw = write_raw(tmp_path, orders__csv=TWO_ORDERS)
    (raw / "orders").mkdir()
    (raw / "orders" / "more.csv").write_text(TWO_ORDERS)
    build = only_raw_views(tmp_path, raw)
    assert build.exit_code != 0
    assert "raw entity 'orders' is there more than once" in build.output


def test_an_entity_may_be_a_table_that_is_there_already(
    orders_alone: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema shop")
        connection.execute(
            """
            create table shop.all_orders as
            select 'o1' as order_id, 'c1' as "CUSTOMER_ID", date '2024-01-05' as ordered_at, 10.0::double as amount
            union all
            select 'o2', 'c1', date '2024-02-10', 20.0
            """
        )
    monkeypatch.setenv("STAMMKUNDE_RAW_TABLES", "orders = shop.all_orders")
    build = build_models(tmp_path, write_raw(tmp_path))
    assert marts_of(build) == marts_of(orders_alone)
    assert build.rows("select distinct source_file from raw.orders") == [("shop.all_orders",)]
    measured = run_dbt(["run-operation", "measure_raw_tables", "--args", '{"today": "2024-02-09"}'], tmp_path)
    line = next(line for line in measured.output.splitlines() if line.startswith("{"))
    found = {"entity": "orders", "rows": 2, "first_date": "2024-01-05", "last_date": "2024-01-05"}
    assert json.loads(line) == found  # nothing is known yet of 10 February


@pytest.mark.parametrize("tables", ["bills=shop.orders", "orders", "orders=shop.orders; drop table x"])
def test_tables_that_cannot_be_meant_are_one_clear_error(
    tables: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMKUNDE_RAW_TABLES", tables)
    build = only_raw_views(tmp_path, write_raw(tmp_path, orders__csv=TWO_ORDERS))
    assert build.exit_code != 0
    assert "STAMMKUNDE_RAW_TABLES must name entities and their tables, as in orders=shop.orders" in build.output
    assert f"it has '{tables}'" in build.output
