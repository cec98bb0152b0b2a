"""The usual notebook code for a cohort triangle, the repeat rate and RFM scores in pandas, as the benchmark's peer.

    python notebook_pandas.py RAW_FOLDER OUT_FOLDER

Cleans the orders of a generated shop by the project's definitions as far as these shops need them, and writes
cohort_triangle.parquet, repeat_rate.parquet and rfm.parquet. Money is counted in whole cents, so that it is exact.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from hashlib import md5
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = ["order_id", "customer_id", "ordered_at", "amount", "currency", "refunded_amount", "status", "customer_email"]
COLUMNS += ["is_test", "updated_at"]
EXCLUDED_STATUSES = ["cancelled", "canceled", "voided", "failed", "pending", "draft"]
REPORTING_CURRENCY = "EUR"
RATE_UNIT = 10**8  # rates have up to eight decimals


def usable_orders(raw: Path) -> pd.DataFrame:
    """Every row that can be used, with order day, cents and exchange rate as whole numbers."""
    amount, refund = pc.field("amount"), pc.field("refunded_amount")
    tomorrow = pd.Timestamp.now("UTC").normalize() + pd.Timedelta(days=1)
    usable = pc.field("order_id").is_valid() & (pc.field("ordered_at") < tomorrow) & (amount >= Decimal(0))
    usable &= refund.is_null() | (refund >= Decimal(0))
    orders = pd.read_parquet(raw / "orders", columns=COLUMNS, filters=usable, dtype_backend="pyarrow")
    for column in ["amount", "refunded_amount"]:
        orders[column] = (orders[column] * 100).astype("int64[pyarrow]").fillna(0).astype("int64")
    orders["day"] = orders.pop("ordered_at").to_numpy(dtype="datetime64[us]").astype("datetime64[D]").astype("int64")
    orders["rate"] = rates_of(orders.pop("currency").fillna(REPORTING_CURRENCY).str.upper(), orders["day"], raw)
    return orders[orders["rate"] > 0].reset_index(drop=True)


def rates_of(currencies: pd.Series, days: pd.Series, raw: Path) -> np.ndarray:
    """The latest rate on or before each day, times 10^8; 0 where there is none."""
    rates = pd.read_parquet(raw / "exchange_rates.parquet", dtype_backend="pyarrow")
    rates["rate"] = (rates["rate"] * RATE_UNIT).astype("int64[pyarrow]")
    rates["day"] = rates["rate_date"].to_numpy(dtype="datetime64[D]").astype("int64")
    first, last = days.min(), days.max()
    codes, names = pd.factorize(currencies)
    daily = rates.pivot_table(index="day", columns="currency", values="rate", aggfunc="max").ffill()
    daily = daily.reindex(range(first, last + 1), method="ffill").reindex(columns=names)
    daily[REPORTING_CURRENCY] = RATE_UNIT
    return daily[names].fillna(0).to_numpy(dtype="int64")[days - first, codes]


def latest_versions(orders: pd.DataFrame) -> pd.DataFrame:
    """One row per order; rows of the same time are copies of each other."""
    # Numbers instead of texts, and a sort only of orders with several versions: both save most of the time.
    order_numbers = pd.Series(pd.factorize(orders["order_id"])[0])
    repeated = orders.loc[order_numbers.duplicated(keep=False), ["order_id", "updated_at"]]
    superseded = repeated.sort_values("updated_at", na_position="first").duplicated("order_id", keep="last")
    return orders.drop(index=superseded.index[superseded], columns="updated_at")


def refunded_cents(orders: pd.DataFrame, raw: Path) -> pd.Series:
    """What was refunded of each order: the larger of its own figure and its rows of refunds, at most the amount."""
    refunds = pd.read_parquet(raw / "refunds", columns=["order_id", "amount"], dtype_backend="pyarrow")
    refunds["cents"] = (refunds["amount"] * 100).astype("int64[pyarrow]").astype("int64")
    noted = orders["order_id"].map(refunds.groupby("order_id")["cents"].sum()).fillna(0).astype("int64")
    return orders["refunded_amount"].where(orders["refunded_amount"] > noted, noted).clip(upper=orders["amount"])


def resolved_customers(orders: pd.DataFrame, raw: Path) -> pd.Series:
    """Each order's customer: by number, by the owner of the e-mail, as a guest, or null."""
    customers = pd.read_parquet(raw / "customers.parquet", columns=["customer_id", "email"], dtype_backend="pyarrow")
    by_order = pd.DataFrame({"customer_id": orders["customer_id"], "email": orders["customer_email"].str.lower()})
    customers["email"] = customers["email"].str.lower()
    unknown = by_order["customer_id"].isna()
    emails = by_order.loc[unknown, "email"].dropna().unique()
    known = pd.concat([frame[frame["email"].isin(emails)].dropna() for frame in (by_order, customers)])
    owners = known.sort_values("customer_id").drop_duplicates("email").set_index("email")["customer_id"].to_dict()
    names = {email: owners.get(email) or "guest:" + md5(email.encode()).hexdigest() for email in emails}
    resolved = by_order["customer_id"]
    resolved[unknown] = by_order.loc[unknown, "email"].map(names)
    return resolved


