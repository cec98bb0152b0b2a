"""Orders of Shopify, events of Klaviyo, tickets of Zendesk, answers of Delighted, known to each other by e-mail only.

A shop is drawn as raw rows under the entities' own names, and written in the forms of the four systems. The marts that
are built from these forms, by a mapping of one line, equal what the calculation of tests/reference makes of the rows.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb

from intake.prepare import prepare
from tests.conftest import build_models
from tests.reference.calculate import MARTS, calculate
from tests.reference.check_warehouse import read_mart
from tests.reference.comparison import compare
from tests.reference.files import read_raw, write_shop

Row = dict[str, object]
Entities = dict[str, list[Row]]
FIRST, LAST = datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 6, 30, tzinfo=UTC)
SETTINGS = {"run_at": "2024-07-01T00:00:00Z", "reporting_timezone": "Europe/Berlin"}
# Marts that say by which way rows came, which differs between the two forms.
OF_THE_WAY = ("row_accounting", "source_accounting")
METRICS = {"email_sent": "Received Email", "email_opened": "Opened Email", "session": "Active on Site"}


def moment(chance: Random, first: datetime = FIRST) -> datetime:
    return first + timedelta(minutes=chance.randrange(int((LAST - first).total_seconds() // 60)))


def as_iso(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def shop(seed: int) -> Entities:
    """Orders and signals of sixty people; some never order, and some addresses are written in capitals."""
    chance = Random(seed)
    people = [f"person{number}@example.test" for number in range(60)]

    def address(person: str) -> str:
        return chance.choice([person, person, person.upper()])

    orders: list[Row] = []
    for number in range(200):
        at, amount = moment(chance), chance.randrange(1, 20_000) / 100
        orders.append({
            "order_id": f"#{number}", "customer_email": address(chance.choice(people[:45])), "ordered_at": as_iso(at),
            "amount": f"{amount:.2f}", "currency": "EUR", "refunded_amount": f"{chance.choice([0, 0, 0, amount]):.2f}",
            "discount_amount": "0.00", "status": "paid", "sales_channel": chance.choice(["web", "pos"]),
            "updated_at": as_iso(at),
        })  # fmt: skip
    activities = klaviyo_rows(chance, people, address) + zendesk_rows(chance, people) + delighted_rows(chance, people)
    return {"orders": orders, "activities": activities}


def klaviyo_rows(chance: Random, people: Sequence[str], address: Callable[[str], str]) -> list[Row]:
    rows: list[Row] = []
    for number in range(300):
        kind = chance.choice(list(METRICS))
        rows.append({
            "activity_id": f"klaviyo:k{number}", "customer_id": address(chance.choice(people)),
            "occurred_at": as_iso(moment(chance)), "activity_type": kind, "source_system": "klaviyo",
            "detail": None if kind == "session" else f"campaign {number % 7}",
        })  # fmt: skip
    return rows


def zendesk_rows(chance: Random, people: Sequence[str]) -> list[Row]:
    """Per ticket up to three rows: opened, first reply and solved."""
    rows: list[Row] = []
    for number in range(60):
        opened, person = moment(chance, FIRST + timedelta(days=30)), chance.choice(people)
        reply, solution = chance.randrange(5, 3_000), chance.randrange(3_000, 9_000)
        for kind, minutes in (("ticket_opened", None), ("ticket_first_reply", reply), ("ticket_solved", solution)):
            if kind == "ticket_opened" or chance.random() < 0.8:
                rows.append({
                    "activity_id": f"zendesk:{number}:{kind}", "customer_id": person, "activity_type": kind,
                    "occurred_at": as_iso(opened + timedelta(minutes=minutes or 0)), "value": minutes,
                    "channel": "email", "source_system": "zendesk", "detail": str(number),
                })  # fmt: skip
    return rows


def delighted_rows(chance: Random, people: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    for number in range(80):
        kind = chance.choice(["nps", "nps", "csat"])
        rows.append({
            "activity_id": f"delighted:{number}", "customer_id": chance.choice(people), "activity_type": kind,
            "occurred_at": as_iso(moment(chance)), "source_system": "delighted", "detail": None,
            "value": chance.randrange(11) if kind == "nps" else chance.randrange(1, 6),
        })  # fmt: skip
    return rows


# In the forms of the systems ----------------------------------------------------------------------------------------


def write_systems(raw: Path, entities: Entities) -> None:
    by_system = {
        system: [row for row in entities["activities"] if row["source_system"] == system]
        for system in ("klaviyo", "zendesk", "delighted")
    }
    write_shopify(raw / "shopify", entities["orders"])
    write_klaviyo(raw / "klaviyo", by_system["klaviyo"])
    write_zendesk(raw / "zendesk", by_system["zendesk"])
    write_delighted(raw / "delighted", by_system["delighted"])
    (raw / "mapping.yml").write_text("sources: [shopify, klaviyo, zendesk, delighted]\n")


def write_shopify(folder: Path, orders: Sequence[Row]) -> None:
    folder.mkdir(parents=True)
    header = [
        "Name",
        "Email",
        "Financial Status",
        "Paid at",
        "Accepts Marketing",
        "Currency",
        "Subtotal",
        "Shipping",
        "Taxes",
        "Total",
        "Discount Amount",
        "Created at",
        "Lineitem quantity",
        "Lineitem name",
        "Lineitem price",
        "Lineitem sku",
        "Billing Country",
        "Cancelled at",
        "Refunded Amount",
        "Id",
        "Source",
    ]
    with (folder / "orders_export_1.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        for number, order in enumerate(orders):
            at = str(order["ordered_at"]).replace("T", " ").replace("Z", " +0000")
            writer.writerow({
                "Name": order["order_id"], "Email": order["customer_email"], "Financial Status": "paid", "Paid at": at,
                "Currency": "EUR", "Subtotal": order["amount"], "Shipping": "0.00", "Taxes": "0.00",
                "Total": order["amount"], "Discount Amount": "0.00", "Created at": at, "Lineitem quantity": 1,
                "Lineitem name": "Tea", "Lineitem price": order["amount"], "Lineitem sku": "T1",
                "Refunded Amount": order["refunded_amount"], "Id": 9_000 + number, "Source": order["sales_channel"],
            })  # fmt: skip


def write_klaviyo(folder: Path, rows: Sequence[Row]) -> None:
    """Two files that overlap, as downloads of two days do, with orders among the events."""
    folder.mkdir(parents=True)
    lines = [
        {
            "object": "event", "id": str(row["activity_id"]).split(":")[1],
            "event_name": METRICS[str(row["activity_type"])], "event_properties": {},
            "datetime": str(row["occurred_at"]).replace("T", " ").replace("Z", "+00:00"),
            "person": {"id": "p", "$id": "", "$email": row["customer_id"], "email": row["customer_id"]},
            "flow_id": None, "flow_message_id": None, "campaign_id": row["detail"],
        }
        for row in rows
    ]  # fmt: skip
    lines.append({**lines[0], "id": "order", "event_name": "Placed Order"})
    texts = [json.dumps(line) for line in lines]
    (folder / "events_1.jsonl").write_text("\n".join(texts[:200]) + "\n")
    (folder / "events_2.jsonl").write_text("\n".join(texts[150:]) + "\n")


def write_zendesk(folder: Path, rows: Sequence[Row]) -> None:
    folder.mkdir(parents=True)
    of_ticket: dict[str, dict[str, Row]] = {}
    for row in rows:
        of_ticket.setdefault(str(row["detail"]), {})[str(row["activity_type"])] = row
    people = {str(row["customer_id"]): 600 + number for number, row in enumerate(rows)}
    tickets, metrics = [], []
    for number, kinds in of_ticket.items():
        opened, reply, solved = (kinds.get(f"ticket_{kind}", {}) for kind in ("opened", "first_reply", "solved"))
        tickets.append({
            "id": int(number), "via": {"channel": "email"}, "created_at": opened["occurred_at"],
            "updated_at": "2024-06-30T12:00:00Z", "status": "closed" if solved else "open", "tags": [],
            "requester_id": people[str(opened["customer_id"])],
        })  # fmt: skip
        metrics.append({
            "id": 7_000 + int(number), "ticket_id": int(number), "updated_at": "2024-06-30T12:00:00Z",
            "solved_at": solved.get("occurred_at"),
            "reply_time_in_minutes": {"calendar": reply.get("value"), "business": 1},
            "full_resolution_time_in_minutes": {"calendar": solved.get("value"), "business": 1},
        })  # fmt: skip
    users = [
        {"id": number, "email": email, "external_id": None, "role": "end-user", "active": True,
         "created_at": None, "updated_at": "2023-01-01T00:00:00Z"}
        for email, number in people.items()
    ]  # fmt: skip
    half = len(tickets) // 2
    pages = {"tickets_1": tickets[: half + 1], "tickets_2": tickets[half:]}  # one ticket on both
    for name, page in pages.items():
        (folder / f"{name}.json").write_text(json.dumps({"tickets": page, "next_page": None}))
    (folder / "ticket_metrics.json").write_text(json.dumps({"ticket_metrics": metrics}))
    (folder / "users.json").write_text(json.dumps({"users": users}))


def write_delighted(folder: Path, rows: Sequence[Row]) -> None:
    """Answers that were changed since stand on a later page with another score."""
    folder.mkdir(parents=True)
    people = {str(row["customer_id"]): str(number) for number, row in enumerate(rows)}
    answers = [
        {
            "id": str(row["activity_id"]).split(":")[1], "person": people[str(row["customer_id"])],
            "survey_type": row["activity_type"], "score": row["value"], "comment": None,
            "created_at": int(datetime.fromisoformat(str(row["occurred_at"])).timestamp()), "updated_at": None,
        }
        for row in rows
    ]  # fmt: skip
    before = [{**answer, "score": 1, "updated_at": None} for answer in answers[:5]]
    (folder / "survey_responses_1.json").write_text(json.dumps(before))
    (folder / "survey_responses_2.json").write_text(json.dumps(answers))
    persons = [{"id": number, "email": email, "created_at": 1_600_000_000} for email, number in people.items()]
    (folder / "people.json").write_text(json.dumps(persons))


# What comes out -----------------------------------------------------------------------------------------------------


def canonical(entities: Entities) -> Entities:
    """The same with what the presets of Shopify and Zendesk say of lines and customers."""
    lines = [
        {"order_id": row["order_id"], "line_number": 1, "product_id": "T1", "product_name": "Tea", "quantity": 1,
         "amount": row["amount"]}
        for row in entities["orders"]
    ]  # fmt: skip
    callers = {row["customer_id"] for row in entities["activities"] if row["source_system"] == "zendesk"}
    customers: list[Row] = [{"customer_id": email, "email": email} for email in sorted(map(str, callers))]
    customers += [{"customer_id": row["customer_email"], "updated_at": row["ordered_at"]} for row in entities["orders"]]
    return {**entities, "order_lines": lines, "customers": customers}


def test_four_systems_with_one_line_of_mapping_give_the_marts_of_their_rows(tmp_path: Path) -> None:
    entities = shop(seed=4)
    write_systems(tmp_path / "systems", entities)
    write_shop(tmp_path / "canonical", canonical(entities), SETTINGS)
    prepared = prepare(tmp_path / "systems", tmp_path / "prepared")
    build = build_models(tmp_path / "build", prepared, SETTINGS)
    want = calculate(read_raw(tmp_path / "canonical" / "raw"), SETTINGS)
    with duckdb.connect(str(build.warehouse), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        marts = [mart for mart in MARTS if mart not in OF_THE_WAY]
        found = {mart: compare(mart, read_mart(connection, "marts", mart), want[mart]) for mart in marts}
        assert {mart: problems for mart, problems in found.items() if problems} == {}
        left_out = dict(
            connection.execute(
                "select reason, cast(sum(rows) as int) from marts.row_accounting "
                "where outcome = 'left_out' group by all"
            ).fetchall()
        )
        quarantined = connection.execute(
            "select count(*) from marts.row_accounting where outcome = 'quarantined'"
        ).fetchall()
    without_reply = 60 - sum(row["activity_type"] == "ticket_first_reply" for row in entities["activities"])
    not_solved = 60 - sum(row["activity_type"] == "ticket_solved" for row in entities["activities"])
    assert left_out["other_events"] == 1
    assert left_out["repeated"] == 50  # events of Klaviyo in both files
    assert (left_out["without_reply"], left_out["not_solved"]) == (without_reply, not_solved)
    assert left_out["older_version"] == 1 + 5  # a ticket on two pages, answers that were changed
    assert quarantined == [(0,)]
