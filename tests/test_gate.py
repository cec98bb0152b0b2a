"""Every check of the gate lets a sound shop pass and finds what it is there to find, in words that say what to do.

The shop: 52 customers, of whom four are guests, take turns with four orders a day and one that is cancelled, from
Monday 2024-01-01 to Sunday 2024-04-28; the build before knew them to the Sunday before. Every other order comes by the
app and is worth 40.00, the others by the web and 10.00; every fourth is paid in francs, which are worth a euro.
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
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.quality.checks import Check, Suite, Table
from orchestration.quality.evidence import SQL, Evidence, Noted, gathered
from orchestration.quality.gate import MissingSuiteError, judge
from orchestration.quality.results import Acceptance, Lasting, Result, WorstRows, blocking, shown_number, shown_value
from orchestration.quality.suites import NAMES, SUITES
from orchestration.quality.thresholds import Threshold, ThresholdError, load_thresholds
from tests.conftest import PROJECT
from tests.refreshes import places_in

TODAY = date(2024, 4, 29)
LAST_DAY, LAST_DAY_BEFORE = date(2024, 4, 28), date(2024, 4, 21)
Row = dict[str, object]

ORDERS = """
    create table marts.orders as
    select
        'o' || i as order_id,
        case when i % 13 = 0 then 'guest:' else 'c' end || i % {customers} as customer_id,
        timestamp '2024-01-01' + interval (i // {a_day}) day + interval (i % {a_day}) minute as ordered_at,
        date '2024-01-01' + cast(i // {a_day} as int) as order_date,
        case when i % 2 = 0 then 'web' else 'app' end as sales_channel,
        case when i % 4 = 3 then 'CHF' else 'EUR' end as currency,
        cast(case when i % 2 = 0 then 10 else 40 end as decimal(18, 4)) as amount,
        cast(0 as decimal(18, 4)) as refunded_amount,
        cast(case when i % 2 = 0 then 10 else 40 end as decimal(18, 2)) as net_amount,
        cast(null as timestamp) as updated_at
    from range({a_day} * {days}) as _(i)
"""

BESIDE = (
    """
    create table staging.excluded_orders as
    select
        'x' || i as order_id, 'c' || i % 52 as customer_id, date '2024-01-01' + cast(i as int) as order_date,
        'web' as sales_channel, 'EUR' as currency, 10.00 as net_amount, 0.00 as refunded_amount,
        'status' as exclusion_reason
    from range({days}) as _(i)
    """,
    """
    create table staging.stg_exchange_rates as
    select
        'CHF' as currency, date '2024-01-01' + cast(7 * i as int) as rate_date, cast(1 as decimal(18, 8)) as rate,
        cast(null as varchar) as rejection_reason, false as is_after_as_of_date
    from range({days} // 7) as _(i)
    """,
    """
    create table intermediate.int_order_changes (
        order_id varchar, change varchar, explanation varchar, customer_id_before varchar, customer_id_now varchar,
        exclusion_reason_before varchar, exclusion_reason_now varchar, order_date_before date, order_date_now date,
        net_amount_before decimal(18, 2), net_amount_now decimal(18, 2)
    )
    """,
    "create table intermediate.int_as_of as select 'EUR' as reporting_currency",
    "create table predictions.refusals (model varchar, explanation varchar)",
    """
    create table intermediate.int_signal_days as
    select
        'email_sent' as signal, 'newsletter' as source_system, date '2024-01-01' + cast(2 * i as int) as signal_date,
        5 as events
    from range({days} // 2) as _(i)
    """,
)

# Nobody lapses in so short a time: who came stays.
MARTS = (
    """
    create table marts.customers as
    select customer_id, 'healthy' as health_band
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
        cast(period_start + case period_grain when 'week' then interval 1 week when 'month' then interval 1 month
            when 'quarter' then interval 3 month else interval 1 year end as date) as period_end,
        period_end <= (select max(order_date) + 1 from marts.orders) as is_complete,
        false as is_left_censored,
        false as is_clv_left_censored,
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
    "create table marts.sales_forecast as select i from range(30) as _(i)",
    "create table marts.prediction_parameters as select i from range(30) as _(i)",
)


def build_shop(file: Path, *, customers: int = 52, a_day: int = 4, days: int = 119) -> Path:
    with duckdb.connect(str(file)) as connection:
        for schema in ("marts", "staging", "intermediate", "predictions"):
            connection.execute(f"create schema {schema}")
        connection.execute(ORDERS.format(customers=customers, a_day=a_day, days=days))
        for statement in MARTS:
            connection.execute(statement)
        for statement in BESIDE:
            connection.execute(statement.format(days=days))
    return file


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shop(tmp_path_factory.mktemp("shops") / "shop.duckdb")


@pytest.fixture(scope="module")
def shop_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A week earlier."""
    return build_shop(tmp_path_factory.mktemp("shops") / "shop before.duckdb", days=112)


def raw_rows(last_day: date = LAST_DAY, **changes: Mapping[str, object]) -> list[Row]:
    """The raw entities as they were measured, with changes by entity."""
    dates = {"first_date": date(2024, 1, 1), "last_date": last_day}
    none = {"first_date": None, "last_date": None}
    rows: list[Row] = [
        {"entity": "orders", "rows": 370, "malformed_rows": 3, **dates},
        {"entity": "customers", "rows": 54, "malformed_rows": 0, **none},
        {"entity": "activities", "rows": 0, "malformed_rows": 0, **none},
    ]
    return [{**row, **changes.get(str(row["entity"]), {})} for row in rows]


def column_rows(filled: int = 370) -> list[Row]:
    """The columns status, with so many values, and sales_channel."""
    column: Row = {"entity": "orders", "rows": 370, "filled": 370}
    return [{**column, "column_name": "status", "filled": filled}, {**column, "column_name": "sales_channel"}]


def value_rows(**rows: int) -> list[Row]:
    return [
        {"entity": "orders", "column_name": "sales_channel", "value": value, "rows": count, "amount": 30.0 * count}
        for value, count in rows.items()
    ]


def month_rows(**changes: object) -> list[Row]:
    """What was published of January and February when they had just ended; February with changes."""
    january: Row = {
        "build_id": "b1", "shop": "shop", "as_of_date": date(2024, 2, 1), "month_start": date(2024, 1, 1),
        "orders": 124,
        "net_revenue": 3100, "purchasing_customers": 52, "unexplained_revenue": 0, "is_accepted": False,
    }  # fmt: skip
    february = {
        **january,
        "as_of_date": date(2024, 3, 1),
        "month_start": date(2024, 2, 1),
        "orders": 116,
        "net_revenue": 2900,
    }
    return [january, {**february, **changes}]


@dataclass(frozen=True)
class Case:
    """What makes a check fail, and what it then says."""

    check: str
    found: str | None  # in a sound shop; None where there is nothing to judge in it
    observed: str
    expected: str
    explanation: str
    statement: str = ""
    raw: Mapping[str, Mapping[str, object]] | None = None
    noted: Mapping[str, list[Row]] | None = None
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
NEW = "order_date > '2024-04-21'"
# A year of the same orders: the weeks are there three times more, twelve weeks earlier each time.
LONGER = """
    insert into marts.orders
    select o.* replace (o.order_id || '-' || i as order_id, o.order_date - cast(84 * i as int) as order_date)
    from marts.orders as o cross join range(1, 4) as _(i)
    where o.order_date > '2024-02-04'
"""


def order_changes(number: int, **given: object) -> str:
    """So many rows of orders that are known otherwise than before."""
    row = {
        "order_id": "n", "change": "changed", "explanation": "none", "customer_id_before": "c1",
        "customer_id_now": "c1", "exclusion_reason_before": None, "exclusion_reason_now": None,
        "order_date_before": "2024-02-10", "order_date_now": "2024-02-10",
        "net_amount_before": 10, "net_amount_now": 10, **given,
    }  # fmt: skip
    values = ["null" if value is None else f"'{value}'" for value in row.values()]
    values[0] = "'n' || i"
    return f"insert into intermediate.int_order_changes select {', '.join(values)} from range({number}) as _(i)"


REFUSED = "insert into predictions.refusals values ('{model}', 'Too few months.')"

CASES = [
    Case(
        "entities_missing", "0", "1", "at most 0",
        "customers had 54 rows before and is missing or empty now",
        raw={"customers": {"rows": 0}},
    ),
    Case(
        "columns_emptied", "0", "1", "at most 0",
        "orders.status had 370 values before and has none now: was a column of the export renamed or left out?",
        noted={"raw_columns": column_rows(0)},
    ),
    Case(
        "columns_less_filled", "0 points", "30 points", "at most 20 points (warns beyond at most 2 points)",
        "orders.status has a value in 70.0% of the rows, 100.0% before",
        noted={"raw_columns": column_rows(259)},
    ),
    Case(
        "new_values", "0 %", "10 %", "at most 3 % (warns beyond at most 0 %)",
        "orders.sales_channel has a value that it never had: fax, in 37 rows (amounts together 1,110.00). What does it "
        "mean?",
        noted={"raw_values": value_rows(web=185, app=148, fax=37)},
    ),
    Case(
        "new_values_of_new_rows", "0 %", "75 %", "at most 30 %",
        "orders.sales_channel has a value that it never had: fax, in 30 rows, where 40 more came than before: was a "
        "value "
        "renamed?",
        noted={
            "raw_values": value_rows(web=185, app=195, fax=30),
            "raw_columns": [{**row, "rows": 410, "filled": 410} for row in column_rows()],
        },
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
        "Orders now begin on 2024-01-03, before on 2024-01-01: 8 known orders of the first days are missing",
        raw={"orders": {"first_date": date(2024, 1, 3)}},
    ),
    Case(
        "days_missing_at_the_end", "0 days", "52 days", "at most 0 days",
        "Orders now end on 2024-02-29, before on 2024-04-21: 208 known orders of the last days are missing",
        raw={"orders": {"last_date": date(2024, 2, 29)}},
    ),
    Case(
        "other_rows_kept", "100 %", "37.04 %", "at least 50 %",
        "customers has only 20 rows, 54 before: is the export complete?",
        raw={"customers": {"rows": 20}}, outcome="warned",
    ),
    Case(
        "days_since_the_last_order", "1 day", "4 days", "at most 3 days",
        "The latest order is of 2024-04-28, 4 days ago: does the export still run?",
        today=date(2024, 5, 2), outcome="warned",
    ),
    Case(
        "orders_counted", "476", "0", "at least 1",
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
        "conflicting_orders_share", "0 %", "7.5 %", "at most 5 % (warns beyond at most 0.5 %)",
        "30 of 400 order rows have the number of another order, differ from it and are not older, so they may be "
        "other orders: see staging.superseded_orders (superseded_reason conflict), and make check for examples",
        "insert into marts.row_accounting values ('orders', 'superseded', 'conflict', 30)",
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
        "copied_orders_of_a_day", "0 %", "37.5 %", "at most 30 %",
        "6 of the 16 orders of 2024-02-10 equal another in customer, time and amount under another order id: was this "
        "day imported twice?",
        more_orders(3, "order_id in ('o160', 'o161', 'o162', 'o163')").replace(
            "order_id || '-' || i, orders.* exclude (order_id)",
            "order_id || '-' || i, orders.* exclude (order_id) replace (case when order_id in ('o160', 'o161') then "
            "customer_id else 'c' || i || order_id end as customer_id)",
        ),
    ),
    Case(
        "orders_of_other_customers", "0 %", "2.232 %", "at most 0.5 % (warns beyond at most 0.1 %)",
        "10 of 448 known orders belong to another customer than before, or to none: were customers renumbered or "
        "merged, "
        "or did e-mails vanish?",
        order_changes(10, change="reassigned", customer_id_now="c2"),
    ),
    Case(
        "orders_that_changed_sides", "0 %", "2.232 %", "at most 0.5 % (warns beyond at most 0.1 %)",
        "Without a newer version, 10 orders that counted no longer do, and 0 that did not count do now (reason status; "
        "for example n0, n9): has a state another name, or did a column get lost?",
        order_changes(10, change="excluded", exclusion_reason_now="status", order_date_now=None, customer_id_now=None),
    ),
    Case(
        "orders_that_moved_days", "0 %", "2.232 %", "at most 0.1 % (warns beyond at most 0 %)",
        "10 of 448 known orders are of another day now, by more than a week, for example n0, n9: are their numbers "
        "used "
        "again?",
        order_changes(10, explanation="newer_version", order_date_now="2024-02-18"),
    ),
    Case(
        "settled_orders_changed", "0 times", "4.9 times", "at most 1 times",
        "20 of 204 orders older than 60 days changed (9.8%), usual are at most 0: was everything saved anew with other "
        "amounts, refunds or states?",
        order_changes(20, explanation="newer_version", net_amount_now=20),
    ),
    Case(
        "late_orders_of_a_month", "0 %", "8.621 %", "at most 5 %",
        "February 2024 had 116 orders, and 10 more (worth 100.00) came only now, for example n0, n9: are they of this "
        "shop?",
        order_changes(10, change="added", explanation="late_order", customer_id_before=None, order_date_before=None),
    ),
    Case(
        "late_orders", "0 %", "2.232 %", "at most 1 % (warns beyond at most 0.2 %)",
        "10 orders (worth 100.00) came only now for days more than a week before the end of the build before; it knew "
        "448. "
        "For example n0, n9",
        order_changes(10, change="added", explanation="late_order", customer_id_before=None, order_date_before=None),
    ),
    Case(
        "added_orders_of_a_day", None, "2.25 times", "at most 1.75 times",
        "2024-02-10 had 4 orders and now has 9, usual are 4: was it imported twice?",
        more_orders(5, "order_id = 'o160'"),
    ),
    Case(
        "copied_orders", "0 %", "17.65 %", "at most 3 %",
        "6 of 34 new orders equal another in customer and amount within ten minutes, under another order id, for "
        "example "
        "o448-0: were they imported twice?",
        more_orders(1, f"{NEW} and sales_channel = 'web' and order_date < '2024-04-25'").replace(
            "exclude (order_id)", "exclude (order_id) replace (ordered_at + interval 3 minute as ordered_at)"
        ),
    ),
    Case(
        "new_order_values", "0 times", "92.1 times", "at most 3 times (warns beyond at most 2 times)",
        "New orders (channel web) are typically worth 1,000.00, usually 10.00: has the unit, the currency or the tax "
        "changed?",
        f"update marts.orders set net_amount = 100 * net_amount where {NEW} and sales_channel = 'web'",
    ),
    Case(
        "new_order_spread", "0 times", "7.07 times", "at most 3 times (warns beyond at most 2 times)",
        "Values of new orders (customers with a number) are spread otherwise than usual: are two units or currencies "
        "mixed?",
        f"update marts.orders set net_amount = 4 * net_amount where {NEW} and sales_channel = 'app'",
    ),
    Case(
        "new_order_shares", "0 times", "7 times", "at most 3 times (warns beyond at most 2 times)",
        "100% of the new orders are of channel app, usually 50%: is a part of the orders missing?",
        f"delete from marts.orders where {NEW} and sales_channel = 'web'",
    ),
    Case(
        "new_orders_refunded", "0 times", "20 times", "at most 3 times (warns beyond at most 2 times)",
        "100% of the new orders (all) are refunded, at least in part; usually 0%",
        f"update marts.orders set refunded_amount = 1 where {NEW}",
    ),
    Case(
        "new_orders_excluded", "0 times", "4.17 times", "at most 3 times (warns beyond at most 2 times)",
        "67% of the new orders (channel web) do not count; usually 33%: has a state another meaning?",
        f"insert into staging.excluded_orders from staging.excluded_orders as o cross join range(3) select o.* where "
        f"{NEW}",
    ),
    Case(
        "new_orders_per_day", "0 times", "5.15 times", "at most 2 times",
        "7 new orders came (all), usually 28 in as many days",
        f"delete from marts.orders where {NEW} and cast(substr(order_id, 2) as int) % 4 <> 0", outcome="warned",
    ),
    Case(
        "values_of_four_weeks", None, "3.48 times", "at most 3 times (warns beyond at most 2 times)",
        "Orders of the last four weeks (channel app) are typically worth 47.60, usually 40.00: do amounts include a "
        "tax now, or a discount no longer?",
        f"{LONGER}; update marts.orders set net_amount = 1.19 * net_amount where order_date > '2024-03-31'",
    ),
    Case(
        "large_new_orders", "0", "7", "at most 2 (warns beyond at most 0)",
        "7 new orders are worth more than five times the largest of the year before (40.00); order o449 is worth "
        "4,000.00",
        f"update marts.orders set net_amount = 4000 where {NEW} and currency = 'EUR' and sales_channel = 'app'",
    ),
    Case(
        "silent_parts", "0.25 times", "14 times", "at most 4 times (warns beyond at most 2 times)",
        "There is no order of channel web since 2024-03-31, 28 days before the last one of all; the longest pause of "
        "the "
        "year before was 1 days",
        "delete from marts.orders where order_date > '2024-03-31' and sales_channel = 'web'",
    ),
    Case(
        "exchange_rate_jumps", "1 times", "10 times", "at most 2 times",
        "The rate of CHF of 2024-02-12 is 10, the one before 1",
        "update staging.stg_exchange_rates set rate = 10 where rate_date = '2024-02-12'",
    ),
    Case(
        "exchange_rates_of_a_day", "1 times", "1.5 times", "at most 1.1 times",
        "CHF has rates of 2024-02-12 that differ by a factor of 1.5; the larger one counts",
        "insert into staging.stg_exchange_rates values ('CHF', '2024-02-12', 1.5, null, false)",
    ),
    Case(
        "exchange_rate_age", "6 days", "62 days", "at most 35 days",
        "The latest orders in CHF are converted at a rate that is 62 days old",
        "delete from staging.stg_exchange_rates where rate_date > '2024-02-27'",
    ),
    Case(
        "unexplained_revenue_share", "0 %", "10 %", "at most 0.5 %",
        "The closed month February 2024 changed from 2,900.00 to 2,610.00: 12 orders are gone or differ without a "
        "newer version, for example o124, o125",
        "insert into marts.restatements values ('month', '2024-02-01', 2900, 2610, 12, 290, 0.1, 'o124, o125')",
    ),
    Case(
        "changed_since_published", "0 %", "3.125 %", "at most 2 % (warns beyond at most 1 %)",
        "January 2024 was published with 128 orders of 52 customers and 3,100.00 (as of 2024-02-01) and now has 124 of "
        "52 and 3,100.00: small changes have added up",
        noted={"closed_months": [{**month_rows()[0], "orders": 128}, month_rows()[1]]},
    ),
    Case(
        "unexplained_since_published", "0 %", "10 %", "at most 1 %",
        "290.00 of the revenue of February 2024 (2,900.00 as of 2024-03-01) changed without an explanation, build by "
        "build",
        "insert into marts.restatements values ('month', '2024-02-01', 2900, 2900, 9, 90, 0.03, 'o124')",
        noted={"closed_months": [*month_rows(), month_rows(build_id="b2", unexplained_revenue=200)[1]]},
    ),
    Case(
        "silent_signals", "1 times", "14 times", "at most 4 times (warns beyond at most 2 times)",
        "There is no email_sent of newsletter since 2024-03-31, 28 days before the last order; the longest pause of "
        "the year before was 2 days, with 230 events",
        "delete from intermediate.int_signal_days where signal_date > '2024-03-31'",
    ),
    Case(
        "health_band_share_change", "0 points", "50 points", "at most 25 points (warns beyond at most 10 points)",
        "50.0% of the customers are critical, 0.0% before: has a signal begun, ended or changed its meaning?",
        "update marts.customers set health_band = 'critical' where ascii(right(customer_id, 1)) % 2 = 0",
    ),
    Case(
        "mart_rows_kept", "100 %", "50 %", "at least 85 %",
        "marts.repurchase_curve has 20 rows, 40 before",
        "delete from marts.repurchase_curve where i < 20",
    ),
    Case(
        "predictions_refused", "0", "30", "at most 0",
        "marts.sales_forecast has 0 rows, 30 before, as forecast is refused: Too few months.",
        f"delete from marts.sales_forecast; {REFUSED.format(model='forecast')}",
        outcome="warned",
    ),
    Case(
        "figures_moved_by_definitions", None, "3", "at most 0",
        "Since the build before, active_window_days changed from 365 to 180, and 3 figures of closed months are "
        "others, "
        "for example new_customers of March 2024: 0 became 7",
        f"update marts.retention_kpis set new_customers = new_customers + 7 where {MONTH}any (values (date "
        f"'2024-01-01'), "
        "(date '2024-02-01'), (date '2024-03-01'))",
        noted={"definition_changes": [{"definition": "active_window_days", "was": "365", "is_now": "180"}]},
    ),
    Case(
        "new_customer_share_change", "0 points", "33.3 points", "at most 15 points",
        "66.7% of the purchasers of the last three months are new, 33.3% before: are customers still recognised?",
        f"update marts.retention_kpis set new_customers = 52 where {MONTH} '2024-03-01'",
        outcome="warned",
    ),
]  # fmt: skip


def evidence_of(
    warehouse: Path | None,
    baseline: Path | None,
    *,
    now: list[Row] | None = None,
    before: list[Row] | None = None,
    noted: Mapping[str, list[Row]] | None = None,
    today: date = TODAY,
) -> AbstractContextManager[Evidence]:
    rows = {"raw_columns": column_rows(), "raw_values": value_rows(web=185, app=185), "closed_months": month_rows()}
    rows = {"raw_entities": now or raw_rows(), **rows, **(noted or {})}
    if before is not None:  # there is nothing but what was measured
        return gathered(Noted({**rows, "closed_months": []}, {"raw_entities": before}), today, warehouse, baseline)
    earlier = {
        "raw_entities": raw_rows(LAST_DAY_BEFORE),
        "raw_columns": column_rows(),
        "raw_values": value_rows(web=185, app=185),
    }
    return gathered(Noted(rows, earlier), today, warehouse, baseline)


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
def sound(shop: Path, shop_before: Path) -> dict[str, Result]:
    """What the gate finds when nothing is wrong."""
    with evidence_of(shop, shop_before) as evidence:
        return by_name(judge(NAMES, evidence, load_thresholds()))


@contextmanager
def only(*checks: str) -> Iterator[None]:
    """The suites with the tables of these checks alone."""
    with pytest.MonkeyPatch.context() as patched:
        for name, suite in list(SUITES.items()):
            tables = tuple(table for table in suite.tables if set(checks) & set(names_of(table)))
            patched.setitem(SUITES, name, replace(suite, tables=tables))
        yield


def judged(case: Case, shop: Path, shop_before: Path, folder: Path, **given) -> dict[str, Result]:
    warehouse = changed(shop, folder, case.statement) if case.statement else shop
    now = raw_rows(**case.raw) if case.raw else raw_rows()
    thresholds = given.pop("thresholds", load_thresholds())
    seen = evidence_of(warehouse, shop_before, now=now, noted=case.noted, today=case.today)
    with only(case.check), seen as evidence:
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
    assert (result.suite, result.outcome, result.observed, result.expected) == (
        case.suite, "passed", case.found, case.expected,
    )  # fmt: skip
    nothing = f"{check.says} (nothing to judge: {check.may_be_empty})"
    assert result.explanation == (nothing if case.found is None else check.says)
    assert (result.rows_judged == 0) == (case.found is None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_what_is_wrong_is_found_and_said(case: Case, shop: Path, shop_before: Path, tmp_path: Path) -> None:
    result = judged(case, shop, shop_before, tmp_path)[case.check]
    assert result.explanation == case.explanation
    assert (result.outcome, result.observed, result.expected) == (case.outcome, case.observed, case.expected)
    assert result.severity == ("fail" if case.outcome == "failed" else "warn")


def test_only_failed_checks_block(sound: dict[str, Result], shop: Path, shop_before: Path, tmp_path: Path) -> None:
    assert blocking(list(sound.values())) == []
    for check, blocks in (("new_customer_share_change", False), ("mart_rows_kept", True)):
        found = judged(case_of(check), shop, shop_before, tmp_path)
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
        (Threshold("fail", 0.5, 1.07), "passed", "50 % to 107 %"),
        (Threshold("fail", 0.4, 1.2, 0.51), "warned", "40 % to 120 % (warns beyond at least 51 %)"),
        (Threshold("fail", 0.4, 1.2, None, 1.05), "warned", "40 % to 120 % (warns beyond at most 105 %)"),
        (Threshold("fail", 0.51, 1.2, 0.55), "failed", "51 % to 120 % (warns beyond at least 55 %)"),
        (Threshold("fail", None, 0.99), "failed", "at most 99 %"),
    ],
)
def test_limits_hold_on_both_sides_and_include_their_values(
    shop: Path, shop_before: Path, tmp_path: Path, limits: Threshold, outcome: str, expected: str
) -> None:
    case = case_of("mart_rows_kept")  # one mart has half of its rows, the others have all or up to 6.25 % more
    result = judged(case, shop, shop_before, tmp_path, thresholds=limited(case.check, limits))[case.check]
    assert (result.outcome, result.expected) == (outcome, expected)
    if limits.max == 0.99:
        assert result.observed == "106.2 %"
        assert "before" in result.explanation


def test_what_is_off_is_not_judged(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    case = case_of("mart_rows_kept")
    result = judged(case, shop, shop_before, tmp_path, thresholds=limited(case.check, Threshold("off", 0.85)))[
        case.check
    ]
    assert (result.outcome, result.observed, result.explanation) == ("off", None, "No mart has lost rows")


def test_what_would_fail_only_warns_where_so_set(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    case = case_of("mart_rows_kept")
    result = judged(case, shop, shop_before, tmp_path, thresholds=limited(case.check, Threshold("warn", 0.85)))[
        case.check
    ]
    assert (result.outcome, result.explanation) == ("warned", case.explanation)


def test_a_check_without_an_entry_or_a_limit_is_an_error(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    case = case_of("mart_rows_kept")
    # Those that ship hold where a file of one's own has none.
    found = judged(case, shop, shop_before, tmp_path, thresholds={**load_thresholds(), "drift": {}})
    assert found[case.check].expected == case.expected
    unknown = replace(SUITES["drift"].tables[0].checks[0], name="unheard_of")
    with only(case.check), pytest.MonkeyPatch.context() as patched, evidence_of(shop, shop_before) as evidence:
        table = replace(SUITES["drift"].tables[0], checks=(unknown,))
        patched.setitem(SUITES, "drift", replace(SUITES["drift"], tables=(table,)))
        with pytest.raises(ThresholdError, match=r"drift\.unheard_of is missing"):
            judge(["drift"], evidence, load_thresholds())
    with pytest.raises(ThresholdError, match=r"drift\.mart_rows_kept has no limit"):
        judged(case, shop, shop_before, tmp_path, thresholds=limited(case.check, Threshold("fail")))


# Acceptance


def test_what_a_person_accepted_fails_and_does_not_block(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    case = case_of("mart_rows_kept")
    given = Acceptance("b1", "the shop was migrated", frozenset({("drift", "mart_rows_kept")}))
    result = judged(case, shop, shop_before, tmp_path, acceptance=given)[case.check]
    assert (result.outcome, result.observed, result.explanation) == ("accepted", case.observed, case.explanation)
    assert blocking([result]) == []


@pytest.mark.parametrize("checks", [{("drift", "new_customer_share_change")}, {("staging", "mart_rows_kept")}, set()])
def test_only_what_was_accepted_is(shop: Path, shop_before: Path, tmp_path: Path, checks: set[tuple[str, str]]) -> None:
    case = case_of("mart_rows_kept")
    given = Acceptance("b1", "because", frozenset(checks))
    assert judged(case, shop, shop_before, tmp_path, acceptance=given)[case.check].outcome == "failed"


def test_what_passes_or_warns_needs_no_acceptance(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    given = Acceptance("b1", "because", frozenset({("drift", "new_customer_share_change")}))
    assert (
        judged(case_of("new_customer_share_change"), shop, shop_before, tmp_path, acceptance=given)[
            "new_customer_share_change"
        ].outcome
        == "warned"
    )


def test_what_follows_from_something_accepted_is_accepted_with_it(
    shop: Path, shop_before: Path, tmp_path: Path
) -> None:
    """Whoever accepts that the first days are gone knows that marts have fewer rows."""
    late_start = raw_rows(orders={"first_date": date(2024, 1, 31)})
    warehouse = changed(shop, tmp_path, "delete from marts.repurchase_curve where i < 20")
    given = Acceptance("b1", "it keeps a year", frozenset({("raw", "days_missing_at_the_start")}))
    with only("days_missing_at_the_start", "mart_rows_kept"):
        for acceptance, outcome in ((given, "accepted"), (None, "failed")):
            with evidence_of(warehouse, shop_before, now=late_start) as evidence:
                found = by_name(judge(["raw", "drift"], evidence, load_thresholds(), acceptance))
            assert found["mart_rows_kept"].outcome == found["days_missing_at_the_start"].outcome == outcome
            followed = "(follows from days_missing_at_the_start, which was accepted)"
            assert found["mart_rows_kept"].explanation.endswith(followed) == (acceptance is not None)


# Nothing to compare with, nothing to judge


def test_without_a_build_before_nothing_is_compared(shop: Path, sound: dict[str, Result]) -> None:
    with evidence_of(shop, None, before=[]) as evidence:
        found = by_name(judge(NAMES, evidence, load_thresholds()))
    compared = {check.name for _, table, check in ALL if table.compared_with}
    assert {name for name, result in found.items() if result.outcome == "no_baseline"} == compared
    assert {result.outcome for name, result in found.items() if name not in compared} == {"passed"}
    for name in compared:
        result = found[name]
        assert (result.observed, result.rows_judged) == (None, 0)
        assert (result.expected, result.explanation) == (sound[name].expected, result.asks)
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
def test_a_column_that_is_gone_from_an_aggregate_fails_its_checks(
    suite: str, shop: Path, shop_before: Path, sound: dict[str, Result]
) -> None:
    """Every column of every aggregate in turn; also where a check only warns, or may have nothing to judge."""
    with evidence_of(shop, shop_before) as evidence:
        for table in SUITES[suite].tables:
            needs = {check.name: table.columns_of(check) for check in table.checks}
            for column in {column for columns in needs.values() for column in columns}:
                with only(*names_of(table)):
                    found = by_name(judge([suite], Renamed(evidence, table.name, column), load_thresholds()))  # type: ignore[arg-type]
                assert found.keys() == needs.keys()
                for check, result in found.items():
                    said = f"{suite}.{check} could not judge: {suite}/{table.name}.sql has no column {column}"
                    wanted = ("failed", said) if column in needs[check] else ("passed", sound[check].explanation)
                    assert (result.outcome, result.explanation) == wanted


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        (
            "alter table marts.orders rename order_date to day",
            {
                "staging/equal_orders", "known_orders/settled_orders", "known_orders/closed_days",
                "known_orders/near_copies", "new_orders/parts", "new_orders/four_weeks", "new_orders/large_orders",
                "new_orders/silence", "new_orders/exchange_rates", "closed_months/since_published", "signals/silence",
            },
        ),
        (
            "alter table marts.row_accounting rename outcome to result",
            {"staging/order_rows", "staging/order_rows_compared", "staging/other_rows"},
        ),
        (
            "drop table marts.retention_kpis",
            {"closed_months/restated", "closed_months/since_published", "drift/definitions", "drift/new_customers"},
        ),
        (
            "drop table intermediate.int_order_changes",
            {
                "known_orders/customers", "known_orders/sides", "known_orders/settled_orders",
                "known_orders/late_orders", "known_orders/moved_days", "known_orders/near_copies",
            },
        ),
        ("drop table staging.excluded_orders", {"new_orders/parts"}),
    ],
)  # fmt: skip
def test_a_mart_or_column_that_is_gone_from_a_build_fails_the_checks_that_read_it(
    statement: str, tables: set[str], shop: Path, shop_before: Path, tmp_path: Path
) -> None:
    with evidence_of(changed(shop, tmp_path, statement), shop_before) as evidence:
        found = by_name(judge(NAMES, evidence, load_thresholds()))
    for suite, table, check in ALL:
        result, file = found[check.name], f"{suite.name}/{table.name}"
        if file in tables:
            assert result.outcome == "failed", check.name
            said = f"{suite.name}.{check.name} could not judge: {file}.sql cannot be asked: "
            assert result.explanation.startswith(said)
        elif check.name == "mart_rows_kept" and "retention_kpis" in statement:
            assert result.explanation == "marts.retention_kpis has 0 rows, 23 before"
        else:
            assert result.outcome == "passed", check.name


def test_a_mart_that_the_build_before_did_not_have_is_not_judged(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    warehouse = changed(shop, tmp_path, "create table marts.health as select 1 as score")
    with only("mart_rows_kept"), evidence_of(warehouse, shop_before) as evidence:
        result = by_name(judge(["drift"], evidence, load_thresholds()))["mart_rows_kept"]
    assert (result.outcome, result.rows_judged) == ("passed", 9)  # all but glossary, restatements and accounting


@pytest.mark.parametrize(
    ("mart", "outcome"),
    [("retention_actions", "passed"), ("action_messages", "passed"), ("target_attainment", "passed"),
     ("customers_of_a_kind", "failed")],
)  # fmt: skip
def test_what_is_gone_with_a_rule_or_target_that_was_taken_away_blocks_nothing(
    mart: str, outcome: str, shop: Path, shop_before: Path, tmp_path: Path
) -> None:
    folders = [tmp_path / "before", tmp_path / "now"]
    for folder in folders:
        folder.mkdir()
    before = changed(shop_before, folders[0], f"create table marts.{mart} as select * from range(40)")
    now = changed(shop, folders[1], f"create table marts.{mart} as select * from range(10)")
    with only("mart_rows_kept"), evidence_of(now, before) as evidence:
        assert by_name(judge(["drift"], evidence, load_thresholds()))["mart_rows_kept"].outcome == outcome


@pytest.mark.parametrize(
    ("gone", "refused", "lost", "said"),
    [
        ("sales_forecast", "forecast", "passed", "warned"),  # a refusal is no loss
        ("sales_forecast", None, "failed", "passed"),  # rows that nobody refused are lost
        ("sales_forecast", "bg_nbd", "failed", "passed"),  # and are not those of another model
        ("prediction_parameters", "bg_nbd", "passed", "warned"),
        ("repurchase_curve", "forecast", "failed", "passed"),  # nor does a refusal hide others
    ],
)
def test_rows_of_a_model_that_is_refused_are_not_lost_and_no_others_are_hidden(
    gone: str, refused: str | None, lost: str, said: str, shop: Path, shop_before: Path, tmp_path: Path
) -> None:
    statement = f"delete from marts.{gone}"
    if refused:
        statement += f"; {REFUSED.format(model=refused)}"
    with only("mart_rows_kept"), evidence_of(changed(shop, tmp_path, statement), shop_before) as evidence:
        found = by_name(judge(["drift"], evidence, load_thresholds()))
    assert (found["mart_rows_kept"].outcome, found["predictions_refused"].outcome) == (lost, said)


def test_a_model_that_was_refused_before_warns_of_nothing(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    folders = [tmp_path / "before", tmp_path / "now"]
    statement = f"delete from marts.sales_forecast; {REFUSED.format(model='forecast')}"
    for folder in folders:
        folder.mkdir()
    before, now = (changed(file, folder, statement) for file, folder in zip((shop_before, shop), folders, strict=True))
    with only("predictions_refused"), evidence_of(now, before) as evidence:
        assert by_name(judge(["drift"], evidence, load_thresholds()))["predictions_refused"].outcome == "passed"


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("copied_orders_of_a_day", "update marts.orders set amount = 0"),
        ("quarantined_other_share", "delete from marts.row_accounting where entity = 'customers'"),
        ("added_orders_of_a_day", ""),
        ("new_order_values", f"delete from marts.orders where {NEW}"),
        ("copied_orders", f"delete from marts.orders where {NEW}"),
        ("exchange_rate_age", "delete from staging.stg_exchange_rates"),
        ("new_customer_share_change", "update marts.retention_kpis set is_complete = false"),
        ("changed_since_published", "update marts.retention_kpis set is_complete = false"),
    ],
)
def test_what_a_shop_may_lack_passes(shop: Path, shop_before: Path, tmp_path: Path, check: str, statement: str) -> None:
    warehouse = changed(shop, tmp_path, statement) if statement else shop
    with only(check), evidence_of(warehouse, shop_before) as evidence:
        result = by_name(judge([case_of(check).suite], evidence, load_thresholds()))[check]
    assert (result.outcome, result.observed, result.rows_judged) == ("passed", None, 0)
    reason = next(single.may_be_empty for _, _, single in ALL if single.name == check)
    assert result.explanation == f"{result.asks} (nothing to judge: {reason})"


def test_an_export_without_a_row_fails_as_one_without_orders(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    none = {"rows": 0, "malformed_rows": 0, "first_date": None, "last_date": None}
    empty = raw_rows(orders=none, customers=none)
    nothing: dict[str, list[Row]] = {"raw_columns": [], "raw_values": []}
    with evidence_of(None, None, now=empty, before=[]) as evidence:
        assert blocking(judge(["raw"], evidence, load_thresholds())) == []
    with evidence_of(None, shop_before, now=empty, noted=nothing) as evidence:
        failed = [result.check_name for result in blocking(judge(["raw"], evidence, load_thresholds()))]
    assert failed == ["entities_missing", "order_rows_kept"]
    warehouse = changed(shop, tmp_path, "delete from marts.orders")
    with only("orders_counted", "copied_orders_of_a_day"), evidence_of(warehouse, None) as evidence:
        assert [result.check_name for result in blocking(judge(["staging"], evidence, load_thresholds()))] == [
            "orders_counted"
        ]


# What is chance, or no damage


def one(check: str, warehouse: Path, before: Path, **given: Any) -> Result:
    with only(check), evidence_of(warehouse, before, **given) as evidence:
        return by_name(judge([case_of(check).suite], evidence, load_thresholds()))[check]


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("orders_of_other_customers", order_changes(4, change="reassigned", customer_id_now="c2")),
        (
            "orders_that_changed_sides",
            order_changes(4, change="excluded", exclusion_reason_now="status", order_date_now=None),
        ),
        ("settled_orders_changed", order_changes(4, explanation="newer_version", net_amount_now=20)),
        ("late_orders", order_changes(4, change="added", explanation="late_order", order_date_before=None)),
        ("copied_orders", more_orders(1, f"{NEW} and sales_channel = 'web' and order_date < '2024-04-24'")),
    ],
    ids=lambda given: given if " " not in given else "",
)
def test_fewer_than_five_orders_are_chance(
    check: str, statement: str, shop: Path, shop_before: Path, tmp_path: Path
) -> None:
    result = one(check, changed(shop, tmp_path, statement), shop_before)
    assert result.outcome == "passed"
    worse = statement.replace("range(4)", "range(40)").replace("'2024-04-24'", "'2024-04-28'")
    assert one(check, changed(shop, tmp_path, worse), shop_before).outcome == "failed"


def test_four_weeks_as_those_before_pass(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    found = one("values_of_four_weeks", changed(shop, tmp_path, LONGER), shop_before)
    assert (found.outcome, found.rows_judged) == ("passed", 6)


def test_a_guest_who_registers_is_no_order_that_changed_hands(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    """One guest of each number may register; one that takes the orders of twenty guests makes one customer of them."""
    registered = order_changes(20, change="reassigned", customer_id_before="guest:a", customer_id_now="c2")
    merged = registered.replace("'guest:a'", "'guest:' || i")
    assert one("orders_of_other_customers", changed(shop, tmp_path, registered), shop_before).outcome == "passed"
    found = one("orders_of_other_customers", changed(shop, tmp_path, merged), shop_before)
    assert (found.outcome, found.observed) == ("failed", "4.241 %")  # 19 of 448


def test_whoever_registers_changes_no_settled_order(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    registered = order_changes(20, change="reassigned", customer_id_before="guest:a", customer_id_now="c2")
    assert one("settled_orders_changed", changed(shop, tmp_path, registered), shop_before).observed == "0 times"


def test_orders_of_erased_persons_changed_for_a_reason(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    gone = order_changes(40, change="gone", explanation="erased", order_date_now=None, customer_id_now=None)
    assert one("settled_orders_changed", changed(shop, tmp_path, gone), shop_before).outcome == "passed"


def test_rows_that_went_with_an_erased_person_are_said_to_have_done_so(
    shop: Path, shop_before: Path, tmp_path: Path
) -> None:
    case = case_of("mart_rows_kept")
    erased: list[Row] = [{"order_id": f"o{number}", "erased_at": datetime(2024, 4, 29)} for number in range(7)]
    found = judged(replace(case, noted={"erased_orders": erased}), shop, shop_before, tmp_path)[case.check]
    assert found.outcome == "failed"
    assert found.explanation == (
        f"{case.explanation}, and 7 orders are of persons who were erased since: a segment in which one of them was "
        "alone has no rows any more"
    )


def test_a_part_that_came_late_makes_no_day_larger_than_usual(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    """Half of a day came a day late, and then the day is what such days are."""
    eight = build_shop(tmp_path / "eight a day.duckdb", a_day=8)
    before = build_shop(tmp_path / "before.duckdb", a_day=8, days=112)
    with duckdb.connect(str(before)) as connection:
        connection.execute("delete from marts.orders where order_date = '2024-04-20' and sales_channel = 'web'")
        connection.execute("delete from marts.orders where order_date = '2024-04-20' and order_id like '%3'")
    found = one("added_orders_of_a_day", eight, before)
    assert (found.outcome, found.observed, found.rows_judged) == ("passed", "1 times", 1)


def test_the_last_day_of_the_build_before_may_grow(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    """It was not over when it was exported."""
    more = changed(shop, tmp_path, more_orders(50, "order_date = '2024-04-21'"))
    assert one("added_orders_of_a_day", more, shop_before).rows_judged == 0


def test_a_marketplace_that_is_one_customer_copies_nothing(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    """All its orders have a date alone; so have those of a shop whose customers may well order alike on a day."""
    marketplace = f"update marts.orders set customer_id = 'marketplace', ordered_at = order_date where {NEW}"
    dates = "update marts.orders set ordered_at = order_date"
    for statement in (marketplace + "; " + more_orders(2, NEW), dates + "; " + more_orders(1, NEW)):
        warehouse = changed(shop, tmp_path, statement)
        for check in ("copied_orders", "copied_orders_of_a_day"):
            assert one(check, warehouse, shop_before).observed == "0 %"


@pytest.mark.parametrize("deleted", [27, 28])
def test_one_order_more_or_less_in_a_part_is_chance(
    deleted: int, shop: Path, shop_before: Path, tmp_path: Path
) -> None:
    """Of one or no new order each share is all or nothing. An order of nobody, which the shop never had, is one too."""
    few = f"delete from marts.orders where {NEW} and cast(substr(order_id, 2) as int) - 448 < {deleted}"
    nobody = "; update marts.orders set customer_id = null where order_id in ('o475', 'o10', 'o90')"
    result = one("new_order_shares", changed(shop, tmp_path, few + nobody), shop_before)
    assert result.outcome == "passed"
    assert result.observed == ("1 times" if deleted == 27 else None)


def test_one_deleted_order_is_no_missing_day(shop: Path, shop_before: Path, tmp_path: Path) -> None:
    last_day = raw_rows(orders={"last_date": date(2024, 4, 20)})
    few = changed(
        shop_before, tmp_path, "delete from marts.orders where order_date = '2024-04-21' and order_id > 'o445'"
    )
    assert one("days_missing_at_the_end", shop, few, now=last_day).outcome == "passed"
    assert one("days_missing_at_the_end", shop, shop_before, now=last_day).outcome == "failed"


def test_what_was_let_through_is_what_later_builds_are_compared_with(shop: Path, shop_before: Path) -> None:
    """January was published with 128 orders, then 124 were let through; unexplained changes before that are settled."""
    history = [{**month_rows()[0], "orders": 128, "unexplained_revenue": 900}]
    accepted = {**month_rows()[0], "build_id": "b2", "as_of_date": date(2024, 4, 20), "is_accepted": True}
    for check in ("changed_since_published", "unexplained_since_published"):
        assert one(check, shop, shop_before, noted={"closed_months": history}).outcome == "failed"
        assert one(check, shop, shop_before, noted={"closed_months": [*history, accepted]}).outcome == "passed"


def test_a_month_settles_in_sixty_days(shop: Path, shop_before: Path) -> None:
    """Until 1 April January may change: later builds are compared with what stood then. March is not settled."""
    first = {**month_rows()[0], "orders": 128}
    settled = {**month_rows()[0], "as_of_date": date(2024, 4, 1)}
    late = {**month_rows()[0], "as_of_date": date(2024, 4, 2)}
    march = {**month_rows()[0], "month_start": date(2024, 3, 1), "orders": 200}
    assert (
        one("changed_since_published", shop, shop_before, noted={"closed_months": [first, settled]}).outcome == "passed"
    )
    assert one("changed_since_published", shop, shop_before, noted={"closed_months": [first, late]}).outcome == "failed"
    assert one("changed_since_published", shop, shop_before, noted={"closed_months": [march]}).observed == "0 %"


def test_customers_of_closed_months_do_not_become_fewer_little_by_little(shop: Path, shop_before: Path) -> None:
    """Five customers fewer are found, four are chance: orders and revenue are what they were."""
    for customers, outcome in ((52, "passed"), (56, "passed"), (57, "failed")):
        published = {**month_rows()[0], "purchasing_customers": customers}
        found = one("changed_since_published", shop, shop_before, noted={"closed_months": [published]})
        assert found.outcome == outcome


@pytest.mark.parametrize(
    ("accepted", "outcome"),
    [(60.0, "failed"), (62.0, "accepted"), (None, "failed")],
)
def test_what_was_accepted_lasts_until_it_is_half_as_far_again(
    accepted: float | None, outcome: str, shop: Path, shop_before: Path, tmp_path: Path
) -> None:
    """New orders of the web are 92 times as far from the usual as is usual."""
    case = case_of("new_order_values")
    parts = (
        "channel channel web",
        "all all",
        "currency currency EUR",
        "customers customers with a number",
        "customers guests",
    )
    known = {("new_orders", "new_order_values", part): (accepted, "francs") for part in parts if accepted}
    result = judged(case, shop, shop_before, tmp_path, lasting=Lasting(known))[case.check]  # type: ignore[arg-type]
    assert (result.outcome, result.lasts) == (outcome, outcome == "accepted")
    if outcome == "accepted":
        assert result.explanation == f"{case.explanation} (accepted before: francs)"


# Figures


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
from orchestration.quality.evidence import Noted, gathered
from orchestration.quality.gate import judge, warm_up
from orchestration.quality.thresholds import load_thresholds
thread = threading.Thread(target=warm_up)
thread.start()
day = {"first_date": date(2024, 1, 1), "last_date": date(2024, 3, 1)}
row = {"entity": "orders", "rows": 10, "malformed_rows": 0, **day}
with gathered(Noted({"raw_entities": [row]}), date(2024, 3, 2)) as evidence:
    found = judge(["raw"], evidence, load_thresholds())
thread.join()
judged = [result.check_name for result in found if result.outcome == "passed"]
print(judged, "pyspark" in sys.modules)
"""
    finished = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert (finished.stdout, finished.stderr) == ("['malformed_rows_share', 'days_since_the_last_order'] False\n", "")


# What is handed over


def test_only_aggregates_are_handed_over(tmp_path: Path) -> None:
    """200,000 orders in 500 days: no table is longer than the days, and orders are named by way of an example alone."""
    warehouse = build_shop(tmp_path / "large.duckdb", customers=20_000, a_day=400, days=500)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(more_orders(1, "order_date = '2024-02-10'"))
    before = build_shop(tmp_path / "before.duckdb", customers=20_000, a_day=400, days=493)
    definitions: list[Row] = [{"definition": "active_window_days", "was": "365", "is_now": "180"}]
    with evidence_of(warehouse, before, noted={"definition_changes": definitions}) as evidence:
        frames = {(suite.name, table.name): evidence.aggregate(suite.name, table) for suite, table, _ in ALL}
    for name, frame in frames.items():
        assert frame is not None, name
        assert 1 <= len(frame) <= 500, name
        assert not {"customer_id", "customer_email"} & set(frame.columns), name
        assert len(frame) == 1 or "order_id" not in frame.columns, name


def test_results_are_rows_of_the_state(sound: dict[str, Result], tmp_path: Path) -> None:
    from orchestration.state import State

    rows = [{**result.__dict__, "build_id": "b1"} for result in sound.values()]
    state = State(places_in(tmp_path))
    state.replace("validation_results", "b1", rows)
    written = state.of_build("validation_results", "b1")
    noted = [{name: row[name] for name in written[0]} for row in rows]
    assert json.dumps(written, default=str, sort_keys=True) == json.dumps(noted, default=str, sort_keys=True)
