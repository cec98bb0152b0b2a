"""Erasing a person: the suppression list, every published build, what refreshes noted, and what can be made again.

The list comes first: whatever happens then, the next refresh leaves the person out. What the source holds is the
source's: raw files stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.person.find import Person
from orchestration.person.published import FREE_TEXTS, erase_in_builds, files, names_person, orders_of, shown_without
from orchestration.publish.place import repair
from orchestration.state import State, columns, definitions, is_record
from stammkunde.database import wal_of
from stammkunde.files import UNREADABLE, aside, remove
from stammkunde.places import Places
from stammkunde.salt import key_of
from stammkunde.suppression import check_key, hashes_of


@dataclass(frozen=True)
class Erased:
    """What was done."""

    orders: int
    builds: int
    left: list[Path]  # files of the refresh in which something of the person is still found: none


def erase(places: Places, person: Person, say: Callable[[str], None]) -> Erased:
    """Erase a person from everything that refreshes left. The lock of the warehouse must be held."""
    state = State(places)
    repair(places)
    orders = orders_of(places, person)
    suppress(places, state, person, orders)
    builds = erase_in_builds(places, person)
    erase_in_notes(state, person)
    for path in made_again(places, state):
        remove(path)
    for folder in (places.dagster_home, places.data_docs):
        if holding(folder, person.words()):
            say(f"  {folder} named the person and was removed with all that Dagster noted of former runs")
            remove(folder)
    return Erased(len(orders), builds, left_over(places, person))


def suppress(places: Places, state: State, person: Person, orders: set[str]) -> None:
    """Note who is left out from now on, and why these orders are nobody's."""
    listed, erased = state.rows("suppressed"), state.rows("erased_orders")
    check_key(places, is_empty=not listed)
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    known = {row["identifier_hash"] for row in listed}
    new = [hashed for hashed in hashes_of(person.identifiers, key_of(places)) if hashed not in known]
    more = sorted(orders - {str(row["order_id"]) for row in erased})
    state.write("suppressed", [*listed, *({"identifier_hash": hashed, "suppressed_at": now} for hashed in new)])
    state.write("erased_orders", [*erased, *({"order_id": order, "erased_at": now} for order in more)])


def erase_in_notes(state: State, person: Person) -> None:
    """What people and checks wrote about refreshes, without the person."""
    words = person.words()
    for table in definitions():
        rows = state.rows(table)
        texts = [name for name in FREE_TEXTS if rows and name in rows[0]]
        changed = [
            {**row, **{name: shown_without(str(row[name]), words) for name in texts if row[name] is not None}}
            for row in rows
        ]
        if changed != rows:
            state.write(table, changed)


def made_again(places: Places, state: State) -> list[Path]:
    """What a refresh makes again, with everything that it may have left unfinished. dbt's log and compiled SQL too."""
    whole = [places.warehouse, places.prepared, places.collected, places.dbt_target.parent]
    whole += [state.path(table) for table in definitions() if names_customers(table) and not is_record(table)]
    whole += [
        file
        for folder in (places.warehouse.parent, places.published.parent, places.kept_builds, places.state)
        for file in sorted(folder.glob(f"*{UNREADABLE}*"))  # set aside: nobody can tell what it holds
    ]
    beside = [file for path in whole for file in (aside(path), path.with_name(path.name + ".earlier"))]
    return [*whole, *beside, wal_of(places.warehouse), places.warehouse.with_name(places.warehouse.name + ".tmp")]


def names_customers(table: str) -> bool:
    return any(name.endswith("customer_id") for name in columns(table))


def holding(folder: Path, words: list[str]) -> list[Path]:
    """Files in which one of the words stands as it is, in any case of letters of ASCII."""
    wanted = [word.lower().encode() for word in words]
    paths = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    return [path for path in paths if any(word in path.read_bytes().lower() for word in wanted)]


def left_over(places: Places, person: Person) -> list[Path]:
    """A last look: files of refreshes in which something of the person is found."""
    found = [*holding(places.state, person.words()), *holding(places.records, person.words())]
    return found + [file for file in files(places) if names_person(file, person)]
