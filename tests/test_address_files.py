"""The day's list with addresses: whose is in a file, who is left out and said to be, and where it can be read."""

from __future__ import annotations

import csv
import getpass
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.action_list import hand_out, noted_and_written
from orchestration.address_files import (
    KEPT_DAYS,
    MERGE_TAGS,
    NO_ADDRESS,
    NO_CONSENT,
    NOT_ADVERTISING,
    PROPERTIES,
    SAME_ADDRESS,
    TABLE,
    UNUSABLE,
    AddressFile,
    Asked,
    is_usable,
    known_systems,
    remove_old,
    write_address_files,
)
from orchestration.backup import entries
from orchestration.doctor import look_over
from orchestration.person.erase import erase
from orchestration.person.export import export_person
from orchestration.person.find import find_person
from orchestration.state import State, columns
from stammkunde.errors import StammkundeError
from stammkunde.places import Places
from tests.refreshes import folder_of, named_copy

NOON, DAY = datetime(2025, 7, 1, 12), date(2025, 6, 30)
ADDRESS = "c1@planted.example"
BODY = "Mit Ihrer nächsten Bestellung sparen Sie einen Teil des Preises. Sie waren am 3.1.2025 hier."


def know(
    places: Places, customers: Iterable[Mapping[str, object]] = (), orders: Mapping[str, str] | None = None
) -> None:
    """Lay rows of customers, and addresses of orders, into the working warehouse as staging has them; the customers of
    the small shop have neither. `agrees` is the consent that working warehouse and published file know."""
    places.published.chmod(0o600)
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute("update marts.customers set marketing_consent = true")
        for row in customers:
            given = {"is_after_as_of_date": False, "is_superseded": False, **row}
            connection.execute(
                f"insert into staging.stg_customers ({', '.join(given)}) values ({', '.join('?' * len(given))})",
                list(given.values()),
            )
        for order, email in (orders or {}).items():
            connection.execute("update staging.stg_orders set customer_email = ? where order_id = ?", [email, order])
    with duckdb.connect(str(places.published)) as connection:
        connection.execute("update marts.customers set marketing_consent = true")


def refuse(file: Path, customer: str) -> None:
    file.chmod(0o600)
    with duckdb.connect(str(file)) as connection:
        connection.execute("update marts.customers set marketing_consent = false where customer_id = ?", [customer])


def contact(customer: str, **given: object) -> dict[str, object]:
    """A row of a list as it was noted."""
    row = {
        "customer_id": customer, "rule_id": "lost_win_back", "action": "win back", "channel": "email", "owner": "crm",
        "due_date": date(2025, 7, 7), "variant": "B", "template_id": "lost_win_back",
        "reason_en": "Orders: 3", "reason_de": "Bestellungen: 3",
        "subject_de": "Ein Gutschein für Ihre Rückkehr", "body_de": BODY,
    }  # fmt: skip
    return {**dict.fromkeys(columns("action_lists")), **row, **given}


def written(
    places: Places, contacts: Sequence[Mapping[str, object]], *systems: str, language: str = "de"
) -> list[AddressFile]:
    asked = Asked(systems or ("hubspot",), language, NOON, "b1", DAY, "small")
    return write_address_files(places, State(places), contacts, asked)


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_each_system_gets_the_columns_that_it_reads(places: Places) -> None:
    know(places, [{"customer_id": "c1", "email": ADDRESS}])
    klaviyo, mailchimp, hubspot = written(
        places, [contact("c1", owner="@crm")], *known_systems(["Klaviyo", "mailchimp", "hubspot"])
    )
    assert [file.file.name for file in (klaviyo, mailchimp, hubspot)] == [
        f"actions_2025-06-30_{name}_de.csv" for name in ("klaviyo", "mailchimp", "hubspot")
    ]
    (row,) = read(klaviyo.file)
    assert (
        row
        == read(hubspot.file)[0]
        == {
            "Email": ADDRESS,
            "stammkunde_customer_id": "c1",
            "stammkunde_rule": "lost_win_back",
            "stammkunde_action": "win back",
            "stammkunde_channel": "email",
            "stammkunde_owner": "'@crm",
            "stammkunde_due_date": "2025-07-07",
            "stammkunde_variant": "B",
            "stammkunde_template": "lost_win_back",
            "stammkunde_subject": "Ein Gutschein für Ihre Rückkehr",
            "stammkunde_body": BODY,
            "stammkunde_reason": "Bestellungen: 3",
        }
    )
    (short,) = read(mailchimp.file)
    assert [*short] == ["Email Address", *MERGE_TAGS.values()]
    assert (short["SK_SUBJECT"], short["SK_VARIANT"]) == ("Ein Gutschein für Ihre Rückkehr", "B")
    assert all(len(tag) <= 10 for tag in MERGE_TAGS.values())  # what a merge tag may have
    assert next(iter(row)) == "Email" and [*row][1:] == [*PROPERTIES.values()]
    (english,) = read(written(places, [contact("c1", template_id=None)], language="en")[0].file)
    assert (english["stammkunde_reason"], english["stammkunde_subject"], english["stammkunde_body"]) == (
        "Orders: 3", "", ""
    )  # fmt: skip


