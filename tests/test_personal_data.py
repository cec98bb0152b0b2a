"""Where personal data is, and that nothing of an erased person is left.

Names, telephone numbers and addresses are planted in the raw files, and every byte that a refresh leaves is searched
for them.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.address_files import NO_ADDRESS, Asked, write_address_files
from orchestration.person.erase import erase
from orchestration.person.find import find_person
from orchestration.state import State, columns
from stammkunde.places import Places
from tests.refreshes import RefreshServer, folder_of, last_build, published_rows, write_shop

NAME, PHONE, STREET = "Zacharias Quendelbein", "+49 171 5550199", "Quendelgasse 17"
EMAIL, GUEST = "zacharias.quendelbein@planted.example", "lone.guest@planted.example"
OTHER_EMAIL = "zq-new@planted.example"
TEXT = f"{NAME}, {PHONE}, {STREET}, {EMAIL}"
ENGRAVED = "Ring for Wilhelmine Zwackelmann, +49 172 1112223"  # a product: nobody can tell whose name it is
TRACES = {
    "name": NAME,
    "phone": PHONE,
    "phone as digits": "5550199",
    "street": STREET,
    "e-mail": EMAIL,
    "other e-mail": OTHER_EMAIL,
    "guest": GUEST,
    "product": "Zwackelmann",
    "phone on a product": "1112223",
}
# What holds personal data by intention: raw files, prepared raw files, lists with addresses, and these tables of the
# working warehouse.
# docs/personal-data.md lists the same.
RAW, WAREHOUSE, LISTS = "raw/", "shop.duckdb", "shop.addresses/"
STAGING = {
    "raw.orders", "raw.customers", "raw.activities", "raw.subscriptions", "raw.actions_taken", "raw.order_lines",
    "staging.stg_orders", "staging.stg_customers", "staging.stg_activities", "staging.stg_subscriptions",
    "staging.stg_actions_taken", "staging.stg_order_lines", "staging.quarantined_orders",
    "intermediate.int_activities", "intermediate.int_activity_versions", "intermediate.int_subscriptions",
    "intermediate.int_actions_taken", "intermediate.int_subscription_terms", "intermediate.int_mrr_movements",
    "intermediate.int_email_opens", "intermediate.int_email_messages",
}  # fmt: skip


def plant(raw: Path) -> None:
    """The small shop, with a person whose numbers are a name and a telephone number, and a guest."""
    write_shop(raw)
    with (raw / "orders.csv").open(encoding="utf-8", newline="") as file:
        orders = [{**row, "sales_channel": "web"} for row in csv.DictReader(file)]
    person = [
        {"order_id": "p1", "customer_id": NAME, "customer_email": EMAIL.upper()},
        {"order_id": "p2", "customer_id": f" {NAME}", "customer_email": OTHER_EMAIL},
        {"order_id": "p3", "customer_id": "", "customer_email": EMAIL},
        {"order_id": "p4", "customer_id": PHONE, "customer_email": ""},
        {"order_id": "g1", "customer_id": "", "customer_email": GUEST},
        {"order_id": "g2", "customer_id": GUEST, "customer_email": ""},
    ]
    for day, row in enumerate(person, 1):
        at = f"2025-05-{day:02} 10:00:00"
        row |= {"ordered_at": at, "amount": "30.00", "updated_at": at, "status": "paid", "sales_channel": "web"}
    rejected = {**person[0], "order_id": "p5", "amount": "30 EUR", "status": TEXT, "sales_channel": TEXT}
    columns = [*orders[0], "customer_email", "status", "name", "street"]
    write(
        raw / "orders.csv",
        columns,
        [*orders, *({**row, "name": NAME, "street": STREET} for row in [*person, rejected])],
    )
    write(
        raw / "customers.csv",
        ("customer_id", "email", "country", "loyalty_tier", "phone"),
        [{"customer_id": NAME, "email": EMAIL, "country": "DE", "loyalty_tier": "gold", "phone": PHONE},
         *({"customer_id": f"c{number}", "email": f"c{number}@x.example", "country": "DE"} for number in range(59))],
    )  # fmt: skip
    of_person = {"customer_id": NAME, "channel": TEXT, "detail": TEXT, "source_system": "crm"}
    write(
        raw / "activities.csv",
        ("activity_id", "customer_id", "occurred_at", "activity_type", "value", "channel", "source_system", "detail"),
        [{"activity_id": TEXT, "occurred_at": "2025-05-01", "activity_type": "session", **of_person},
         {"activity_id": "a3", "occurred_at": "2025-05-01", "activity_type": "nps", "value": "3", **of_person},
         {"activity_id": "a4", "occurred_at": "2025-05-02", "activity_type": "complaint", **of_person,
          "channel": "phone"},
         {"activity_id": "a2", "occurred_at": "2025-05-01", "activity_type": "session", "customer_id": GUEST}],
    )  # fmt: skip
    write(
        raw / "subscriptions.csv",
        ("subscription_id", "customer_id", "started_at", "monthly_amount", "cancellation_reason"),
        [{"subscription_id": "s1", "customer_id": NAME, "started_at": "2025-05-01", "monthly_amount": "5",
          "cancellation_reason": TEXT}],
    )  # fmt: skip
    write(
        raw / "actions_taken.csv",
        ("customer_id", "rule_id", "taken_at", "arm", "variant"),
        [{"customer_id": NAME, "rule_id": "r1", "taken_at": "2025-05-01", "arm": "treatment", "variant": "A"}],
    )
    write(
        raw / "order_lines.csv",
        ("order_id", "line_number", "product_id", "product_name", "quantity", "amount"),
        [
            {
                "order_id": "g1",
                "line_number": "1",
                "product_id": "x",
                "product_name": ENGRAVED,
                "quantity": "1",
                "amount": "30",
            }
        ],
    )


def write(file: Path, columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(columns), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def unrefreshed(places: Places) -> Places:
    """A shop of its own, nothing refreshed yet."""
    for path in (places.published.parent, places.records, places.warehouse, places.prepared, places.dagster_home):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for table in places.state.glob("*.parquet"):
        table.unlink()
    return places


@pytest.fixture
def planted(unrefreshed: Places) -> Places:
    """The same with the planted person."""
    plant(unrefreshed.raw)  # type: ignore[arg-type]
    return unrefreshed


def refresh(server: RefreshServer, places: Places, **settings: object) -> None:
    """One refresh with settings of a mapping, which the shop has anyway. It hands out the day's list."""
    (places.raw / "mapping.yml").write_text(json.dumps({"settings": settings}))  # type: ignore[operator]
    status, output = server.run(places, {"STAMMKUNDE_ACTIONS": "yes"})
    assert status == 0, output


