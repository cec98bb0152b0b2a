"""What the gate says on each past day, and how often it would have cried wolf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property

import numpy as np

from orchestration.compared import acceptances, lasting_of
from orchestration.quality.checks import Table
from orchestration.quality.gate import Judged, Verdict, broken, judged_check, result, with_leave
from orchestration.quality.results import BLOCKING, Lasting, Result
from orchestration.quality.suites import NAMES, SUITES
from orchestration.quality.thresholds import Threshold, Thresholds, threshold
from orchestration.replay.compiled import BUILD_ID
from orchestration.replay.past import PastDay

PASSED, WARNED, ACCEPTED = "passed", "warned", "accepted"
LASTS = (BLOCKING, ACCEPTED)  # beyond its limits, and let through before
NOTHING_BROKEN: frozenset[tuple[str, ...]] = frozenset()
DAYS_OF_A_YEAR = 365
Name = tuple[str, str]  # suite and check


@dataclass(frozen=True)
class DayVerdict:
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

    def with_limits(self, limits: Threshold) -> DayVerdict:
        """The verdict that other limits give."""
        if self.lowest is None or self.highest is None:
            return self
        found = outcome_of(np.array([self.lowest, self.highest]), limits)
        return replace(self, limits=limits, outcome=ACCEPTED if (found, self.outcome) == LASTS else found)


@dataclass(frozen=True)
class Event:
    """One thing that set a check off, on one day or on several in a row."""

    verdicts: tuple[DayVerdict, ...]

    @property
    def first(self) -> DayVerdict:
        return self.verdicts[0]

    @property
    def last(self) -> DayVerdict:
        return self.verdicts[-1]


@dataclass(frozen=True)
class Alarms:
    """All that was said on the replayed days, in their order; of each `every` so many days one was replayed."""

    days: Sequence[date]
    every: int
    verdicts: Sequence[DayVerdict]

    @cached_property
    def by_check(self) -> dict[Name, list[DayVerdict]]:
        found: dict[Name, list[DayVerdict]] = {}
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
        events: list[list[DayVerdict]] = []
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


@dataclass
class Judge:
    """The gate on one day after the other. A person lets through at once whatever blocks, and it lasts where it may."""

    thresholds: Thresholds
    lasting: Lasting = field(default_factory=lambda: Lasting({}))

    def verdicts(self, past: PastDay) -> list[DayVerdict]:
        """What every check says of a day. Limits are compared here, as Great Expectations compares them: that costs a
        hundredth of the time."""
        judged_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        found, let_through = [], []
        accepted: dict[str, str | None] = {}
        for suite in (SUITES[name] for name in NAMES):
            for table in suite.tables:
                for check in table.checks:
                    limits = threshold(self.thresholds, suite.name, check.name)
                    single = judged_check(suite, table, check, past.evidence, limits)
                    values = values_of(single)
                    outcome, said, keys = PASSED, check.says, NOTHING_BROKEN
                    if not len(values) or outcome_of(values, limits) != PASSED:
                        verdict = gate_verdict(values, limits) if len(values) else None
                        told = with_leave(result(single, verdict, judged_at), check, None, self.lasting, accepted)
                        outcome, said, keys = told.outcome, told.explanation, keys_of(told, table)
                        if outcome in (BLOCKING, ACCEPTED):
                            let_through.append(told)
                    lowest, highest = (float(values.min()), float(values.max())) if len(values) else (None, None)
                    found.append(
                        DayVerdict(past.day, single.key, check.unit, limits, outcome, lowest, highest, keys, said)
                    )
        self._let_through(let_through)
        past.is_accepted = bool(let_through)
        return found

    def _let_through(self, results: Sequence[Result]) -> None:
        accepted = [replace(told, outcome=ACCEPTED, accepted_reason="replayed") for told in results]
        self.lasting = lasting_of(acceptances(BUILD_ID, accepted, self.lasting))


def gate_verdict(values: np.ndarray, limits: Threshold) -> Verdict:
    """What Great Expectations would say of the limits, and of those beyond which a check warns early."""
    holds = is_within(values, limits.min, limits.max)
    return Verdict(holds, not limits.warns_early or is_within(values, limits.warn_min, limits.warn_max))


def is_within(values: np.ndarray, least: float | None, most: float | None) -> bool:
    return not ((most is not None and values.max() > most) or (least is not None and values.min() < least))


def outcome_of(values: np.ndarray, limits: Threshold) -> str:
    """Whether values lie within their limits, and what it means if not."""
    return gate_verdict(values, limits).outcome(limits)


def sides_of(limits: Threshold, outcome: str) -> tuple[str, str] | None:
    """The names of the limits beyond which there is this outcome."""
    if outcome == broken(limits):
        return "min", "max"
    return ("warn_min", "warn_max") if outcome == WARNED and limits.warns_early else None


def keys_of(told: Result, table: Table) -> frozenset[tuple[str, ...]]:
    """What lies beyond the limits, such as months."""
    return frozenset(row[: len(table.keys)] for row in told.worst.rows) if told.worst else NOTHING_BROKEN


def values_of(single: Judged) -> np.ndarray:
    """What is judged; empty where nothing is."""
    if single.frame is None or not single.is_asked:
        return np.empty(0)
    values = single.frame[single.check.column].to_numpy(dtype=float, na_value=np.nan)
    return values[~np.isnan(values)]
