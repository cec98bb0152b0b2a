"""The suites of the gate: which aggregates are judged, and what each check says in plain words.

Keys, types and rules on rows are dbt's. A table here is an aggregate of at most some thousand rows, one row per thing
that can be wrong (a month, a mart, a day); limits come from thresholds.yml. `now` is the build that is judged, `before`
the published build of the same shop and settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from orchestration.quality.evidence import Evidence

NAMES = ("raw", "staging", "reconciliation", "drift")
# Differences between marts are errors in the models: no reason makes them right.
NEVER_ACCEPTED = ("reconciliation",)


@dataclass(frozen=True)
class Check:
    """One expectation: `column` of every row lies within the limits, or equals the column named in `equals`.

    `says` is what holds if it passes, `warns` what is wrong if not, with the columns of the worst row to fill in.
    """

    name: str
    column: str
    says: str
    warns: str
    unit: str = "number"  # number, percent, points, days or money
    equals: str | None = None


@dataclass(frozen=True)
class Table:
    """One aggregate and its checks. `frame` gives it, or None where there is no build before to compare with."""

    name: str
    keys: tuple[str, ...]
    frame: Callable[[Evidence], pd.DataFrame | None]
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Suite:
    name: str
    tables: tuple[Table, ...]


def raw() -> Suite:
    """Before dbt starts: is everything there that was there before?"""

    def orders(evidence: Evidence) -> pd.DataFrame | None:
        frame = evidence.raw_entities(compared=True)
        return None if frame is None else frame[frame["entity"] == "orders"]

    def others(evidence: Evidence) -> pd.DataFrame | None:
        frame = evidence.raw_entities(compared=True)
        return None if frame is None else frame[(frame["entity"] != "orders") & (frame["rows_before"] > 0)]

    def lines(evidence: Evidence) -> pd.DataFrame | None:
        frame = evidence.raw_entities(compared=False)
        return frame.assign(malformed_share=ratio(frame["malformed_rows"], frame["rows"]))

    def age(evidence: Evidence) -> pd.DataFrame | None:
        frame = evidence.raw_entities(compared=False)
        return frame[(frame["entity"] == "orders") & frame["days_old"].notna()]

    return Suite(
        "raw",
        (
            Table(
                "entities",
                ("entity",),
                lambda evidence: evidence.raw_entities(compared=True),
                (
                    Check(
                        "entities_missing",
                        "is_missing",
                        "Every raw entity that had rows before has rows now",
                        "{entity} had {rows_before:,} rows before and is missing or empty now",
                    ),
                ),
            ),
            Table(
                "lines",
                ("entity",),
                lines,
                (
                    Check(
                        "malformed_rows_share",
                        "malformed_share",
                        "Files are whole: their lines have the columns of the header",
                        "{malformed_rows:,} of {rows:,} lines of {entity} do not have the columns of the header: the "
                        "file is damaged, or its format has changed",
                        unit="percent",
                    ),
                ),
            ),
            Table(
                "orders",
                ("entity",),
                orders,
                (
                    Check(
                        "order_rows_kept",
                        "rows_ratio",
                        "The export of orders has not shrunk",
                        "Only {rows:,} order rows came, {rows_before:,} before: is the export complete?",
                        unit="percent",
                    ),
                    Check(
                        "order_rows_grown",
                        "rows_ratio",
                        "The export of orders has not multiplied",
                        "{rows:,} order rows came, {rows_before:,} before: was something loaded twice?",
                        unit="percent",
                    ),
                    Check(
                        "days_missing_at_the_start",
                        "days_missing_at_the_start",
                        "Orders begin no later than before",
                        "Orders now begin on {first_date}, before on {first_date_before}: the first days are missing",
                        unit="days",
                    ),
                    Check(
                        "days_missing_at_the_end",
                        "days_missing_at_the_end",
                        "Orders reach at least as far as before",
                        "Orders now end on {last_date}, before on {last_date_before}: the last days are missing",
                        unit="days",
                    ),
                ),
            ),
            Table(
                "other_entities",
                ("entity",),
                others,
                (
                    Check(
                        "other_rows_kept",
                        "rows_ratio",
                        "The other exports have not shrunk",
                        "{entity} has only {rows:,} rows, {rows_before:,} before: is the export complete?",
                        unit="percent",
                    ),
                ),
            ),
            Table(
                "freshness",
                ("entity",),
                age,
                (
                    Check(
                        "days_since_the_last_order",
                        "days_old",
                        "The orders are fresh",
                        "The latest order is of {last_date}, {days_old:.0f} days ago: does the export still run?",
                        unit="days",
                    ),
                ),
            ),
        ),
    )


ACCOUNTING = """
    select
        entity,
        cast(sum(rows) as double) as rows,
        cast(sum(case when outcome = 'quarantined' then rows else 0 end) as double) as quarantined
    from marts.row_accounting
    group by entity
