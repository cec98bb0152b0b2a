"""The list of persons who were erased: hashes of their numbers and e-mails, with a key of the warehouse.

macros/retention/erasure.sql makes the same hashes of what the source sends.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from stammkunde.blanks import BLANKS
from stammkunde.errors import StammkundeError
from stammkunde.places import Places
from stammkunde.salt import KEY_FILE, key_of

SECRET_OF_DBT = "DBT_ENV_SECRET_SUPPRESSION_KEY"


class SuppressionError(StammkundeError):
    """The list cannot be applied."""


@dataclass(frozen=True)
class Identifiers:
    """What a person is known by. Numbers as staging reads them, e-mails in lower case.

    `also_in_any_case` are the numbers that nobody else has in other letters: they are known in any.
    """

    numbers: frozenset[str] = field(default_factory=frozenset)
    emails: frozenset[str] = field(default_factory=frozenset)
    also_in_any_case: frozenset[str] = field(default_factory=frozenset)

    def texts(self) -> list[str]:
        """Every identifier as it stands in data; e-mails in lower case."""
        return sorted(self.numbers | self.emails)


def read_number(text: str) -> str:
    """A customer number as staging reads it: without blanks around it and the decimals of a spreadsheet."""
    number = text.strip(BLANKS)
    return re.sub(r"[.]0+$", "", number) if re.fullmatch(r"-?[0-9]+[.]0+", number) else number


def read_email(text: str) -> str:
    """An e-mail as it is compared."""
    return unicodedata.normalize("NFC", text.strip(BLANKS)).lower()


def is_email(text: str) -> bool:
    return bool(re.fullmatch(r"[^@]+@[^@]+", text.strip(BLANKS)))


def hashes_of(person: Identifiers, key: str) -> list[str]:
    """The entries of the list for one person."""
    named: Iterable[tuple[str, str]] = [
        *(("number", number) for number in person.numbers),
        *(("number in any case", number.lower()) for number in person.also_in_any_case),
        *(("email", email) for email in person.emails),
    ]
    return sorted({hashlib.sha256(f"{key}{kind}:{identifier}".encode()).hexdigest() for kind, identifier in named})


def check_key(places: Places, is_empty: bool) -> None:
    """Raises SuppressionError where somebody is on the list, and the key that tells who is gone."""
    file = places.records / KEY_FILE
    if not is_empty and not file.exists():
        raise SuppressionError(
            f"{file}: is gone, and without it the persons who were erased would come back. Bring it back from a backup"
        )


def variables(places: Places, is_empty: bool) -> dict[str, str]:
    """For dbt's process: the key, where somebody is on the list."""
    return {SECRET_OF_DBT: "" if is_empty else key_of(places)}