def test_the_address_is_that_of_the_customer_else_of_the_latest_order(places: Places) -> None:
    know(
        places,
        [
            {"customer_id": "c1", "email": ADDRESS},
            {"customer_id": "c1", "email": "old@planted.example", "is_superseded": True},
            {"customer_id": "c3", "email": "erased@planted.example", "rejection_reason": "erased"},
        ],
        {"o1-1": "order@planted.example", "o2-1": "first@planted.example", "o2-2": "later@planted.example"},
    )
    (done,) = written(places, [contact("c1"), contact("c2"), contact("c3"), contact("nobody")])
    assert [(row["stammkunde_customer_id"], row["Email"]) for row in read(done.file)] == [
        ("c1", ADDRESS), ("c2", "later@planted.example")
    ]  # fmt: skip
    assert dict(done.left_out) == {NO_ADDRESS: 1, NO_CONSENT: 1}  # of nobody no consent is known
    assert "  1 of 4 have no address in the raw data" in list(done.lines())


def test_a_guest_gets_the_address_behind_the_hash(places: Places) -> None:
    know(places, [{"email": "Guest@planted.example", "email_hash": "abc"}])
    for file in (places.warehouse, places.published):
        with duckdb.connect(str(file)) as connection:
            connection.execute("update marts.customers set customer_id = 'guest:abc' where customer_id = 'c9'")
    (done,) = written(places, [contact("guest:abc")])
    assert [row["Email"] for row in read(done.file)] == ["Guest@planted.example"]


def test_consent_counts_as_it_is_now_in_both_and_a_sender_of_advertising_gets_nobody_without(places: Places) -> None:
    know(places, [{"customer_id": f"c{number}", "email": f"c{number}@planted.example"} for number in range(1, 5)])
    refuse(places.warehouse, "c2")
    refuse(places.published, "c3")
    contacts = [
        contact("c1"),
        contact("c2"),
        contact("c3"),
        contact("c2", channel="task", rule_id="t"),
        contact("c4", channel="?"),
    ]
    mailchimp, hubspot = written(places, contacts, "mailchimp", "hubspot")
    assert [row["SK_ID"] for row in read(mailchimp.file)] == ["c1", "c4"]
    assert dict(mailchimp.left_out) == {NO_CONSENT: 2, NOT_ADVERTISING: 1}
    assert [row["stammkunde_customer_id"] for row in read(hubspot.file)] == ["c1", "c2", "c4"]


def test_two_customers_with_one_address_are_one_row_and_said(places: Places) -> None:
    know(places, [{"customer_id": "c1", "email": ADDRESS}, {"customer_id": "c2", "email": ADDRESS.upper()}])
    (done,) = written(places, [contact("c2"), contact("c1")])
    assert [row["Email"] for row in read(done.file)] == [ADDRESS.upper()]
    assert dict(done.left_out) == {SAME_ADDRESS: 1}


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("anna.berg@planted.example", True),
        ("o'neill+news@planted.example", True),
        ("+anna@planted.example", True),  # a plus runs nothing by itself, and an apostrophe would make it another's
        ("jörg@müller.example", True),
        ("=1+1@planted.example", False),
        ("=cmd|'/C calc'!A0@planted.example", False),
        ("-hyperlink(1)@planted.example", False),
        ("+a'!b@planted.example", False),
        ("a b@planted.example", False),
        ("a,b@planted.example", False),
        ("anna@planted", False),
        ("anna@@planted.example", False),
    ],
)
def test_an_address_is_written_as_it_is_or_not_at_all(address: str, is_one: bool) -> None:
    assert is_usable(address) == is_one


def test_an_address_that_is_none_is_counted(places: Places) -> None:
    know(places, [{"customer_id": "c1", "email": "=1+1@planted.example"}])
    (done,) = written(places, [contact("c1")])
    assert (done.rows, dict(done.left_out)) == (0, {UNUSABLE: 1})
    assert list(done.lines())[2] == f"  1 of 1 {UNUSABLE}"


def test_the_file_is_its_owners_alone_and_what_is_noted_names_nobody(places: Places) -> None:
    know(places, [{"customer_id": "c1", "email": ADDRESS}])
    (done,) = written(places, [contact("c1"), contact("c2")])
    assert done.file.stat().st_mode & 0o777 == 0o600
    assert done.file.parent.stat().st_mode & 0o777 == 0o700
    assert done.file.parent == places.addresses
    assert not places.addresses.is_relative_to(places.published.parent)
    (note,) = State(places).rows(TABLE)
    assert note == {
        "written_at": NOON, "written_by": getpass.getuser(), "system": "hubspot", "as_of_date": DAY, "build_id": "b1",
        "file": done.file.name, "contacts": 2, "rows": 1, "without_address": 1,
    }  # fmt: skip
    kept = [path for folder in (places.state, places.records, places.published.parent) for path in folder.rglob("*")]
    assert [path for path in kept if path.is_file() and ADDRESS.encode() in path.read_bytes()] == []
    assert not [name for name, file in entries(places) if places.addresses in file.parents]
    places.addresses.chmod(0o755)
    assert any(str(places.addresses) in str(ailment) for ailment in look_over(places))


