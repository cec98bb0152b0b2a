"""How far chance alone can move a figure (contract, section 20)."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log, sqrt

Z = 1.96


def wilson(part: int, whole: int) -> tuple[float, float] | tuple[None, None]:
    """Wilson's score interval of the share part / whole."""
    if whole == 0:
        return None, None
    share = part / whole
    middle = (share + Z**2 / (2 * whole)) / (1 + Z**2 / whole)
    half = Z / (1 + Z**2 / whole) * sqrt(share * (1 - share) / whole + Z**2 / (4 * whole**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def greenwood(survival: float, days: Iterable[tuple[int, int]]) -> tuple[float, float]:
    """Interval of a Kaplan-Meier survival on the scale log(-log); `days` are (at risk, events) so far."""
    if survival in (0.0, 1.0):
        return survival, survival
    variance = sum(events / (at_risk * (at_risk - events)) for at_risk, events in days) / log(survival) ** 2
    width = Z * sqrt(variance)
    return survival ** exp(width), survival ** exp(-width)
