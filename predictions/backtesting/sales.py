"""Forecasts of orders and revenue after past months, against what then came and beside last year's figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from predictions.backtesting.measures import LEAST, Interval
from predictions.backtesting.rows import Row, figure, score
from predictions.forecast import COVERAGE, Past, Span, Who
from predictions.intervals import Z
from predictions.states import Floats

MODEL = "forecast"


@dataclass(frozen=True)
class Worth:
    """How forecasts of the same months ahead did after `forecasts` past months. Errors: sum of the absolute errors, in
    parts of what came. `held`: share of them whose interval held what came. Not a number without a past forecast."""

    forecasts: int
    error: float
    last_year_error: float
    held: float


def worth(past: Sequence[Past], who: Who, span: Span) -> Worth:
    alike = [one for one in past if (one.who, one.span) == (who, span)]
    actual = sum(one.actual for one in alike)
    if actual <= 0:
        return Worth(len(alike), np.nan, np.nan, np.nan)
    ours, theirs = losses(alike)
    return Worth(len(alike), ours.sum() / actual, theirs.sum() / actual, share_held(alike))


def losses(past: Sequence[Past]) -> tuple[Floats, Floats]:
    """Absolute errors: of the forecasts, and of last year's figures."""
    actual = np.array([one.actual for one in past])
    expected = np.array([one.figure.expected for one in past])
    last_year = np.array([one.figure.last_year for one in past])
    return np.abs(expected - actual), np.abs(last_year - actual)


def share_held(past: Sequence[Past]) -> float:
    return sum(one.figure.low <= one.actual <= one.figure.high for one in past) / len(past)


def rows_of(measure: str, past: Sequence[Past], named: Mapping[Span, str]) -> dict[int, list[Row]]:
    """By months known: what was expected of the spans that have a name, and the share of the single months whose
    interval held; with the latest of them, what the errors of all were."""
    found: dict[int, list[Row]] = {}
    for one in past:
        if one.span in named:
            figures = (one.figure.expected, one.actual, one.figure.last_year)
            row = figure(MODEL, f"{measure}_{named[one.span]}", one.who, *figures, one.customers)
            found.setdefault(one.origin, []).append(row)
    for (origin, who, customers), months in single_months(past).items():
        held = share_held(months)
        row = figure(MODEL, f"{measure}_months_held", who, COVERAGE, held, None, customers)
        found.setdefault(origin, []).append(row)
    if found:
        found[max(found)] += errors(measure, past, named)
    return found


def single_months(past: Sequence[Past]) -> dict[tuple[int, Who, int], list[Past]]:
    found: dict[tuple[int, Who, int], list[Past]] = {}
    for one in past:
        if one.span.end - one.span.start == 1:
            found.setdefault((one.origin, one.who, one.customers), []).append(one)
    return found


def errors(measure: str, past: Sequence[Past], named: Mapping[Span, str]) -> Iterator[Row]:
    """Forecasts of the next month do not overlap: of them an interval of the gain can be told (Diebold and Mariano
    1995), from 30 months on. Of longer ones, which share most of their months, it cannot."""
    for span, name in named.items():
        for who in sorted({one.who for one in past}):
            alike = [one for one in past if (one.who, one.span) == (who, span)]
            actual = sum(one.actual for one in alike)
            if not alike or actual <= 0:
                continue
            ours, theirs = (loss * len(alike) / actual for loss in losses(alike))
            gain = gain_of(ours, theirs) if span == Span(0, 1) and len(alike) >= LEAST else None
            customers = max(one.customers for one in alike)
            yield score(MODEL, f"{measure}_{name}_error", who, ours.mean(), theirs.mean(), customers, gain)


def gain_of(ours: Floats, theirs: Floats) -> Interval:
    differences = theirs - ours
    mean, error = float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))
    return Interval(mean, mean - Z * error, mean + Z * error)