"""

# Two orders of one customer at the very same instant with the same amount are one order under two ids. A day of fewer
# than five such orders is chance.
COPIES = """
    select
        order_date,
        sum(orders) as orders,
        sum(orders - 1) as copies,
        case when sum(orders - 1) >= 5 then cast(sum(orders - 1) as double) / sum(orders) else 0 end as copied_share
    from (
        select order_date, count(*) as orders
        from marts.orders
        where amount > 0
        group by order_date, ordered_at, coalesce(customer_id, order_id), amount
    ) as equal_orders
    group by order_date
"""


def staging() -> Suite:
    """After staging: what became of the raw rows?"""

    def accounting(evidence: Evidence, *, of_orders: bool) -> pd.DataFrame:
        frame = evidence.now(ACCOUNTING)
        frame = frame[(frame["entity"] == "orders") == of_orders]
        return frame.assign(quarantined_share=frame["quarantined"] / frame["rows"])

    def rise(evidence: Evidence) -> pd.DataFrame | None:
        frame = evidence.compared(ACCOUNTING, ("entity",))
        if frame is None:
            return None
        frame = frame[frame["entity"] == "orders"]
        share = frame["quarantined"] / frame["rows"]
        share_before = frame["quarantined_before"] / frame["rows_before"]
        return frame.assign(
            quarantined_share=share, quarantined_share_before=share_before, quarantined_share_rise=share - share_before
        )

    return Suite(
        "staging",
        (
            Table(
                "counted_orders",
                ("orders_of",),
                lambda evidence: evidence.now("select 'the shop' as orders_of, count(*) as orders from marts.orders"),
                (
                    Check(
                        "orders_counted",
                        "orders",
                        "There are orders that count",
                        "No order counts: see the reasons in marts.row_accounting",
                    ),
                ),
            ),
            Table(
                "order_rows",
                ("entity",),
                lambda evidence: accounting(evidence, of_orders=True),
                (
                    Check(
                        "quarantined_orders_share",
                        "quarantined_share",
                        "Few order rows are unusable",
                        "{quarantined:,.0f} of {rows:,.0f} order rows cannot be used: see marts.row_accounting for the "
                        "reasons and staging.quarantined_orders for the rows",
                        unit="percent",
                    ),
                ),
            ),
            Table(
                "order_rows_compared",
                ("entity",),
                rise,
                (
                    Check(
                        "quarantined_orders_rise",
                        "quarantined_share_rise",
                        "No more order rows are unusable than before",
                        "{quarantined_share:.1%} of the order rows cannot be used, {quarantined_share_before:.1%} "
                        "before: has the format of the export changed?",
                        unit="points",
                    ),
                ),
            ),
            Table(
                "other_rows",
                ("entity",),
                lambda evidence: accounting(evidence, of_orders=False),
                (
                    Check(
                        "quarantined_other_share",
                        "quarantined_share",
                        "Few rows of other entities are unusable",
                        "{quarantined:,.0f} of {rows:,.0f} rows of {entity} cannot be used",
                        unit="percent",
                    ),
                ),
            ),
            Table(
                "equal_orders",
                ("order_date",),
                lambda evidence: evidence.now(COPIES),
                (
                    Check(
                        "copied_orders_of_a_day",
                        "copied_share",
                        "No day's orders came twice under other ids",
                        "{copies:,.0f} of the {orders:,.0f} orders of {order_date} equal another in customer, time and "
                        "amount under another order id: was this day imported twice?",
                        unit="percent",
                    ),
                ),
            ),
        ),
    )


ORDERS_BY_PERIOD = " union all ".join(
    f"""
    select
        '{grain}' as period_grain,
        cast(date_trunc('{grain}', order_date) as date) as period_start,
        count(*) as orders,
        sum(net_amount) as net_revenue
    from marts.orders
    group by all
    """
    for grain in ("week", "month", "quarter", "year")
)

ORDERS_AND_KPIS = f"""
    select
        period_grain,
        period_start,
        coalesce(orders.orders, 0) as orders,
        coalesce(orders.net_revenue, 0) as net_revenue,
        coalesce(kpis.orders + kpis.unattributed_orders, 0) as kpi_orders,
        coalesce(kpis.net_revenue + kpis.unattributed_revenue, 0) as kpi_revenue
    from ({ORDERS_BY_PERIOD}) as orders
    full outer join marts.retention_kpis as kpis using (period_grain, period_start)
