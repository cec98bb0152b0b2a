"""Tables of real systems, as loaders leave them, where they lie beside the project: how many rows become what, and some
rows by hand. The tables are others' and are no part of the project."""

import shutil
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from intake.prepare import prepare
from tests.conftest import PROJECT
from tests.test_connectors import in_order, rows_of

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


TABLES = {
    "klaviyo": ("", "event", "person"),
    "zendesk": ("_data", "ticket", "user", "ticket_comment", "ticket_field_history"),
    "hubspot": ("_data", "email_event", "ticket", "ticket_contact", "contact"),
}


@pytest.mark.parametrize("system", TABLES)
def test_a_schema_with_types_gives_the_rows_that_files_give(system: str, tmp_path: Path) -> None:
    """Times, numbers and booleans are typed in a loader's schema, and text in files."""
    ending, *names = TABLES[system]
    files = prepared_samples(system, {name: f"{name}{ending}.csv" for name in names}, tmp_path)
    (tmp_path / "second" / "raw").mkdir(parents=True)
    with duckdb.connect(str(tmp_path / "second" / "raw" / "loaded.duckdb")) as connection:
        connection.execute(f"create schema {system}")
        for name in names:
            sample = SAMPLES / system / f"{name}{ending}.csv"
            connection.execute(f"create table {system}.{name} as from read_csv('{sample}', sample_size = -1)")
    mapping = f"sources:\n  {system}:\n    schema: {{duckdb: loaded.duckdb, name: {system}}}\n"
    (tmp_path / "second" / "raw" / "mapping.yml").write_text(mapping)
    schema = prepare(tmp_path / "second" / "raw", tmp_path / "second" / "prepared", elsewhere=["orders"])
    for entity in ("activities", "customers"):
        assert in_order(rows_of(schema, entity)) == in_order(rows_of(files, entity))
        assert rows_of(schema, entity)
    assert left_out(schema) == left_out(files)


# Klaviyo ------------------------------------------------------------------------------------------------------------


def test_klaviyo_by_fivetran(tmp_path: Path) -> None:
    """Of four events three are e-mails that were sent, and one is an order; none of their persons is in the sample."""
    tables = {name: f"{name}.csv" for name in ("event", "person")}
    prepared = prepared_samples("klaviyo", tables, tmp_path)
    assert said(prepared, "activities", "activity_id", "customer_id", "occurred_at", "activity_type", "detail") == [
        ("klaviyo:3gBNHPGp", "", "2020-04-05 20:02:45", "email_sent", "ZZ7re"),
        ("klaviyo:3gBNHPJn", "", "2020-04-05 20:02:43", "email_sent", "brand new shorts"),
        ("klaviyo:event123", "", "2020-04-05 20:02:45", "email_sent", "LyZ7re"),
    ]
    assert said(prepared, "customers", "customer_id", "created_at") == [
        ("mrgoogle@gmail.com", "2021-04-13 18:06:44"),
        ("nobody@hotmail.com", "2021-04-13 14:25:27"),
    ]
    assert left_out(prepared) == {("activities", "other_events"): 1}


# Zendesk ------------------------------------------------------------------------------------------------------------


def test_zendesk_by_fivetran(tmp_path: Path) -> None:
    """Of ten tickets two are deleted. Ticket 11071 is the only one of which requester and changes are in the sample: it
    was solved once, 77 days 16 hours 54 minutes and 51 seconds after it was opened. No author of a comment is known."""
    names = ("ticket", "user", "ticket_comment", "ticket_field_history")
    prepared = prepared_samples("zendesk", {name: f"{name}_data.csv" for name in names}, tmp_path)
    rows = said(prepared, "activities", "activity_type", "activity_id", "customer_id", "occurred_at", "value")
    assert [row for row in rows if "11071" in row[1]] == [
        ("ticket_opened", "zendesk:11071:ticket_opened", "example@email.com", "2020-08-28 18:06:36", ""),
        ("ticket_solved", "zendesk:11071:ticket_solved", "example@email.com", "2020-11-14 11:01:27", "111894.85"),
    ]
    assert [row[0] for row in rows] == ["ticket_opened"] * 8 + ["ticket_solved"]
    assert len(said(prepared, "customers", "customer_id")) == 9
    assert left_out(prepared) == {
        ("activities", "deleted"): 2,
        ("activities", "not_by_staff"): 20,
        ("activities", "older_version"): 11,  # a ticket was set to one state several times, or a change is there twice
        ("activities", "other_changes"): 8,
        ("activities", "other_states"): 4,
        ("activities", "unknown_ticket"): 14,
        ("customers", "staff"): 1,
    }


