"""Limits that fit a shop: as narrow as its own past without damage allows."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from orchestration.quality.results import BLOCKING
from orchestration.quality.thresholds import Threshold
from orchestration.replay.alarms import WARNED, Alarms, Name, Verdict, sides_of

BLOCKED_A_YEAR, WARNINGS_A_YEAR = 1, 12
MARGIN = 0.1  # beyond the furthest value that has to pass: the next year is not exactly like the last
DIGITS = 2


@dataclass(frozen=True)
class Proposal:
    """Other limits of one check, and the furthest values that they were made for."""

    name: Name
    limits: Threshold

    def line(self) -> str:
        """As thresholds.yml has it."""
        sides = [side for side in self.limits.__dict__ if side != "severity" and getattr(self.limits, side) is not None]
        figures = "".join(f"{side}: {getattr(self.limits, side):.12g}, " for side in sorted(sides, key=order_of_sides))
        return f"{self.name[1]}: {{{figures}severity: {self.limits.severity}}}"


def order_of_sides(side: str) -> tuple[bool, str]:
    return side.startswith("warn"), side.replace("min", "1").replace("max", "2")


def kept_goal(alarms: Alarms) -> bool:
    """Whether there were no more alarms than there may be: at most one blocked refresh and twelve warnings a year."""
    return len(alarms.blocked()) <= allowed(alarms, BLOCKING) and len(alarms.events(WARNED)) <= allowed(alarms, WARNED)


def allowed(alarms: Alarms, outcome: str) -> int:
    a_year = BLOCKED_A_YEAR if outcome == BLOCKING else WARNINGS_A_YEAR
    return math.floor(a_year * max(alarms.years, 1))


def proposals(alarms: Alarms) -> list[Proposal]:
    """Other limits for the checks that gave too many alarms, first where they block, then where they warn.

    The days that lie furthest out stay alarms, as many as there may be: such a day is better accepted once than let
    pass for ever. All others have to pass.
    """
    limits: dict[Name, Threshold] = {}
    for outcome in (BLOCKING, WARNED):
        # An occasion of which the middle passes becomes two: what is left over then has to pass as well.
        while wider := wider_limits(alarms.with_limits(limits), outcome):
            limits |= wider
    return [Proposal(name, limits[name]) for name in alarms.by_check if name in limits]


def wider_limits(alarms: Alarms, outcome: str) -> dict[Name, Threshold]:
    """Limits of the checks of which alarms have to pass that may not stay."""
    stay = staying(alarms, outcome)
    found = {}
    for name, verdicts in alarms.by_check.items():
        passing = [verdict for verdict in verdicts if verdict.outcome == outcome and verdict not in stay]
        limits = widened(verdicts[0].limits, outcome, passing)
        if limits != verdicts[0].limits:
            found[name] = limits
    return found


def staying(alarms: Alarms, outcome: str) -> Collection[Verdict]:
    """The alarms that stay: the refreshes, or occasions of warnings, that lie furthest beyond their limits."""
    if outcome == BLOCKING:
        days = alarms.blocked()
        groups = [[one for one in alarms.verdicts if one.day == day and one.outcome == outcome] for day in days]
    else:
        groups = [list(event.verdicts) for event in alarms.events(outcome)]
    groups.sort(key=lambda group: max(times_beyond(verdict) for verdict in group), reverse=True)
    return {verdict for group in groups[: allowed(alarms, outcome)] for verdict in group}


def times_beyond(verdict: Verdict) -> float:
    """How many times its limit the furthest value is; infinite where no limit would let it pass."""
    if verdict.lowest is None or verdict.highest is None or is_a_must(verdict.limits, verdict.unit):
        return math.inf
    times = [0.0]
    for lower, upper in sides_of(verdict.limits, verdict.outcome):
        least, most = getattr(verdict.limits, lower), getattr(verdict.limits, upper)
        if most is not None:
            times.append(verdict.highest / most if most > 0 else 1 + verdict.highest - most)
        if least is not None:
            times.append(least / verdict.lowest if verdict.lowest > 0 else math.inf)
    return max(times)


def is_a_must(limits: Threshold, unit: str) -> bool:
    """A limit of 0 that counts things says that there must be none: it is not to be widened."""
    return limits.max == 0 and unit == "number"


def widened(limits: Threshold, outcome: str, passing: Sequence[Verdict]) -> Threshold:
    """Limits in which these verdicts pass, with a margin; what cannot pass stays an alarm."""
    wider = limits
    for verdict in passing:
        if verdict.lowest is None or verdict.highest is None or is_a_must(limits, verdict.unit):
            continue
        for lower, upper in sides_of(limits, outcome):
            least, most = getattr(wider, lower), getattr(wider, upper)
            if most is not None and most < verdict.highest < math.inf:
                wider = with_side(wider, upper, verdict.highest + MARGIN * abs(verdict.highest), up=True)
            if least is not None and -math.inf < verdict.lowest < least:
                wider = with_side(wider, lower, verdict.lowest - MARGIN * abs(verdict.lowest), up=False)
    return wider


def with_side(limits: Threshold, side: str, value: float, up: bool) -> Threshold:
    return Threshold(**{**limits.__dict__, side: outward(value, up)})


def outward(value: float, up: bool) -> float:
    """A figure of two digits that is not nearer."""
    if value == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - DIGITS + 1)
    rounded = (math.ceil if up else math.floor)(round(value / unit, 9))
    return float(f"{rounded * unit:.12g}")
