"""What the gate says on each past day, and how often it would have cried wolf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property

import numpy as np

from orchestration.quality.evidence import Evidence
from orchestration.quality.gate import Judged, judged_check, result
from orchestration.quality.results import BLOCKING, beyond_limits, shown_value
from orchestration.quality.suites import NAMES, SUITES
from orchestration.quality.thresholds import Threshold, Thresholds, threshold

PASSED, WARNED = "passed", "warned"
DAYS_OF_A_YEAR = 365
Name = tuple[str, str]  # suite and check


@dataclass(frozen=True)
class Verdict:
    """What one check said of one day. `lowest` and `highest` are the outermost values that it judged, if any."""

    day: date
    name: Name
    unit: str
    limits: Threshold
    outcome: str
    lowest: float | None
    highest: float | None
    broken: frozenset[tuple[str, ...]]  # keys of what lies beyond the limits
    said: str

    def with_limits(self, limits: Threshold) -> Verdict:
        """The verdict that other limits give."""
        if self.lowest is None or self.highest is None:
            return self
        found = outcome_of(np.array([self.lowest, self.highest]), limits)
        return replace(self, limits=limits, outcome=found)


@dataclass(frozen=True)
class Event:
    """One thing that set a check off, on one day or on several in a row."""

    verdicts: tuple[Verdict, ...]

    @property
    def first(self) -> Verdict:
        return self.verdicts[0]

    @property
    def last(self) -> Verdict:
        return self.verdicts[-1]


@dataclass(frozen=True)
class Alarms:
    """All that was said on the replayed days, in their order; of each `every` so many days one was replayed."""

    days: Sequence[date]
    every: int
    verdicts: Sequence[Verdict]

    @cached_property
    def by_check(self) -> dict[Name, list[Verdict]]:
        found: dict[Name, list[Verdict]] = {}
        for verdict in self.verdicts:
            found.setdefault(verdict.name, []).append(verdict)
        return found

    def with_limits(self, limits: Mapping[Name, Threshold]) -> Alarms:
        """What would have been said with other limits of some checks."""
        return replace(
            self,
            verdicts=[
                verdict.with_limits(limits[verdict.name]) if verdict.name in limits else verdict
                for verdict in self.verdicts
            ],
        )

    @property
    def years(self) -> float:
        return len(self.days) * self.every / DAYS_OF_A_YEAR

    def blocked(self) -> list[date]:
        """Days whose refresh would have been blocked, by one check or several."""
        return sorted({verdict.day for verdict in self.verdicts if verdict.outcome == BLOCKING})

    def events(self, outcome: str) -> list[Event]:
        """All events of an outcome, check by check."""
        return [event for name in self.by_check for event in self.events_of(name, outcome)]

    def events_of(self, name: Name, outcome: str) -> list[Event]:
        """Replayed days in a row on which a check said the same of something: it is one event, told again."""
        position = {day: number for number, day in enumerate(self.days)}
        events: list[list[Verdict]] = []
        for verdict in self.by_check.get(name, ()):
            if verdict.outcome != outcome:
                continue
            last = events[-1][-1] if events else None
            follows = last is not None and position[verdict.day] == position[last.day] + 1
            if last is not None and follows and (verdict.broken == last.broken or verdict.broken & last.broken):
                events[-1].append(verdict)
            else:
                events.append([verdict])
        return [Event(tuple(event)) for event in events]


def verdicts_of(day: date, evidence: Evidence, thresholds: Thresholds) -> Iterable[Verdict]:
    """What every check of the gate says of one day. Limits are compared here, as Great Expectations compares them: that
    costs a hundredth of the time."""
    judged_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    for suite in (SUITES[name] for name in NAMES):
        for table in suite.tables:
            for check in table.checks:
                limits = threshold(thresholds, suite.name, check.name)
                yield verdict_of(day, judged_check(suite, table, check, evidence, limits), judged_at)


def verdict_of(day: date, single: Judged, judged_at: datetime) -> Verdict:
    values = values_of(single)
    outcome = outcome_of(values, single.limits) if len(values) else None
    said = single.check.says
    broken: frozenset[tuple[str, ...]] = frozenset()
    if outcome != PASSED:
        found = result(single, False if outcome else None, None, judged_at)
        outcome, said = found.outcome, found.explanation
        broken = broken_keys(single) if len(values) else broken
    return Verdict(
        day, single.key, single.check.unit, single.limits, outcome,
        float(values.min()) if len(values) else None, float(values.max()) if len(values) else None, broken, said,
    )  # fmt: skip


def outcome_of(values: np.ndarray, limits: Threshold) -> str:
    """Whether values lie within their limits, and what it means if not."""
    for outcome in (BLOCKING, WARNED):
        for lower, upper in sides_of(limits, outcome):
            least, most = getattr(limits, lower), getattr(limits, upper)
            if (most is not None and values.max() > most) or (least is not None and values.min() < least):
                return outcome
    return PASSED


def sides_of(limits: Threshold, outcome: str) -> list[tuple[str, str]]:
    """The names of the limits beyond which there is this outcome."""
    return [("min", "max")] if outcome == (BLOCKING if limits.severity == "fail" else WARNED) else []


def values_of(single: Judged) -> np.ndarray:
    """What is judged; empty where nothing is."""
    if single.frame is None or not single.is_asked:
        return np.empty(0)
    values = single.frame[single.check.column].to_numpy(dtype=float, na_value=np.nan)
    return values[~np.isnan(values)]


def broken_keys(single: Judged) -> frozenset[tuple[str, ...]]:
    """What lies beyond the limits, such as months."""
    assert single.frame is not None
    beyond = beyond_limits(single.frame[single.check.column].astype(float), single.limits) > 0
    keys = single.frame.loc[beyond, list(single.table.keys)]
    return frozenset(tuple(shown_value(value) for value in row) for row in keys.itertuples(index=False, name=None))
