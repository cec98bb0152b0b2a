"""The settings that figures depend on: what each must be, which are in force, and how dbt gets them.

Defaults stand in dbt_project.yml, their meaning in docs/settings.md. A plain `dbt build` checks them by
macros/raw/check_settings.sql.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from stammkunde.dates import iso_date
from stammkunde.environment import environment
from stammkunde.errors import SettingError, expected
from stammkunde.places import PROJECT

# The time of the run changes from run to run and changes no figure that is compared.
NOT_COMPARED = ("run_at",)
SECRET = "identity_salt"
SECRET_VARIABLE = "STAMMKUNDE_IDENTITY_SALT"
SECRET_OF_DBT = "DBT_ENV_SECRET_IDENTITY_SALT"  # the only prefix of which dbt writes nothing down
SALT_IS_SET = "is set"
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?")


def time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be a time zone such as Europe/Berlin")
    return name


def instant(text: str) -> str:
    if not INSTANT.fullmatch(text):
        raise ValueError("must be an instant in UTC, YYYY-MM-DDTHH:MM:SSZ, or null")
    return text


def currency(code: str) -> str:
    if not re.fullmatch("[A-Za-z]{3}", code):
        raise ValueError("must be a currency code of three letters")
    return code


def unquoted(text: str) -> str:
    if "'" in text:
        raise ValueError("must be a text without quotation marks")
    return text


def columns(names: list[str]) -> list[str]:
    """What each of them may be, and that files carry it, is for macros/raw to check."""
    if not names or len(set(names)) < len(names):
        raise ValueError("must be a list of at least one column, each once")
    return names


def word(value: object) -> object:
    """YAML reads an unquoted 0 as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def words(texts: list[str]) -> list[str]:
    if any(not text.strip() for text in texts):
        raise ValueError("must be a list of texts that are not empty")
    return texts


def as_text(value: object) -> object:
    """YAML reads an unquoted day as a date."""
    return value.isoformat() if isinstance(value, date | datetime) else value


WholeNumber = Annotated[int, Field(strict=True)]
Positive = Annotated[WholeNumber, Field(ge=1)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
NotNegative = Annotated[WholeNumber, Field(ge=0)]
TimeZone = Annotated[str, AfterValidator(time_zone)]
Words = Annotated[list[Annotated[str, BeforeValidator(word)]], AfterValidator(words)]


class Settings(BaseModel):
    """All settings, as dbt_project.yml names them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reporting_timezone: TimeZone
    source_timezone: TimeZone
    reporting_currency: Annotated[str, AfterValidator(currency)]
    run_at: Annotated[str, AfterValidator(instant), BeforeValidator(as_text)] | None
    as_of_date: Annotated[str, AfterValidator(iso_date), BeforeValidator(as_text)] | None
    identity_salt: Annotated[str, AfterValidator(unquoted)]
    identity_by: Literal["customer_id", "email"]
    customer_id_is_personal: Annotated[bool, Field(strict=True)]
    erased_orders: Literal["anonymous", "removed"]
    quarantined_values_days: Positive
    missing_values: Words
    active_window_days: Positive
    at_risk_after_days: NotNegative
    new_window_days: NotNegative
    loyal_min_orders: Positive
    excluded_statuses: Words
    refunded_statuses: Words
    count_fully_refunded: Annotated[bool, Field(strict=True)]
    first_reply_target_minutes: NotNegative
    solved_target_minutes: NotNegative
    frequent_contact_tickets: Positive
    involuntary_cancellation_reasons: Words
    margin_rate: Share
    discount_rate: Share
    churn_horizon_days: Positive
    universal_control_share: Share
    segment_dimensions: Annotated[list[str], AfterValidator(columns)]


@cache
def defaults() -> Mapping[str, object]:
    """The settings as dbt_project.yml has them."""
    return yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]


def overrides(of_mapping: Mapping[str, object], as_of_date: str | None = None) -> dict[str, object]:
    """What a mapping and a single refresh set otherwise than dbt_project.yml. A refresh's own day comes first."""
    return {**of_mapping, **({"as_of_date": as_of_date} if as_of_date else {})}


def in_force(overridden: Mapping[str, object]) -> dict[str, object]:
    """All settings that figures depend on, by name."""
    chosen = {**defaults(), **overridden}
    salt = environment().identity_salt
    chosen[SECRET] = salt.get_secret_value() if salt else chosen[SECRET]
    return {name: chosen[name] for name in sorted(chosen) if name not in NOT_COMPARED}


def check(overridden: Mapping[str, object], where: str) -> None:
    """Raises SettingError for a setting with an impossible value; `where` says which file sets it otherwise."""
    try:
        Settings.model_validate({**defaults(), **overridden})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        file = where if name in overridden else "dbt_project.yml"
        entry = f", entry {int(first['loc'][1]) + 1}," if len(first["loc"]) > 1 else ""
        value = "empty" if first["input"] is None else f"'{first['input']}'"
        shown = "" if name == SECRET else f" is {value}"
        raise SettingError(f"{file}: the setting {name}{entry}{shown}: {expected(first)}") from error


def shown(settings: Mapping[str, object]) -> str:
    """The settings as JSON for everyone to read: of the salt only whether there is one."""
    return json.dumps({**settings, SECRET: SALT_IS_SET if settings[SECRET] else ""}, default=str)


def settings_hash(settings: Mapping[str, object], salt_id: str) -> str:
    """Equal for equal settings, the salt included: of it a hash with a key goes in (stammkunde/salt.py), as everyone
    could try out salts on a published hash of the salt itself."""
    compared = {**settings, SECRET: salt_id}
    return hashlib.sha256(json.dumps(compared, default=str, sort_keys=True).encode()).hexdigest()[:16]


def vars_arguments(overridden: Mapping[str, object]) -> list[str]:
    """The settings as arguments of a dbt command."""
    public = {name: value for name, value in overridden.items() if name != SECRET}
    if defaults()[SECRET]:  # dbt would write it into the SQL of the models: it gets it as a secret, too
        public[SECRET] = ""
    return ["--vars", json.dumps(public, default=str, sort_keys=True)] if public else []


def secrets(overridden: Mapping[str, object]) -> dict[str, str]:
    """Variables for dbt's process: arguments are for everyone to read in lists of processes and in logs."""
    return {SECRET_OF_DBT: str(in_force(overridden)[SECRET]), SECRET_VARIABLE: ""}
