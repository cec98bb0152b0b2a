"""How far a figure may be off: 95 % intervals by the delta method, on the covariance of the fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from predictions.bg_nbd import Parameters, log_expected_orders, orders_variance
from predictions.optimise import Fit
from predictions.states import Floats, States

Z = 1.959963984540054  # 97.5 % of the normal distribution lie below
STEP = 1e-5  # in the logarithm of a parameter; central differences then err by some 1e-10


@dataclass(frozen=True)
class Orders:
    """Expected orders of each state, with the interval of the expectation."""

    expected: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Sums:
    """What a total needs, over some states; sums of several parts may be added."""

    expected: float
    gradient: Floats  # of the total, by the logarithms of the parameters
    variance: float  # of the orders themselves

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.expected + other.expected, self.gradient + other.gradient, self.variance + other.variance)


@dataclass(frozen=True)
class Total:
    """Orders of all customers together, with the interval in which the orders that come will lie."""

    expected: float
    low: float
    high: float


def parameters(fit: Fit) -> dict[str, tuple[float, float]]:
    """Low and high of each parameter: symmetric about its logarithm, so that no parameter falls below 0."""
    reach = Z * np.sqrt(np.diag(fit.covariance))
    ends = zip(np.exp(fit.log_parameters - reach), np.exp(fit.log_parameters + reach), strict=True)
    return {name: (float(low), float(high)) for name, (low, high) in zip(fit.names, ends, strict=True)}


def log_gradient(log_parameters: Floats, customers: States, weeks: float) -> Floats:
    """Of the logarithm of E[Y(t)], by the logarithms of the parameters; one row per parameter."""

    def at(moved: Floats) -> Floats:
        return log_expected_orders(Parameters(*np.exp(moved).tolist()), customers, weeks)

    steps = np.eye(len(log_parameters)) * STEP
    return np.array([at(log_parameters + step) - at(log_parameters - step) for step in steps]) / (2 * STEP)


def expected_orders(fit: Fit, customers: States, weeks: float) -> tuple[Orders, Sums]:
    """E[Y(t)] with its interval, symmetric about its logarithm, and the sums for a total over these states."""
    expected_log = log_expected_orders(Parameters(*fit.parameters.tolist()), customers, weeks)
    gradient = log_gradient(fit.log_parameters, customers, weeks)
    reach = Z * np.sqrt(np.einsum("in,in->n", gradient, fit.covariance @ gradient))
    expected = np.exp(expected_log)
    orders = Orders(expected, np.exp(expected_log - reach), np.exp(expected_log + reach))
    weighted = customers.customers * expected
    variance = customers.customers @ orders_variance(Parameters(*fit.parameters.tolist()), customers, weeks)
    return orders, Sums(float(weighted.sum()), gradient @ weighted, float(variance))


def total(fit: Fit, sums: Sums) -> Total:
    """Two things make a total uncertain: the parameters, and what chance does with given parameters. Their variances
    add, as the orders to come do not depend on the error of a fit on the past."""
    spread = Z * float(np.sqrt(sums.gradient @ fit.covariance @ sums.gradient + sums.variance))
    return Total(sums.expected, max(0.0, sums.expected - spread), sums.expected + spread)