"""

COHORTS_AND_KPIS = """
    with cohorts as (
        select
            cohort_grain as period_grain,
            period_start,
            sum(orders) as cohort_orders,
            sum(net_revenue) as cohort_revenue
        from marts.cohort_retention
        where dimension = 'all'
        group by all
    )
    select
        period_grain,
        period_start,
        coalesce(cohorts.cohort_orders, 0) as cohort_orders,
        coalesce(cohorts.cohort_revenue, 0) as cohort_revenue,
        coalesce(kpis.orders, 0) as kpi_orders,
        coalesce(kpis.net_revenue, 0) as kpi_revenue
    from cohorts
    full outer join (select * from marts.retention_kpis where period_grain <> 'year') as kpis
        using (period_grain, period_start)
"""

COHORT_SIZES = """
    select
        cohort_grain,
        dimension,
        sum(cohort_customers) as cohort_customers,
        (select count(*) from marts.customers) as customers
    from marts.cohort_retention
    where period_number = 0
    group by all
"""

CUSTOMERS_AT_END = """
    select
        period_grain,
        period_start,
        customers_at_end,
        customers_at_start - churned_customers + new_customers - new_customers_lost + reactivated_customers
            as expected_at_end
    from marts.retention_kpis
"""

TRANSITIONS = """
    with transitions as (
        select
            month_start,
            sum(customers) as customers,
            sum(case when to_stage <> 'lost' then customers else 0 end) as customers_not_lost
        from marts.lifecycle_transitions
        group by month_start
    )
    select
        kpis.period_start as month_start,
        coalesce(transitions.customers, 0) as customers,
        coalesce(transitions.customers_not_lost, 0) as customers_not_lost,
        kpis.customers_at_end,
        sum(kpis.new_customers) over (order by kpis.period_start) as customers_acquired
    from marts.retention_kpis as kpis
    left join transitions on kpis.period_start = transitions.month_start
    where kpis.period_grain = 'month'
"""


def reconciliation() -> Suite:
    """The marts against each other: every way to add up gives the same."""
    return Suite(
        "reconciliation",
        (
            Table(
                "orders_and_kpis",
                ("period_grain", "period_start"),
                lambda evidence: evidence.now(ORDERS_AND_KPIS),
                (
                    Check(
                        "orders_are_in_kpis",
                        "orders",
                        "Every order is in the KPIs of its period, with or without a customer",
                        "{period_grain} {period_start}: {orders:,.0f} orders, but {kpi_orders:,.0f} in the KPIs",
                        equals="kpi_orders",
                    ),
                    Check(
                        "revenue_is_in_kpis",
                        "net_revenue",
                        "So is its revenue",
                        "{period_grain} {period_start}: revenue {net_revenue:,.2f}, but {kpi_revenue:,.2f} in the KPIs",
                        "money",
                        equals="kpi_revenue",
                    ),
                ),
            ),
            Table(
                "cohorts_and_kpis",
                ("period_grain", "period_start"),
                lambda evidence: evidence.now(COHORTS_AND_KPIS),
                (
                    Check(
                        "cohort_orders_are_kpi_orders",
                        "cohort_orders",
                        "The cohorts' orders of a period add up to its KPI",
                        "{period_grain} {period_start}: {cohort_orders:,.0f} orders in cohorts, "
                        "{kpi_orders:,.0f} in KPIs",
                        equals="kpi_orders",
                    ),
                    Check(
                        "cohort_revenue_is_kpi_revenue",
                        "cohort_revenue",
                        "So does their revenue",
                        "{period_grain} {period_start}: {cohort_revenue:,.2f} in cohorts, {kpi_revenue:,.2f} in KPIs",
                        "money",
                        equals="kpi_revenue",
                    ),
                ),
            ),
            Table(
                "cohort_sizes",
                ("cohort_grain", "dimension"),
                lambda evidence: evidence.now(COHORT_SIZES),
                (
                    Check(
                        "cohort_sizes_are_customers",
                        "cohort_customers",
                        "Every customer is in exactly one cohort of each kind",
                        "{cohort_grain} cohorts by {dimension} hold {cohort_customers:,.0f} of {customers:,.0f} "
                        "customers",
                        equals="customers",
                    ),
                ),
            ),
            Table(
                "customers_at_end",
                ("period_grain", "period_start"),
                lambda evidence: evidence.now(CUSTOMERS_AT_END),
                (
                    Check(
                        "customers_at_end_follow",
                        "customers_at_end",
                        "Customers at the end are those at the start, less the lost, plus the won",
                        "{period_grain} {period_start}: {customers_at_end:,.0f} customers at the end, but the "
                        "movements give {expected_at_end:,.0f}",
                        equals="expected_at_end",
                    ),
                ),
            ),
            Table(
                "transitions",
                ("month_start",),
                lambda evidence: evidence.now(TRANSITIONS),
                (
                    Check(
                        "transitions_cover_all_customers",
                        "customers",
                        "Every customer acquired to date is in one lifecycle stage each month",
                        "{month_start}: {customers:,.0f} customers in stages, {customers_acquired:,.0f} "
                        "acquired to date",
                        equals="customers_acquired",
                    ),
                    Check(
                        "not_lost_is_active",
                        "customers_not_lost",
                        "Customers who are not lost are the active customers of the KPIs",
                        "{month_start}: {customers_not_lost:,.0f} not lost, but {customers_at_end:,.0f} active",
                        equals="customers_at_end",
                    ),
                ),
            ),
        ),
    )


# kpi_glossary, restatements and what describes the build itself are no figures of the shop.
MARTS = (
    "orders", "customers", "row_accounting", "cohort_retention", "retention_curve", "repurchase_curve",
    "retention_kpis", "retention_kpis_by_segment", "customer_concentration", "lifecycle_transitions",
)  # fmt: skip
MART_ROWS = " union all ".join(f"select '{mart}' as mart, count(*) as rows from marts.{mart}" for mart in MARTS)

CLOSED_MONTHS = """
    select
        coalesce(kpis.period_start, restatements.period_start) as month_start,
        coalesce(restatements.net_revenue_before, 0) as net_revenue_before,
        coalesce(restatements.net_revenue_now, 0) as net_revenue_now,
        coalesce(restatements.unexplained_orders, 0) as unexplained_orders,
        coalesce(restatements.unexplained_revenue, 0) as unexplained_revenue,
        coalesce(restatements.unexplained_revenue_share, 0) as unexplained_revenue_share,
        coalesce(restatements.order_ids, '') as order_ids
    from (select * from marts.retention_kpis where period_grain = 'month' and is_complete) as kpis
    full outer join (select * from marts.restatements where period_grain = 'month') as restatements
        on kpis.period_start = restatements.period_start
