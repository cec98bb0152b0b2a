"""The health score against what followed: known answers, a shuffled score, what is planted, when it is built."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.monthly import is_due
from orchestration.publish.builds import Kept
from orchestration.session import Session
from orchestration.state import State
from stammkunde.manifest import MONTHLY, Manifest
from stammkunde.places import Places
from stammkunde.request import RefreshRequest
from tests.conftest import WAREHOUSE, Build, run_dbt
from tests.reference.backtest import Look, rows_of
from tests.test_refresh_state import session_of

EXAMPLE = (
    # customer, score, days since the last order, whether an order followed
    ("a", 1, 100, False), ("b", 2, 10, False), ("c", 3, 50, False), ("d", 3, 20, True), ("e", 5, 10, True),
)  # fmt: skip


def looks(days: int = 1) -> list[Look]:
    return [
        Look(customer, date(2024, 9, day + 1), score, None, recency, has_ordered)
        for customer, score, recency, has_ordered in EXAMPLE
        for day in range(days)
    ]


def of_all(scope: str, found: list[Look]) -> dict[str, dict[str, object]]:
    return {str(row["predictor"]): row for row in rows_of(scope, found) if row["grouped_by"] == "all"}


def test_intervals_of_five_looks_are_those_worked_out_by_hand() -> None:
    """AUC 5.5 / 6 and 4.5 / 6. Each look pulls by its share less the AUC, over those of its kind: by the score a and b
    1/36, c -1/18, d -1/24, e 1/24; by recency a and c 1/12, b -1/6, d -1/24, e 1/24; the difference a -2/36, b 7/36, c
    -5/36, d and e 0. Variances are the sums of squares times 5 / 4."""
    found = of_all("all", looks())
    score, recency = found["score"], found["recency"]
    assert score["auc"] == pytest.approx(5.5 / 6) and recency["auc"] == pytest.approx(0.75)
    assert score["auc_low"] == pytest.approx(5.5 / 6 - 1.96 * ((2 / 1296 + 1 / 324 + 2 / 576) * 5 / 4) ** 0.5)
    assert recency["auc_low"] == pytest.approx(0.75 - 1.96 * ((2 / 144 + 1 / 36 + 2 / 576) * 5 / 4) ** 0.5)
    assert score["auc_high"] == recency["auc_high"] == 1
    half = 1.96 * (78 / 1296 * 5 / 4) ** 0.5
    assert score["auc_difference_low"] == pytest.approx(1 / 6 - half)
    assert score["auc_difference_high"] == pytest.approx(1 / 6 + half)
    assert score["is_better_than_recency"] is None


def test_looking_at_the_same_customers_again_makes_nothing_more_certain() -> None:
    once, twice = of_all("all", looks())["score"], of_all("all", looks(days=2))["score"]
    assert (once["looks"], twice["looks"]) == (5, 10)
    for column, value in once.items():
        if column not in ("looks", "looks_without_order"):
            assert twice[column] == (pytest.approx(value) if isinstance(value, float) else value), column


# The mart. On random shops it equals the calculation: tests/test_random_shops.py.


def verdict(build: Build) -> tuple[float, float, float, float, bool]:
    (row,) = build.rows(
        """
        select score.auc, score.auc_low, score.auc_high, recency.auc, score.is_better_than_recency
        from marts.health_backtest as score
        inner join marts.health_backtest as recency using (month_end, grouped_by)
        where month_end = 'all' and grouped_by = 'all' and score.predictor = 'score' and recency.predictor = 'recency'
        """
    )
    return row  # type: ignore[return-value]


def test_the_score_of_the_sample_tells_who_leaves_better_than_recency(sample: Build) -> None:
    """Planted: who is about to leave shows it. The bands say so, too."""
    auc, low, _, of_recency, is_better = verdict(sample)
    assert is_better and low > of_recency and auc > 0.8
    rates = sample.rows(
        """
        select no_order_rate from marts.health_backtest where month_end = 'all' and grouped_by = 'band'
        order by case bucket when 'critical' then 1 when 'watch' then 2 else 3 end
        """
    )
    (critical,), (watch,), (healthy,) = rates
    assert critical > watch + 0.1 > healthy + 0.2
    (days,) = sample.rows(
        """
        select count(distinct month_end), max(month_end) from marts.health_backtest
        where looks > 0 and month_end <> 'all'
        """
    )
    assert days == (12, "2025-09-30")


def test_a_shuffled_score_is_no_better(sample: Build, tmp_path: Path) -> None:
    """The scores of each month end, dealt out anew among its customers by a hash."""
    shutil.copy(sample.warehouse, tmp_path / WAREHOUSE)
    with duckdb.connect(str(tmp_path / WAREHOUSE)) as connection:
        connection.execute(
            """
            create or replace table intermediate.int_backtest_scores as
            with numbered as (
                select
                    *,
                    row_number() over (partition by as_of_date order by md5(customer_id || as_of_date)) as own_number,
                    row_number() over (partition by as_of_date order by md5('shuffled' || customer_id || as_of_date))
                        as dealt_number
                from intermediate.int_backtest_scores
            )
            select own.customer_id, own.as_of_date, dealt.health_score, dealt.health_band
            from numbered as own
            inner join numbered as dealt on own.as_of_date = dealt.as_of_date and own.own_number = dealt.dealt_number
            """
        )
    build = run_dbt(["run", "--select", "int_backtest_risks+"], tmp_path)
    assert build.exit_code == 0, build.output
    _, low, high, of_recency, is_better = verdict(build)
    assert low < 0.5 < high and high < of_recency
    assert is_better is False
    of_months = build.rows(
        "select is_better_than_recency from marts.health_backtest where grouped_by = 'all' and predictor = 'score'"
    )
    assert of_months == [(False,)] * 13


# When it is built


def test_nothing_else_reads_what_is_built_once_a_month(sample: Build) -> None:
    """What is left as it is would be older than its readers."""
    manifest = Manifest(sample.manifest())
    monthly = manifest.tagged(MONTHLY)
    assert {"health_backtest", "int_churn_training"} < set(monthly) and len(monthly) == 6
    readers = {node["name"] for node in manifest.models() if set(monthly) & manifest.above(node["name"])}
    assert readers <= set(monthly)


@pytest.fixture
def held(tmp_path: Path) -> Session:
    """A refresh of a warehouse that holds the published build b0, whose latest month end is that of the backtest."""
    places = Places(raw=None, mapping=None, warehouse=tmp_path / "w.duckdb", published=tmp_path / "p" / "r.duckdb")
    places.state.mkdir()
    session = session_of(places)
    session.baseline = Kept(tmp_path / "b0.duckdb", {"build_id": "b0"})
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute(
            """
            create schema marts;
            create schema intermediate;
            create table marts.build as select 'b0' as build_id;
            create table intermediate.int_backtest_month_ends as
                select unnest([date '2024-01-31', date '2024-02-29']) as month_end;
            create table marts.health_backtest as select unnest(['2024-01-31', '2024-02-29', 'all']) as month_end;
            """
        )
    return session


def change(session: Session, sql: str) -> None:
    with duckdb.connect(str(session.places.warehouse)) as connection:
        connection.execute(sql)


def test_what_readers_have_of_the_latest_month_end_is_left_as_it_is(held: Session) -> None:
    assert not is_due(held)


@pytest.mark.parametrize(
    "sql",
    [
        "insert into intermediate.int_backtest_month_ends values ('2024-03-31')",
        "delete from intermediate.int_backtest_month_ends where month_end = '2024-02-29'",
        "delete from marts.health_backtest",
        "drop table marts.health_backtest",
        "update marts.build set build_id = 'b1'",
    ],
    ids=["a new month end", "a shop that ends earlier", "no rows", "no mart", "marts of another build"],
)
def test_it_is_due_where_the_warehouse_holds_another(held: Session, sql: str) -> None:
    change(held, sql)
    assert is_due(held)


def test_a_shop_without_any_month_end_has_no_rows_and_is_left_as_it_is(held: Session) -> None:
    change(held, "delete from intermediate.int_backtest_month_ends; delete from marts.health_backtest")
    assert not is_due(held)


def test_it_is_due_in_a_first_refresh_and_after_a_change_of_definitions_and_when_asked_for(held: Session) -> None:
    assert is_due(replace(held, baseline=None))  # a past day, too, is compared with no build
    assert is_due(replace(held, request=RefreshRequest(full_refresh=True)))
    changed = {"build_id": held.build_id, "definition": "health_weights", "was": "a", "is_now": "b"}
    State(held.places).replace("definition_changes", held.build_id, [changed])
    assert is_due(held)


def test_it_is_due_where_the_warehouse_is_gone(held: Session) -> None:
    held.places.warehouse.unlink()
    assert is_due(held)
