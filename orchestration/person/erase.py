"""Erasing a person: the suppression list, every published build, what refreshes noted, and what can be made again.

The list comes first: whatever happens then, the next refresh leaves the person out. What the source holds is the
source's: raw files stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import duckdb

from orchestration.backup import mappings
from orchestration.left_behind import RESTORED, given_up, interrupted_restores, unreadable
from orchestration.person.find import Person
from orchestration.person.published import (
    FREE_TEXTS,
    erase_in_builds,
    files,
    names_customer,
    names_person,
    orders_of,
    remove_broken,
    rewrite_parquet,
)
from orchestration.publish.place import repair
from orchestration.quality.thresholds import thresholds_file
from orchestration.state import State, columns, definitions, is_by_day, is_record
from stammkunde.database import in_memory, path_literal, wal_of
from stammkunde.environment import LANGUAGES
from stammkunde.files import aside, remove
from stammkunde.places import Places
from stammkunde.salt import key_of
from stammkunde.suppression import check_key, hashes_of

Say = Callable[[str], None]


@dataclass(frozen=True)
class Erased:
    """What was done."""

    orders: int
    builds: int
    named: list[Path]  # files of a person's own that name the erased one, and were not changed
    left: list[Path]  # files of the refresh in which something of the person is still found: none


def erase(places: Places, person: Person, say: Say) -> Erased:
    """Erase a person from everything that refreshes left. The lock of the warehouse must be held."""
    state = State(places)
    for path in [*unreadable(places), *interrupted_restores(places)]:  # nobody can tell what they hold
        remove(path)
    repair(places)
    remove_broken(places, say)
    orders = orders_of(places, person)
    suppress(places, state, person, orders)
    builds = erase_in_builds(places, person)
    with state.noting():
        erase_in_notes(places, person, say)
    erase_in_states(places, person, say)
    for path in made_again(places, state):
        remove(path)
    for folder in (places.dagster_home, places.data_docs):
        if holding([folder], person.words()):
            say(f"  {folder} named the person and was removed with all that Dagster noted of former runs")
            remove(folder)
    own = own_files(places)
    return Erased(len(orders), builds, holding(own, person.words()), left_over(places, person, own))


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


def erase_in_notes(places: Places, person: Person, say: Say) -> None:
    """What people and checks wrote about refreshes, without the person: in the state, in the records, and in records
    that were given up."""
    tables = [table for table in definitions() if set(FREE_TEXTS) & set(columns(table))]
    for folder in (places.state, places.records, *given_up(places)):
        for table in tables:
            for file in sorted(folder.glob(f"{table}.parquet*")):
                try:
                    rewrite_parquet(file, table, person)
                except duckdb.Error:
                    remove(aside(file))
                    remove(file)
                    say(f"  {file} cannot be read, and was removed")


def erase_in_states(places: Places, person: Person, say: Say) -> None:
    """What was recorded of the customer day by day - states, and lists they stood on - also on days that were set aside
    and in records that were given up."""
    for table in tables_by_day():
        for file in files_by_day(places, table):
            try:
                if names_customer(file, person):
                    rewrite_parquet(file, table, person)
            except duckdb.Error:
                remove(aside(file))
                remove(file)
                say(f"  {file} cannot be read, and was removed")


def tables_by_day() -> list[str]:
    """The tables of which the records hold a file for each day."""
    return [table for table in definitions() if is_by_day(table)]


def files_by_day(places: Places, table: str) -> list[Path]:
    """Every file of such a table, by the day of its rows."""
    folders = [records / table for records in (places.records, *given_up(places))]
    return sorted(file for folder in folders for file in folder.glob("*.parquet*"))


def made_again(places: Places, state: State) -> list[Path]:
    """What a refresh makes again, with everything that it may have left unfinished. dbt's log and compiled SQL too."""
    whole = [places.warehouse, places.prepared, places.collected, places.addresses, places.dbt_target.parent]
    whole += [places.actions(language) for language in LANGUAGES]
    whole += [state.path(table) for table in definitions() if names_customers(table) and not is_record(table)]
    beside = [file for path in whole for file in (aside(path), path.with_name(path.name + ".earlier"))]
    return [*whole, *beside, wal_of(places.warehouse), places.warehouse.with_name(places.warehouse.name + ".tmp")]


def names_customers(table: str) -> bool:
    return any(name.endswith("customer_id") for name in columns(table))


def own_files(places: Places) -> list[Path]:
    """What people wrote, and what a restore laid beside the records for them: it is theirs to change."""
    restored = [records / RESTORED for records in (places.records, *given_up(places))]
    return [*mappings(places), thresholds_file(), *(folder for folder in restored if folder.is_dir())]


def holding(paths: Iterable[Path], words: list[str], without: Collection[Path] = ()) -> list[Path]:
    """Files, and those of folders, in which one of the words stands as it is, in any case of letters of ASCII."""
    wanted = [word.lower().encode() for word in words]
    found = chain.from_iterable(path.rglob("*") if path.is_dir() else [path] for path in paths)
    files_in = [path for path in sorted(found) if path.is_file() and path not in without]
    return [path for path in files_in if any(word in content(path) for word in wanted)]


def content(path: Path) -> bytes:
    """The bytes of a file, and of a Parquet file, which packs them, its rows. In small letters."""
    whole = path.read_bytes().lower()
    if path.suffix != ".parquet":
        return whole
    try:
        with in_memory() as connection:
            rows = connection.execute(f"select * from read_parquet({path_literal(path)})").fetchall()
    except duckdb.Error:  # damaged: there are only the bytes
        return whole
    return whole + str(rows).lower().encode()


def left_over(places: Places, person: Person, own: list[Path]) -> list[Path]:
    """A last look: files of refreshes in which something of the person is found."""
    folders = [places.state, places.records, *(path for path in given_up(places) if path.is_dir())]
    states = [file for table in tables_by_day() for file in files_by_day(places, table)]  # by SQL: they may be long
    found = [
        file
        for file in holding(folders, person.words(), set(states))
        if not any(file.is_relative_to(path) for path in own)
    ]
    found += [file for file in states if names_customer(file, person)]
    return found + [file for file in files(places) if names_person(file, person)]