"""

DAYS = "select order_date, count(*) as orders from marts.orders group by order_date"

# Values by powers of the square root of two, over the last 91 days.
ORDER_VALUES = """
    select
        cast(round(2 * log2(net_amount)) as int) as value_class,
        count(*) as orders
    from marts.orders
    where
        net_amount > 0
        and order_date > (select max(order_date) - 91 from marts.orders)
    group by all
"""

ORDERS_PER_DAY = """
    select 'last 28 days' as days, count(*) / 28.0 as orders_per_day
    from marts.orders
    where order_date > (select max(order_date) - 28 from marts.orders)
"""

NEW_CUSTOMERS = """
    select
        'last three complete months' as months,
        cast(sum(new_customers) as double) as new_customers,
        cast(sum(purchasing_customers) as double) as purchasing_customers
    from (
        select new_customers, purchasing_customers
        from marts.retention_kpis
        where period_grain = 'month' and is_complete
        order by period_start desc
        limit 3
    ) as latest_months
"""

RFM_CELLS = "select r_score, f_score, count(*) as customers from marts.customers group by all"


def drift() -> Suite:
    """Against the published build: what changed that should not have?"""

    def rows(evidence: Evidence) -> pd.DataFrame | None:
        frame = evidence.compared(MART_ROWS, ("mart",))
        return None if frame is None else frame.assign(rows_ratio=ratio(frame["rows"], frame["rows_before"]))

    def months(evidence: Evidence) -> pd.DataFrame | None:
        return evidence.now(CLOSED_MONTHS) if evidence.has_baseline else None

    def days(evidence: Evidence) -> pd.DataFrame | None:
        frame = evidence.compared(DAYS, ("order_date",))
        if frame is None:
            return None
        frame = frame[frame["order_date"] < frame[frame["orders_before"] > 0]["order_date"].max()]
        added = frame["orders"] - frame["orders_before"]
        share = ratio(added, frame["orders_before"].clip(lower=1))
        return frame.assign(added_orders=added, added_share=share.where(added >= 5, 0.0))

    def values(evidence: Evidence) -> pd.DataFrame | None:
        return shift(evidence.compared(ORDER_VALUES, ("value_class",)), "orders", "order values")

    def frequency(evidence: Evidence) -> pd.DataFrame | None:
        frame = evidence.compared(ORDERS_PER_DAY, ("days",))
        if frame is None:
            return None
        return frame.assign(orders_per_day_ratio=ratio(frame["orders_per_day"], frame["orders_per_day_before"]))

    def new_customers(evidence: Evidence) -> pd.DataFrame | None:
        frame = evidence.compared(NEW_CUSTOMERS, ("months",))
        if frame is None:
            return None
        share = ratio(frame["new_customers"], frame["purchasing_customers"])
        share_before = ratio(frame["new_customers_before"], frame["purchasing_customers_before"])
        return frame.assign(
            new_customer_share=share, new_customer_share_before=share_before, change=(share - share_before).abs()
        )

    def cells(evidence: Evidence) -> pd.DataFrame | None:
        return shift(evidence.compared(RFM_CELLS, ("r_score", "f_score")), "customers", "RFM cells")

    return Suite(
        "drift",
        (
            Table(
                "mart_rows",
                ("mart",),
                rows,
                (
                    Check(
                        "mart_rows_kept",
                        "rows_ratio",
                        "No mart has lost rows",
                        "marts.{mart} has {rows:,.0f} rows, {rows_before:,.0f} before",
                        unit="percent",
                    ),
                ),
            ),
            Table(
                "closed_months",
                ("month_start",),
                months,
                (
                    Check(
                        "unexplained_revenue_share",
                        "unexplained_revenue_share",
                        "Closed months changed only by late orders and newer versions",
                        "The closed month {month_start:%B %Y} changed from {net_revenue_before:,.2f} to "
                        "{net_revenue_now:,.2f}: {unexplained_orders:,.0f} orders are gone or differ without a newer "
                        "version, for example {order_ids}",
                        unit="percent",
                    ),
                ),
            ),
            Table(
                "closed_days",
                ("order_date",),
                days,
                (
                    Check(
                        "added_orders_of_a_day",
                        "added_share",
                        "No closed day has grown much by late orders",
                        "{order_date} had {orders_before:,.0f} orders and now has {orders:,.0f}: was it "
                        "imported twice?",
                        unit="percent",
                    ),
                ),
            ),
            Table(
                "order_values",
                ("distribution",),
                values,
                (
                    Check(
                        "order_value_shift",
                        "stability_index",
                        "Order values are spread as before",
                        "Order values of the last 91 days are spread otherwise than before: has the unit or the "
                        "currency changed?",
                    ),
                ),
            ),
            Table(
                "order_frequency",
                ("days",),
                frequency,
                (
                    Check(
                        "orders_per_day",
                        "orders_per_day_ratio",
                        "As many orders come per day as before",
                        "{orders_per_day:,.1f} orders per day in the last 28 days, {orders_per_day_before:,.1f} before",
                        unit="percent",
                    ),
                ),
            ),
            Table(
                "new_customers",
                ("months",),
                new_customers,
                (
                    Check(
                        "new_customer_share_change",
                        "change",
                        "New customers have about the share that they had",
                        "{new_customer_share:.1%} of the purchasers of the last three months are new, "
                        "{new_customer_share_before:.1%} before: are customers still recognised?",
                        unit="points",
                    ),
                ),
            ),
            Table(
                "rfm_cells",
                ("distribution",),
                cells,
                (
                    Check(
                        "rfm_shift",
                        "stability_index",
                        "Customers are spread over the RFM cells as before",
                        "Customers are spread over the RFM cells otherwise than before",
                    ),
                ),
            ),
        ),
    )


SUITES: dict[str, Callable[[], Suite]] = {
    "raw": raw,
    "staging": staging,
    "reconciliation": reconciliation,
    "drift": drift,
}


def ratio(now: pd.Series, before: pd.Series) -> pd.Series:
    """Null, and so not judged, where there was nothing before."""
    return now.astype(float) / before.astype(float).where(before != 0)


def shift(frame: pd.DataFrame | None, counted: str, distribution: str) -> pd.DataFrame | None:
    """One row: the population stability index of a distribution, sum of (p - q) x ln(p / q) over its classes, where an
    empty class counts as half an element (Siddiqi, Credit Risk Scorecards, 2006)."""
    import numpy as np
    import pandas as pd

    if frame is None:
        return None
    now = frame[counted].clip(lower=0.5)
    before = frame[f"{counted}_before"].clip(lower=0.5)
    p, q = now / now.sum(), before / before.sum()
    index = float(((p - q) * np.log(p / q)).sum())
    return pd.DataFrame({"distribution": [distribution], "classes": [len(frame)], "stability_index": [index]})
