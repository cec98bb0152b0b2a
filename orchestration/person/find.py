"""Who a person is: all numbers and e-mails by which the warehouse knows the customer that one of them names."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from intake.find import mapping_of
from orchestration.left_behind import given_up
from orchestration.targets import on_spark
from stammkunde import salt
from stammkunde.database import LOCKED, read_only
from stammkunde.errors import StammkundeError
from stammkunde.places import Places
from stammkunde.published import published_settings
from stammkunde.settings import defaults
from stammkunde.suppression import Identifiers, is_email, read_email, read_number

# Raw entities with numbers, and the columns that hold e-mails beside them. Not staging: there numbers may be hashes.
EMAILS = {"orders": "customer_email", "customers": "email", "activities": "", "subscriptions": "", "actions_taken": ""}


class PersonError(StammkundeError):
    """It is not clear who is meant."""


@dataclass(frozen=True)
class Person:
    """One customer. `customer_ids` are the ids of marts; `shared` are e-mails that also stand beside other numbers."""

    identifiers: Identifiers
    customer_ids: frozenset[str]
    shared: frozenset[str]
    is_known: bool

    def words(self) -> list[str]:
        """Identifiers that can be searched for in any text: a number of digits alone may be any other figure."""
        everything = {*self.identifiers.numbers, *self.identifiers.emails, *self.customer_ids}
        return sorted(text for text in everything if not text.isdigit() and len(text) > 2)


def find_person(places: Places, customer_id: str | None = None, email: str | None = None) -> Person:
    """The customer with a number or an e-mail, as the working warehouse knows it. Raises PersonError."""
    given = identifiers(customer_id, email)
    if on_spark(places.target):  # its raw entities and its tables are not looked into from here
        raise PersonError(
            f"the figures are built on {places.target}, where not all that is held about a person is found: refresh "
            "once on DuckDB first (stammkunde run --target duckdb; docs/spark.md)"
        )
    chosen = {**defaults(), **published_settings(places.published)}
    nobody = frozenset(str(word).lower() for word in chosen["missing_values"])  # type: ignore[attr-defined]
    pairs = known_to(places.warehouse, nobody)
    given = replace(given, numbers=as_the_shop_writes(given.numbers, {number for number, _ in pairs if number}))
    person, shared = related(given, pairs, by_email=chosen["identity_by"] == "email")
    others = {number.lower() for number, _ in pairs if number is not None and number not in person.numbers}
    alone = frozenset(number for number in person.numbers if number.lower() not in others)
    is_known = any(number in person.numbers or found in person.emails for number, found in pairs)
    ids = person.numbers | hashed_ids(places, person)
    return Person(replace(person, also_in_any_case=alone), frozenset(ids), shared, is_known)


def identifiers(customer_id: str | None, email: str | None) -> Identifiers:
    """What was given, as staging reads it. A number with an @ is an e-mail there, too."""
    text = (customer_id or email or "").strip()
    if bool(customer_id) == bool(email) or not text:
        raise PersonError("name the person by a customer number or by an e-mail, one of both")
    if is_email(text):
        return Identifiers(emails=frozenset({read_email(text)}))
    if email or "@" in text:
        raise PersonError(f"'{text}' is no e-mail")
    return Identifiers(numbers=frozenset({read_number(text)}))


def as_the_shop_writes(numbers: Collection[str], known: Collection[str]) -> frozenset[str]:
    """A number that nobody has as it was given, as the one customer has it who differs in case alone."""
    found = set()
    for number in numbers:
        alike = {one for one in known if one.lower() == number.lower()}
        found |= alike if number not in known and len(alike) == 1 else {number}
    return frozenset(found)


def known_to(warehouse: Path, nobody: Collection[str]) -> set[tuple[str | None, str | None]]:
    """Numbers beside e-mails, as far as the warehouse has raw entities, without the words that mean nobody."""
    if not warehouse.exists():
        return set()
    found: set[tuple[str | None, str | None]] = set()
    with opened(warehouse) as connection:
        for entity, email in EMAILS.items():
            try:
                rows = connection.execute(
                    f"select distinct customer_id, {email or 'null'} from raw.{entity}"
                ).fetchall()
            except duckdb.Error:  # of another engine, or over files that are gone
                continue
            found |= {as_staging_reads(number, address, nobody) for number, address in rows}
    return found - {(None, None)}


@contextmanager
def opened(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The working warehouse to read. Raises PersonError where it cannot be had."""
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(read_only(warehouse))
        except duckdb.Error as error:
            if LOCKED in str(error).lower():
                raise PersonError(f"{warehouse} is open elsewhere: close it there, and try again") from error
            raise PersonError(f"{warehouse}: cannot be read. Run a refresh first (make run)") from error
        yield connection


def as_staging_reads(number: str | None, email: str | None, nobody: Collection[str]) -> tuple[str | None, str | None]:
    """The number and the e-mail of a row: an e-mail in the place of the number goes before another."""
    texts = [read_number(number or ""), read_number(email or "")]
    emails = [read_email(text) for text in texts if is_email(text) and text.lower() not in nobody]
    is_number = texts[0] and "@" not in texts[0] and texts[0].lower() not in nobody
    return texts[0] if is_number else None, emails[0] if emails else None


def related(
    given: Identifiers, pairs: Iterable[tuple[str | None, str | None]], by_email: bool
) -> tuple[Identifiers, frozenset[str]]:
    """All that names the same customer, and the e-mails that it shares with others.

    An e-mail names the customer of the one number beside it, a number all e-mails that no other number has. Nothing is
    concluded further, as in the models (docs/identity.md).
    """
    beside: dict[str, set[str]] = {}
    for number, email in pairs:
        if email is None:
            continue
        beside.setdefault(email, set()).update({number} if number is not None else ())
    numbers = set(given.numbers).union(*(beside.get(email, set()) for email in given.emails))
    if by_email:  # whoever shares an e-mail is one customer
        numbers = numbers.union(*(others for others in beside.values() if others & numbers))
    elif len(numbers) > 1:
        raise PersonError(
            f"{len(numbers)} customers have this e-mail: {', '.join(sorted(numbers)[:20])}. Name each that is meant by "
            "its number (--customer-id)"
        )
    emails = {email for email, others in beside.items() if others and others <= numbers} | given.emails
    shared = {email for email, others in beside.items() if others & numbers and email not in emails}
    return Identifiers(frozenset(numbers), frozenset(emails)), frozenset(shared)


def hashed_ids(places: Places, person: Identifiers) -> set[str]:
    """The ids of marts that are hashes, of guests and of numbers, by every salt that was in use."""
    kept = [one for records in (places.records, *given_up(places)) for one in salt.kept_in(records).values()]
    salts = {"", salt.given({}), salt.given(settings_of_mapping(places)), *kept}
    texts = [*(("guest:", email) for email in person.emails), *(("customer:", number) for number in person.numbers)]
    return {
        prefix + hashlib.md5((one + text).encode(), usedforsecurity=False).hexdigest()
        for one in salts
        for prefix, text in texts
    }


def settings_of_mapping(places: Places) -> Mapping[str, object]:
    """What the shop's mapping sets otherwise."""
    mapping = mapping_of(places.raw, places.mapping) if places.raw and places.raw.is_dir() else None
    return mapping.settings if mapping else {}
