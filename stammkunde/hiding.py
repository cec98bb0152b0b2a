"""What may never leave: passwords, addresses of databases and of webhooks, keys.

Whatever is shown, noted, logged or sent goes through `hidden`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

SOURCE_PREFIX = "STAMMKUNDE_SOURCE_"  # of variables that hold addresses of databases: a mapping may name no other
WEBHOOK = "STAMMKUNDE_WEBHOOK"
POSTGRES_URL = "STAMMKUNDE_POSTGRES_URL"
SECRET_VARIABLES = (WEBHOOK, POSTGRES_URL, "STAMMKUNDE_IDENTITY_SALT", "STAMMKUNDE_SUPERSET_PASSWORD")
SECRET_PREFIXES = (SOURCE_PREFIX, "DBT_ENV_SECRET_")
HIDDEN = "(hidden)"
SHORTEST = 4  # characters of a secret: a shorter one would stand in many words by accident

PASSWORD = r"(?:password|passwd|pwd|sslpassword)"
VALUE = r"(?:'(?:[^'\\]|\\.)*'|\"[^\"]*\"|[^\s'\"]+)"
# Addresses are known by their form, too: a person may have put one where none belongs.
FORMS = (
    re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>]*@[^\s'\"<>]*", re.IGNORECASE),  # somebody's name in it
    re.compile(
        r"\b(?:jdbc:)?(?:postgres(?:ql)?|mysql|mariadb|mssql|sqlserver|oracle|redshift)://[^\s'\"<>]*", re.IGNORECASE
    ),
    re.compile(
        rf"\b(?:(?:host|hostaddr|port|dbname|user|passfile|sslmode|{PASSWORD}) *= *{VALUE}\s*){{2,}}", re.IGNORECASE
    ),
    re.compile(rf"\b{PASSWORD} *= *{VALUE}", re.IGNORECASE),
)


def hidden(text: str) -> str:
    """The text without any secret of the environment, and without what has the form of one."""
    for secret in sorted(secrets(os.environ), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for form in FORMS:
        text = form.sub(HIDDEN, text)
    return text


def secrets(environment: Mapping[str, str]) -> Iterator[str]:
    """Values of variables that are secret, and the passwords within them."""
    for name, value in environment.items():
        if is_secret(name) and value:
            yield from (part for part in (value, *passwords(value)) if len(part) >= SHORTEST)


def is_secret(name: str) -> bool:
    return name in SECRET_VARIABLES or name.startswith(SECRET_PREFIXES)


def passwords(address: str) -> Iterator[str]:
    """The password of an address, as it is written and as it is meant."""
    try:
        if password := urlsplit(address).password:
            yield from (password, unquote(password))
    except ValueError:  # no address of that form
        pass
    for found in re.findall(rf"\b{PASSWORD} *= *({VALUE})", address, re.IGNORECASE):
        yield found.strip("'\"")


def for_dbt(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that dbt gets: it reads no database of a mapping, writes none, and sends no message."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(SOURCE_PREFIX) and name not in (WEBHOOK, POSTGRES_URL)
    }
