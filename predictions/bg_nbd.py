"""The BG/NBD model of Fader, Hardie and Lee (2005): who orders how often, and who has left for good.

Customers order at random at a rate of their own (gamma: r, alpha) and may leave after each order with a probability of
their own (beta: a, b). Every function takes all states at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from predictions.optimise import Fit, Limits, Loss, maximise
from predictions.refusal import Refusal, too_little
from predictions.states import Floats, States


class Parameters(NamedTuple):
    r: float
    alpha: float
    a: float
    b: float


# Where the search begins: r, alpha as a part of the mean age, a, b. The first is also the second optimiser's.
STARTS = ((0.5, 0.2, 0.5, 2.0), (0.1, 0.05, 1.0, 5.0), (2.0, 1.0, 0.2, 5.0), (1.0, 0.2, 2.0, 2.0))
# Within them the sum of `_series` is exact to seven digits; beyond them customers are all alike in some respect.
LOWER = (1e-3, 1e-4, 1e-3, 1e-3)
UPPER = (20.0, 1e3, 100.0, 1e4)

PRECISION = 1e-14  # of the sum, in parts of it
MAX_TERMS = 100_000


def of(fit: Fit) -> Parameters:
    return Parameters(*fit.parameters.tolist())


def fit(customers: States, history_days: float) -> Fit | Refusal:
    """By maximum likelihood. `history_days`: from the shop's first order to the as-of date."""
    weight = float(customers.customers.sum())
    refusal = too_little(round(weight), history_days)
    if refusal is not None:
        return refusal
    if not customers.orders.any():
        return Refusal("no_repeat_orders", "No customer has ordered on a second day.")
    # Times in parts of the mean age: days or weeks then lead the search along the same way.
    unit = float(np.average(customers.age, weights=customers.customers))
    scaled = States(customers.orders, customers.last / unit, customers.age / unit, customers.customers)
    limits = Limits(np.log(LOWER), np.log(UPPER))
    found = maximise(loss_of(scaled), Parameters._fields, np.log(STARTS).tolist(), limits, weight)
    if isinstance(found, Refusal):
        return found
    log_parameters = found.log_parameters + np.array([0.0, np.log(unit), 0.0, 0.0])
    log_likelihood = -loss_of(customers).mean(log_parameters) * weight
    return Fit(found.names, log_parameters, found.covariance, log_likelihood, found.customers)


def loss_of(customers: States) -> Loss:
    """The mean negative log-likelihood per customer, and its gradient, of the logarithms of the parameters."""
    from scipy.special import expit, gammaln, psi

    x, t_x, age = customers.orders, customers.last, customers.age
    # The gamma functions depend on x alone: computed once for each x that occurs.
    distinct, which = np.unique(x, return_inverse=True)
    share = customers.customers / customers.customers.sum()

    def mean(log_parameters: Floats) -> float:
        r, alpha, a, b = np.exp(log_parameters)
        by_x = (
            gammaln(r + distinct) - gammaln(r) + gammaln(a + b) + gammaln(b + distinct) - gammaln(b)
            - gammaln(a + b + distinct)
        )  # fmt: skip
        odds = log_odds_of_having_left(Parameters(r, alpha, a, b), customers)
        likelihood = by_x[which] + r * np.log(alpha) - (r + x) * np.log(alpha + age) + np.logaddexp(0.0, odds)
        return -float(share @ likelihood)

    def gradient(log_parameters: Floats) -> Floats:
        r, alpha, a, b = np.exp(log_parameters)
        log_age = np.log(alpha + age)
        left = expit(log_odds_of_having_left(Parameters(r, alpha, a, b), customers))
        silence = log_age - np.log(alpha + t_x)
        all_alike, survived = psi(a + b), psi(a + b + distinct)
        again = np.maximum(b + x - 1, b)
        slopes = (
            (psi(r + distinct) - psi(r))[which] + np.log(alpha) - log_age + left * silence,
            r / alpha - (r + x) / (alpha + age) + left * (r + x) * (1 / (alpha + age) - 1 / (alpha + t_x)),
            (all_alike - survived)[which] + left / a,
            (all_alike + psi(b + distinct) - psi(b) - survived)[which] - left / again,
        )
        return -np.array([share @ slope for slope in slopes]) * (r, alpha, a, b)

    return Loss(mean, gradient)


def log_odds_of_having_left(parameters: Parameters, customers: States) -> Floats:
    """The logarithm of P(left) / P(alive); -inf for who ordered once, as one leaves only after a repeat order."""
    r, alpha, a, b = parameters
    x = customers.orders
    silence = np.log(alpha + customers.age) - np.log(alpha + customers.last)
    odds = np.log(a) - np.log(np.maximum(b + x - 1, b)) + (r + x) * silence
    return np.where(x > 0, odds, -np.inf)