def search(folder: Path, traces: Mapping[str, str] = TRACES) -> dict[str, set[str]]:
    """Every place below a folder that holds one of the traces, with those it holds: of databases and Parquet files each
    table as its readers see it, and the bytes of every file as they are."""
    found: dict[str, set[str]] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        name = str(file.relative_to(folder))
        for place, text in [(name, file.read_bytes().decode("utf-8", "replace")), *tables_of(file, name)]:
            if held := {kind for kind, trace in traces.items() if trace.lower() in text.lower()}:
                found.setdefault(place, set()).update(held)
    return found


def tables_of(file: Path, name: str) -> Iterator[tuple[str, str]]:
    """Of a file that cannot be read there are only the bytes."""
    try:
        if file.suffix == ".parquet":
            yield f"{name} (rows)", str(duckdb.execute("select * from read_parquet(?)", [str(file)]).fetchall())
        elif file.suffix == ".duckdb":
            yield from tables_of_database(file, name)
    except duckdb.Error:
        return


def tables_of_database(file: Path, name: str) -> Iterator[tuple[str, str]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
        for schema, table in tables:
            try:
                rows = connection.execute(f'select * from "{schema}"."{table}"').fetchall()
            except duckdb.IOException:  # a view over files that were erased
                rows = []
            yield f"{name}:{schema}.{table}", str(rows)


PLANTED = "select order_id, customer_id from marts.orders where regexp_full_match(order_id, '[pg][0-9]')"


def ids_of(places: Places) -> dict[str, str | None]:
    """The planted orders with their customers, as readers see them."""
    return dict(published_rows(places, PLANTED))


def outside_raw(places: Places, traces: Mapping[str, str] = TRACES) -> dict[str, set[str]]:
    return {place: held for place, held in search(folder_of(places), traces).items() if not place.startswith(RAW)}


def test_personal_data_is_where_it_is_meant_to_be_and_nothing_of_an_erased_person_is_left(
    server: RefreshServer, planted: Places
) -> None:
    settings = {"customer_id_is_personal": True}
    refresh(server, planted, **settings)
    before = ids_of(planted)
    assert before.keys() == {"p1", "p2", "p3", "p4", "g1", "g2"}
    assert before["p1"] == before["p2"] == before["p3"] != before["p4"]
    assert before["g1"] == before["g2"]
    assert all(str(customer).startswith(("customer:", "guest:")) for customer in before.values())

    story = "select event_type, count(*) from marts.customer_events where customer_id = '{}' group by all order by all"
    assert published_rows(planted, story.format(before["p1"])) == [
        ("action_taken", 1), ("complaint", 1), ("contract_started", 1), ("nps", 1), ("order", 3), ("session", 1)
    ]  # fmt: skip

    write_lists_with_addresses(planted, [str(before[order]) for order in ("p1", "p4", "g1")])
    lists = {place: held for place, held in search(folder_of(planted)).items() if place.startswith(LISTS)}
    assert lists == {f"{LISTS}actions_2025-06-30_hubspot_de.csv": {"e-mail", "guest"}}

    found = {place: held for place, held in search(folder_of(planted)).items() if not place.startswith(LISTS)}
    allowed = {WAREHOUSE, *(f"{WAREHOUSE}:{table}" for table in STAGING)}
    elsewhere = {place: held for place, held in found.items() if not place.startswith(RAW) and place not in allowed}
    assert elsewhere == {}
    assert {f"{WAREHOUSE}:raw.orders", f"{WAREHOUSE}:staging.stg_orders", "raw/orders.csv"} <= found.keys()
    # E-mails that stand in no free text: an address stays only where it tells versions of an order apart.
    with_address = {place.rpartition(":")[2] for place, held in found.items() if held & {"guest", "other e-mail"}}
    in_raw = {"raw.orders", "raw.activities", "raw/orders.csv", "raw/activities.csv"}
    assert with_address == {*in_raw, "staging.stg_orders", WAREHOUSE}

    # The second and third are known by what is published alone: the working warehouse goes with the first.
    for given, orders, traces in (
        ({"customer_id": NAME}, ("p1", "p2", "p3"), ("name", "street", "e-mail", "other e-mail")),
        ({"email": f" {GUEST.upper()}"}, ("g1", "g2"), ("guest",)),
        ({"customer_id": PHONE}, ("p4",), ("phone", "phone as digits")),
    ):
        erased = erase(planted, find_person(planted, **given), print)
        assert (erased.orders, erased.left) == (len(orders), [])
        assert {ids_of(planted)[order] for order in orders} == {None}
        assert published_rows(planted, story.format(before[orders[0]])) == []
        assert outside_raw(planted, {kind: TRACES[kind] for kind in traces}) == {}
    assert sha256_of_published(planted) == json.loads(planted.manifest.read_text())["sha256"]
    assert {row["order_id"] for row in State(planted).rows("erased_orders")} == before.keys()

    # The source sends all of them again. Some were alone in a segment, whose rows went with them: the gate asks once.
    assert server.run(planted)[0] == 1
    blocked = last_build(planted)
    assert failed_checks(planted, str(blocked["build_id"])) == {"mart_rows_kept"}
    accepted = {"accepted_build": blocked["build_id"], "accepted_reason": "persons were erased"}
    status, output = server.run(planted, **accepted)
    assert status == 0, output
    found = outside_raw(planted, {kind: trace for kind, trace in TRACES.items() if "product" not in kind})
    assert {place for place in found if ":raw." not in place} == set()
    assert last_build(planted)["orders"] == published_rows(planted, "select count(*) from marts.orders")[0][0]
    accounted = (
        "select entity, rows from marts.row_accounting where outcome = 'excluded' and reason = 'erased' order by 1"
    )
    assert published_rows(planted, accounted) == [
        ("actions_taken", 1), ("activities", 4), ("customers", 1), ("subscriptions", 1)
    ]  # fmt: skip
    assert set(ids_of(planted).values()) == {None}


def write_lists_with_addresses(places: Places, customers: Iterable[str]) -> None:
    """By e-mail to the person and the guest; the third has a number alone."""
    row = {"channel": "letter", "variant": "A", "reason_de": "Bestellungen: 3"}
    contacts = [dict.fromkeys(columns("action_lists")) | row | {"customer_id": customer} for customer in customers]
    asked = Asked(["hubspot"], "de", datetime(2025, 7, 1), "b", date(2025, 6, 30), "small")
    (written,) = write_address_files(places, State(places), contacts, asked)
    assert (written.rows, dict(written.left_out)) == (2, {NO_ADDRESS: 1})


def failed_checks(places: Places, build_id: str) -> set[str]:
    results = State(places).of_build("validation_results", build_id)
    return {str(row["check_name"]) for row in results if row["outcome"] == "failed"}


def sha256_of_published(places: Places) -> str:
    return hashlib.sha256(places.published.read_bytes()).hexdigest()


@pytest.mark.long
def test_whoever_was_alone_in_a_segment_is_the_reason_that_its_rows_are_gone(
    server: RefreshServer, unrefreshed: Places
) -> None:
    """Blocked once, accepted once for good."""
    places = unrefreshed
    orders = places.raw / "orders.csv"  # type: ignore[operator]
    header, *lines = orders.read_text(encoding="utf-8").splitlines()
    channels = [f"{line},{'phone' if line.split(',')[1] == 'c17' else 'web'}" for line in lines]
    orders.write_text("\n".join([f"{header},sales_channel", *channels]) + "\n", encoding="utf-8")
    assert server.run(places)[0] == 0
    segments = "select count(*) from marts.retention_kpis_by_segment where dimension_value = 'phone'"
    assert published_rows(places, segments)[0][0] > 0
    erased = erase(places, find_person(places, customer_id="c17"), print)
    status, output = server.run(places)
    assert status == 1, output
    said = (
        f"before, and {erased.orders} orders are of persons who were erased since: "
        "a segment in which one of them was alone has no rows any more"
    )
    (blocked,) = [row for row in State(places).rows("builds") if row["outcome"] == "blocked"]
    assert said in str(blocked["reason"])
    assert failed_checks(places, str(blocked["build_id"])) == {"mart_rows_kept"}
    accepted = {"accepted_build": blocked["build_id"], "accepted_reason": "a person was erased"}
    assert server.run(places, **accepted)[0] == 0
    assert published_rows(places, segments) == [(0,)]
    assert server.run(places)[0] == 0
