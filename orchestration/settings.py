"""The settings of a refresh and the dbt arguments that follow from them: pure functions, tested without dbt."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from functools import cache

import yaml

from orchestration.places import PROJECT

# The time of the run changes from run to run and changes no figure that is compared.
NOT_COMPARED = ("run_at",)
SECRET = "identity_salt"
SECRET_VARIABLE = "STAMMKUNDE_IDENTITY_SALT"


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
    chosen[SECRET] = os.environ.get(SECRET_VARIABLE) or chosen[SECRET]
    return {name: chosen[name] for name in sorted(chosen) if name not in NOT_COMPARED}


def shown(settings: Mapping[str, object]) -> str:
    """The settings as JSON for everyone to read: without the salt."""
    return json.dumps({name: value for name, value in settings.items() if name != SECRET}, default=str)


def settings_hash(settings: Mapping[str, object]) -> str:
    """Equal for equal settings, the salt included; it says nothing about what they are."""
    return hashlib.sha256(json.dumps(settings, default=str, sort_keys=True).encode()).hexdigest()[:16]


def dbt_arguments(overridden: Mapping[str, object], *, full_refresh: bool = False) -> list[str]:
    """The arguments of `dbt build` for one refresh; Dagster adds which models.

    Unit tests are left out: they test the code, not the data, and run in `make test` and plain `dbt build`.
    """
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    if full_refresh:
        arguments.append("--full-refresh")
    return arguments + vars_arguments(overridden)


def vars_arguments(overridden: Mapping[str, object]) -> list[str]:
    """The settings as arguments of any dbt command."""
    public = {name: value for name, value in overridden.items() if name != SECRET}
    return ["--vars", json.dumps(public, default=str, sort_keys=True)] if public else []


def secrets(overridden: Mapping[str, object]) -> dict[str, str]:
    """Variables for dbt's process: arguments are for everyone to read in lists of processes and in logs."""
    salt = os.environ.get(SECRET_VARIABLE) or overridden.get(SECRET)
    return {SECRET_VARIABLE: str(salt)} if salt else {}
