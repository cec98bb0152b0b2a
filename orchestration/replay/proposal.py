"""Limits that fit a shop: as narrow as its own past without damage allows."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from orchestration.quality.results import BLOCKING
from orchestration.quality.thresholds import Threshold
from orchestration.replay.alarms import WARNED, Alarms, DayVerdict, Name, sides_of

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


def staying(alarms: Alarms, outcome: str) -> Collection[DayVerdict]:
    """The alarms that stay: the refreshes, or occasions of warnings, that lie furthest beyond their limits."""
    if outcome == BLOCKING:
        days = alarms.blocked()
        groups = [[one for one in alarms.verdicts if one.day == day and one.outcome == outcome] for day in days]
    else:
        groups = [list(event.verdicts) for event in alarms.events(outcome)]
    groups.sort(key=lambda group: max(times_beyond(verdict) for verdict in group), reverse=True)
    return {verdict for group in groups[: allowed(alarms, outcome)] for verdict in group}


def times_beyond(verdict: DayVerdict) -> float:
    """How many times its limit the furthest value is; infinite where no limit would let it pass."""
    if verdict.lowest is None or verdict.highest is None or is_a_must(verdict.limits, verdict.unit):
        return math.inf
    sides = sides_of(verdict.limits, verdict.outcome)
    least, most = (getattr(verdict.limits, side) for side in sides) if sides else (None, None)
    above = below = 0.0
    if most is not None:
        above = verdict.highest / most if most > 0 else 1 + verdict.highest - most
    if least is not None:
        below = least / verdict.lowest if verdict.lowest > 0 else math.inf
    return max(above, below)


def is_a_must(limits: Threshold, unit: str) -> bool:
    """A limit of 0 that counts things says that there must be none: it is not to be widened."""
    return limits.max == 0 and unit == "number"


def widened(limits: Threshold, outcome: str, passing: Sequence[DayVerdict]) -> Threshold:
    """Limits in which these verdicts pass, with a margin; what cannot pass stays an alarm."""
    sides = sides_of(limits, outcome)
    values = [
        (verdict.lowest, verdict.highest)
        for verdict in passing
        if verdict.lowest is not None and verdict.highest is not None and not is_a_must(limits, verdict.unit)
    ]
    if not sides or not values:
        return limits
    given = dict(limits.__dict__)
    for side, furthest, sign in (
        (sides[0], min(low for low, _ in values), -1),
        (sides[1], max(high for _, high in values), 1),
    ):
        limit = given[side]
        if limit is not None and sign * (furthest - limit) > 0 and math.isfinite(furthest):
            given[side] = outward(furthest + sign * MARGIN * abs(furthest), up=sign > 0)
    # Where it blocks, it need not warn.
    if given["warn_max"] is not None and given["max"] is not None:
        given["warn_max"] = min(given["warn_max"], given["max"])
    if given["warn_min"] is not None and given["min"] is not None:
        given["warn_min"] = max(given["warn_min"], given["min"])
    return Threshold(**given)


def outward(value: float, up: bool) -> float:
    """A figure of two digits that is not nearer."""
    if value == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - DIGITS + 1)
    rounded = (math.ceil if up else math.floor)(round(value / unit, 9))
    return float(f"{rounded * unit:.12g}")
