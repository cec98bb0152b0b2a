"""Tables of real systems, as loaders leave them, where they lie beside the project: how many rows become what, and some
rows by hand. The tables are others' and are no part of the project."""

import shutil
from pathlib import Path

import duckdb
import pytest

from intake.prepare import prepare
from tests.conftest import PROJECT
from tests.test_connectors import rows_of

SAMPLES = PROJECT.parent / "shared" / "data" / "connector_samples"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="no connector samples in ../shared/data")


def prepared_samples(system: str, tables: dict[str, str], folder: Path, mapping: str = "") -> Path:
    """The folder that dbt would read, from samples under the names of the loader's tables."""
    raw = folder / "raw"
    raw.mkdir()
    for table, sample in tables.items():
        shutil.copyfile(SAMPLES / system / sample, raw / f"{table}.csv")
    (raw / "mapping.yml").write_text(mapping or f"sources: [{system}]\n")
    return prepare(raw, folder / "prepared", elsewhere=["orders"])


def said(prepared: Path, entity: str, *columns: str) -> list[tuple[str, ...]]:
    """What the rows of an entity say in these columns, in their order."""
    return sorted(tuple(row[column] for column in columns) for row in rows_of(prepared, entity))


def left_out(prepared: Path) -> dict[tuple[str, str], int]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select entity, reason, sum(\"rows\") from '{prepared}/intake_outcomes.parquet' group by all"
        ).fetchall()
    return {(entity, reason): int(count) for entity, reason, count in rows}


# Klaviyo ------------------------------------------------------------------------------------------------------------

# Stripe and Shopify -------------------------------------------------------------------------------------------------

STRIPE = "sources: [stripe_subscriptions]\n"
SHOPIFY = "sources: [shopify_tables]\n"
OF_SHOPIFY = ("order", "order_line", "refund", "order_line_refund", "customer", "product")


def test_stripe_subscriptions_by_fivetran(tmp_path: Path) -> None:
    """Of fourteen items two have their subscription in the sample, and thirteen their plan."""
    names = ("subscription_item", "subscription", "plan", "customer", "charge")
    prepared = prepared_samples("stripe", {name: f"{name}_data.csv" for name in names}, tmp_path, STRIPE)
    ended = "2021-02-19 14:16:37"  # at the end of the trial
    rows = said(prepared, "subscriptions", "customer_id", "started_at", "ended_at", "monthly_amount", "currency")
    assert rows[-2:] == [
        ("123fsdf", ended, ended, "3000", "usd"),  # two pieces at 1,500.00 a month
        ("sdf6547", ended, ended, "1500", "usd"),
    ]
    # 1,500.00 for six months; three at 1,800.00 for six months; two at 2,640.30 for three.
    assert {("", "2024-07-03 11:00:00", "", "250", "usd"), ("", "2024-07-04 11:30:00", "", "900", "usd")} <= set(rows)
    assert ("", "2024-07-05 12:00:00", "", "1760.2", "usd") in rows
    assert [row for row in rows if not row[3]] == [("", "2024-07-13 16:00:00", "", "", "")]
    assert len(rows) == 14
    failed = said(prepared, "activities", "activity_type", "detail")
    assert failed == [("payment_failed", "card_declined")] * 16


def test_stripe_subscriptions_in_history_mode(tmp_path: Path) -> None:
    """The second subscription has no active row any more."""
    names = ("subscription_item", "subscription_history", "plan")
    prepared = prepared_samples("stripe", {name: f"{name}_data.csv" for name in names}, tmp_path, STRIPE)
    assert [row for row in said(prepared, "subscriptions", "customer_id") if row[0]] == [("sdf6547",)]
    assert left_out(prepared) == {("subscriptions", "deleted"): 1}


def test_shopify_by_fivetran(tmp_path: Path) -> None:
    """Eight orders, three with a line; four of five adjustments are shipping that was given back."""
    tables = {name: f"shopify_{name}_data.csv" for name in (*OF_SHOPIFY, "order_adjustment")}
    prepared = prepared_samples("shopify", tables, tmp_path, SHOPIFY)
    orders = said(prepared, "orders", "order_id", "customer_id", "ordered_at", "amount", "currency", "status")
    assert len(orders) == 8
    assert orders[5:] == [
        ("2669509541985", "3584045351009", "2020-09-09 22:57:50", "4.4", "GBP", "paid"),
        ("2669516488801", "3584045351009", "2020-09-09 23:01:53", "2.8", "GBP", "paid"),
        ("2674098602081", "3589760876641", "2020-09-11 19:35:42", "2.8", "GBP", "paid"),
    ]
    assert said(prepared, "order_lines", "order_id", "quantity", "amount") == [
        ("2669509541985", "1", "4.4"), ("2669516488801", "1", "2.8"), ("2674098602081", "2", "5.6"),
    ]  # fmt: skip
    assert said(prepared, "refunds", "amount") == [("415",)] * 5 + [("515",)]
    assert [row[0] for row in said(prepared, "customers", "marketing_consent")] == ["false", "false", "false", "true"]
    assert left_out(prepared) == {("refunds", "shipping"): 4}


def test_shopify_by_the_newer_connector(tmp_path: Path) -> None:
    """Four of nine orders are flagged as deleted; of ten customers five are subscribed."""
    tables = {name: f"shopify_gql_{name}_data.csv" for name in OF_SHOPIFY}
    prepared = prepared_samples("shopify", tables, tmp_path, SHOPIFY)
    assert said(prepared, "orders", "order_id", "amount", "status") == [
        ("4001", "49.99", "PAID"), ("4003", "2", "cancelled"), ("4005", "10", "cancelled"), ("4007", "3", "cancelled"),
        ("4009", "10", "cancelled"),
    ]  # fmt: skip
    assert ("5002", "2", "24.99") in said(prepared, "order_lines", "order_id", "quantity", "amount")  # 29.99 less 5.00
    assert len(said(prepared, "order_lines", "order_id")) == len(said(prepared, "refunds", "amount")) == 10
    consents = [row[0] for row in said(prepared, "customers", "marketing_consent")]
    assert (consents.count("true"), consents.count("false")) == (5, 5)
    assert left_out(prepared) == {("orders", "deleted"): 4}
