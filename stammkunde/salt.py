"""The salt of e-mails (macros/retention/identity.sql): where it comes from, and what may be said of it.

A shop that is new gets one, in the records of its warehouse. One that was published without keeps the ids of its guests
until it is asked for the change (`stammkunde run --new-salt`).
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from stammkunde.environment import environment
from stammkunde.errors import StammkundeError
from stammkunde.files import write_private
from stammkunde.places import Places
from stammkunde.published import published_settings, published_shop
from stammkunde.settings import SALT_IS_SET, SECRET, SECRET_VARIABLE, defaults
from stammkunde.shops import Source

FILE, KEY_FILE = "salt", "key"
BYTES = 32


class SaltError(StammkundeError):
    """The salt is lost, or it is not ours to change."""


def given(overridden: Mapping[str, object]) -> str:
    """The salt that a person chose: by the environment, the mapping or dbt_project.yml; empty where nobody did."""
    from_environment = environment().identity_salt
    if from_environment:
        return from_environment.get_secret_value()
    return str({**defaults(), **overridden}[SECRET] or "")


def salt_of(places: Places, overridden: Mapping[str, object]) -> tuple[str, bool]:
    """The salt of a refresh, and whether it was made just now. Raises SaltError where the published one is lost.

    The sample has none: its figures are documented, and it holds nobody.
    """
    source = Source.of(places)
    if salt := given(overridden) or kept(places):
        return salt, False
    if source.is_sample:
        return "", False
    if published_shop(places.published) not in source.names:
        return make(places), True
    if published_settings(places.published).get(SECRET) == SALT_IS_SET:
        raise SaltError(
            f"{places.published} was built with a salt that is gone; without it every guest would get another id. "
            f"Set {SECRET_VARIABLE} as it was, bring {places.records / FILE} back from a backup, "
            "or choose a new one: stammkunde run --new-salt"
        )
    return "", False


def renew(places: Places, overridden: Mapping[str, object]) -> None:
    """Make another salt for the shop, for the next refresh. Raises SaltError where a person chose it."""
    if given(overridden):
        in_files = f"{SECRET} in {'the mapping' if overridden.get(SECRET) else 'dbt_project.yml'}"
        where = SECRET_VARIABLE if environment().identity_salt else in_files
        raise SaltError(f"{where} goes before a salt that is made: change it there, or take it away")
    make(places)


def make(places: Places) -> str:
    salt = secrets.token_hex(BYTES)
    write_private(places.records / FILE, json.dumps({**all_kept(places), places.shop: salt}, indent=2) + "\n")
    return salt


def kept(places: Places) -> str:
    """The salt that was made for the shop, by any of its names; empty where none was."""
    salts = all_kept(places)
    return next((salts[name] for name in sorted(Source.of(places).names) if name in salts), "")


def all_kept(places: Places) -> dict[str, str]:
    """The salts of all shops of the warehouse."""
    return kept_in(places.records)


def kept_in(records: Path) -> dict[str, str]:
    """The salts in a folder of records. Raises SaltError where they cannot be read."""
    file = records / FILE
    if not file.exists():
        return {}
    try:
        salts = json.loads(file.read_text(encoding="utf-8"))
        return {str(shop): str(salt) for shop, salt in salts.items()}
    except (ValueError, AttributeError) as error:
        raise SaltError(f"{file}: cannot be read: bring it back from a backup") from error


# Hashes that nobody can try out


def key_of(places: Places) -> str:
    """A random key of the warehouse. What is hashed with it cannot be found by trying without the key."""
    file = places.records / KEY_FILE
    if not file.exists():
        write_private(file, secrets.token_hex(BYTES) + "\n")
    return file.read_text(encoding="utf-8").strip()


def keyed_hash(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()


def id_of(salt: str, places: Places) -> str:
    """What stands for a salt where settings are compared: equal for equal salts, and of no use without the key."""
    return keyed_hash(key_of(places), salt) if salt else ""
