"""The usual notebook code for a cohort triangle, the repeat rate and RFM scores in polars, as the benchmark's peer.

    python notebook_polars.py RAW_FOLDER OUT_FOLDER

Cleans the orders of a generated shop by the project's definitions as far as these shops need them, and writes
cohort_triangle.parquet, repeat_rate.parquet and rfm.parquet. Money is counted in whole cents, so that it is exact.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import md5
from pathlib import Path

import polars as pl

EXCLUDED_STATUSES = ["cancelled", "canceled", "voided", "failed", "pending", "draft"]
REPORTING_CURRENCY = "EUR"
RATE_UNIT = 10**8  # rates have up to eight decimals


def daily_rates(raw: Path, today: date) -> pl.LazyFrame:
    """The latest rate of every currency on or before each day, times 10^8."""
    rates = pl.scan_parquet(raw / "exchange_rates.parquet").group_by("currency", "rate_date").agg(pl.max("rate"))
    rates = rates.with_columns((pl.col("rate") * RATE_UNIT).cast(pl.Int64)).sort("rate_date")
    days = rates.group_by("currency").agg(day=pl.date_range(pl.min("rate_date"), pl.lit(today)))
    days = days.explode("day").sort("day")
    return days.join_asof(rates, left_on="day", right_on="rate_date", by="currency", check_sortedness=False)


def usable_orders(raw: Path) -> pl.LazyFrame:
    """Every row that can be used, with order day, lower-case e-mail, amounts in cents and the exchange rate."""
    today = datetime.now(UTC).date()
    amount, refund = pl.col("amount"), pl.col("refunded_amount")
    rate = pl.when(pl.col("currency").is_null()).then(RATE_UNIT).otherwise("rate")
    status = pl.col("status").str.to_lowercase().is_in(EXCLUDED_STATUSES)
    return (
        pl.scan_parquet(raw / "orders" / "*.parquet")
        .with_columns(
            (amount * 100).cast(pl.Int64),
            (refund.fill_null(0) * 100).cast(pl.Int64),
            pl.col("currency").str.to_uppercase().replace(REPORTING_CURRENCY, None),
            email=pl.col("customer_email").str.to_lowercase(),
            day=pl.col("ordered_at").dt.date(),
            excluded=pl.col("is_test").fill_null(False) | status.fill_null(False),
        )
        .filter(pl.col("order_id").is_not_null(), pl.col("day") <= today, amount >= 0, refund >= 0)
        .join(daily_rates(raw, today), on=["currency", "day"], how="left")
        .filter(rate.is_not_null())
        .select(
            *["order_id", "updated_at", "customer_id", "email", "day", "excluded", "amount", "refunded_amount"],
            rate=rate,
        )
    )


def with_net_amounts(orders: pl.LazyFrame, raw: Path) -> pl.LazyFrame:
    """Net cents in the reporting currency, after the larger of the order's own refund and its rows of refunds."""
    refunds = pl.scan_parquet(raw / "refunds" / "*.parquet").group_by("order_id")
    noted = refunds.agg(noted=(pl.col("amount") * 100).cast(pl.Int64).sum())
    amount = pl.col("amount")
    net = amount - pl.min_horizontal(amount, pl.max_horizontal("refunded_amount", pl.col("noted").fill_null(0)))
    return orders.join(noted, on="order_id", how="left").select(
        *["customer_id", "email", "day"],
        pl.col("excluded") | (net == 0) & (amount > 0),
        # Half a unit more, then rounded down: half away from zero, as nothing here is negative.
        cents=(net * pl.col("rate") + RATE_UNIT // 2) // RATE_UNIT,
    )


def latest_versions(orders: pl.LazyFrame) -> pl.LazyFrame:
    """One row per order; rows of the same time are copies of each other."""
    # Only orders with several versions are sorted, which takes about half the time of sorting all.
    repeated = orders.group_by("order_id").len().filter(pl.col("len") > 1)
    winners = orders.join(repeated, on="order_id", how="semi").sort("updated_at").unique("order_id", keep="last")
    return pl.concat([orders.join(repeated, on="order_id", how="anti"), winners])


def customers_by_email(orders: pl.LazyFrame, raw: Path) -> pl.LazyFrame:
    """Who the orders without a customer number belong to: the owner of the e-mail, or a guest."""
    customers = pl.scan_parquet(raw / "customers.parquet")
    customers = customers.select("customer_id", pl.col("email").str.to_lowercase())
    emails = orders.filter(pl.col("customer_id").is_null()).select("email").drop_nulls().unique()
    owners = (
        pl.concat([orders.select("customer_id", "email"), customers])
        .drop_nulls()
        .join(emails, on="email", how="semi")
        .group_by("email")
        .agg(pl.min("customer_id").alias("owner"))
    )
    found = emails.join(owners, on="email", how="left").collect(engine="streaming")
    guests = found.filter(pl.col("owner").is_null())["email"]
    hashes = ["guest:" + md5(email.encode()).hexdigest() for email in guests]
    guest_owners = pl.DataFrame({"email": guests, "owner": hashes}, schema_overrides={"owner": pl.String})
    return pl.concat([found.drop_nulls(), guest_owners]).lazy()


def cohort_triangle(orders: pl.LazyFrame, customers: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """Customers by month of their first order and months since, zero cells included."""
    first = customers.select("customer_id", cohort_month=pl.col("first_day").dt.truncate("1mo"))
    months = pl.col("day").dt.truncate("1mo").alias("month")
    active = orders.select("customer_id", months).unique().join(first, on="customer_id")
    active = active.group_by("cohort_month", "month").agg(active_customers=pl.len())
    cohorts = first.group_by("cohort_month").agg(cohort_customers=pl.len())
    cells = cohorts.with_columns(month=pl.date_ranges("cohort_month", pl.lit(as_of), "1mo")).explode("month")
    active_customers = pl.col("active_customers").fill_null(0)
    return cells.join(active, on=["cohort_month", "month"], how="left").select(
        "cohort_month",
        months_between("cohort_month", "month").alias("period_number"),
        "cohort_customers",
        active_customers,
        (active_customers / pl.col("cohort_customers")).alias("retention_rate"),
    )


def months_between(start: str, end: str) -> pl.Expr:
    years = pl.col(end).dt.year() - pl.col(start).dt.year()
    return 12 * years + pl.col(end).dt.month().cast(pl.Int32) - pl.col(start).dt.month()


def fifths_below(measure: str) -> pl.Expr:
    """How many fifths of the customers are strictly below."""
    return 5 * (pl.col(measure).rank("min").cast(pl.Int64) - 1) // pl.len()


def rfm(customers: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    return customers.with_columns(recency_days=(pl.lit(as_of) - pl.col("last_day")).dt.total_days()).select(
        "customer_id",
        "recency_days",
        "orders",
        (pl.col("cents").cast(pl.Decimal(18, 0)) * Decimal("0.01")).alias("net_revenue"),
        (5 - fifths_below("recency_days")).alias("r_score"),
        (1 + fifths_below("orders")).alias("f_score"),
        (1 + fifths_below("cents")).alias("m_score"),
    )


def kept(plan: pl.LazyFrame) -> pl.LazyFrame:
    """Computed here, since several plans go on from it."""
    return plan.collect(engine="streaming").lazy()


def main(raw: Path, out: Path) -> None:
    current = kept(with_net_amounts(latest_versions(kept(usable_orders(raw))), raw))
    counted = current.filter(~pl.col("excluded"))
    as_of = counted.select(pl.max("day")).collect().item()
    orders = kept(
        counted.with_columns(email=pl.when(pl.col("customer_id").is_null()).then("email"))
        .join(customers_by_email(current, raw), on="email", how="left")
        .select(pl.coalesce("customer_id", "owner").alias("customer_id"), "day", "cents")
        .drop_nulls("customer_id")
    )
    customers = kept(
        orders.group_by("customer_id").agg(
            first_day=pl.min("day"), last_day=pl.max("day"), orders=pl.len(), cents=pl.sum("cents")
        )
    )
    repeat = customers.select(customers=pl.len(), repeat_customers=(pl.col("orders") >= 2).sum())
    tables = {
        "cohort_triangle": cohort_triangle(orders, customers, as_of),
        "repeat_rate": repeat.with_columns(repeat_rate=pl.col("repeat_customers") / pl.col("customers")),
        "rfm": rfm(customers, as_of),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, table in zip(tables, pl.collect_all(tables.values(), engine="streaming"), strict=True):
        table.write_parquet(out / f"{name}.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
