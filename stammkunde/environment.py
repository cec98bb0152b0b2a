"""The environment variables of the project: names, defaults and what each must be. docs/settings.md explains them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from stammkunde.errors import SettingError, expected
from stammkunde.hiding import hidden

PREFIX = "STAMMKUNDE_"
BYTES = re.compile(r"(\d+(?:\.\d+)?) *([KMGT])(i?)B", re.IGNORECASE)
MEMORY = re.compile(r"\d+(\.\d+)? *([KMGT]i?B|%)", re.IGNORECASE)
LANGUAGES = ("de", "en")  # that people read figures in
# Whose value is in no message.
SECRETS = ("identity_salt", "webhook", "postgres_url", "superset_password", "raw_tables")


def size(text: str) -> str:
    if not MEMORY.fullmatch(text):
        raise ValueError("must be a size such as 12GB, or a share such as 80%")
    return text


def bytes_of(text: str) -> int:
    """A size such as 10GB in bytes."""
    found = BYTES.fullmatch(text)
    if not found:
        raise ValueError("must be a size such as 10GB")
    number, unit, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** ("KMGT".index(unit.upper()) + 1))


def size_in_bytes(text: str) -> str:
    bytes_of(text)
    return text


def unquoted(secret: SecretStr) -> SecretStr:
    """It becomes part of SQL."""
    if "'" in secret.get_secret_value():
        raise ValueError("must be a text without quotation marks")
    return secret


def web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or not text.isprintable() or " " in text:
        raise ValueError("must be an address that begins with https:// or http://")
    return text


def secret_web_address(secret: SecretStr) -> SecretStr:
    web_address(secret.get_secret_value())
    return secret


def names_of_tables(text: str) -> str:
    """They are noted in the history of refreshes."""
    if "://" in text or "@" in text or hidden(text) != text:
        raise ValueError("must name entities and tables of the engine, as in orders=shop.orders, and no address")
    return text


def known_languages(text: str) -> str:
    if text != "none" and not set(text.split(",")) <= set(LANGUAGES):
        raise ValueError(f"must be some of {','.join(LANGUAGES)}, or none")
    return text


def base_path(address: str | None) -> str:
    """The path below which a proxy shows a page, such as /dagster; empty where it has a host name of its own."""
    return urlsplit(address or "").path.rstrip("/")


class Environment(BaseSettings):
    """All variables that begin with STAMMKUNDE_; an empty one counts as not given. Paths may be relative, and are None
    where the project's own are meant (stammkunde/places.py), or what was read last (stammkunde/shops.py)."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    raw: Path | None = None
    mapping: Path | None = None
    warehouse: Path | None = None
    published: Path | None = None
    target: str | None = None
    raw_tables: Annotated[str, AfterValidator(names_of_tables)] = ""
    memory: Annotated[str, AfterValidator(size)] | None = None  # read by dbt itself (profiles.yml)
    identity_salt: Annotated[SecretStr, AfterValidator(unquoted)] | None = None
    shop: str | None = None
    thresholds: Path | None = None
    kept_builds: int = Field(5, ge=1)
    webhook: Annotated[SecretStr, AfterValidator(secret_web_address)] | None = None
    report_languages: Annotated[str, AfterValidator(known_languages)] = "de,en"
    parquet: bool = False  # whether each publish writes the marts as Parquet files, too
    actions: bool = False  # whether each publish hands out the day's list
    postgres_url: SecretStr | None = None
    dagster_url: Annotated[str, AfterValidator(web_address)] = "http://127.0.0.1:3000"
    dagster_port: int = Field(3000, ge=1, le=65535)
    dashboard_port: int = Field(8501, ge=1, le=65535)
    dashboard_url: Annotated[str, AfterValidator(web_address)] | None = None
    superset_port: int = Field(8088, ge=1, le=65535)
    superset_password: SecretStr | None = None
    schedule: str = "0 5 * * *"
    settle_seconds: float = Field(60, ge=0)
    unpacked_limit: Annotated[str, AfterValidator(size_in_bytes)] = "10GB"
    excel_memory: Annotated[str, AfterValidator(size_in_bytes)] = "2GB"
    lock_wait: float = Field(3600, ge=0)
    terminal: bool = False  # whether a refresh shows its progress on the terminal, not only in Dagster's log

    @property
    def languages(self) -> list[str]:
        """In which languages each publish writes its report."""
        return [] if self.report_languages == "none" else self.report_languages.split(",")

    @property
    def public_address(self) -> str | None:
        """Under which address a proxy shows Dagster's page, if one does."""
        return self.dagster_url if "dagster_url" in self.model_fields_set else None


def without_faults() -> Environment:
    """The variables as they are now, the default in place of each that has an impossible value: to tell of it."""
    try:
        return Environment()
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors()}
        return Environment(**{name: Environment.model_fields[name].default for name in wrong})


def environment() -> Environment:
    """The variables as they are now. Raises SettingError for one with an impossible value."""
    try:
        return Environment()
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        shown = "" if field in SECRETS else f" is '{first['input']}'"
        said = f"{PREFIX}{field.upper()}{shown}: {expected(first)}"
        raise SettingError(f"{said} (docs/settings.md says what it means)") from None
