"""The gamma-gamma model of Fader and Hardie (2013): what an order of each customer is worth.

The values of a customer's orders vary about a mean of his own; the means differ between customers. Who ordered often
is judged by his own orders, who ordered little by those of all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from predictions.optimise import Fit, Limits, Loss, maximise
from predictions.refusal import Refusal, too_little
from predictions.states import Floats


class Parameters(NamedTuple):
    p: float
    q: float
    gamma: float


# p, q, and gamma as a part of the mean value.
STARTS = ((2.0, 2.0, 1.0), (10.0, 3.0, 0.3), (1.0, 8.0, 5.0), (50.0, 1.5, 0.05))
LOWER = (1e-3, 1e-2, 1e-6)
UPPER = (1e5, 1e4, 1e5)


def of(fit: Fit) -> Parameters:
    return Parameters(*fit.parameters.tolist())


def fit(orders: Floats, mean_value: Floats, customers: int, history_days: float) -> Fit | Refusal:
    """On customers with x > 0 and m > 0; the rest are left out. `orders`: x; `mean_value`: m, the net revenue of the
    days after the first, by x; `customers`: of the shop."""
    refusal = too_little(customers, history_days)
    if refusal is not None:
        return refusal
    known = is_known(orders, mean_value)
    if not known.any():
        return Refusal("no_repeat_orders", "No customer has paid for an order on a second day.")
    x, value = orders[known], mean_value[known]
    # Values in parts of their mean: the currency does not change the search.
    unit = float(value.mean())
    limits = Limits(np.log(LOWER), np.log(UPPER))
    found = maximise(loss_of(x, value / unit), Parameters._fields, np.log(STARTS).tolist(), limits, len(x))
    if isinstance(found, Refusal):
        return found
    log_parameters = found.log_parameters + np.array([0.0, 0.0, np.log(unit)])
    log_likelihood = -loss_of(x, value).mean(log_parameters) * len(x)
    return Fit(found.names, log_parameters, found.covariance, log_likelihood, found.customers)


def is_known(orders: Floats, mean_value: Floats) -> np.ndarray:
    """Whether a customer's own orders say what an order of his is worth."""
    return (orders > 0) & (mean_value > 0)


def loss_of(x: Floats, value: Floats) -> Loss:
    """The mean negative log-likelihood per customer, and its gradient, of the logarithms of the parameters."""
    from scipy.special import gammaln, psi

    log_value, log_x = np.log(value), np.log(x)
    # The gamma functions depend on x alone: computed once for each x that occurs.
    distinct, which = np.unique(x, return_inverse=True)

    def mean(log_parameters: Floats) -> float:
        p, q, gamma = np.exp(log_parameters)
        by_x = gammaln(p * distinct + q) - gammaln(p * distinct) - gammaln(q) + q * np.log(gamma)
        log_sum = np.log(gamma + x * value)
        likelihood = by_x[which] + (p * x - 1) * log_value + p * x * log_x - (p * x + q) * log_sum
        return -float(likelihood.mean())

    def gradient(log_parameters: Floats) -> Floats:
        p, q, gamma = np.exp(log_parameters)
        log_sum = np.log(gamma + x * value)
        both = psi(p * distinct + q)
        slopes = (
            x * ((both - psi(p * distinct))[which] + log_value + log_x - log_sum),
            both[which] - psi(q) + np.log(gamma) - log_sum,
            q / gamma - (p * x + q) / (gamma + x * value),
        )
        return -np.array([slope.mean() for slope in slopes]) * (p, q, gamma)

    return Loss(mean, gradient)


def no_mean_value(parameters: Parameters) -> Refusal | None:
    """With q <= 1 the mean over all customers is infinite."""
    if parameters.q > 1:
        return None
    return Refusal("no_mean_value", f"Order values differ so much that they have no mean (q = {parameters.q:.2f}).")


def expected_order_value(parameters: Parameters, orders: Floats, mean_value: Floats) -> Floats:
    """E[M]; where a customer's own orders say nothing the mean over all, p gamma / (q - 1). All null where q <= 1."""
    p, q, gamma = parameters
    if no_mean_value(parameters) is not None:
        return np.full(len(orders), np.nan)
    x = np.where(is_known(orders, mean_value), orders, 0.0)
    paid = np.where(x > 0, x * mean_value, 0.0)
    return p * (gamma + paid) / (p * x + q - 1)
