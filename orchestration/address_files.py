"""The day's list with addresses, in the shape in which a sending system reads contacts from a file.

It is made only where a person asks for it, of the list that was noted (orchestration/action_list.py): marts hold no
address, so each customer's is looked up in the staging of the working warehouse. The files lie in a folder of their own
that only its owner reads. What is noted of them says nothing of whom they hold.
"""

from __future__ import annotations

import csv
import getpass
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.state import State
from orchestration.targets import on_spark
from reports.tables import FORMULA, harmless
from stammkunde.database import LOCKED, read_only
from stammkunde.errors import StammkundeError, one_line
from stammkunde.files import PRIVATE_FILE, UNFINISHED, make_private_folder, remove, replaced, to_disk
from stammkunde.places import Places
from stammkunde.published import opened
from stammkunde.shops import Source

TABLE = "address_files"
KEPT_DAYS = 7  # after which a refresh, or the next list, takes a file away
Row = Mapping[str, object]
# What stands in no address as shops have them, and would cut a cell in two or be run by a spreadsheet.
AN_ADDRESS = re.compile(r"""[^\s@,;:<>()\[\]\\"|]+@[^\s@,;:<>()\[\]\\"'!|=+]+\.[^\s@,;:<>()\[\]\\"'!|=+.]{2,}""")
RUNS_NOTHING = re.compile(
    r"[\w.+-]+@[\w.-]+"
)  # without a bracket, a mark or a sign of equality: no formula does anything

# Columns by what they hold. docs/actions.md says where each system tells what it reads.
PROPERTIES = {
    "customer_id": "stammkunde_customer_id",
    "rule_id": "stammkunde_rule",
    "action": "stammkunde_action",
    "channel": "stammkunde_channel",
    "owner": "stammkunde_owner",
    "due_date": "stammkunde_due_date",
    "variant": "stammkunde_variant",
    "template_id": "stammkunde_template",
    "subject": "stammkunde_subject",
    "body": "stammkunde_body",
    "reason": "stammkunde_reason",
}
# Names that serve as merge tags, which have ten characters. A text field holds 255 bytes: too few for a body.
MERGE_TAGS = {
    "customer_id": "SK_ID",
    "rule_id": "SK_RULE",
    "action": "SK_ACTION",
    "channel": "SK_CHANNEL",
    "owner": "SK_OWNER",
    "due_date": "SK_DUE",
    "variant": "SK_VARIANT",
    "template_id": "SK_TMPL",
    "subject": "SK_SUBJECT",
    "reason": "SK_REASON",
}


@dataclass(frozen=True)
class System:
    """What reads a file: how it calls the address and the rest, and whether it sends advertising and nothing else."""

    name: str
    address: str
    columns: Mapping[str, str]
    only_with_consent: bool


SYSTEMS = {
    "klaviyo": System("Klaviyo", "Email", PROPERTIES, only_with_consent=True),
    "mailchimp": System("Mailchimp", "Email Address", MERGE_TAGS, only_with_consent=True),
    "hubspot": System("HubSpot", "Email", PROPERTIES, only_with_consent=False),
}


@dataclass(frozen=True)
class Asked:
    """What a person asked for, of which published build, and when (UTC, without a zone)."""

    systems: Sequence[str]  # keys of SYSTEMS
    language: str
    now: datetime
    build_id: str
    day: date
    shop: str | None


@dataclass(frozen=True)
class AddressFile:
    """A file that was written: how many are in it, of how many on the list, and why the others are not."""

    system: System
    file: Path
    rows: int
    contacts: int
    left_out: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        yield f"{self.system.name}: {self.rows:,} of {self.contacts:,} with their address, readable for you alone:"
        yield f"{self.file}"
        for reason, number in self.left_out.items():
            yield f"  {number:,} of {self.contacts:,} {reason}"


NO_ADDRESS = "have no address in the raw data"
UNUSABLE = "have an address that no system reads, or that a spreadsheet might run"
NO_CONSENT = "do not agree to advertising, or no longer do: their channel needs it"
NOT_ADVERTISING = "have not agreed to advertising, which is all that this system sends"
SAME_ADDRESS = "have the address of somebody further up: one row for both"


