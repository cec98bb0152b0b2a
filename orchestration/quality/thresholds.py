"""The limits that users edit, read strictly: a limit that is misspelt must not let anything through."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from stammkunde.environment import environment
from stammkunde.errors import StammkundeError

DEFAULT = Path(__file__).with_name("thresholds.yml")
Severity = Literal["fail", "warn", "off"]


class ThresholdError(StammkundeError):
    """The file of thresholds cannot be used; the text names file and entry, and what to do."""


def no_nan(limit: Any) -> Any:
    if isinstance(limit, float) and math.isnan(limit):
        raise ValueError("is not a number")
    return limit


Limit = Annotated[float, Field(strict=True), BeforeValidator(no_nan)] | None


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Threshold:
    """Limits of one check; none on a side means no limit there. Within them, a check that blocks may warn early."""

    # YAML reads a bare off as false.
    severity: Annotated[Severity, BeforeValidator(lambda given: "off" if given is False else given)]
    min: Limit = None
    max: Limit = None
    warn_min: Limit = None
    warn_max: Limit = None

    @model_validator(mode="after")
    def can_be_passed(self) -> Threshold:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max, which nothing can pass")
        if self.warns_early and self.severity == "warn":
            raise ValueError("warn_min and warn_max are for checks of severity fail")
        if beyond(self.warn_max, self.max) or beyond(self.min, self.warn_min):
            raise ValueError("warn_min and warn_max lie within min and max")
        return self

    @property
    def warns_early(self) -> bool:
        return self.warn_min is not None or self.warn_max is not None

    @property
    def early(self) -> Threshold:
        """The narrower limits, beyond which it warns."""
        return Threshold(severity="warn", min=self.warn_min, max=self.warn_max)


def beyond(lower: float | None, upper: float | None) -> bool:
    return lower is not None and upper is not None and lower > upper


Thresholds = Mapping[str, Mapping[str, Threshold]]
FILE = TypeAdapter(dict[str, dict[str, Threshold]])


def thresholds_file() -> Path:
    return environment().thresholds or DEFAULT


def load_thresholds(path: Path | None = None) -> Thresholds:
    """Thresholds by suite and check. Raises ThresholdError."""
    file = path or thresholds_file()
    try:
        loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise ThresholdError(f"{file}: cannot be read: {why}. Correct it, or STAMMKUNDE_THRESHOLDS") from error
    try:
        return FILE.validate_python(loaded)
    except ValidationError as error:
        raise ThresholdError(f"{file}: {said(error)}") from None


def said(error: ValidationError) -> str:
    """The first thing that is wrong, and what to do."""
    first = error.errors()[0]
    where, kind = [str(part) for part in first["loc"]], first["type"]
    if len(where) < 2 or kind == "string_type":
        return f"must hold suites, each with its checks, as {DEFAULT.name} does"
    entry, fields = ".".join(where[:2]), where[2:]
    if kind == "unexpected_keyword_argument":
        return f"{entry}: '{fields[0]}' is unknown; there are min, max, warn_min, warn_max and severity"
    if "severity" in fields:
        return f"{entry}: severity must be one of {', '.join(get_args(Severity))}"
    if fields:
        return f"{entry}: {fields[0]} must be a number"
    if kind == "value_error":
        return f"{entry}: {first['ctx']['error']}"
    return f"{entry}: must be like {{max: 0.1, severity: fail}}"


@cache
def shipped() -> Thresholds:
    return load_thresholds(DEFAULT)


def check_names(thresholds: Thresholds, checks: Mapping[str, Collection[str]]) -> None:
    """Raises ThresholdError for limits of a check that there is not: what is misspelt would hold nothing back."""
    for suite, entries in thresholds.items():
        for name in entries:
            if name not in checks.get(suite, ()):
                raise ThresholdError(
                    f"{thresholds_file()}: there is no check {suite}.{name}: correct it, or take it out. "
                    f"{DEFAULT} has all checks"
                )


def threshold(thresholds: Thresholds, suite: str, check: str) -> Threshold:
    """The limits of one check; those that ship where the file has none. Raises ThresholdError where there are none."""
    found = thresholds.get(suite, {}).get(check) or shipped().get(suite, {}).get(check)
    if found is None:
        raise ThresholdError(f"{thresholds_file()}: {suite}.{check} is missing, also in {DEFAULT.name}")
    if found.severity != "off" and found.min is None and found.max is None:
        raise ThresholdError(f"{thresholds_file()}: {suite}.{check} has no limit: give it min or max, or severity: off")
    return found
