"""Churn propensity as of past days, against what then happened and beside the days since the last order alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from predictions import measures
from predictions.churn import MIN_OF_EACH_OUTCOME, RIVAL, Days, Looks, Model, fit
from predictions.measures import Figure, Happened
from predictions.refusal import Refusal
from predictions.states import Floats

ALL, LOW, HIGH = "all", "low", "high"  # buckets: of all customers, and the ends of the figure's 95 % interval


@dataclass(frozen=True)
class Row:
    """One figure: what the model expected, what happened (of a measure of quality: what the model reached), and the
    rival's. None where there is none."""

    as_of_date: np.datetime64
    measure: str
    bucket: str
    expected: float | None
    actual: float | None
    rival: float | None
    customers: int


def days_to_judge(days: Days, horizon_days: int) -> list[np.datetime64]:
    """The latest day, and those before it whose horizons do not overlap with the next one's, the latest first."""
    chosen: list[np.datetime64] = []
    for day in np.unique(days)[::-1]:
        if not chosen or chosen[-1] - day >= np.timedelta64(horizon_days, "D"):
            chosen.append(day)
    return chosen


def backtest(looks: Looks, first_order: np.datetime64, horizon_days: int) -> list[Row]:
    """Of each day to judge: fitted on the looks whose horizon had ended by then, judged by those of the day. No rows of
    a day as of which either model would have been refused, or that few customers left or stayed in."""
    return [
        row for day in days_to_judge(looks.days, horizon_days) for row in rows_of(looks, day, first_order, horizon_days)
    ]


def known_by(looks: Looks, day: np.datetime64, horizon_days: int) -> Looks:
    """The looks of which everything was known on a day: those whose horizon had ended."""
    return looks.of(looks.days + np.timedelta64(horizon_days, "D") <= day)


def rows_of(looks: Looks, day: np.datetime64, first_order: np.datetime64, horizon_days: int) -> list[Row]:
    judged = looks.of(looks.days == day)
    gone = int(judged.is_gone.sum())
    if min(gone, len(judged) - gone) < MIN_OF_EACH_OUTCOME:
        return []
    training = known_by(looks, day, horizon_days)
    history_days = float((day - first_order) / np.timedelta64(1, "D"))
    model, rival = fit(training, history_days), fit(training, history_days, [RIVAL])
    if isinstance(model, Refusal) or isinstance(rival, Refusal):
        return []
    return compared(day, of(model, judged), of(rival, judged), judged.is_gone)


def of(model: Model, judged: Looks) -> Floats:
    return model.probability(judged.names, judged.features)


def compared(day: np.datetime64, probability: Floats, rival: Floats, happened: Happened) -> list[Row]:
    customers = len(happened)

    def rows(measure: str, expected: float | None, found: Figure, of_rival: Figure | None) -> list[Row]:
        ends = ((ALL, found.value, "value"), (LOW, found.low, "low"), (HIGH, found.high, "high"))
        return [
            Row(
                day,
                measure,
                bucket,
                expected if bucket == ALL else None,
                number(figure),
                None if of_rival is None else number(getattr(of_rival, end)),
                customers,
            )
            for bucket, figure, end in ends
        ]

    brier, rivals_brier = (measures.squared_errors(one, happened) for one in (probability, rival))
    loss, rivals_loss = (measures.log_losses(one, happened) for one in (probability, rival))
    lead = measures.auc_lead(probability, rival, happened)
    share = measures.mean(happened.astype(np.float64))
    return [
        Row(day, "churn_rate", ALL, float(probability.mean()), share.value, float(rival.mean()), customers),
        *rows("auc", None, measures.auc(probability, happened), measures.auc(rival, happened)),
        *rows("auc_lead", None, lead, None),
        *rows("brier", float((probability * (1 - probability)).mean()), measures.mean(brier), measures.mean(rivals_brier)),
        *rows("brier_lead", None, measures.mean(rivals_brier - brier), None),
        *rows("log_loss", None, measures.mean(loss), measures.mean(rivals_loss)),
        *rows(
            "calibration_slope",
            1.0,
            measures.calibration_slope(probability, happened),
            measures.calibration_slope(rival, happened),
        ),
        *rows(
            "lift_top_decile",
            None,
            measures.lift_top_decile(probability, happened),
            measures.lift_top_decile(rival, happened),
        ),
        *(
            Row(day, "calibration", str(one.decile), one.expected, one.actual, one.rival, one.customers)
            for one in measures.by_decile(probability, rival, happened)
        ),
        Row(day, "is_better_than_rival", ALL, None, float(lead.low > 0), None, customers),
    ]


def number(value: float) -> float | None:
    return value if np.isfinite(value) else None
