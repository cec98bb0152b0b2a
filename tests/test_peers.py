"""The comparison of a notebook's tables with the marts finds what differs, and only that."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from bench.peers import differences

# Three customers, won in January and February; the figures of other grains and dimensions are not compared.
WAREHOUSE = """
    create schema marts;
    create table marts.customers as from (values
        ('c1', 40::bigint, 2::bigint, 30.10::decimal(28, 2), 1, 4, 4),
        ('c2', 40, 1, 12.00, 1, 1, 2),
        ('guest:ab', 0, 1, 0.00, 5, 1, 1)
    ) as customers (customer_id, recency_days, orders, net_revenue, r_score, f_score, m_score);
    create table marts.cohort_retention as from (values
        ('month', date '2024-01-01', 'all', 0::bigint, 2::bigint, 2::bigint, 1::double),
        ('month', date '2024-01-01', 'all', 1, 2, 0, 0),
        ('month', date '2024-01-01', 'country', 0, 1, 1, 1),
        ('quarter', date '2024-01-01', 'all', 0, 3, 3, 1),
        ('month', date '2024-02-01', 'all', 0, 1, 1, 1)
    ) as cohort_retention
        (cohort_grain, cohort_start, dimension, period_number, cohort_customers, active_customers, retention_rate);
"""
# Types may be others than the marts' as long as the values are the same.
TABLES = {
    "cohort_triangle": """
        select * from (values
            (date '2024-01-01', 0::int, 2::int, 2::int, 1::double),
            (date '2024-01-01', 1, 2, 0, 0),
            (date '2024-02-01', 0, 1, 1, 1)
        ) as t (cohort_month, period_number, cohort_customers, active_customers, retention_rate)
    """,
    "repeat_rate": "select 3::int as customers, 1::int as repeat_customers, 1 / 3::double as repeat_rate",
    "rfm": """
        select * from (values
            (4::tinyint, 1::tinyint, 4::tinyint, 'c1', 40::int, 2::int, 30.1::decimal(38, 3)),
            (2, 1, 1, 'c2', 40, 1, 12),
            (1, 5, 1, 'guest:ab', 0, 1, 0)
        ) as t (m_score, r_score, f_score, customer_id, recency_days, orders, net_revenue)
    """,
}
RATE_DIFFERS = "with another {} (the peer's, the mart's)"


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(WAREHOUSE)
    return path


def write(folder: Path, changed: str = "", query: str = "from this") -> Path:
    """What a notebook wrote, one table changed by a query on `this`."""
    folder.mkdir()
    with duckdb.connect() as connection:
        for name, rows in TABLES.items():
            change = query if name == changed else "from this"
            connection.execute(f"copy (with this as ({rows}) {change}) to '{folder / name}.parquet'")
    return folder


def kinds(found: list[str]) -> list[str]:
    return [line.split(", e.g.")[0] for line in found]


def test_equal_tables_have_no_differences(tmp_path: Path, warehouse: Path) -> None:
    assert differences(write(tmp_path / "out"), warehouse) == []


@pytest.mark.parametrize(
    ("table", "query"),
    [
        ("cohort_triangle", "select * replace (active_customers + period_number as active_customers) from this"),
        ("cohort_triangle", "select * replace (cohort_month + period_number as cohort_month) from this"),
        ("repeat_rate", "select * replace (repeat_customers + 1 as repeat_customers) from this"),
        ("rfm", "select * replace (net_revenue + if(orders = 2, 0.01, 0) as net_revenue) from this"),
        ("rfm", "select * replace (net_revenue + if(orders = 2, 0.001, 0) as net_revenue) from this"),
        ("rfm", "select * replace (r_score - if(r_score = 5, 1, 0) as r_score) from this"),
        ("rfm", "select * replace (if(r_score = 5, null, r_score) as r_score) from this"),
        ("rfm", "select * replace (replace(customer_id, 'guest:', '') as customer_id) from this"),
    ],
)
def test_a_changed_figure_is_found_on_both_sides(tmp_path: Path, warehouse: Path, table: str, query: str) -> None:
    found = differences(write(tmp_path / "out", table, query), warehouse)
    assert kinds(found) == [f"{table}: 1 row only in the peer", f"{table}: 1 row only in the mart"]


@pytest.mark.parametrize("table", TABLES)
def test_rows_that_are_missing_or_there_twice_are_found(tmp_path: Path, warehouse: Path, table: str) -> None:
    without_last = write(tmp_path / "without_last", table, "from this limit (select count(*) - 1 from this)")
    assert kinds(differences(without_last, warehouse)) == [f"{table}: 1 row only in the mart"]
    first_twice = write(tmp_path / "first_twice", table, "from this union all (from this limit 1)")
    assert kinds(differences(first_twice, warehouse)) == [f"{table}: 1 row only in the peer"]


def test_a_row_that_the_mart_holds_twice_is_found(tmp_path: Path, warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into marts.cohort_retention from marts.cohort_retention limit 1")
    assert kinds(differences(write(tmp_path / "out"), warehouse)) == ["cohort_triangle: 1 row only in the mart"]


@pytest.mark.parametrize(("table", "rate"), [("cohort_triangle", "retention_rate"), ("repeat_rate", "repeat_rate")])
@pytest.mark.parametrize("wrong", ["{} + 1e-9", "null", "'nan'::double"])
def test_another_rate_is_found(tmp_path: Path, warehouse: Path, table: str, rate: str, wrong: str) -> None:
    change = f"select * replace (if({rate} > 0, {wrong.format(rate)}, {rate}) as {rate}) from this"
    found = differences(write(tmp_path / "out", table, change), warehouse)
    rows = {"cohort_triangle": "2 rows", "repeat_rate": "1 row"}[table]
    assert kinds(found) == [f"{table}: {rows} {RATE_DIFFERS.format(rate)}"]


def test_a_rate_may_differ_in_its_last_digits(tmp_path: Path, warehouse: Path) -> None:
    change = "select * replace (repeat_rate + 1e-15 as repeat_rate) from this"
    assert differences(write(tmp_path / "out", "repeat_rate", change), warehouse) == []


def test_a_difference_names_a_row(tmp_path: Path, warehouse: Path) -> None:
    change = "select * replace (net_revenue + 0.01 as net_revenue) from this where orders = 2"
    found = differences(write(tmp_path / "out", "rfm", change), warehouse)
    assert found == [
        "rfm: 1 row only in the peer, e.g. (c1, 40, 2, 30.110, 1, 4, 4)",
        "rfm: 3 rows only in the mart, e.g. (c1, 40, 2, 30.100, 1, 4, 4)",
    ]
