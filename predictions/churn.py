"""Churn propensity: the probability that an active customer places no order in the next days, by logistic regression.

A look is one customer on one day: what was known of him then, and whether an order followed within the horizon. The
model learns from the looks of earlier days whose horizon has ended, and is judged by those of a later day.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from predictions.intervals import Z
from predictions.refusal import Refusal, too_little
from predictions.states import Floats

Days: TypeAlias = NDArray[np.datetime64]

INTERCEPT = "intercept"
RIVAL = "recency"  # the feature that the rival has alone: the logarithm of the days since the last order
MIN_OF_EACH_OUTCOME = 30
MIN_DAYS_BEFORE = 90  # on a day with fewer days behind it nobody can have an order of the last 90 days
# Half of it times the sum of squares of the standardised coefficients is added to the sum of the looks' log losses. It
# keeps coefficients finite where the outcome follows from the features; among hundreds of looks it moves little else.
PENALTY = 1.0
CONVERGED = 1e-8  # the largest part of the gradient of the mean loss of a look


@dataclass(frozen=True)
class Looks:
    """One look per row, by customer and day. Made by `looks`, which checks and sorts it."""

    names: tuple[str, ...]
    customers: NDArray[np.intp]  # numbers from 0 on, in the order of the ids
    days: Days
    features: Floats  # one column per name
    is_gone: NDArray[np.bool_]  # no order within the horizon

    def __len__(self) -> int:
        return len(self.is_gone)

    def of(self, rows: NDArray[np.bool_]) -> Looks:
        return Looks(self.names, self.customers[rows], self.days[rows], self.features[rows], self.is_gone[rows])


@dataclass(frozen=True)
class Model:
    """Log odds of no order: the intercept, and so much more per unit of each feature. `covariance`: of all of them."""

    names: tuple[str, ...]  # the intercept first; a feature that does not vary has no part
    estimates: Floats
    covariance: Floats
    customers: int
    looks: int

    def interval(self) -> tuple[Floats, Floats]:
        """Low and high of each estimate, 95 %."""
        reach = Z * np.sqrt(np.diag(self.covariance))
        return self.estimates - reach, self.estimates + reach

    def log_odds(self, names: Sequence[str], features: Floats) -> Floats:
        columns = [list(names).index(name) for name in self.names[1:]]
        return np.asarray(self.estimates[0] + features[:, columns] @ self.estimates[1:], dtype=np.float64)

    def probability(self, names: Sequence[str], features: Floats) -> Floats:
        from scipy.special import expit

        return np.asarray(expit(self.log_odds(names, features)), dtype=np.float64)


def looks(names: Sequence[str], customer_ids: Sequence[str], days: Days, features: Floats, is_gone: Floats) -> Looks:
    """In one order, whatever that of the rows was: sums then are the same to the last digit. A value that is missing or
    infinite is an error that names its feature."""
    values = np.asarray(features, dtype=np.float64).reshape(len(customer_ids), len(names))
    wrong = ~np.isfinite(values).all(axis=0)
    if wrong.any():
        raise ValueError(f"feature {names[int(np.argmax(wrong))]} has a value that is missing or infinite")
    _, numbers = np.unique(np.asarray(customer_ids, dtype=object), return_inverse=True)
    dates = np.asarray(days, dtype="datetime64[D]")
    order = np.lexsort((dates, numbers))
    return Looks(tuple(names), numbers[order], dates[order], values[order], np.asarray(is_gone, dtype=bool)[order])


def known_by(found: Looks, day: np.datetime64, first_order: np.datetime64, horizon_days: int) -> Looks:
    """The looks to learn from on a day: those whose horizon had ended by then, without the shop's first days."""
    ended = found.days + np.timedelta64(horizon_days, "D") <= day
    return found.of(ended & (found.days - first_order >= np.timedelta64(MIN_DAYS_BEFORE, "D")))


def fit(training: Looks, history_days: float, features: Sequence[str] | None = None) -> Model | Refusal:
    """`history_days`: from the shop's first order to the day of the fit. `features`: all where not given."""
    numbers, per_customer = np.unique(training.customers, return_index=True)
    refusal = too_little(len(numbers), history_days)
    if refusal is not None:
        return refusal
    gone = int(training.is_gone.sum())
    if min(gone, len(training) - gone) < MIN_OF_EACH_OUTCOME:
        return Refusal(
            "one_outcome",
            f"Of {len(training)} looks at customers {gone} were followed by no order: of either outcome "
            f"{MIN_OF_EACH_OUTCOME} are needed.",
        )
    names, columns = _varying(training, training.names if features is None else features)
    mean, deviation = columns.mean(axis=0), columns.std(axis=0)
    standardised = (columns - mean) / deviation
    found = _maximum(standardised, training.is_gone)
    if isinstance(found, Refusal):
        return found
    covariance = _covariance(standardised, training.is_gone, found, per_customer)
    per_unit = np.zeros((len(found), len(found)))
    per_unit[0, 0] = 1
    per_unit[0, 1:] = -mean / deviation
    per_unit[1:, 1:] = np.diag(1 / deviation)
    return Model((INTERCEPT, *names), per_unit @ found, per_unit @ covariance @ per_unit.T, len(numbers), len(training))


def _varying(training: Looks, wanted: Sequence[str]) -> tuple[tuple[str, ...], Floats]:
    places = [training.names.index(name) for name in wanted]
    columns = training.features[:, places]
    varies = np.ptp(columns, axis=0) > 0 if len(places) else np.zeros(0, dtype=bool)
    names = tuple(name for name, does in zip(wanted, varies, strict=True) if does)
    return names, np.asarray(columns[:, varies], dtype=np.float64)


def _maximum(standardised: Floats, is_gone: NDArray[np.bool_]) -> Floats | Refusal:
    """Intercept and coefficients of the standardised features."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if not standardised.shape[1]:
        return Refusal("no_convergence", "All customers are alike in every feature: there is nothing to learn from.")
    regression = LogisticRegression(C=1 / PENALTY, solver="newton-cholesky", tol=CONVERGED, max_iter=100)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            regression.fit(standardised, is_gone)
        except ConvergenceWarning:
            return Refusal("no_convergence", "The likelihood has no maximum that the optimiser could find.")
    return np.concatenate([regression.intercept_, regression.coef_[0]]).astype(np.float64)


def _covariance(standardised: Floats, is_gone: NDArray[np.bool_], found: Floats, per_customer: NDArray) -> Floats:
    """The inverse Hessian, around what customers pull by (Liang and Zeger 1986): the looks at a customer go together,
    and all count as one. With one look each it is the inverse Hessian, by and large."""
    from scipy.special import expit

    with_intercept = np.column_stack([np.ones(len(standardised)), standardised])
    probability = expit(with_intercept @ found)
    hessian = with_intercept.T @ (with_intercept * (probability * (1 - probability))[:, None])
    hessian[1:, 1:] += PENALTY * np.eye(len(found) - 1)
    pulls = np.add.reduceat(with_intercept * (is_gone - probability)[:, None], per_customer, axis=0)
    inverse = np.linalg.inv(hessian)
    customers = len(per_customer)
    return np.asarray(inverse @ (pulls.T @ pulls) @ inverse * customers / (customers - 1), dtype=np.float64)
