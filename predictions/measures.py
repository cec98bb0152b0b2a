"""How good probabilities were, against what then happened; each figure with its 95 % interval, one customer per element.

Of a rival on the same customers the lead is judged, pair by pair: two intervals that overlap say nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from predictions.intervals import Z
from predictions.states import Floats

Happened: TypeAlias = NDArray[np.bool_]

NEAREST = 1e-15  # to 0 and 1, where a logarithm is taken
NEWTON_STEPS = 100


@dataclass(frozen=True)
class Figure:
    """Null (nan) where customers are too few or too much alike for an interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Bucket:
    """A tenth of the customers, 1 the least probable: what was expected on average, and the share to whom it happened."""

    decile: int
    expected: float
    actual: float
    rival: float
    customers: int


def mean(of_each: Floats) -> Figure:
    """A mean over customers."""
    value = float(of_each.mean())
    reach = Z * float(of_each.std(ddof=1)) / np.sqrt(len(of_each)) if len(of_each) > 1 else float("nan")
    return Figure(value, value - reach, value + reach)


def squared_errors(probability: Floats, happened: Happened) -> Floats:
    """Their mean is Brier's score (1950)."""
    return (probability - happened) ** 2


def log_losses(probability: Floats, happened: Happened) -> Floats:
    bounded = np.clip(probability, NEAREST, 1 - NEAREST)
    return -np.where(happened, np.log(bounded), np.log1p(-bounded))


def auc(risk: Floats, happened: Happened) -> Figure:
    """Of a customer to whom it happened and one to whom it did not: how often the former has the larger risk. The
    interval is DeLong's (1988)."""
    return _within(_curve(risk, happened), happened, 0, 1)


def auc_lead(risk: Floats, rival: Floats, happened: Happened) -> Figure:
    """The difference of both AUC over the same customers, with DeLong's interval."""
    return _within(_curve(risk, happened) - _curve(rival, happened), happened, -1, 1)


def calibration_slope(probability: Floats, happened: Happened) -> Figure:
    """Of a logistic regression of what happened on the log odds of the probability (Cox 1958): 1 where they spread as
    far as they should, below 1 where they are too extreme."""
    bounded = np.clip(probability, NEAREST, 1 - NEAREST)
    columns = np.column_stack([np.ones(len(bounded)), np.log(bounded) - np.log1p(-bounded)])
    nothing = Figure(float("nan"), float("nan"), float("nan"))
    if np.ptp(columns[:, 1]) == 0 or happened.all() or not happened.any():
        return nothing
    at = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        predicted = 1 / (1 + np.exp(-np.clip(columns @ at, -500, 500)))
        hessian = columns.T @ (columns * (predicted * (1 - predicted))[:, None])
        if not np.isfinite(hessian).all() or np.linalg.cond(hessian) > 1e14:
            return nothing  # what happened follows from the probability alone: the slope has no end
        step = np.linalg.solve(hessian, columns.T @ (happened - predicted))
        at = at + step
        if np.abs(step).max() < 1e-10:
            reach = Z * float(np.sqrt(np.linalg.inv(hessian)[1, 1]))
            return Figure(float(at[1]), float(at[1]) - reach, float(at[1]) + reach)
    return nothing


def by_decile(probability: Floats, rival: Floats, happened: Happened) -> list[Bucket]:
    """Customers by their probability, in tenths; those of one probability share a tenth, so that some may be empty."""
    order = np.sort(probability)
    deciles = 1 + np.floor(10 * np.searchsorted(order, probability, side="left") / len(order)).astype(np.intp)
    return [
        Bucket(
            int(decile),
            float(probability[inside].mean()),
            float(happened[inside].mean()),
            float(rival[inside].mean()),
            int(inside.sum()),
        )
        for decile in np.unique(deciles)
        for inside in [deciles == decile]
    ]


def lift_top_decile(probability: Floats, happened: Happened) -> Figure:
    """How many times as often it happened to the tenth with the largest probability as to all. Of customers with one
    probability, of whom only some belong to the tenth, each counts in part. The interval is that of the share in the
    tenth, by the normal distribution; the share of all is taken as known."""
    wanted = len(probability) / 10
    values, which = np.unique(probability, return_inverse=True)
    counts = np.bincount(which)
    riskier = np.concatenate([np.cumsum(counts[::-1])[::-1][1:], [0]])
    part = (np.clip(wanted - riskier, 0, counts) / counts)[which]
    overall = float(happened.mean())
    if overall == 0 or not len(values):
        return Figure(float("nan"), float("nan"), float("nan"))
    share = float((part @ happened) / wanted)
    reach = Z * np.sqrt(max(share * (1 - share), 0.0) / wanted)
    return Figure(share / overall, max(share - reach, 0.0) / overall, min(share + reach, 1.0) / overall)


def _curve(risk: Floats, happened: Happened) -> Floats:
    """Of each customer the share of those of the other kind that are told apart rightly; equal risk counts half."""
    yes, no = np.sort(risk[happened]), np.sort(risk[~happened])
    places = np.empty(len(risk))
    for inside, others, sign in ((happened, no, 1), (~happened, yes, -1)):
        below = np.searchsorted(others, risk[inside], side="left")
        not_above = np.searchsorted(others, risk[inside], side="right")
        share = (below + not_above) / 2 / max(len(others), 1)
        places[inside] = share if sign == 1 else 1 - share
    return places


def _within(places: Floats, happened: Happened, least: float, most: float) -> Figure:
    yes, no = places[happened], places[~happened]
    if len(yes) < 2 or len(no) < 2:
        value = float(yes.mean()) if len(yes) and len(no) else float("nan")
        return Figure(value, float("nan"), float("nan"))
    value = float(yes.mean())
    reach = Z * float(np.sqrt(yes.var(ddof=1) / len(yes) + no.var(ddof=1) / len(no)))
    return Figure(value, max(value - reach, least), min(value + reach, most))
