"""How far chance alone can move a figure (contract, section 20)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from math import exp, log, pi, sqrt

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


def normal_tail(z: float) -> float:
    """Abramowitz and Stegun (1964), 26.2.17: chance of more than z standard errors."""
    t = 1 / (1 + 0.2316419 * z)
    terms = (0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)
    density = exp(-z * z / 2) / sqrt(2 * pi)
    return density * sum(factor * t ** (power + 1) for power, factor in enumerate(terms))


def hypergeometric_p_value(active: int, own: int, all_active: int, everybody: int) -> float:
    """Two-sided chance of so unusual a number of active customers among `own`, drawn from everybody at random.

    Twice the tail away from the mean, by Peizer's approximation as Ling and Pratt (1984) give it: a two by two table
    with the margins n, m (own, others) and r, s (active, not active), half a customer corrected for continuity.
    """
    n, m, r, s, total = own, everybody - own, all_active, everybody - all_active, everybody
    below = active * total < n * r
    a = active + (0.5 if below else -0.5)
    b, c = n - a, r - a
    d = m - c

    def moved(cell: float, row: int, column: int) -> float:
        return cell + 1 / 6 + 0.02 / (cell + 0.5) + 0.01 / (row + 1) + 0.01 / (column + 1)

    if a * d == b * c:
        return 1.0
    likelihood = (
        a * log(a * total / (n * r))
        + b * log(b * total / (n * s))
        + c * log(c * total / (m * r))
        + d * log(d * total / (m * s))
    )
    shrunk = 1 - 1 / (6 * total)
    for margin in (n, m, r, s):
        shrunk *= margin / (margin + 1 / 6)
    z = moved(a, n, r) * moved(d, m, s) - moved(b, n, s) * moved(c, m, r)
    z *= sqrt(max(2 * likelihood * shrunk, 0)) / abs(a * d - b * c)
    away = -z if below else z
    return min(1.0, 2 * normal_tail(away)) if away > 0 else 1.0


def false_discovery_rates(p_values: list[float]) -> list[float]:
    """Benjamini and Hochberg (1995): for each p-value the smallest rate at which it is still called a discovery."""
    ordered, smallest = sorted(p_values), 1.0
    rates: dict[float, float] = {}
    for value in reversed(ordered):
        smallest = min(smallest, value * len(ordered) / bisect_right(ordered, value))
        rates[value] = smallest
    return [rates[value] for value in p_values]