def p_alive(parameters: Parameters, customers: States) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(-log_odds_of_having_left(parameters, customers)), dtype=np.float64)


def expected_orders(parameters: Parameters, customers: States, weeks: float) -> Floats:
    """E[Y(t)]: days with an order that are expected in the next `weeks`."""
    if_alive = orders_if_alive(parameters, customers.orders, customers.age, weeks)
    return p_alive(parameters, customers) * if_alive


def p_order(parameters: Parameters, customers: States, weeks: float) -> Floats:
    """The probability of at least one order in the next `weeks`.

    One leaves only after an order: who is there orders unless chance brings none. The rate of who is there is
    distributed as gamma(r + x, alpha + T), so that none comes with ((alpha + T) / (alpha + T + t))^(r + x).
    """
    r, alpha, _, _ = parameters
    none = -(r + customers.orders) * np.log1p(weeks / (alpha + customers.age))
    return p_alive(parameters, customers) * -np.expm1(none)


def log_expected_orders(parameters: Parameters, customers: States, weeks: float) -> Floats:
    """The logarithm of E[Y(t)]: finite also where E[Y(t)] is too small for a number."""
    gone = np.logaddexp(0.0, log_odds_of_having_left(parameters, customers))
    return np.log(orders_if_alive(parameters, customers.orders, customers.age, weeks)) - gone


def orders_if_alive(parameters: Parameters, x: Floats, age: Floats, weeks: float | Floats) -> Floats:
    """E[Y(t)] of a customer who has not left; `weeks` may be those of each.

    The paper's 2F1(r + x, b + x; a + b + x - 1; z), z = t / (alpha + T + t), overflows for x in the thousands. Euler's
    transformation makes of it (1 - z)^(a - 1 - r - x) 2F1(a + b - 1 - r, a - 1; a + b + x - 1; z): x is left in the
    denominators alone, the power cancels, and 1 / (a - 1) goes into the sum, so that a = 1 and a + b + x = 1 are
    values like others.
    """
    r, alpha, a, b = parameters
    log_rest = -np.log1p(weeks / (alpha + age))  # log(1 - z)
    power = (a - 1) * log_rest
    grown = np.expm1(power) / (a - 1) if a != 1 else log_rest
    z = weeks / (alpha + age + weeks)
    return -(a + b + x - 1) * grown - np.exp(power) * _series(a + b - 1 - r, a, a + b + x, z)


def orders_variance(parameters: Parameters, customers: States, weeks: float) -> Floats:
    """The variance of Y(t), the orders themselves, in each state.

    Of each pair of orders the customer survives the first. With what that order adds to his state, E[Y (Y - 1)] of who
    has not left is 2 (r + x) / (alpha + T) (b + x) / (a + b + x) times the integral from 0 to t of s m(s) ds, where m
    is the derivative of E[Y] with x + 1 for x. By parts that is t E[Y(t)] less the integral of E[Y(s)], which Gauss
    and Legendre's rule takes.
    """
    r, alpha, a, b = parameters
    x, age = customers.orders, customers.age
    nodes, weights = np.polynomial.legendre.leggauss(12)
    area = sum(
        weight / 2 * weeks * orders_if_alive(parameters, x + 1, age, float(weeks * (node + 1) / 2))
        for node, weight in zip(nodes, weights, strict=True)
    )
    pairs = weeks * orders_if_alive(parameters, x + 1, age, weeks) - area
    factorial = 2 * (r + x) / (alpha + age) * (b + x) / (a + b + x) * pairs
    alive = p_alive(parameters, customers)
    mean = alive * orders_if_alive(parameters, x, age, weeks)
    return np.asarray(alive * factorial + mean - mean**2, dtype=np.float64)


def _series(first: float, a: float, below: Floats, z: Floats) -> Floats:
    """The sum over n >= 1 of (first)_n (a)_(n - 1) / ((below)_(n - 1) n!) z^n. Who has converged drops out."""
    result = np.full_like(z, np.nan)
    rows = np.arange(len(z))
    term = first * z
    total, below = term.copy(), below.copy()
    for n in range(1, MAX_TERMS):
        term *= z
        term *= (first + n) * (a + n - 1) / (n + 1)
        term /= below
        below += 1
        total += term
        if n % 8 == 0:
            moving = np.abs(term) > PRECISION * (1 - z) * np.abs(total)
            still = np.count_nonzero(moving)
            if not still:
                break
            if still < len(rows) / 2:
                result[rows] = total
                rows, term, total, below, z = rows[moving], term[moving], total[moving], below[moving], z[moving]
    else:
        total[moving] = np.nan
    result[rows] = total
    return result
