"""What the gate says on each past day, and how often it would have cried wolf."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

from orchestration.quality.evidence import Evidence
from orchestration.quality.gate import Judged, judged_check, result
from orchestration.quality.results import BLOCKING, beyond_limits
from orchestration.quality.suites import NAMES, SUITES
from orchestration.quality.thresholds import Threshold, Thresholds, threshold

WARNED = "warned"
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

    @property
    def is_alarm(self) -> bool:
        return self.outcome in (BLOCKING, WARNED)


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
    """What every check of the gate says of one day. Limits are compared here, as Great Expectations compares them."""
    judged_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    for suite in (SUITES[name] for name in NAMES):
        for table in suite.tables:
            for check in table.checks:
                limits = threshold(thresholds, suite.name, check.name)
                single = judged_check(suite, table, check, evidence, limits)
                found = result(single, holds(single) if single.is_asked else None, None, judged_at)
                lowest, highest = outermost(single)
                yield Verdict(
                    day, single.key, check.unit, limits, found.outcome, lowest, highest, broken_keys(single),
                    found.explanation,
                )  # fmt: skip


def holds(single: Judged) -> bool:
    """Whether no value lies beyond its limits. Values that are missing are not judged."""
    assert single.frame is not None
    return not (beyond_limits(values_of(single), single.limits) > 0).any()


def values_of(single: Judged):
    assert single.frame is not None
    return single.frame[single.check.column].dropna().astype(float)


def outermost(single: Judged) -> tuple[float | None, float | None]:
    if not single.is_asked:
        return None, None
    values = values_of(single)
    return float(values.min()), float(values.max())


def broken_keys(single: Judged) -> frozenset[tuple[str, ...]]:
    if not single.is_asked or single.frame is None:
        return frozenset()
    values = values_of(single)
    beyond = beyond_limits(values, single.limits) > 0
    keys = single.frame.loc[values.index[beyond], list(single.table.keys)]
    return frozenset(tuple(str(value) for value in row) for row in keys.itertuples(index=False, name=None))