def known_systems(names: Sequence[str]) -> list[str]:
    """The systems that are named, each once. Raises StammkundeError for one that nothing is written for."""
    if wrong := [name for name in names if name.lower() not in SYSTEMS]:
        raise StammkundeError(f"--with-addresses is '{wrong[0]}': it must be one of {', '.join(SYSTEMS)}")
    return list(dict.fromkeys(name.lower() for name in names))


def write_address_files(places: Places, state: State, contacts: Sequence[Row], asked: Asked) -> list[AddressFile]:
    """A file for each system, of the contacts of a noted list. Raises StammkundeError where no address can be looked
    up, or a file not be written."""
    check_warehouse(places, state, asked.shop)
    consenting = consenting_of_readers(places)
    try:
        with read_only(places.warehouse) as connection:
            found = with_addresses(connection, contacts)
    except duckdb.Error as error:
        why = "is open elsewhere: close it there" if LOCKED in str(error).lower() else "cannot be read: run a refresh"
        raise StammkundeError(
            f"{places.warehouse}, where addresses are looked up, {why} ({one_line(error)})"
        ) from error
    known = [
        {
            **row,
            **{name: row[f"{name}_{asked.language}"] for name in ("subject", "body", "reason")},
            "agrees": row["agrees"] and row["customer_id"] in consenting,
        }
        for row in found
    ]
    return [write_for(places, state, system, known, asked) for system in asked.systems]


def check_warehouse(places: Places, state: State, shop: str | None) -> None:
    """Raises StammkundeError where the working warehouse is not one that has the shop's addresses: a number of another
    shop would get the address of somebody else."""
    begun = [row for row in state.rows("builds") if row["raw_fingerprint"]]
    source = Source.model_validate_json(str(begun[-1]["source"])) if begun and begun[-1]["source"] else Source()
    if on_spark(source.target):
        raise StammkundeError(
            f"the figures are built on {source.target}, where no address is looked up: refresh once on DuckDB first "
            "(stammkunde run --target duckdb), or join the plain list by customer_id"
        )
    if not places.warehouse.exists():
        raise StammkundeError(f"{places.warehouse}, where addresses are looked up, is not there: run a refresh first")
    if begun and begun[-1]["rebuilt_for"]:
        raise StammkundeError(
            "the working warehouse, where addresses are looked up, holds the past day "
            f"{begun[-1]['rebuilt_for']}: run a refresh first"
        )
    if begun and begun[-1]["shop"] != shop:
        raise StammkundeError(
            f"the last refresh read the shop {begun[-1]['shop']}, and the published list is of {shop}, whose addresses "
            "are not in the working warehouse: refresh that shop first"
        )


def consenting_of_readers(places: Places) -> set[object]:
    """Who agreed to advertising as far as the published build knows."""
    with opened(places.published) as connection:
        asked = "select customer_id from marts.customers where marketing_consent"
        return {customer for (customer,) in connection.execute(asked).fetchall()}


def with_addresses(connection: duckdb.DuckDBPyConnection, contacts: Sequence[Row]) -> list[dict[str, object]]:
    """The contacts with address and consent, both null where the warehouse knows none.

    An address is that of the shop's row on the customer, else of the latest order that has one, else of a row that
    names the e-mail alone: whose it is, the models say (docs/identity.md). Erased persons have none in staging.
    """
    connection.execute("create temp table asked (customer_id varchar)")
    connection.execute(
        "insert into asked select unnest(cast(? as varchar[]))", [[row["customer_id"] for row in contacts]]
    )
    found = connection.execute(
        """
        with customers as (
            select * from staging.stg_customers
            where rejection_reason is null and not is_superseded and not is_after_as_of_date and email is not null
        ),
        addresses as (
            select customer_id, email, 1 as source, updated_at as known_at from customers
            union all
            select orders.customer_id, rows.customer_email, 2, rows.ordered_at
            from staging.stg_orders as rows
            inner join marts.orders as orders on rows.order_id = orders.order_id
            where rows.rejection_reason is null and rows.customer_email is not null
            union all
            select owners.customer_id, customers.email, 3, customers.updated_at
            from customers
            inner join intermediate.int_email_owners as owners on customers.email_hash = owners.email_hash
            union all
            select 'guest:' || email_hash, email, 4, updated_at from customers
        ),
        best as (
            select * from addresses where customer_id in (select customer_id from asked)
            qualify row_number() over (
                partition by customer_id order by source, known_at desc nulls last, email
            ) = 1
        )
        select asked.customer_id, best.email, coalesce(customers.marketing_consent, false)
        from asked
        left join best on asked.customer_id = best.customer_id
        left join marts.customers as customers on asked.customer_id = customers.customer_id
        """
    ).fetchall()
    known = {customer: (address, agrees) for customer, address, agrees in found}
    needs = dict(
        connection.execute("select channel, needs_consent <> 'false' from staging.playbook_channels").fetchall()
    )
    return [
        {
            **row,
            "address": known[row["customer_id"]][0],
            "agrees": known[row["customer_id"]][1],
            "needs_consent": needs.get(row["channel"], True),
        }
        for row in contacts
    ]


