"""The limits that users edit, read strictly: a limit that is misspelt must not let anything through."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

DEFAULT = Path(__file__).with_name("thresholds.yml")
SEVERITIES = ("fail", "warn", "off")


class ThresholdError(Exception):
    """The file of thresholds cannot be used; the text names file and entry, and what to do."""


@dataclass(frozen=True)
class Threshold:
    """Limits of one check; none on a side means no limit there."""

    severity: str
    min: float | None = None
    max: float | None = None


Thresholds = Mapping[str, Mapping[str, Threshold]]


def thresholds_file() -> Path:
    return Path(os.environ.get("STAMMKUNDE_THRESHOLDS") or DEFAULT)


def load_thresholds(path: Path | None = None) -> Thresholds:
    """Thresholds by suite and check. Raises ThresholdError."""
    file = path or thresholds_file()
    try:
        loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ThresholdError(f"{file}: cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(loaded, dict) or not all(isinstance(checks, dict) for checks in loaded.values()):
        raise ThresholdError(f"{file}: must hold suites, each with its checks, as {DEFAULT.name} does")
    return {
        str(suite): {str(name): read_threshold(file, f"{suite}.{name}", entry) for name, entry in checks.items()}
        for suite, checks in loaded.items()
    }


def read_threshold(file: Path, where: str, entry: object) -> Threshold:
    if not isinstance(entry, dict):
        raise ThresholdError(f"{file}: {where}: must be like {{max: 0.1, severity: fail}}")
    if unknown := entry.keys() - {"min", "max", "severity"}:
        raise ThresholdError(f"{file}: {where}: '{min(unknown, key=str)}' is unknown; there are min, max and severity")
    severity = "off" if entry.get("severity") is False else entry.get("severity")  # YAML reads a bare off as false
    if severity not in SEVERITIES:
        raise ThresholdError(f"{file}: {where}: severity must be one of {', '.join(SEVERITIES)}")
    limits = {}
    for side in ("min", "max"):
        limit = entry.get(side)
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int | float) or math.isnan(limit)):
            raise ThresholdError(f"{file}: {where}: {side} must be a number")
        limits[side] = None if limit is None else float(limit)
    if limits["min"] is not None and limits["max"] is not None and limits["min"] > limits["max"]:
        raise ThresholdError(f"{file}: {where}: min is above max, which nothing can pass")
    return Threshold(str(severity), **limits)


def threshold(thresholds: Thresholds, suite: str, check: str, *, needs_limits: bool = False) -> Threshold:
    """The limits of one check. Raises ThresholdError where the file has none."""
    found = thresholds.get(suite, {}).get(check)
    if found is None:
        raise ThresholdError(f"{thresholds_file()}: {suite}.{check} is missing: take it over from {DEFAULT.name}")
    if needs_limits and found.severity != "off" and found.min is None and found.max is None:
        raise ThresholdError(f"{thresholds_file()}: {suite}.{check} has no limit: give it min or max, or severity: off")
    return found