# HubSpot ------------------------------------------------------------------------------------------------------------


def test_hubspot_by_fivetran(tmp_path: Path) -> None:
    """Of 25 tickets 23 are closed, one of them before it was opened: its duration is not negative, but empty. Of 22
    contacts three were merged into one."""
    names = ("email_event", "ticket", "ticket_contact", "contact")
    prepared = prepared_samples("hubspot", {name: f"{name}_data.csv" for name in names}, tmp_path)
    rows = said(prepared, "activities", "activity_type", "activity_id", "customer_id", "occurred_at", "value")
    assert Counter(row[0] for row in rows) == {
        "email_opened": 90,
        "email_sent": 4,
        "ticket_opened": 25,
        "ticket_first_reply": 4,
        "ticket_solved": 23,
    }
    assert [row for row in rows if ":307034542:" in row[1]] == [
        ("ticket_first_reply", "hubspot:307034542:ticket_first_reply", "", "2021-02-17 21:59:58", "1528.8833"),
        ("ticket_opened", "hubspot:307034542:ticket_opened", "", "2021-02-16 20:31:05", ""),
        ("ticket_solved", "hubspot:307034542:ticket_solved", "", "2020-11-10 14:54:50", ""),
    ]
    opened = "hubspot:0e442bf1-26be-3f07-8b50-5c02724ad803"
    assert [row for row in rows if row[1] == opened] == [
        ("email_opened", opened, "o2wjpPyUfzBfq9OSt9I2NQ==", "2020-03-16 19:03:20.357", ""),
    ]
    customers = said(prepared, "customers", "customer_id", "created_at")
    assert len(customers) == 19
    assert ("fcb67ef339b691956cc85fa12be6490c", "2021-04-01 17:32:47") in customers
    assert left_out(prepared) == {
        ("activities", "other_events"): 6,
        ("activities", "without_reply"): 21,
        ("activities", "not_closed"): 2,
        ("customers", "merged"): 3,
    }


# Qualtrics ----------------------------------------------------------------------------------------------------------


def test_qualtrics_by_fivetran(tmp_path: Path) -> None:
    """Four mails were sent and opened, a fifth row is a link alone. The responses of the answers, and the contacts, are
    not in the sample."""
    names = (
        "question_response", "survey_response", "question", "distribution_contact", "distribution", "directory_contact",
    )  # fmt: skip
    prepared = prepared_samples("qualtrics", {name: f"{name}.csv" for name in names}, tmp_path)
    assert said(prepared, "activities", "activity_type", "occurred_at", "detail", "customer_id") == [
        ("email_opened", "2022-04-06 13:14:19", "EMD_OY1XxLK7rncWDt8", ""),
        ("email_opened", "2023-01-10 11:30:29", "EMD_b4UhhqAF6Sx0Mcl", ""),
        ("email_opened", "2023-03-28 07:41:58", "EMD_Q8AiTuBzgLZsODX", ""),
        ("email_opened", "2023-04-25 09:19:47", "EMD_FV7lj9zfNfFAxFI", ""),
        ("email_sent", "2022-04-06 13:14:18.296", "EMD_OY1XxLK7rncWDt8", ""),
        ("email_sent", "2023-01-10 11:30:20.925", "EMD_b4UhhqAF6Sx0Mcl", ""),
        ("email_sent", "2023-03-28 07:17:14.896", "EMD_Q8AiTuBzgLZsODX", ""),
        ("email_sent", "2023-04-25 09:06:38.894", "EMD_FV7lj9zfNfFAxFI", ""),
    ]
    # The five answers and the link count twice: two rules read each table.
    assert left_out(prepared) == {("activities", "unknown_response"): 10, ("activities", "links_alone"): 2}


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