def write_for(places: Places, state: State, name: str, contacts: Sequence[Row], asked: Asked) -> AddressFile:
    """The file of one system. The note of it comes first: there is no file that nobody knows of."""
    system = SYSTEMS[name]
    kept, left_out = chosen(contacts, system)
    file = places.addresses / f"actions_{asked.day}_{name}_{asked.language}.csv"
    note = {
        "written_at": asked.now,
        "written_by": user(),
        "system": name,
        "as_of_date": asked.day,
        "build_id": asked.build_id,
        "file": file.name,
        "contacts": len(contacts),
        "rows": len(kept),
        "without_address": left_out[NO_ADDRESS],
    }
    try:
        state.add(TABLE, [note])
        make_private_folder(file.parent)
        with replaced(file) as unfinished:
            unfinished.touch(PRIVATE_FILE)
            with unfinished.open("w", encoding="utf-8", newline="") as opened_file:
                writer = csv.writer(opened_file)
                writer.writerow([system.address, *system.columns.values()])
                for row in kept:
                    values = ["" if row[column] is None else harmless(str(row[column])) for column in system.columns]
                    writer.writerow([row["address"], *values])
            to_disk(unfinished)
    except (OSError, duckdb.Error) as error:
        raise StammkundeError(f"{file}: cannot be written and noted: {one_line(error)}") from error
    return AddressFile(system, file, len(kept), len(contacts), left_out)


def chosen(contacts: Sequence[Row], system: System) -> tuple[list[Row], Counter[str]]:
    """The contacts that go into the file of a system, and how many are left out for which reason."""
    kept: dict[str, Row] = {}
    left_out: Counter[str] = Counter()
    for row in contacts:
        address = str(row["address"] or "").lower()
        reason = why_left_out(row, system) or (SAME_ADDRESS if address in kept else None)
        if reason:
            left_out[reason] += 1
        else:
            kept[address] = row
    return list(kept.values()), left_out


def why_left_out(row: Row, system: System) -> str | None:
    """Why a contact is not in the file of a system, whoever else is; None where it is."""
    if row["needs_consent"] and not row["agrees"]:
        return NO_CONSENT
    if system.only_with_consent and not row["agrees"]:
        return NOT_ADVERTISING
    if row["address"] is None:
        return NO_ADDRESS
    return None if is_usable(str(row["address"])) else UNUSABLE


def is_usable(address: str) -> bool:
    """Whether an address can stand as it is. An apostrophe before it, as other cells get, would make it another."""
    begins_a_formula = address.startswith(FORMULA)
    return bool(AN_ADDRESS.fullmatch(address)) and (not begins_a_formula or bool(RUNS_NOTHING.fullmatch(address)))


def user() -> str:
    """Who asks, as the machine calls them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as containers have
        return str(os.getuid())


def remove_old(places: Places, say: Callable[[str], None]) -> None:
    """Take away the files that were written more than KEPT_DAYS ago, and what a crash left of one."""
    oldest = time.time() - timedelta(days=KEPT_DAYS).total_seconds()
    for file in sorted(places.addresses.glob("*")):
        if file.name.endswith(UNFINISHED) or file.stat().st_mtime < oldest:
            with suppress(OSError):  # it is tried again
                remove(file)
                say(f"{file} was removed: lists with addresses are kept for {KEPT_DAYS} days")
