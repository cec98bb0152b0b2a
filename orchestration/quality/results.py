"""What a check found, as a row of the history and as words and figures for people."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from orchestration.quality.checks import Check
    from orchestration.quality.thresholds import Threshold

BLOCKING = "failed"
SHOWN_ROWS = 20


@dataclass(frozen=True)
class WorstRows:
    """The rows that break a check, the worst first: those that fit, and how many there are."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    broken: int


@dataclass(frozen=True)
class Broken:
    """One row that breaks a check: its keys as text, and how far it is."""

    key: str
    observed: float


@dataclass(frozen=True)
class Result:
    """What one check found: a row of quality.validation_results, and what a person needs beside it."""

    suite: str
    check_name: str
    severity: str
    outcome: str  # passed, warned, failed, accepted, no_baseline or off
    observed: str | None
    expected: str
    explanation: str
    rows_judged: int
    judged_at: datetime
    asks: str  # what holds if it passes
    worst: WorstRows | None = None  # where it did not pass
    broken: tuple[Broken, ...] = ()  # where it fails or was accepted
    accepted_reason: str | None = None  # where a person lets it pass
    lasts: bool = False  # whether that was in an earlier build


@dataclass(frozen=True)
class Acceptance:
    """Leave, given by a person, for checks that failed in an earlier refresh to fail once more."""

    build_id: str
    reason: str
    checks: frozenset[tuple[str, str]]

    def covers(self, suite: str, check: str) -> bool:
        return (suite, check) in self.checks


@dataclass(frozen=True)
class Lasting:
    """What a person accepted, up to the build before: by suite, check and key how far it was, and why it may."""

    accepted: Mapping[tuple[str, str, str], tuple[float, str]]

    def reason(self, suite: str, check: Check, broken: Sequence[Broken]) -> str | None:
        """Why all of it may be so, if it may."""
        if check.stays_accepted is None or not broken:
            return None
        reasons = []
        for row in broken:
            observed, reason = self.accepted.get((suite, check.name, row.key), (0, None))
            if reason is None or abs(row.observed) > abs(observed) * check.stays_accepted:
                return None
            reasons.append(reason)
        return "; ".join(dict.fromkeys(reasons))


def blocking(results: Iterable[Result]) -> list[Result]:
    return [result for result in results if result.outcome == BLOCKING]


def beyond_limits(values: pd.Series, limits: Threshold) -> pd.Series:
    """How far each value lies beyond its limits; negative within."""
    above = values - (math.inf if limits.max is None else limits.max)
    below = (-math.inf if limits.min is None else limits.min) - values
    return above.combine(below, max)


def broken_rows(check: Check, keys: Sequence[str], limits: Threshold, frame: pd.DataFrame) -> tuple[Broken, ...]:
    distance = beyond_limits(frame[check.column].astype(float), limits)
    return tuple(
        Broken(" ".join(shown_value(row[key]) for key in keys), float(row[check.column]))
        for row in frame[distance > 0].to_dict("records")
    )


def worst_rows(check: Check, columns: Sequence[str], limits: Threshold, frame: pd.DataFrame) -> WorstRows:
    distance = beyond_limits(frame[check.column].astype(float), limits)
    broken = frame.assign(**{"beyond limits": distance})[distance > 0].sort_values("beyond limits", ascending=False)
    rows = broken.head(SHOWN_ROWS)[list(columns)].to_dict("records")
    return WorstRows(
        columns=tuple(columns),
        rows=tuple(
            tuple(
                shown_number(row[name], check.unit) if name == check.column else shown_value(row[name])
                for name in columns
            )
            for row in rows
        ),
        broken=len(broken),
    )


def worst_row(check: Check, limits: Threshold, frame: pd.DataFrame) -> Mapping[str, object]:
    """The row that is furthest out, or nearest to a limit."""
    distance = beyond_limits(frame[check.column].astype(float), limits)
    return frame.loc[[distance.idxmax()]].to_dict("records")[0]


def warning(check: Check, row: Mapping[str, object]) -> str:
    """What is wrong, with the values of a row."""
    shown = {name: Day(value) if hasattr(value, "isoformat") else value for name, value in row.items()}
    return check.warns.format_map(shown)


class Day:
    """A date in a sentence: YYYY-MM-DD unless the sentence says otherwise."""

    def __init__(self, value) -> None:
        self.value = value

    def __format__(self, form: str) -> str:
        return self.value.strftime(form or "%Y-%m-%d")


def shown_expected(check: Check, limits: Threshold) -> str:
    """What passes, and where it begins to warn."""
    within = shown_limits(check, limits)
    return f"{within} (warns beyond {shown_limits(check, limits.early)})" if limits.warns_early else within


def shown_limits(check: Check, limits: Threshold) -> str:
    low = None if limits.min is None else shown_number(limits.min, check.unit)
    high = None if limits.max is None else shown_number(limits.max, check.unit)
    if low and high:
        return f"{low} to {high}"
    return f"at least {low}" if low else f"at most {high}" if high else "any"


def shown_value(value: object) -> str:
    """A value of an aggregate: days without a time of day, numbers with two digits or as many as say something."""
    if value is None or value != value:  # NaN and NaT differ from themselves
        return "none"
    if hasattr(value, "isoformat"):
        return value.isoformat().removesuffix("T00:00:00")
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def shown_number(value: object, unit: str) -> str:
    number = float(value)  # type: ignore[arg-type]
    if unit == "percent":
        return f"{plain(number * 100, 4)} %"
    if unit == "points":
        return f"{plain(number * 100, 3)} points"
    if unit == "times":
        return f"{plain(number, 3)} times"
    if unit == "days":
        return "1 day" if number == 1 else f"{plain(number, 6)} days"
    return plain(number, 6)


def plain(number: float, digits: int) -> str:
    """As many digits as say something, and all before the point: never 1e+06."""
    text = f"{number:,.{digits}g}"
    return f"{number:,.0f}" if "e+" in text else text
