"""The comparison of two exports finds what differs, and only that."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.compare_exports import compare_exports

# o2 is there twice but for its rate; o3 has nothing but its number.
MART = """
    select * from (values
        ('o1', timestamp '2024-01-05 10:00:00', date '2024-01-05', 12.5::decimal(18, 2), 1::bigint, true, 0.25::double),
        ('o2', timestamp '2024-01-06 23:59:59.5', date '2024-01-06', 0.00, 2, false, 0.5),
        ('o2', timestamp '2024-01-06 23:59:59.5', date '2024-01-06', 0.00, 2, false, null),
        ('o3', null, null, null, null, null, null)
    ) as mart (id, instant, day, amount, number, flag, rate)
"""


def write(folder: Path, **marts: str) -> Path:
    """An export with these marts, each the result of a query."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create view mart as {MART}")
        for name, query in marts.items():
            (folder / name).mkdir(parents=True)
            connection.execute(f"copy ({query}) to '{folder / name}/rows.parquet'")
    return folder


def compare(directory: Path, query: str) -> list[str]:
    """What is found between the mart and the query's result, the same from either side."""
    one, other = write(directory / "one", orders="from mart"), write(directory / "other", orders=query)
    found, reverse = compare_exports(one, other), compare_exports(other, one)
    assert found.keys() == reverse.keys() == {"orders"}
    assert len(found["orders"]) == len(reverse["orders"])
    return found["orders"]


@pytest.mark.parametrize(
    "query",
    [
        "from mart order by id desc, rate nulls first",
        "select * replace (rate * (1 + 1e-14) as rate) from mart",  # what the order of adding up decides
    ],
)
def test_the_same_rows_are_equal(query: str, tmp_path: Path) -> None:
    assert compare(tmp_path, query) == []


@pytest.mark.parametrize(
    ("query", "finding"),
    [
        ("select * replace ((amount + if(id = 'o1', 0.01, 0))::decimal(18, 2) as amount) from mart", "1 rows only in"),
        ("select * replace (if(id = 'o3', 0, amount)::decimal(18, 2) as amount) from mart", "1 rows only in"),
        ("select * replace (instant + interval 1 microsecond as instant) from mart", "3 rows only in"),
        ("select * replace (not flag as flag) from mart", "3 rows only in"),
        ("from mart where id <> 'o3'", "1 rows only in the first"),
        ("from mart union all from mart where id = 'o3'", "1 rows only in the second"),
        ("from mart where false", "4 rows only in the first"),
        ("select * replace (rate * (1 + 1e-8) as rate) from mart", "rate: 2 values differ"),
        ("select * replace (coalesce(rate, 0) as rate) from mart", "rate: 3 values differ"),
        ("select * replace (number::int as number) from mart", "number: BIGINT and INTEGER"),
        ("select * replace (timezone('UTC', instant) as instant) from mart", "TIMESTAMP and TIMESTAMP WITH TIME ZONE"),
        ("select * replace (amount::decimal(28, 2) as amount) from mart", "amount: DECIMAL(18,2) and DECIMAL(28,2)"),
        ("select * exclude (flag) from mart", "flag: BOOLEAN and None"),
        ("select rate, * exclude (rate) from mart", "in another order"),
    ],
)
def test_a_seeded_difference_is_found(query: str, finding: str, tmp_path: Path) -> None:
    assert finding in "; ".join(compare(tmp_path, query))


def test_a_mart_that_one_export_lacks_is_found(tmp_path: Path) -> None:
    both = write(tmp_path / "both", orders="from mart", customers="from mart")
    one = write(tmp_path / "one", orders="from mart")
    missing = {"orders": [], "customers": [f"missing in {tmp_path / 'one'}"]}
    assert compare_exports(both, one) == compare_exports(one, both) == missing
