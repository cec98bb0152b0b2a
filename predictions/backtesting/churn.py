"""Churn propensity as of past days, against what then happened and beside the days since the last order alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictions.backtesting import measures
from predictions.backtesting.measures import LEAST, Interval
from predictions.backtesting.rows import ALL, Row, by_decile, figure, score
from predictions.churn import RIVAL, Days, Looks, fit, known_by
from predictions.intervals import Z
from predictions.refusal import Refusal
from predictions.states import Floats

MODEL = "churn_logistic"
LOW, HIGH = "low", "high"  # buckets of a score: the ends of its 95 % interval, the model's and the rival's
MOST_DAYS = 4


@dataclass(frozen=True)
class AsOf:
    """One past day: its rows, or why there are none."""

    as_of_date: np.datetime64
    rows: list[Row]
    refusal: Refusal | None


def days_to_judge(days: Days, horizon_days: int) -> list[np.datetime64]:
    """The latest day, and those before it whose horizons do not overlap with the next one's; the latest first."""
    chosen: list[np.datetime64] = []
    for day in np.unique(days)[::-1]:
        if not chosen or chosen[-1] - day >= np.timedelta64(horizon_days, "D"):
            chosen.append(day)
    return chosen[:MOST_DAYS]


def backtest(looks: Looks, first_order: np.datetime64, horizon_days: int) -> list[AsOf]:
    """Of each day to judge that has any to learn from: fitted on the looks whose horizon had ended by then, judged by
    those of the day."""
    return [
        backtest_as_of(looks, training, day, first_order)
        for day in days_to_judge(looks.days, horizon_days)
        for training in [known_by(looks, day, first_order, horizon_days)]
        if len(training)
    ]


def backtest_as_of(looks: Looks, training: Looks, day: np.datetime64, first_order: np.datetime64) -> AsOf:
    history_days = float((day - first_order) / np.timedelta64(1, "D"))
    model, rival = fit(training, history_days), fit(training, history_days, [RIVAL])
    if isinstance(model, Refusal):
        return AsOf(day, [], model)
    if isinstance(rival, Refusal):
        return AsOf(day, [], rival)
    judged = looks.of(looks.days == day)
    ours, theirs = (one.probability(judged.names, judged.features) for one in (model, rival))
    return AsOf(day, rows_of(judged.is_gone, ours, theirs), None)


def rows_of(is_gone: NDArray[np.bool_], probability: Floats, rival: Floats) -> list[Row]:
    """What was expected of all and of each tenth, and what came; and the scores, each with its interval and that of the
    gain over the rival. Without 30 customers who left and 30 who stayed nothing is said of what is better."""
    customers = len(is_gone)
    rates = (float(probability.mean()), float(is_gone.mean()), float(rival.mean()))
    rows = [figure(MODEL, "churn_rate", ALL, *rates, customers), *by_decile(MODEL, is_gone, probability, rival)]
    is_enough = min(is_gone.sum(), (~is_gone).sum()) >= LEAST
    ours, theirs = scores_of(is_gone, probability), scores_of(is_gone, rival)
    gains = gains_of(is_gone, probability, rival) if is_enough else {}
    for measure, (mine, his) in {name: (ours[name], theirs[name]) for name in ours}.items():
        rows.append(score(MODEL, measure, ALL, mine.value, his.value, customers, gains.get(measure)))
        if is_enough and np.isfinite(mine.low):
            rows.append(score(MODEL, measure, LOW, mine.low, his.low, customers))
            rows.append(score(MODEL, measure, HIGH, mine.high, his.high, customers))
    return rows


def scores_of(outcome: NDArray[np.bool_], probability: Floats) -> dict[str, Interval]:
    """AUC with the interval of DeLong (1988), means over customers with that of their deviation, the slope with that of
    its Hessian; of calibration error and lift none is known that is worth its name."""
    slope, error = measures.calibration_line(outcome, probability)
    return {
        "auc": within(of_kinds(told_apart(outcome, probability), outcome), 0, 1),
        "brier": within(of_mean(measures.brier(outcome, probability)), 0, 1),
        "log_loss": of_mean(measures.log_loss(outcome, probability)),
        "calibration_slope": around(slope, error),
        "calibration_error": around(measures.calibration_error(outcome, probability), float("nan")),
        "lift_top_decile": around(measures.lift(outcome, probability), float("nan")),
    }


def gains_of(outcome: NDArray[np.bool_], probability: Floats, rival: Floats) -> dict[str, Interval]:
    """The same customers by both, one by one: these intervals are of the difference."""
    apart = told_apart(outcome, probability) - told_apart(outcome, rival)
    return {
        "auc": within(of_kinds(apart, outcome), -1, 1),
        "brier": of_mean(measures.brier(outcome, rival) - measures.brier(outcome, probability)),
        "log_loss": of_mean(measures.log_loss(outcome, rival) - measures.log_loss(outcome, probability)),
    }


def around(value: float, error: float) -> Interval:
    return Interval(value, value - Z * error, value + Z * error)


def within(found: Interval, least: float, most: float) -> Interval:
    return Interval(found.value, max(found.low, least), min(found.high, most))


def of_mean(values: Floats) -> Interval:
    return around(float(values.mean()), error_of_mean(values))


def of_kinds(values: Floats, outcome: NDArray[np.bool_]) -> Interval:
    """Means over each kind of customers, which are equal: what varies in one varies apart from the other."""
    error = np.hypot(error_of_mean(values[outcome]), error_of_mean(values[~outcome]))
    return around(float(values[outcome].mean()) if outcome.any() else float("nan"), float(error))


def error_of_mean(values: Floats) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def told_apart(outcome: NDArray[np.bool_], risk: Floats) -> Floats:
    """Of each customer the share of those of the other kind that the risk tells him apart from; equal risk is half."""
    shares = np.empty(len(risk))
    gone, others = np.sort(risk[outcome]), np.sort(risk[~outcome])
    shares[outcome] = share_below(others, risk[outcome])
    shares[~outcome] = 1 - share_below(gone, risk[~outcome])
    return shares


def share_below(ordered: Floats, values: Floats) -> Floats:
    """Of each value the share of the ordered ones below it; equal ones count half."""
    below = np.searchsorted(ordered, values, side="left")
    not_above = np.searchsorted(ordered, values, side="right")
    return np.asarray((below + not_above) / 2 / max(len(ordered), 1), dtype=np.float64)
