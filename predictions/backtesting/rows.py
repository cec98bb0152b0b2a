"""Rows of the backtest: one measure of one model as of one date, beside the rival's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictions.backtesting import measures
from predictions.backtesting.measures import DECILES, LEAST, Gain, Interval
from predictions.states import Floats

ALL = "all"
# Whether a model is better than its rival is decided by one measure and bucket of each: the mean squared error, which
# a right expectation and a right probability make least.
DECISIVE = {
    ("bg_nbd", "customer_squared_error", "90d"),
    ("gamma_gamma", "order_value_squared_error", ALL),
    ("clv", "clv_365d_customer_squared_error", ALL),
    ("churn_logistic", "brier", ALL),
}


@dataclass(frozen=True)
class Row:
    """Of a figure: `expected` by the model, `actual`, and `rival`'s. Of a score (an error, an AUC): the model's and the
    rival's, `actual` is null. `gain`: how much better the model's is, above 0 if it is, with its 95 % interval."""

    model: str
    measure: str
    bucket: str
    expected: float | None
    actual: float | None
    rival: float | None
    customers: int
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    is_better: bool | None = None

    @property
    def decides(self) -> bool:
        return (self.model, self.measure, self.bucket) in DECISIVE


def number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def figure(
    model: str, measure: str, bucket: str, expected: float, actual: float, rival: float | None, customers: int
) -> Row:
    return Row(model, measure, bucket, number(expected), number(actual), number(rival), int(customers))


def score(
    model: str,
    measure: str,
    bucket: str,
    ours: float,
    rival: float | None,
    customers: int,
    gain: Interval | None = None,
) -> Row:
    if gain is None or not math.isfinite(gain.value):
        return Row(model, measure, bucket, number(ours), None, number(rival), int(customers))
    ends = (number(gain.value), number(gain.low), number(gain.high))
    return Row(
        model, measure, bucket, number(ours), None, number(rival), int(customers), *ends, is_better=gain.is_better
    )


def of_probability(
    model: str, outcome: NDArray[np.bool_], probability: Floats, rival: Floats, ranks: Floats, rival_ranks: Floats
) -> list[Row]:
    """Every measure of a probability: Brier score, log loss, calibration; and of what customers are ranked by, the
    higher the likelier the outcome: AUC and lift of the top decile. Nothing is said of what is better with fewer than
    30 customers with or without the outcome."""
    customers = len(outcome)
    ours, theirs = measures.brier(outcome, probability), measures.brier(outcome, rival)
    our_log, their_log = measures.log_loss(outcome, probability), measures.log_loss(outcome, rival)
    found: list[tuple[str, float, float, Gain]] = [
        ("auc", measures.auc(outcome, ranks), measures.auc(outcome, rival_ranks),
         measures.auc_gain(outcome, ranks, rival_ranks)),
        ("brier", ours.mean(), theirs.mean(), measures.mean_gain(ours, theirs)),
        ("log_loss", our_log.mean(), their_log.mean(), measures.mean_gain(our_log, their_log)),
        ("lift_top_decile", measures.lift(outcome, ranks), measures.lift(outcome, rival_ranks),
         measures.lift_gain(outcome, ranks, rival_ranks)),
    ]  # fmt: skip
    intervals: list[Interval | None] = [None] * len(found)
    if min(outcome.sum(), (~outcome).sum()) >= LEAST:
        intervals = list(measures.gains([gain for *_, gain in found], customers))
    rows = [
        score(model, measure, ALL, mine, rivals, customers, interval)
        for (measure, mine, rivals, _), interval in zip(found, intervals, strict=True)
    ]
    for measure, of in (
        ("calibration_slope", measures.calibration_slope),
        ("calibration_error", measures.calibration_error),
    ):
        rows.append(score(model, measure, ALL, of(outcome, probability), of(outcome, rival), customers))
    return rows + by_decile(model, outcome, probability, rival)


def by_decile(model: str, outcome: NDArray[np.bool_], probability: Floats, rival: Floats) -> list[Row]:
    """Of each tenth of the customers, 1 with the lowest probability: the model's mean, the share, the rival's mean."""
    rows = []
    decile = measures.deciles(probability)
    for bucket in range(1, DECILES + 1):
        inside = decile == bucket
        if inside.any():
            means = (probability[inside].mean(), outcome[inside].mean(), rival[inside].mean())
            rows.append(figure(model, "calibration", str(bucket), *means, int(inside.sum())))
    return rows
