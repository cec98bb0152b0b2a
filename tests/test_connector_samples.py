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
