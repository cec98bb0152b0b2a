"""Maximum likelihood on the logarithms of the parameters, found by one optimiser and confirmed by another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from predictions.refusal import Refusal
from predictions.states import Floats

# A further Newton step may not gain more log-likelihood than this, summed over all customers.
CONVERGED = 1e-6
# How far the second optimiser may end from the first: in summed log-likelihood, and in standard errors.
AGREED_LIKELIHOOD = 0.01
AGREED_ERRORS = 0.1
ROUNDS = 10  # of the second optimiser
STEP = 1e-4  # of the central differences that make the Hessian of the gradient


@dataclass(frozen=True)
class Loss:
    """The mean of the negative log-likelihood per customer, and its gradient, at the logarithms of the parameters: one
    without the other, as the second optimiser asks some 300 times for the mean alone."""

    mean: Callable[[Floats], float]
    gradient: Callable[[Floats], Floats]

    def __call__(self, at: Floats) -> tuple[float, Floats]:
        return self.mean(at), self.gradient(at)


@dataclass(frozen=True)
class Fit:
    """The maximum. `covariance`: of the logarithms of the parameters, the inverse of the Hessian."""

    names: tuple[str, ...]
    log_parameters: Floats
    covariance: Floats
    log_likelihood: float
    customers: int

    @property
    def parameters(self) -> Floats:
        return np.exp(self.log_parameters)


@dataclass(frozen=True)
class Limits:
    """Where the maximum is looked for, in logarithms. A parameter that ends at a limit has no maximum."""

    lower: Floats
    upper: Floats


def maximise(
    loss: Loss, names: tuple[str, ...], starts: Sequence[Sequence[float]], limits: Limits, customers: float
) -> Fit | Refusal:
    """From every start by L-BFGS-B with the gradient, sharpened by Newton's steps; then by Nelder and Mead's method
    without it. `starts`: logarithms."""
    found: Floats = min((_by_gradient(loss, np.asarray(start), limits) for start in starts), key=loss.mean)
    at_limit = (found - limits.lower < 0.01) | (limits.upper - found < 0.01)
    if at_limit.any():
        name = names[int(np.argmax(at_limit))]
        return Refusal(
            "no_convergence", f"The likelihood grows until {name} runs out of its range: the data do not determine it."
        )
    found, hessian, gain = _newton(loss, found, customers)
    if not (np.isfinite(gain) and gain <= CONVERGED):
        return Refusal("no_convergence", "The likelihood has no maximum that the optimiser could find.")
    covariance = np.asarray(np.linalg.inv(hessian) / customers, dtype=np.float64)
    confirmed = _without_gradient(loss, np.asarray(starts[0]), limits, customers)
    shortfall = abs(loss.mean(confirmed) - loss.mean(found)) * customers
    errors = np.abs(confirmed - found) / np.sqrt(np.diag(covariance))
    if shortfall > AGREED_LIKELIHOOD or errors.max() > AGREED_ERRORS:
        return Refusal("optimisers_disagree", "Two optimisers end at different parameters: neither is to be trusted.")
    return Fit(names, found, covariance, -loss.mean(found) * customers, round(customers))


def _by_gradient(loss: Loss, start: Floats, limits: Limits) -> Floats:
    from scipy.optimize import Bounds, minimize

    bounds = Bounds(limits.lower, limits.upper)
    options = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7}
    end = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray(end.x, dtype=np.float64)


def _without_gradient(loss: Loss, start: Floats, limits: Limits, customers: float) -> Floats:
    """The method may stop early where its simplex has become flat: it begins anew where it ended, until that gains
    nothing."""
    from scipy.optimize import Bounds, minimize

    bounds = Bounds(limits.lower, limits.upper)
    at, lowest = start, np.inf
    for _ in range(ROUNDS):
        simplex = np.vstack([at, np.clip(at + np.eye(len(at)) / 2, limits.lower, limits.upper)])
        options = {"initial_simplex": simplex, "maxfev": 4000, "xatol": 1e-4, "fatol": 1e-4 / customers}
        end = minimize(loss.mean, at, method="Nelder-Mead", bounds=bounds, options=options)
        gained = lowest - float(end.fun)
        at, lowest = np.asarray(end.x, dtype=np.float64), float(end.fun)
        if gained * customers < AGREED_LIKELIHOOD / 10:
            break
    return at


def _newton(loss: Loss, at: Floats, customers: float) -> tuple[Floats, Floats, float]:
    """After at most five steps of Newton's: where, the Hessian there, and what another step would gain."""
    for left in range(5, -1, -1):
        gradient, hessian = loss.gradient(at), hessian_of(loss, at)
        if not np.isfinite(hessian).all() or np.linalg.eigvalsh(hessian).min() <= 0:
            return at, hessian, float("nan")
        step = np.linalg.solve(hessian, gradient)
        gain = float(gradient @ step) / 2 * customers
        if gain <= CONVERGED / 100 or left == 0 or np.abs(step).max() > 1:
            break
        at = at - step
    return at, hessian, gain


def hessian_of(loss: Loss, at: Floats) -> Floats:
    columns = [(loss.gradient(at + step) - loss.gradient(at - step)) / (2 * STEP) for step in np.eye(len(at)) * STEP]
    return (np.array(columns) + np.array(columns).T) / 2
