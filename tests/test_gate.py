"""Every check of the gate lets a sound shop pass and finds what it is there to find, in words that say what to do.

The shop: 52 customers take turns with four orders a day, from Monday 2024-01-01 to Sunday 2024-03-31. Every other
order is worth 10.00, every other 40.00.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.quality.evidence import Evidence, opened
from orchestration.quality.gate import Acceptance, MissingSuiteError, Result, blocking, judge, shown_number
from orchestration.quality.suites import NAMES, SUITES, Check, Suite, Table, shift
from orchestration.quality.thresholds import Threshold, ThresholdError, load_thresholds

TODAY = date(2024, 4, 1)
Row = dict[str, object]

ORDERS = """
    create table marts.orders as
    select
        'o' || i as order_id,
        'c' || i % {customers} as customer_id,
        timestamp '2024-01-01' + interval (i // {a_day}) day + interval (i % {a_day}) minute as ordered_at,
        date '2024-01-01' + cast(i // {a_day} as int) as order_date,
        cast(case when i % 2 = 0 then 10 else 40 end as decimal(18, 4)) as amount,
        cast(case when i % 2 = 0 then 10 else 40 end as decimal(18, 2)) as net_amount
    from range({a_day} * {days}) as _(i)
"""

# Nobody lapses in so short a time: who came stays.
MARTS = (
    """
    create table marts.customers as
    select customer_id, cast(substr(customer_id, 2) as int) % 2 + 1 as r_score, 1 as f_score
    from marts.orders
    group by customer_id
    """,
    """
    create table marts.row_accounting as
    from (values
        ('orders', 'counted', 'none', 364), ('orders', 'quarantined', 'invalid_amount', 6),
        ('customers', 'counted', 'none', 52), ('customers', 'quarantined', 'missing_customer_id', 2)
    ) as _(entity, outcome, reason, rows)
    """,
    """
    create table marts.retention_kpis as
    with first_orders as (select customer_id, min(order_date) as first_date from marts.orders group by all),
    grains as (from (values ('week'), ('month'), ('quarter'), ('year')) as _(period_grain)),
    periods as (
        select
            period_grain,
            cast(date_trunc(period_grain, order_date) as date) as period_start,
            count(*) as orders,
            sum(net_amount) as net_revenue,
            count(distinct customer_id) as purchasing_customers
        from marts.orders cross join grains
        group by all
    ),
    acquired as (
        select
            period_grain,
            cast(date_trunc(period_grain, first_date) as date) as period_start,
            count(*) as new_customers
        from first_orders cross join grains
        group by all
    )
    select
        periods.*,
        true as is_complete,
        0 as unattributed_orders,
        cast(0 as decimal(18, 2)) as unattributed_revenue,
        coalesce(acquired.new_customers, 0) as new_customers,
        0 as churned_customers,
        0 as new_customers_lost,
        0 as reactivated_customers,
        sum(coalesce(acquired.new_customers, 0)) over so_far as customers_at_end,
        sum(coalesce(acquired.new_customers, 0)) over so_far - coalesce(acquired.new_customers, 0) as customers_at_start
    from periods left join acquired using (period_grain, period_start)
    window so_far as (partition by period_grain order by period_start)
    """,
    """
    create table marts.cohort_retention as
    with first_orders as (select customer_id, min(order_date) as first_date from marts.orders group by all),
    ordered as (
        select
            cohort_grain,
            customer_id,
            net_amount,
            cast(date_trunc(cohort_grain, first_date) as date) as cohort_start,
            cast(date_trunc(cohort_grain, order_date) as date) as period_start
        from marts.orders
        inner join first_orders using (customer_id)
        cross join (values ('week'), ('month'), ('quarter')) as _(cohort_grain)
    )
    select
        cohort_grain,
        'all' as dimension,
        cohort_start,
        period_start,
        date_diff(cohort_grain, cohort_start, period_start) as period_number,
        count(distinct customer_id) as cohort_customers,
        count(*) as orders,
        sum(net_amount) as net_revenue
    from ordered
    group by all
    """,
    """
    create table marts.lifecycle_transitions as
    select period_start as month_start, 'new' as to_stage, customers_at_end as customers
    from marts.retention_kpis
    where period_grain = 'month'
    """,
    """
    create table marts.restatements (
        period_grain varchar, period_start date, net_revenue_before decimal(18, 2), net_revenue_now decimal(18, 2),
        unexplained_orders bigint, unexplained_revenue decimal(18, 2), unexplained_revenue_share double,
        order_ids varchar
    )
    """,
    "create table marts.retention_curve as select i from range(30) as _(i)",
    "create table marts.repurchase_curve as select i from range(40) as _(i)",
    "create table marts.retention_kpis_by_segment as select i from range(50) as _(i)",
    "create table marts.customer_concentration as select i from range(60) as _(i)",
)


def build_shop(file: Path, *, customers: int = 52, a_day: int = 4, days: int = 91) -> Path:
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        connection.execute(ORDERS.format(customers=customers, a_day=a_day, days=days))
        for statement in MARTS:
            connection.execute(statement)
    return file


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shop(tmp_path_factory.mktemp("shops") / "shop.duckdb")


def raw_rows(**changes: Mapping[str, object]) -> list[Row]:
    """The raw entities as they were measured, with changes by entity."""
    dates = {"first_date": date(2024, 1, 1), "last_date": date(2024, 3, 31)}
    none = {"first_date": None, "last_date": None}
    rows: list[Row] = [
        {"entity": "orders", "rows": 370, "malformed_rows": 3, **dates},
        {"entity": "customers", "rows": 54, "malformed_rows": 0, **none},
        {"entity": "activities", "rows": 0, "malformed_rows": 0, **none},
    ]
    return [{**row, **changes.get(str(row["entity"]), {})} for row in rows]


@dataclass(frozen=True)
class Case:
    """What makes a check fail, and what it then says."""

    check: str
    found: str  # in a sound shop
    observed: str
    expected: str
    explanation: str
    statement: str = ""
    raw: Mapping[str, Mapping[str, object]] | None = None
    today: date = TODAY
    outcome: str = "failed"

    @property
    def suite(self) -> str:
        return next(name for name in NAMES for table in SUITES[name]().tables if self.check in names_of(table))


def names_of(table: Table) -> list[str]:
    return [check.name for check in table.checks]


def more_orders(times: int, those: str) -> str:
    """Orders once more, under other ids."""
    return (
        "insert into marts.orders select order_id || '-' || i, orders.* exclude (order_id) "
        f"from marts.orders cross join range({times}) as _(i) where {those}"
    )


MONTH = "period_grain = 'month' and period_start = "
INDEX = 0.25 * math.log(2) + 0.25 * math.log(1.5)  # of halves that become one and three quarters
EQUAL_PERIODS = "all 18 equal"  # 13 weeks, 3 months, a quarter, a year

CASES = [
    Case(
        "entities_missing", "0", "1", "at most 0",
        "customers had 54 rows before and is missing or empty now",
        raw={"customers": {"rows": 0}},
    ),
    Case(
        "malformed_rows_share", "0.8108 %", "8.108 %", "at most 2 %",
        "30 of 370 lines of orders do not have the columns of the header: the file is damaged, or its format has "
        "changed",
        raw={"orders": {"malformed_rows": 30}},
    ),
    Case(
        "order_rows_kept", "100 %", "27.03 %", "at least 85 %",
        "Only 100 order rows came, 370 before: is the export complete?",
        raw={"orders": {"rows": 100}},
    ),
    Case(
        "order_rows_grown", "100 %", "40,000 %", "at most 300 %",
        "148,000 order rows came, 370 before: was something loaded twice?",
        raw={"orders": {"rows": 148_000}}, outcome="warned",
    ),
    Case(
        "days_missing_at_the_start", "0 days", "2 days", "at most 0 days",
        "Orders now begin on 2024-01-03, before on 2024-01-01: the first days are missing",
        raw={"orders": {"first_date": date(2024, 1, 3)}},
    ),
    Case(
        "days_missing_at_the_end", "0 days", "31 days", "at most 0 days",
        "Orders now end on 2024-02-29, before on 2024-03-31: the last days are missing",
        raw={"orders": {"last_date": date(2024, 2, 29)}},
    ),
    Case(
        "other_rows_kept", "100 %", "37.04 %", "at least 50 %",
        "customers has only 20 rows, 54 before: is the export complete?",
        raw={"customers": {"rows": 20}}, outcome="warned",
    ),
    Case(
        "days_since_the_last_order", "1 day", "4 days", "at most 3 days",
        "The latest order is of 2024-03-31, 4 days ago: does the export still run?",
        today=date(2024, 4, 4), outcome="warned",
    ),
    Case(
        "orders_counted", "364", "0", "at least 1",
        "No order counts: see the reasons in marts.row_accounting",
        "delete from marts.orders",
    ),
    Case(
        "quarantined_orders_share", "1.622 %", "9 %", "at most 5 %",
        "36 of 400 order rows cannot be used: see marts.row_accounting for the reasons and staging.quarantined_orders "
        "for the rows",
        "update marts.row_accounting set rows = 36 where entity = 'orders' and outcome = 'quarantined'",
    ),
    Case(
        "quarantined_orders_rise", "0 points", "7.38 points", "at most 2 points",
        "9.0% of the order rows cannot be used, 1.6% before: has the format of the export changed?",
        "update marts.row_accounting set rows = 36 where entity = 'orders' and outcome = 'quarantined'",
    ),
    Case(
        "quarantined_other_share", "3.704 %", "50 %", "at most 20 %",
        "52 of 104 rows of customers cannot be used",
        "update marts.row_accounting set rows = 52 where entity = 'customers' and outcome = 'quarantined'",
        outcome="warned",
    ),
    Case(
        "copied_orders_of_a_day", "0 %", "55.56 %", "at most 30 %",
        "5 of the 9 orders of 2024-02-10 equal another in customer, time and amount under another order id: was this "
        "day imported twice?",
        more_orders(5, "order_id = 'o160'"),
    ),
    Case(
        "orders_are_in_kpis", EQUAL_PERIODS, "1 of 18 differ", "orders = kpi_orders",
        "month 2024-02-01: 116 orders, but 115 in the KPIs",
        f"update marts.retention_kpis set orders = orders - 1 where {MONTH} '2024-02-01'",
    ),
    Case(
        "revenue_is_in_kpis", EQUAL_PERIODS, "1 of 18 differ", "net_revenue = kpi_revenue",
        "week 2024-01-08: revenue 700.00, but 0.00 in the KPIs",
        "delete from marts.retention_kpis where period_grain = 'week' and period_start = '2024-01-08'",
    ),
    Case(
        "cohort_orders_are_kpi_orders", "all 17 equal", "1 of 17 differ", "cohort_orders = kpi_orders",
        "quarter 2024-01-01: 365 orders in cohorts, 364 in KPIs",
        "update marts.cohort_retention set orders = orders + 1 where cohort_grain = 'quarter'",
    ),
    Case(
        "cohort_revenue_is_kpi_revenue", "all 17 equal", "3 of 17 differ", "cohort_revenue = kpi_revenue",
        "month 2024-01-01: 3,162.00 in cohorts, 3,100.00 in KPIs",
        "update marts.cohort_retention set net_revenue = net_revenue * 1.02 where cohort_grain = 'month'",
    ),
    Case(
        "cohort_sizes_are_customers", "all 3 equal", "1 of 3 differ", "cohort_customers = customers",
        "month cohorts by all hold 53 of 52 customers",
        "update marts.cohort_retention set cohort_customers = cohort_customers + 1 where cohort_grain = 'month'",
    ),
    Case(
        "customers_at_end_follow", EQUAL_PERIODS, "1 of 18 differ", "customers_at_end = expected_at_end",
        "year 2024-01-01: 52 customers at the end, but the movements give 49",
        "update marts.retention_kpis set churned_customers = 3 where period_grain = 'year'",
    ),
    Case(
        "transitions_cover_all_customers", "all 3 equal", "1 of 3 differ", "customers = customers_acquired",
        "2024-02-01: 0 customers in stages, 52 acquired to date",
        "delete from marts.lifecycle_transitions where month_start = '2024-02-01'",
    ),
    Case(
        "not_lost_is_active", "all 3 equal", "1 of 3 differ", "customers_not_lost = customers_at_end",
        "2024-03-01: 0 not lost, but 52 active",
        "update marts.lifecycle_transitions set to_stage = 'lost' where month_start = '2024-03-01'",
    ),
    Case(
        "mart_rows_kept", "100 %", "50 %", "at least 85 %",
        "marts.repurchase_curve has 20 rows, 40 before",
        "delete from marts.repurchase_curve where i < 20",
    ),
    Case(
        "unexplained_revenue_share", "0 %", "10 %", "at most 0.5 %",
        "The closed month February 2024 changed from 2,900.00 to 2,610.00: 12 orders are gone or differ without a "
        "newer version, for example o124, o125",
        "insert into marts.restatements values ('month', '2024-02-01', 2900, 2610, 12, 290, 0.1, 'o124, o125')",
    ),
    Case(
        "added_orders_of_a_day", "0 %", "125 %", "at most 75 %",
        "2024-02-10 had 4 orders and now has 9: was it imported twice?",
        more_orders(5, "order_id = 'o160'"),
    ),
    Case(
        "order_value_shift", "0", f"{INDEX:.6g}", "at most 0.25",
        "Order values of the last 91 days are spread otherwise than before: has the unit or the currency changed?",
        "update marts.orders set net_amount = 40 where cast(substr(order_id, 2) as int) % 4 = 0",
    ),
    Case(
        "orders_per_day", "100 %", "25 %", "50 % to 200 %",
        "1.0 orders per day in the last 28 days, 4.0 before",
        "delete from marts.orders where order_date >= '2024-03-04' and cast(substr(order_id, 2) as int) % 4 <> 0",
        outcome="warned",
    ),
    Case(
        "new_customer_share_change", "0 points", "33.3 points", "at most 15 points",
        "66.7% of the purchasers of the last three months are new, 33.3% before: are customers still recognised?",
        f"update marts.retention_kpis set new_customers = 52 where {MONTH} '2024-03-01'",
        outcome="warned",
    ),
    Case(
        "rfm_shift", "0", f"{INDEX:.6g}", "at most 0.25",
        "Customers are spread over the RFM cells otherwise than before",
        "update marts.customers set r_score = 2 where cast(substr(customer_id, 2) as int) % 4 = 0",
        outcome="warned",
    ),
]  # fmt: skip


@contextmanager
def evidence_of(
    warehouse: Path | None,
    baseline: Path | None,
    *,
    now: list[Row] | None = None,
    before: list[Row] | None = None,
    today: date = TODAY,
) -> Iterator[Evidence]:
    with opened(warehouse, baseline) as connection:
        rows_before = raw_rows() if before is None else before
        yield Evidence(now or raw_rows(), rows_before, today, connection, warehouse, baseline)


def changed(shop: Path, folder: Path, statement: str) -> Path:
    file = Path(shutil.copy(shop, folder / "changed shop.duckdb"))
    with duckdb.connect(str(file)) as connection:
        connection.execute(statement)
    return file


def by_name(results: list[Result]) -> dict[str, Result]:
    found = {result.check_name: result for result in results}
    assert len(found) == len(results)
    return found


@pytest.fixture(scope="module")
def sound(shop: Path) -> dict[str, Result]:
    """What the gate finds when nothing has changed."""
    with evidence_of(shop, shop) as evidence:
        return by_name(judge(NAMES, evidence, load_thresholds()))


@contextmanager
def only(*checks: str) -> Iterator[None]:
    """The suites with the tables of these checks alone."""
    with pytest.MonkeyPatch.context() as patched:
        for name, suite in list(SUITES.items()):
            tables = tuple(table for table in suite().tables if set(checks) & set(names_of(table)))
            patched.setitem(SUITES, name, lambda name=name, tables=tables: Suite(name, tables))
        yield


def judged(case: Case, shop: Path, folder: Path, **given) -> dict[str, Result]:
    warehouse = changed(shop, folder, case.statement) if case.statement else shop
    now = raw_rows(**case.raw) if case.raw else raw_rows()
    thresholds = given.pop("thresholds", load_thresholds())
    with only(case.check), evidence_of(warehouse, shop, now=now, today=case.today) as evidence:
        return by_name(judge([case.suite], evidence, thresholds, **given))


def case_of(check: str) -> Case:
    return next(case for case in CASES if case.check == check)


def test_every_check_has_a_case() -> None:
    checks = [check for suite in SUITES.values() for table in suite().tables for check in names_of(table)]
    assert [case.check for case in CASES] == checks
    assert len(set(checks)) == len(checks)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_a_sound_shop_passes(case: Case, sound: dict[str, Result]) -> None:
    result = sound[case.check]
    check = next(check for table in SUITES[case.suite]().tables for check in table.checks if check.name == case.check)
    assert (result.outcome, result.observed, result.expected) == ("passed", case.found, case.expected)
    assert (result.suite, result.explanation) == (case.suite, check.says)
    assert result.rows_judged >= 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_what_is_wrong_is_found_and_said(case: Case, shop: Path, tmp_path: Path) -> None:
    result = judged(case, shop, tmp_path)[case.check]
    assert result.explanation == case.explanation
    assert (result.outcome, result.observed, result.expected) == (case.outcome, case.observed, case.expected)
    assert result.severity == ("fail" if case.outcome == "failed" else "warn")


def test_only_failed_checks_block(sound: dict[str, Result], shop: Path, tmp_path: Path) -> None:
    assert blocking(list(sound.values())) == []
    for check, blocks in (("rfm_shift", False), ("mart_rows_kept", True)):
        found = judged(case_of(check), shop, tmp_path)
        assert [result.check_name for result in blocking(list(found.values()))] == [check] * blocks


# Limits that are edited


def limited(check: str, limits: Threshold) -> dict[str, dict[str, Threshold]]:
    suite = case_of(check).suite
    return {
        name: {**checks, **({check: limits} if name == suite else {})} for name, checks in load_thresholds().items()
    }


@pytest.mark.parametrize(
    ("limits", "outcome", "expected"),
    [
        (Threshold("fail", 0.5), "passed", "at least 50 %"),
        (Threshold("fail", 0.500001), "failed", "at least 50 %"),
        (Threshold("warn", 0.6), "warned", "at least 60 %"),
        (Threshold("fail", 0.4, 0.9), "failed", "40 % to 90 %"),
        (Threshold("fail", 0.4, 1.0), "passed", "40 % to 100 %"),
        (Threshold("fail", None, 0.99), "failed", "at most 99 %"),
    ],
)
def test_limits_hold_on_both_sides_and_include_their_values(
    shop: Path, tmp_path: Path, limits: Threshold, outcome: str, expected: str
) -> None:
    case = case_of("mart_rows_kept")  # one mart has half of its rows, the others have all
    result = judged(case, shop, tmp_path, thresholds=limited(case.check, limits))[case.check]
    assert (result.outcome, result.expected) == (outcome, expected)
    if limits.max == 0.99:
        assert result.observed == "100 %"
        assert "before" in result.explanation


def test_what_is_off_is_not_judged(shop: Path, tmp_path: Path) -> None:
    case = case_of("mart_rows_kept")
    result = judged(case, shop, tmp_path, thresholds=limited(case.check, Threshold("off", 0.85)))[case.check]
    assert (result.outcome, result.observed, result.explanation) == ("off", None, "No mart has lost rows")


def test_what_would_fail_only_warns_where_so_set(shop: Path, tmp_path: Path) -> None:
    case = case_of("orders_are_in_kpis")
    result = judged(case, shop, tmp_path, thresholds=limited(case.check, Threshold("warn")))[case.check]
    assert (result.outcome, result.explanation) == ("warned", case.explanation)


def test_a_check_without_an_entry_or_a_limit_is_an_error(shop: Path, tmp_path: Path) -> None:
    case = case_of("mart_rows_kept")
    with pytest.raises(ThresholdError, match=r"drift\.mart_rows_kept is missing"):
        judged(case, shop, tmp_path, thresholds={**load_thresholds(), "drift": {}})
    with pytest.raises(ThresholdError, match=r"drift\.mart_rows_kept has no limit"):
        judged(case, shop, tmp_path, thresholds=limited(case.check, Threshold("fail")))


# Acceptance


def test_what_a_person_accepted_fails_and_does_not_block(shop: Path, tmp_path: Path) -> None:
    case = case_of("mart_rows_kept")
    given = Acceptance("b1", "the shop was migrated", frozenset({("drift", "mart_rows_kept")}))
    result = judged(case, shop, tmp_path, acceptance=given)[case.check]
    assert (result.outcome, result.observed, result.explanation) == ("accepted", case.observed, case.explanation)
    assert blocking([result]) == []


@pytest.mark.parametrize("checks", [{("drift", "rfm_shift")}, {("staging", "mart_rows_kept")}, set()])
def test_only_what_was_accepted_is(shop: Path, tmp_path: Path, checks: set[tuple[str, str]]) -> None:
    case = case_of("mart_rows_kept")
    given = Acceptance("b1", "because", frozenset(checks))
    assert judged(case, shop, tmp_path, acceptance=given)[case.check].outcome == "failed"


def test_what_passes_or_warns_needs_no_acceptance(shop: Path, tmp_path: Path) -> None:
    given = Acceptance("b1", "because", frozenset({("drift", "rfm_shift")}))
    assert judged(case_of("rfm_shift"), shop, tmp_path, acceptance=given)["rfm_shift"].outcome == "warned"


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.suite == "reconciliation"], ids=lambda case: case.check
)
def test_contradictions_between_marts_are_never_accepted(case: Case, shop: Path, tmp_path: Path) -> None:
    given = Acceptance("b1", "because", frozenset({("reconciliation", case.check)}))
    assert judged(case, shop, tmp_path, acceptance=given)[case.check].outcome == "failed"


# Nothing to compare with, nothing to judge


def test_without_a_build_before_nothing_is_compared(shop: Path, sound: dict[str, Result]) -> None:
    with evidence_of(shop, None, before=[]) as evidence:
        found = by_name(judge(NAMES, evidence, load_thresholds()))
    compared = {"entities_missing", "order_rows_kept", "order_rows_grown", "days_missing_at_the_start"}
    compared |= {"days_missing_at_the_end", "other_rows_kept", "quarantined_orders_rise"}
    compared |= {check for table in SUITES["drift"]().tables for check in names_of(table)}
    assert {name for name, result in found.items() if result.outcome == "no_baseline"} == compared
    assert {result.outcome for name, result in found.items() if name not in compared} == {"passed"}
    for name in compared:
        result = found[name]
        assert (result.observed, result.rows_judged) == (None, 0)
        assert (result.expected, result.explanation) == (sound[name].expected, sound[name].explanation)
    assert blocking(list(found.values())) == []


def test_a_suite_that_is_missing_or_has_no_checks_is_an_error(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with evidence_of(shop, shop) as evidence:
        with pytest.raises(MissingSuiteError, match="the suite guesses is missing"):
            judge(["staging", "guesses"], evidence, load_thresholds())
        monkeypatch.setitem(SUITES, "staging", lambda: Suite("staging", ()))
        with pytest.raises(MissingSuiteError, match="the suite staging has no checks"):
            judge(["staging"], evidence, load_thresholds())
        monkeypatch.delitem(SUITES, "raw")
        with pytest.raises(MissingSuiteError, match="the suite raw is missing"):
            judge(NAMES, evidence, load_thresholds())


def test_an_aggregate_without_rows_has_not_passed(shop: Path) -> None:
    import pandas as pd

    nothing = pd.DataFrame({"day": [], "left": [], "right": []})
    check = Check("left_is_right", "left", "Left is right", "", equals="right")
    with pytest.MonkeyPatch.context() as patched, evidence_of(shop, shop) as evidence:
        patched.setitem(
            SUITES, "pairs", lambda: Suite("pairs", (Table("days", ("day",), lambda _: nothing, (check,)),))
        )
        for severity, outcome in (("fail", "failed"), ("warn", "warned")):
            [result] = judge(["pairs"], evidence, {"pairs": {"left_is_right": Threshold(severity)}})
            explanation = "There was nothing to judge for pairs.left_is_right: the aggregate is empty"
            assert (result.outcome, result.explanation) == (outcome, explanation)


def test_a_column_that_is_gone_has_not_passed(shop: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"day": [1], "rihgt": [1]})
    check = Check("left_is_small", "left", "Left is small", "")
    with pytest.MonkeyPatch.context() as patched, evidence_of(shop, shop) as evidence:
        patched.setitem(SUITES, "pairs", lambda: Suite("pairs", (Table("days", ("day",), lambda _: frame, (check,)),)))
        [result] = judge(["pairs"], evidence, {"pairs": {"left_is_small": Threshold("fail", None, 1.0)}})
    assert result.outcome == "failed"


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("copied_orders_of_a_day", "update marts.orders set amount = 0"),
        ("quarantined_other_share", "delete from marts.row_accounting where entity = 'customers'"),
        ("added_orders_of_a_day", "delete from marts.orders"),
        ("new_customer_share_change", "update marts.retention_kpis set is_complete = false"),
    ],
)
def test_what_a_shop_may_lack_passes(shop: Path, tmp_path: Path, check: str, statement: str) -> None:
    warehouse = changed(shop, tmp_path, statement)
    baseline = warehouse if check == "added_orders_of_a_day" else shop
    if baseline == warehouse:
        baseline = Path(shutil.copy(warehouse, tmp_path / "before.duckdb"))
    with only(check), evidence_of(warehouse, baseline) as evidence:
        result = by_name(judge([case_of(check).suite], evidence, load_thresholds()))[check]
    assert (result.outcome, result.observed, result.rows_judged) == ("passed", None, 0)
    assert result.explanation.endswith(" (there is nothing to judge)")


def test_an_export_without_a_row_fails_as_one_without_orders(shop: Path, tmp_path: Path) -> None:
    none = {"rows": 0, "malformed_rows": 0, "first_date": None, "last_date": None}
    with evidence_of(None, None, now=raw_rows(orders=none, customers=none), before=[]) as evidence:
        assert blocking(judge(["raw"], evidence, load_thresholds())) == []
    with evidence_of(None, None, now=raw_rows(orders=none, customers=none)) as evidence:
        failed = [result.check_name for result in blocking(judge(["raw"], evidence, load_thresholds()))]
    assert failed == ["entities_missing", "order_rows_kept"]
    warehouse = changed(shop, tmp_path, "delete from marts.orders")
    with only("orders_counted", "copied_orders_of_a_day"), evidence_of(warehouse, None) as evidence:
        assert [result.check_name for result in blocking(judge(["staging"], evidence, load_thresholds()))] == [
            "orders_counted"
        ]


def test_few_equal_or_late_orders_of_a_day_are_chance(shop: Path, tmp_path: Path) -> None:
    warehouse = changed(shop, tmp_path, more_orders(4, "order_id = 'o160'"))
    for check in ("copied_orders_of_a_day", "added_orders_of_a_day"):
        with only(check), evidence_of(warehouse, shop) as evidence:
            result = by_name(judge([case_of(check).suite], evidence, load_thresholds()))[check]
        assert (result.outcome, result.observed) == ("passed", "0 %")


def test_the_last_day_of_the_build_before_may_grow(shop: Path, tmp_path: Path) -> None:
    """It was not over when it was exported."""
    more = more_orders(50, "order_date >= '2024-03-31'")
    with only("added_orders_of_a_day"), evidence_of(changed(shop, tmp_path, more), shop) as evidence:
        result = by_name(judge(["drift"], evidence, load_thresholds()))["added_orders_of_a_day"]
    assert (result.outcome, result.observed, result.rows_judged) == ("passed", "0 %", 90)


# Figures


@pytest.mark.parametrize(
    ("now", "before", "index"),
    [
        ([50, 50], [50, 50], 0.0),
        ([500, 500], [1, 1], 0.0),
        ([50, 50], [75, 25], 0.25 * math.log(3)),  # -0.25 x ln(2/3) + 0.25 x ln(2)
        ([20, 30, 50], [50, 30, 20], 0.6 * math.log(2.5)),
        ([99.5, 0], [0, 99.5], 2 * 0.99 * math.log(199)),  # an empty class counts as half an element
    ],
)
def test_the_population_stability_index_is_the_one_worked_out_by_hand(
    now: list[float], before: list[float], index: float
) -> None:
    import pandas as pd

    frame = shift(pd.DataFrame({"n": now, "n_before": before}), "n", "a thing")
    assert frame is not None
    assert frame.drop(columns="stability_index").to_dict("records") == [
        {"distribution": "a thing", "classes": len(now)}
    ]
    assert frame["stability_index"][0] == pytest.approx(index, abs=1e-12)
    assert shift(None, "n", "a thing") is None


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0, "number", "0"),
        (1_234_567, "number", "1,234,567"),
        (999_999.7, "number", "1,000,000"),
        (0.2746531, "number", "0.274653"),
        (0.1234567, "percent", "12.35 %"),
        (400.0, "percent", "40,000 %"),
        (0.0333, "points", "3.33 points"),
        (12.0, "points", "1,200 points"),
        (1_234.5, "money", "1,234.50"),
        (40_000, "days", "40,000 days"),
        (1.0, "days", "1 day"),
    ],
)
def test_figures_are_shown_without_exponents(value: float, unit: str, shown: str) -> None:
    assert shown_number(value, unit) == shown


# What is handed over


def test_only_aggregates_are_handed_over(tmp_path: Path) -> None:
    """200,000 orders in 500 days: no table is longer than the days, and none names an order."""
    warehouse = build_shop(tmp_path / "large.duckdb", customers=20_000, a_day=400, days=500)
    with evidence_of(warehouse, Path(shutil.copy(warehouse, tmp_path / "before.duckdb"))) as evidence:
        frames = {table.name: table.frame(evidence) for suite in SUITES.values() for table in suite().tables}
    assert len(frames) == len([table for suite in SUITES.values() for table in suite().tables])
    for name, frame in frames.items():
        assert frame is not None, name
        assert 1 <= len(frame) <= 500, name
        assert not {"order_id", "customer_id", "customer_email"} & set(frame.columns), name


def test_results_are_rows_of_the_state(sound: dict[str, Result], tmp_path: Path) -> None:
    from orchestration.state import State

    rows = [{**result.__dict__, "build_id": "b1"} for result in sound.values()]
    state = State(tmp_path)
    state.replace("validation_results", "b1", rows)
    written = state.of_build("validation_results", "b1")
    assert json.dumps(written, default=str, sort_keys=True) == json.dumps(rows, default=str, sort_keys=True)
