"""Every check of the gate lets a sound shop pass and finds what it is there to find, in words that say what to do.

The shop: 52 customers take turns with four orders a day, from Monday 2024-01-01 to Sunday 2024-03-31. Every other
order is worth 10.00, every other 40.00.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.quality.checks import Check, Suite, Table
from orchestration.quality.evidence import SQL, Evidence, gathered
from orchestration.quality.gate import MissingSuiteError, judge
from orchestration.quality.results import Acceptance, Result, WorstRows, blocking, shown_number, shown_value
from orchestration.quality.suites import NAMES, SUITES
from orchestration.quality.thresholds import Threshold, ThresholdError, load_thresholds
from tests.conftest import PROJECT

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
        ('customers', 'counted', 'none', 52), ('customers', 'quarantined', 'missing_customer_id', 2),
        ('orders', 'folded', 'none', 900), ('customers', 'left_out', 'staff', 40)
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
    create table marts.restatements (
        period_grain varchar, period_start date, net_revenue_before decimal(18, 2), net_revenue_now decimal(18, 2),
        unexplained_orders bigint, unexplained_revenue decimal(18, 2), unexplained_revenue_share double,
        order_ids varchar
    )
    """,
    "create table marts.kpi_glossary as select i from range(20) as _(i)",
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
        return next(name for name in NAMES for table in SUITES[name].tables if self.check in names_of(table))


def names_of(table: Table) -> list[str]:
    return [check.name for check in table.checks]


ALL = [(suite, table, check) for suite in SUITES.values() for table in suite.tables for check in table.checks]


def more_orders(times: int, those: str) -> str:
    """Orders once more, under other ids."""
    return (
        "insert into marts.orders select order_id || '-' || i, orders.* exclude (order_id) "
        f"from marts.orders cross join range({times}) as _(i) where {those}"
    )


