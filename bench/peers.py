"""The notebooks for comparison: what they cost, and whether their three tables hold the same as the marts."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.measure import Cost, measure_command
from stammkunde.database import quoted

HERE = Path(__file__).resolve().parent
MARTS = ("customers", "cohort_retention")  # the notebooks compute parts of these
TOLERANCE = 1e-12  # of rates; everything else is compared exactly


@dataclass(frozen=True)
class Table:
    """A table that notebooks write, its columns, and the query for the same from the marts."""

    name: str
    key: str
    exact: str
    rate: str | None
    query: str


TABLES = (
    Table(
        "cohort_triangle",
        "cohort_month, period_number",
        "cohort_month, period_number, cohort_customers, active_customers",
        "retention_rate",
        """
        select cohort_start as cohort_month, period_number, cohort_customers, active_customers, retention_rate
        from warehouse.marts.cohort_retention
        where cohort_grain = 'month' and dimension = 'all'
        """,
    ),
    Table(
        "repeat_rate",
        "customers, repeat_customers",
        "customers, repeat_customers",
        "repeat_rate",
        """
        select count(*) as customers, count(case when orders >= 2 then 1 end) as repeat_customers,
            count(case when orders >= 2 then 1 end) / cast(count(*) as double) as repeat_rate
        from warehouse.marts.customers
        """,
    ),
    Table(
        "rfm",
        "customer_id",
        "customer_id, recency_days, orders, net_revenue, r_score, f_score, m_score",
        None,
        """
        select customer_id, recency_days, orders, net_revenue, r_score, f_score, m_score
        from warehouse.marts.customers
        """,
    ),
)


def measure(engine: str, raw: Path, out: Path) -> Cost:
    """One notebook as a process of its own. Its package is imported once before, so that the disk is not measured."""
    measure_command([sys.executable, "-c", f"import {engine}"], HERE)
    return measure_command([sys.executable, str(HERE / f"notebook_{engine}.py"), str(raw), str(out)], HERE)


def differences(out: Path, warehouse: Path) -> list[str]:
    """One line for every way in which the Parquet files in `out` differ from the marts in `warehouse`."""
    found = []
    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted(str(warehouse))} as warehouse (read_only)")
        for table in TABLES:
            file = quoted(str(out / f"{table.name}.parquet"))
            connection.execute(f"create temp view peer as from read_parquet({file})")
            connection.execute(f"create temp table mart as {table.query}")
            for kind, query in comparisons(table).items():
                rows = connection.execute(f"select count(*) from ({query})").fetchone()[0]
                if rows:
                    example = connection.execute(f"from ({query}) order by all limit 1").fetchone()
                    shown = ", ".join(map(str, example))
                    found.append(f"{table.name}: {rows} row{'s' * (rows > 1)} {kind}, e.g. ({shown})")
            connection.execute("drop view peer; drop table mart")
    return found


def comparisons(table: Table) -> dict[str, str]:
    """The queries that find no row where the views `peer` and `mart` hold the same, by what their rows are."""
    queries = {
        "only in the peer": f"select {table.exact} from peer except all select {table.exact} from mart",
        "only in the mart": f"select {table.exact} from mart except all select {table.exact} from peer",
    }
    if table.rate:
        # A rate that is missing on one side differs; not a number is greater than any tolerance.
        queries[f"with another {table.rate} (the peer's, the mart's)"] = f"""
            select {table.key}, peer.{table.rate}, mart.{table.rate} from peer join mart using ({table.key})
            where peer.{table.rate} is distinct from mart.{table.rate}
                and coalesce(abs(peer.{table.rate} - mart.{table.rate}) > {TOLERANCE}, true)
        """
    return queries