def test_a_crash_leaves_the_file_before_and_its_rest_is_taken_away(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(places, [{"customer_id": "c1", "email": ADDRESS}])
    (done,) = written(places, [contact("c1")])
    before = done.file.read_bytes()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("to_disk", "harmless", "make_private_folder"):
        with monkeypatch.context() as patched:
            patched.setattr(f"orchestration.address_files.{step}", killed)
            with pytest.raises(KeyboardInterrupt):
                written(places, [contact("c1", owner="another")])
        assert done.file.read_bytes() == before, step
        assert [path.name for path in places.addresses.iterdir()] == [done.file.name]
    left = done.file.with_name(f"{done.file.name}.unfinished")  # of a process that was killed
    left.write_text(ADDRESS)
    remove_old(places, print)
    assert not left.exists()


def test_files_are_taken_away_after_some_days(places: Places) -> None:
    know(places, [{"customer_id": "c1", "email": ADDRESS}])
    old, new = written(places, [contact("c1")], "klaviyo", "hubspot")
    long_ago = old.file.stat().st_mtime - (KEPT_DAYS + 0.1) * 86400
    os.utime(old.file, (long_ago, long_ago))
    said: list[str] = []
    hand_out(places, "de", NOON, said.append, None)
    assert [path.name for path in places.addresses.iterdir()] == [new.file.name]
    assert any(str(old.file) in text for text in said)


def test_where_no_address_can_be_looked_up_it_is_said(places: Places) -> None:
    with pytest.raises(StammkundeError, match="--with-addresses is 'sendgrid': it must be one of klaviyo"):
        known_systems(["hubspot", "sendgrid"])
    state = State(places)
    builds = state.rows("builds")
    state.write("builds", [{**row, "shop": "toys"} for row in builds])
    with pytest.raises(StammkundeError, match="read the shop toys, and the published list is of small"):
        written(places, [contact("c1")])
    state.write("builds", [{**row, "source": '{"shop": "small", "target": "spark_local"}'} for row in builds])
    with pytest.raises(StammkundeError, match="refresh once on DuckDB first"):
        written(places, [contact("c1")])
    state.write("builds", [*builds[:-1], {**builds[-1], "rebuilt_for": DAY}])
    with pytest.raises(StammkundeError, match="holds the past day 2025-06-30: run a refresh first"):
        written(places, [contact("c1")])
    state.write("builds", builds)
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute("drop table staging.stg_customers")
    with pytest.raises(StammkundeError, match="cannot be read: run a refresh"):
        written(places, [contact("c1")])
    places.warehouse.unlink()
    with pytest.raises(StammkundeError, match="is not there: run a refresh first"):
        written(places, [contact("c1")])
    assert not places.addresses.exists()


def test_the_list_is_noted_and_written_also_where_addresses_are_not(places: Places, tmp_path: Path) -> None:
    """Whoever is on it has been handed out by then; the command can be given again."""
    places.warehouse.unlink()
    with pytest.raises(StammkundeError, match="is not there"):
        noted_and_written(places, "de", NOON, tmp_path / "list.csv", ["klaviyo"])
    assert (tmp_path / "list.csv").exists()


def test_an_erased_person_is_in_no_file_and_is_shown_theirs_before(
    shop: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = named_copy(shop, tmp_path / "copy", monkeypatch)
    know(places, [{"customer_id": "c7", "email": "c7@planted.example"}, {"customer_id": "c8", "email": ADDRESS}])
    written(places, [contact("c7"), contact("c8")], "klaviyo", "hubspot")
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute(
            "create or replace view raw.customers as select customer_id, email from staging.stg_customers"
        )
    person = find_person(places, "c7")
    assert "c7@planted.example" in person.identifiers.emails
    folder, rows, _ = export_person(places, person)
    assert {name: number for name, number in rows.items() if name.startswith("addresses/")} == {
        f"addresses/actions_2025-06-30_{name}_de.csv": 1 for name in ("klaviyo", "hubspot")
    }
    for file in folder.glob("addresses.*"):
        assert ADDRESS not in file.read_text(encoding="utf-8")
        file.unlink()
    erased = erase(places, person, print)
    assert erased.left == []
    assert not places.addresses.exists()
    left = [path for path in folder_of(places).rglob("*") if path.is_file() and folder not in path.parents]
    assert [path for path in left if b"c7@planted.example" in path.read_bytes().lower()] == []