MONTH = "period_grain = 'month' and period_start = "
INDEX = 0.25 * math.log(2) + 0.25 * math.log(1.5)  # of halves that become one and three quarters

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
        "conflicting_orders_share", "0 %", "7.5 %", "at most 5 %",
        "30 of 400 order rows have the number of another order, differ from it and are not older, so they may be "
        "other orders: see staging.superseded_orders (superseded_reason conflict)",
        "insert into marts.row_accounting values ('orders', 'superseded', 'conflict', 30)",
    ),
    Case(
        "conflicting_orders", "0 %", "7.5 %", "at most 0.5 %",
        "30 of 400 order rows have the number of another order, differ from it and are not older: make check shows "
        "examples",
        "insert into marts.row_accounting values ('orders', 'superseded', 'conflict', 30)",
        outcome="warned",
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


def evidence_of(
    warehouse: Path | None,
    baseline: Path | None,
    *,
    now: list[Row] | None = None,
    before: list[Row] | None = None,
    today: date = TODAY,
) -> AbstractContextManager[Evidence]:
    return gathered(now or raw_rows(), raw_rows() if before is None else before, today, warehouse, baseline)


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
            tables = tuple(table for table in suite.tables if set(checks) & set(names_of(table)))
            patched.setitem(SUITES, name, replace(suite, tables=tables))
        yield


def judged(case: Case, shop: Path, folder: Path, **given) -> dict[str, Result]:
    warehouse = changed(shop, folder, case.statement) if case.statement else shop
    now = raw_rows(**case.raw) if case.raw else raw_rows()
    thresholds = given.pop("thresholds", load_thresholds())
    with only(case.check), evidence_of(warehouse, shop, now=now, today=case.today) as evidence:
        return by_name(judge([case.suite], evidence, thresholds, **given))


def case_of(check: str) -> Case:
    return next(case for case in CASES if case.check == check)


def test_every_check_has_a_case_an_aggregate_and_a_line_for_people() -> None:
    checks = [check.name for _, _, check in ALL]
    assert [case.check for case in CASES] == checks
    assert len(set(checks)) == len(checks)
    files = {f"{suite.name}/{table.name}.sql" for suite, table, _ in ALL}
    assert {str(file.relative_to(SQL)) for file in SQL.rglob("*.sql")} == files | {"macros.sql"}
    words = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [check for check in checks if words.count(f"| `{check}` |") != 1] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_a_sound_shop_passes(case: Case, sound: dict[str, Result]) -> None:
    result = sound[case.check]
    check = next(check for _, _, check in ALL if check.name == case.check)
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
    case = case_of("mart_rows_kept")
    result = judged(case, shop, tmp_path, thresholds=limited(case.check, Threshold("warn", 0.85)))[case.check]
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


# Nothing to compare with, nothing to judge


def test_without_a_build_before_nothing_is_compared(shop: Path, sound: dict[str, Result]) -> None:
    with evidence_of(shop, None, before=[]) as evidence:
        found = by_name(judge(NAMES, evidence, load_thresholds()))
    compared = {"entities_missing", "order_rows_kept", "order_rows_grown", "days_missing_at_the_start"}
    compared |= {"days_missing_at_the_end", "other_rows_kept", "quarantined_orders_rise"}
    compared |= {check.name for suite, _, check in ALL if suite.name == "drift"}
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
        monkeypatch.setitem(SUITES, "staging", replace(SUITES["staging"], tables=()))
        with pytest.raises(MissingSuiteError, match="the suite staging has no checks"):
            judge(["staging"], evidence, load_thresholds())
        monkeypatch.delitem(SUITES, "raw")
        with pytest.raises(MissingSuiteError, match="the suite raw is missing"):
            judge(NAMES, evidence, load_thresholds())


class Handed:
    """Evidence that is handed one aggregate."""

    def __init__(self, **columns: object) -> None:
        import pandas as pd

        self.frame = pd.DataFrame(columns)

    def aggregate(self, suite: str, table: Table):
        return self.frame


def found_in(evidence: object, check: Check, limits: Threshold) -> Result:
    """What a suite of this one check finds."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(SUITES, "days", Suite("days", "Is it small?", (Table("list", ("day",), (check,)),)))
        [result] = judge(["days"], evidence, {"days": {check.name: limits}})  # type: ignore[arg-type]
    return result


SMALL = Check("left_is_small", "left", "Left is small", "{left} of {day} is large")


def test_an_aggregate_without_rows_has_not_passed() -> None:
    for severity, outcome in (("fail", "failed"), ("warn", "warned")):
        for values in ({"day": [], "left": []}, {"day": [1], "left": [None]}):
            result = found_in(Handed(**values), SMALL, Threshold(severity, None, 1.0))
            explanation = "There was nothing to judge for days.left_is_small: the aggregate is empty"
            assert (result.outcome, result.explanation, result.rows_judged) == (outcome, explanation, 0)
    may = replace(SMALL, may_be_empty="there may be no days")
    result = found_in(Handed(day=[], left=[]), may, Threshold("fail", None, 1.0))
    assert (result.outcome, result.explanation) == ("passed", "Left is small (nothing to judge: there may be no days)")


def test_what_holds_no_numbers_has_not_passed() -> None:
    result = found_in(Handed(day=[1], left=["few"]), SMALL, Threshold("warn", None, 1.0))
    problem = "days.left_is_small could not judge: left of days/list.sql holds no numbers"
    assert (result.outcome, result.explanation) == ("failed", problem)


class Renamed:
    """Evidence whose aggregate of one table calls a column otherwise."""

    def __init__(self, evidence: Evidence, table: str, column: str) -> None:
        self.evidence, self.table, self.column = evidence, table, column

    def aggregate(self, suite: str, table: Table):
        frame = self.evidence.aggregate(suite, table)
        return frame.rename(columns={self.column: "renamed"}) if table.name == self.table else frame


@pytest.mark.parametrize("suite", NAMES)
def test_a_column_that_is_gone_from_an_aggregate_fails_its_checks(suite: str, shop: Path) -> None:
    """Every column of every aggregate in turn; also where a check only warns, or may have nothing to judge."""
    with evidence_of(shop, shop) as evidence:
        for table in SUITES[suite].tables:
            needs = {check.name: table.columns_of(check) for check in table.checks}
            for column in {column for columns in needs.values() for column in columns}:
                with only(*names_of(table)):
                    found = by_name(judge([suite], Renamed(evidence, table.name, column), load_thresholds()))  # type: ignore[arg-type]
                assert found.keys() == needs.keys()
                for check, result in found.items():
                    said = f"{suite}.{check} could not judge: {suite}/{table.name}.sql has no column {column}"
                    wanted = ("failed", said) if column in needs[check] else ("passed", result.asks)
                    assert (result.outcome, result.explanation) == wanted


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        (
            "alter table marts.orders rename order_date to day",
            {"staging/equal_orders", "drift/order_values", "drift/closed_days", "drift/order_frequency"},
        ),
        (
            "alter table marts.row_accounting rename outcome to result",
            {"staging/order_rows", "staging/order_rows_compared", "staging/other_rows"},
        ),
        ("drop table marts.customers", {"drift/rfm_cells"}),
    ],
)
def test_a_mart_or_column_that_is_gone_from_a_build_fails_the_checks_that_read_it(
    statement: str, tables: set[str], shop: Path, tmp_path: Path
) -> None:
    with evidence_of(changed(shop, tmp_path, statement), shop) as evidence:
        found = by_name(judge(NAMES, evidence, load_thresholds()))
    for suite, table, check in ALL:
        result, file = found[check.name], f"{suite.name}/{table.name}"
        if file in tables:
            assert result.outcome == "failed"
            said = f"{suite.name}.{check.name} could not judge: {file}.sql cannot be asked: "
            assert result.explanation.startswith(said)
        elif check.name == "mart_rows_kept" and statement.startswith("drop"):
            assert result.explanation == "marts.customers has 0 rows, 52 before"
        else:
            assert result.outcome == "passed", check.name


def test_a_mart_that_the_build_before_did_not_have_is_not_judged(shop: Path, tmp_path: Path) -> None:
    warehouse = changed(shop, tmp_path, "create table marts.health as select 1 as score")
    with only("mart_rows_kept"), evidence_of(warehouse, shop) as evidence:
        result = by_name(judge(["drift"], evidence, load_thresholds()))["mart_rows_kept"]
    assert (result.outcome, result.rows_judged) == ("passed", 8)  # all of the shop but glossary and restatements


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
    reason = next(single.may_be_empty for _, _, single in ALL if single.name == check)
    assert result.explanation == f"{result.asks} (nothing to judge: {reason})"


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
    with evidence_of(None, None) as evidence:
        query = """
            with shares as (
                select share_of_all(now) as p, share_of_all(before) as q
                from (select unnest(?::double[]) as now, unnest(?::double[]) as before)
            )
            select stability_index(p, q), count(*) from shares
        """
        [(found, classes)] = evidence.connection.execute(query, [now, before]).fetchall()
    assert found == pytest.approx(index, abs=1e-12)
    assert classes == len(now)


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
        (40_000, "days", "40,000 days"),
        (1.0, "days", "1 day"),
    ],
)
def test_figures_are_shown_without_exponents(value: float, unit: str, shown: str) -> None:
    assert shown_number(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1_234_567, "1,234,567"),
        (1_234.0, "1,234"),
        (1_234.567, "1,234.57"),
        (0.0123456, "0.01235"),
        (None, "none"),
        (math.nan, "none"),
        ("H1, H2", "H1, H2"),
        (date(2024, 2, 10), "2024-02-10"),
    ],
)
def test_values_are_shown_as_people_write_them(value: object, shown: str) -> None:
    assert shown_value(value) == shown


def test_a_check_that_fails_shows_the_rows_that_break_it_the_worst_first() -> None:
    handed = Handed(day=["a", "b", "c", "d"], other=[1, 2, 3, 4], left=[0.2, 1.5, 0.9, 7.0])
    result = found_in(handed, SMALL, Threshold("fail", 0.5, 1.0))
    assert result.worst == WorstRows(("day", "left"), (("d", "7"), ("b", "1.5"), ("a", "0.2")), 3)
    assert result.explanation == "7.0 of d is large"
    assert found_in(handed, SMALL, Threshold("fail", None, 7.0)).worst is None
    many = found_in(Handed(day=range(30), left=range(30)), SMALL, Threshold("warn", None, 4.0)).worst
    assert many is not None
    assert (many.broken, len(many.rows), many.rows[0], many.rows[-1]) == (25, 20, ("29", "29"), ("10", "10"))


# What it costs


def test_the_gate_can_be_warmed_up_in_a_thread_and_loads_no_pyspark() -> None:
    """Without a main file: where pyspark is installed, its import ends such a process with status 0."""
    program = """
import sys, threading
from datetime import date
from orchestration.quality.evidence import gathered
from orchestration.quality.gate import judge, warm_up
from orchestration.quality.thresholds import load_thresholds
thread = threading.Thread(target=warm_up)
thread.start()
day = {"first_date": date(2024, 1, 1), "last_date": date(2024, 3, 1)}
row = {"entity": "orders", "rows": 10, "malformed_rows": 0, **day}
with gathered([row], [row], date(2024, 3, 2)) as evidence:
    found = judge(["raw"], evidence, load_thresholds())
thread.join()
print({result.outcome for result in found}, len(found), "pyspark" in sys.modules)
"""
    finished = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert (finished.stdout, finished.stderr) == ("{'passed'} 8 False\n", "")


# What is handed over


def test_only_aggregates_are_handed_over(tmp_path: Path) -> None:
    """200,000 orders in 500 days: no table is longer than the days, and none names an order."""
    warehouse = build_shop(tmp_path / "large.duckdb", customers=20_000, a_day=400, days=500)
    with evidence_of(warehouse, Path(shutil.copy(warehouse, tmp_path / "before.duckdb"))) as evidence:
        frames = {(suite.name, table.name): evidence.aggregate(suite.name, table) for suite, table, _ in ALL}
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
    noted = [{name: row[name] for name in written[0]} for row in rows]
    assert json.dumps(written, default=str, sort_keys=True) == json.dumps(noted, default=str, sort_keys=True)