def counted_orders(raw: Path) -> pd.DataFrame:
    """Customer, order day and net cents of every order that counts."""
    orders = latest_versions(usable_orders(raw))
    orders["refunded_amount"] = refunded_cents(orders, raw)
    orders["customer_id"] = resolved_customers(orders, raw)
    excluded = orders["is_test"].fillna(False) | orders["status"].str.lower().isin(EXCLUDED_STATUSES)
    fully_refunded = (orders["refunded_amount"] == orders["amount"]) & (orders["amount"] > 0)
    orders = orders[~excluded & ~fully_refunded]
    net = orders["amount"] - orders["refunded_amount"]
    # Half a unit more, then rounded down: half away from zero, as nothing here is negative.
    orders["cents"] = (net * orders["rate"] + RATE_UNIT // 2) // RATE_UNIT
    return orders[["customer_id", "day", "cents"]]


def cohort_triangle(customer: np.ndarray, month: np.ndarray, first_month: np.ndarray, last_month: int) -> pd.DataFrame:
    """Customers by month of their first order and months since, zero cells included."""
    active = pd.DataFrame({"customer": customer, "month": month}).drop_duplicates()
    cohort, size = np.unique(first_month, return_counts=True)
    start = first_month[active["customer"]]
    cells = (active["month"] - start).groupby(start).value_counts().unstack(fill_value=0)
    cells = cells.reindex(columns=range(last_month - cohort[0] + 1), fill_value=0).stack()
    triangle = cells.rename("active_customers").rename_axis(["cohort", "period_number"]).reset_index()
    triangle = triangle[triangle["cohort"] + triangle["period_number"] <= last_month]
    triangle["cohort_customers"] = triangle["cohort"].map(dict(zip(cohort, size, strict=True)))
    triangle["retention_rate"] = triangle["active_customers"] / triangle["cohort_customers"]
    months = triangle.pop("cohort").to_numpy().astype("datetime64[M]").astype("datetime64[s]")
    return triangle.assign(cohort_month=pd.Series(months, triangle.index).astype("date32[pyarrow]"))


def rfm(customers: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """Scores 1 to 5 by the share of customers that are strictly below."""
    scores = customers[["customer_id", "orders"]].assign(recency_days=as_of - customers["last_day"])
    cents = customers["cents"].astype(pd.ArrowDtype(pa.decimal128(19, 0)))
    scores["net_revenue"] = cents * Decimal("0.01")

    def fifths_below(measure: pd.Series) -> pd.Series:
        below = measure.rank(method="min").astype("int64") - 1
        return 5 * below // len(customers)

    scores["r_score"] = 5 - fifths_below(scores["recency_days"])
    scores["f_score"] = 1 + fifths_below(scores["orders"])
    scores["m_score"] = 1 + fifths_below(customers["cents"])
    return scores


def main(raw: Path, out: Path) -> None:
    orders = counted_orders(raw)
    as_of = orders["day"].max()
    orders = orders.dropna(subset="customer_id")
    orders["customer"], names = pd.factorize(orders.pop("customer_id"))
    by_customer = orders.groupby("customer")
    customers = by_customer.agg(
        first_day=("day", "min"), last_day=("day", "max"), orders=("day", "size"), cents=("cents", "sum")
    ).assign(customer_id=names)
    customer, month = orders["customer"].to_numpy(), month_of(orders["day"])
    triangle = cohort_triangle(customer, month, month_of(customers["first_day"]), month_of(pd.Series([as_of]))[0])
    repeat = pd.DataFrame({"customers": [len(customers)], "repeat_customers": [(customers["orders"] >= 2).sum()]})
    repeat["repeat_rate"] = repeat["repeat_customers"] / repeat["customers"]
    out.mkdir(parents=True, exist_ok=True)
    triangle.to_parquet(out / "cohort_triangle.parquet", index=False)
    repeat.to_parquet(out / "repeat_rate.parquet", index=False)
    rfm(customers, as_of).to_parquet(out / "rfm.parquet", index=False)


def month_of(days: pd.Series) -> np.ndarray:
    return days.to_numpy().astype("datetime64[D]").astype("datetime64[M]").astype("int64")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
