"""How good a prediction was, of a probability or of a number. `weights` says how often each customer counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from predictions.states import Floats

DECILES = 10
LEAST = 30  # customers of each kind below whom nothing is said of what is better
ROUNDS = 400  # of the bootstrap
SEED = 20050101
MOST_SURE = 1e-6  # a probability counts as at least so far from 0 and 1: one error is then not infinitely bad

# How much better the model is than the rival, above 0 if it is, where customer i counts weights[i] times.
Gain: TypeAlias = Callable[[Floats], float]


@dataclass(frozen=True)
class Interval:
    value: float
    low: float
    high: float

    @property
    def is_better(self) -> bool:
        return self.low > 0


def gains(found: Sequence[Gain], customers: int) -> list[Interval]:
    """Each with its 95 % interval by the percentile bootstrap: customers are drawn anew, with a fixed seed (Efron and
    Tibshirani 1993, 13.3)."""
    random = np.random.default_rng(SEED)
    drawn = np.empty((ROUNDS, len(found)))
    for number in range(ROUNDS):
        counts = np.bincount(random.integers(customers, size=customers), minlength=customers).astype(np.float64)
        drawn[number] = [gain(counts) for gain in found]
    once = np.ones(customers)
    intervals = []
    for gain, values in zip(found, drawn.T, strict=True):
        usable = values[np.isfinite(values)]
        low, high = np.quantile(usable, [0.025, 0.975]) if len(usable) else (np.nan, np.nan)
        intervals.append(Interval(gain(once), float(low), float(high)))
    return intervals


def mean_gain(loss: Floats, rival: Floats) -> Gain:
    """Of losses per customer, of which the mean is looked at: less is better."""
    difference = rival - loss
    return lambda weights: float(weights @ difference / weights.sum())


def total_gain(expected: Floats, rival: Floats, actual: Floats) -> Gain:
    """How much nearer the model's total is to the actual one, in parts of that."""

    def gain(weights: Floats) -> float:
        total, ours, theirs = (float(weights @ values) for values in (actual, expected, rival))
        return relative_error(theirs, total) - relative_error(ours, total)

    return gain


def auc_gain(outcome: NDArray[np.bool_], score: Floats, rival: Floats) -> Gain:
    ours, theirs = auc_of(outcome, score), auc_of(outcome, rival)
    return lambda weights: ours(weights) - theirs(weights)


def relative_error(expected: float, actual: float) -> float:
    return abs(expected / actual - 1) if actual > 0 else float("nan")


def auc_of(outcome: NDArray[np.bool_], score: Floats) -> Callable[[Floats], float]:
    """The share of pairs, one customer with and one without the outcome, in which the first has the higher score; equal
    ones count half. 0.5 is a coin's."""
    level = np.unique(score, return_inverse=True)[1]

    def area(weights: Floats) -> float:
        with_it = np.bincount(level, weights * outcome)
        without = np.bincount(level, weights * ~outcome)
        pairs = with_it.sum() * without.sum()
        below = np.cumsum(without) - without / 2
        return float(with_it @ below / pairs) if pairs else float("nan")

    return area


def auc(outcome: NDArray[np.bool_], score: Floats) -> float:
    return auc_of(outcome, score)(np.ones(len(score)))


def brier(outcome: NDArray[np.bool_], probability: Floats) -> Floats:
    """Per customer (Brier 1950)."""
    return np.asarray((probability - outcome) ** 2, dtype=np.float64)


def log_loss(outcome: NDArray[np.bool_], probability: Floats) -> Floats:
    """Per customer (Good 1952)."""
    sure = np.clip(probability, MOST_SURE, 1 - MOST_SURE)
    return np.asarray(-np.log(np.where(outcome, sure, 1 - sure)), dtype=np.float64)


def calibration_slope(outcome: NDArray[np.bool_], probability: Floats) -> float:
    """Of a logistic regression of the outcome on the logit of the probability (Cox 1958): 1 is right; below 1 the
    probabilities are too far apart. Null where it has no maximum, or all probabilities are equal."""
    return calibration_line(outcome, probability)[0]


def calibration_line(outcome: NDArray[np.bool_], probability: Floats) -> tuple[float, float]:
    """The slope, and its standard error from the inverse Hessian."""
    nothing = (float("nan"), float("nan"))
    sure = np.clip(probability, MOST_SURE, 1 - MOST_SURE)
    logit = np.log(sure / (1 - sure))
    if logit.max() - logit.min() < 1e-9:
        return nothing
    design = np.stack([np.ones_like(logit), logit])
    at = np.array([0.0, 1.0])
    for _ in range(50):
        fitted = 1 / (1 + np.exp(-(at @ design)))
        hessian = (design * (fitted * (1 - fitted))) @ design.T
        if np.linalg.cond(hessian) > 1e12:
            return nothing
        step = np.linalg.solve(hessian, design @ (outcome - fitted))
        at = at + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            return float(at[1]), float(np.sqrt(np.linalg.inv(hessian)[1, 1]))
    return nothing


def deciles(score: Floats) -> NDArray[np.int64]:
    """10 holds the tenth with the highest score, 1 the lowest; equal scores stand in the order of the customers."""
    place = np.empty(len(score), dtype=np.int64)
    place[np.argsort(-score, kind="stable")] = np.arange(len(score))
    return DECILES - place * DECILES // len(score)


def calibration_error(outcome: NDArray[np.bool_], probability: Floats) -> float:
    """The mean distance of probability and share over deciles, weighted by their customers (Naeini and others 2015)."""
    decile = deciles(probability)
    off = np.bincount(decile, probability) - np.bincount(decile, outcome)
    return float(np.abs(off).sum() / len(outcome))


def lift(outcome: NDArray[np.bool_], score: Floats) -> float:
    """How many times the share of all is the share with the outcome in the tenth with the highest score."""
    share = outcome.mean()
    return float(outcome[deciles(score) == DECILES].mean() / share) if share else float("nan")


def lift_gain(outcome: NDArray[np.bool_], score: Floats, rival: Floats) -> Gain:
    """The tenths are those of all customers."""
    top, rival_top = deciles(score) == DECILES, deciles(rival) == DECILES

    def share(weights: Floats) -> float:
        return float(weights @ outcome / weights.sum()) if weights.sum() else float("nan")

    def gain(weights: Floats) -> float:
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.divide(share(weights * top) - share(weights * rival_top), share(weights)))

    return gain
