"""What one more point of retention, of second orders or of order value brings in the year ahead, by the fitted models.

BG/NBD says how many orders are to be expected, gamma-gamma what they are worth. What a point brings is uncertain for
two reasons, whose variances add: chance in what the customers moved do, and the parameters (by the delta method).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from predictions import bg_nbd, gamma_gamma
from predictions.intervals import STEP, Z
from predictions.optimise import Fit
from predictions.states import Floats, States, states

YEAR_DAYS = 365
YEAR_WEEKS = YEAR_DAYS / 7
SECOND_ORDER_WEEKS = 90 / 7
POINT = 0.01
NODES = 16  # of Gauss and Legendre's rule, on each side of day 90

Booleans: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Buyers:
    """Customers, one per element. Of a larger shop a sample: `shop_customers` is how many there are."""

    states: States
    later_revenue: Floats  # of the days after the first
    was_active: Booleans  # 365 days ago
    is_kept: Booleans  # was active then and is today
    is_new: Booleans  # ordered for the first time in the last 365 days
    first_revenue: Floats  # of the first day
    shop_customers: int

    def __len__(self) -> int:
        return len(self.states)

    @property
    def customers_each(self) -> float:
        """Customers of the shop for whom one of these stands."""
        return self.shop_customers / len(self)


@dataclass(frozen=True)
class Gain:
    """What a point brings. Not a number where `missing_because` says why, or, of the ends, where order values vary
    without bound (q of gamma-gamma not above 2)."""

    lever: str
    base_customers: int  # of whom a point is one in a hundred
    value_per_customer: float  # what one moved brings more; not a number for the order value
    gain: float
    low: float
    high: float
    missing_because: str | None = None


@dataclass(frozen=True)
class _Models:
    """Both models at parameters near those that were fitted."""

    orders: bg_nbd.Parameters
    values: gamma_gamma.Parameters

    def mean_value(self) -> float:
        """Of an order, over all customers."""
        p, q, gamma = self.values
        return p * gamma / (q - 1)


@dataclass(frozen=True)
class _Revenue:
    """Expectation and variance of what customers bring."""

    mean: Floats
    variance: Floats


def gains(orders: Fit, values: Fit, buyers: Buyers, is_a_year_old: bool) -> list[Gain]:
    """`is_a_year_old`: whether the shop has orders of 365 days or more ago."""
    fitted = _Fitted(orders, values)
    return [
        of_retention(fitted, buyers, is_a_year_old),
        of_second_orders(fitted, buyers, is_a_year_old),
        of_order_value(fitted, buyers, is_a_year_old),
    ]


class _Fitted:
    """The two fits as one: what is computed of them, and how uncertain that is."""

    def __init__(self, orders: Fit, values: Fit) -> None:
        self.log_parameters = np.concatenate([orders.log_parameters, values.log_parameters])
        split = len(orders.log_parameters)
        self.covariance = np.zeros((len(self.log_parameters),) * 2)
        self.covariance[:split, :split] = orders.covariance
        self.covariance[split:, split:] = values.covariance
        self.split = split

    def at(self, log_parameters: Floats) -> _Models:
        orders, values = np.exp(log_parameters[: self.split]), np.exp(log_parameters[self.split :])
        return _Models(bg_nbd.Parameters(*orders.tolist()), gamma_gamma.Parameters(*values.tolist()))

    @property
    def best(self) -> _Models:
        return self.at(self.log_parameters)

    def variance_of(self, figure: Callable[[_Models], float]) -> float:
        """By the delta method."""
        steps = np.eye(len(self.log_parameters)) * STEP
        ends = [
            (figure(self.at(self.log_parameters + step)), figure(self.at(self.log_parameters - step))) for step in steps
        ]
        gradient = np.array([up - down for up, down in ends]) / (2 * STEP)
        return float(gradient @ self.covariance @ gradient)


def of_retention(fitted: _Fitted, buyers: Buyers, is_a_year_old: bool) -> Gain:
    """One in a hundred of those active a year ago is kept until today instead of lost: what kept ones are expected to
    bring in the year ahead more than lost ones."""
    kept, lost = buyers.was_active & buyers.is_kept, buyers.was_active & ~buyers.is_kept
    base = round(buyers.was_active.sum() * buyers.customers_each)
    because = _missing(is_a_year_old, int(kept.sum()), int(lost.sum()))
    if because:
        return _none("retention_rate", base, because)

    def more(models: _Models) -> float:
        brought = _expected(models, buyers)
        return float(brought[kept].mean() - brought[lost].mean())

    revenue = _of_customers(fitted.best, buyers)
    chance = sum(float(revenue.variance[side].mean() + revenue.mean[side].var()) for side in (kept, lost))
    return _gain("retention_rate", base, more(fitted.best), chance, fitted.variance_of(more))


def of_second_orders(fitted: _Fitted, buyers: Buyers, is_a_year_old: bool) -> Gain:
    """One in a hundred new customers of a year orders a second time within 90 days instead of not: what those who do
    are expected to bring until the year ends, after their first order, more than those who do not."""
    base = round(buyers.is_new.sum() * buyers.customers_each)
    because = _missing(is_a_year_old, base, base)
    if because:
        return _none("second_order_rate", base, because)

    def more(models: _Models) -> float:
        again, once = _by_second_order(models, _orders_of_once)
        return (again - once) * models.mean_value()

    orders, squares = (_by_second_order(fitted.best, figure) for figure in (_orders_of_once, _squares_of_once))
    chance = sum(_variance_of_newcomers(fitted.best, *side) for side in zip(orders, squares, strict=True))
    return _gain("second_order_rate", base, more(fitted.best), chance, fitted.variance_of(more))


def of_order_value(fitted: _Fitted, buyers: Buyers, is_a_year_old: bool) -> Gain:
    """Every order is worth one percent more: one percent of what today's customers are expected to bring in the year
    ahead, and as many new ones as came in the last, with first orders worth what theirs were."""
    newcomers = round(buyers.is_new.sum() * buyers.customers_each)
    base = buyers.shop_customers + newcomers
    because = _missing(is_a_year_old, base, base)
    if because:
        return _none("average_order_value", base, because)
    first = float(buyers.first_revenue[buyers.is_new].mean()) if newcomers else 0.0
    first_variance = float(buyers.first_revenue[buyers.is_new].var()) if newcomers else 0.0

    def total(models: _Models) -> float:
        of_today = buyers.customers_each * float(_expected(models, buyers).sum())
        return of_today + newcomers * (first + _of_newcomer(models, _orders_of_once) * models.mean_value())

    best = fitted.best
    mean, squared = (_of_newcomer(best, figure) for figure in (_orders_of_once, _squares_of_once))
    later = mean * best.mean_value()
    of_one = first_variance + _variance_of_newcomers(best, mean, squared) + (first + later) ** 2
    # How many come is as uncertain as how many came, and so is the mean of their first orders.
    of_newcomers = newcomers * (of_one + (first + later) ** 2 + first_variance)
    chance = buyers.customers_each * float(_of_customers(best, buyers).variance.sum()) + of_newcomers
    reach = Z * POINT * float(np.sqrt(chance + fitted.variance_of(total)))
    gain = POINT * total(best)
    return Gain("average_order_value", base, np.nan, gain, gain - reach, gain + reach)


def _gain(lever: str, base: int, value: float, chance: float, of_fit: float) -> Gain:
    """`chance`: variance of what two customers bring, one of each side; `of_fit`: that of `value` by the parameters."""
    moved = POINT * base
    reach = Z * float(np.sqrt(moved * (chance + value**2) + moved**2 * of_fit))
    return Gain(lever, base, value, moved * value, moved * value - reach, moved * value + reach)


def _none(lever: str, base: int, because: str) -> Gain:
    return Gain(lever, base, np.nan, np.nan, np.nan, np.nan, because)


def _missing(is_a_year_old: bool, having: int, others: int) -> str | None:
    if not is_a_year_old:
        return "not_observed_long_enough"
    if not having:
        return "nobody_with"
    return None if others else "nobody_without"


# Today's customers


def _expected(models: _Models, buyers: Buyers) -> Floats:
    """What each is expected to bring in the year ahead."""
    return bg_nbd.expected_orders(models.orders, buyers.states, YEAR_WEEKS) * _value(models, buyers)


def _value(models: _Models, buyers: Buyers) -> Floats:
    x = buyers.states.orders
    return gamma_gamma.expected_order_value(models.values, x, buyers.later_revenue / np.maximum(x, 1))


def _of_customers(models: _Models, buyers: Buyers) -> _Revenue:
    orders = bg_nbd.expected_orders(models.orders, buyers.states, YEAR_WEEKS)
    variance = bg_nbd.orders_variance(models.orders, buyers.states, YEAR_WEEKS)
    paid = np.where(buyers.later_revenue > 0, buyers.states.orders, 0.0)
    return _revenue(models, orders, variance + orders**2, _value(models, buyers), paid)


def _revenue(models: _Models, orders: Floats, squared: Floats, value: Floats, paid_orders: Floats) -> _Revenue:
    """Of `orders` orders, whose squares are `squared`, in expectation. Orders are worth E[M] = `value`, which is known
    of as many orders as `paid_orders`; about M they vary by M^2 / p."""
    p, q, _ = models.values
    freedom = q + p * paid_orders - 2
    squared_value = value**2 * (1 + np.divide(1, freedom, out=np.full_like(freedom, np.nan), where=freedom > 0))
    mean = orders * value
    return _Revenue(mean, squared_value * (orders / p + squared) - mean**2)


# New customers of the year ahead


@dataclass(frozen=True)
class _Year:
    """Days of the year on which a new customer may come, as the weeks that are then left of it: `whole` with weights
    that add up to 1. `later` are those that leave more than 90 days."""

    whole: Floats
    weight: Floats

    @property
    def later(self) -> Booleans:
        return self.whole > SECOND_ORDER_WEEKS


def _by_second_order(models: _Models, of_once: Callable[[_Models, float, Floats], Floats]) -> tuple[float, float]:
    """A figure of the orders that new customers of a year place after the first one until it ends, in expectation: of
    those who order again within 90 days, and of the others. `of_once`: that figure of who ordered once, so many weeks
    ago, by the weeks ahead; 0 where no order comes."""
    year = _year()
    r, alpha, _, _ = models.orders
    none = (alpha / (alpha + SECOND_ORDER_WEEKS)) ** r  # one leaves after a repeat order only
    once = np.zeros(len(year.whole))
    once[year.later] = of_once(models, SECOND_ORDER_WEEKS, year.whole[year.later] - SECOND_ORDER_WEEKS)
    again = (of_once(models, 0.0, year.whole) - none * once) / (1 - none)
    return float(year.weight @ again), float(year.weight @ once)


def _year() -> _Year:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    parts = ((0.0, SECOND_ORDER_WEEKS), (SECOND_ORDER_WEEKS, YEAR_WEEKS))
    time = [(end - start) / 2 * (nodes + 1) + start for start, end in parts]
    weight = [(end - start) / 2 / YEAR_WEEKS * weights for start, end in parts]
    return _Year(np.concatenate(time), np.concatenate(weight))


def _orders_of_once(models: _Models, age: float, time: Floats) -> Floats:
    """Who ordered once has not left in this model."""
    return bg_nbd.orders_if_alive(models.orders, np.zeros(len(time)), np.full(len(time), age), time)


def _squares_of_once(models: _Models, age: float, time: Floats) -> Floats:
    who = states([0], [0], [age])
    variance = np.array([float(bg_nbd.orders_variance(models.orders, who, ahead)[0]) for ahead in time])
    return np.asarray(variance + _orders_of_once(models, age, time) ** 2, dtype=np.float64)


def _of_newcomer(models: _Models, of_once: Callable[[_Models, float, Floats], Floats]) -> float:
    """Such a figure of new customers of a year, whether they order again or not."""
    year = _year()
    return float(year.weight @ of_once(models, 0.0, year.whole))


def _variance_of_newcomers(models: _Models, orders: float, squared: float) -> float:
    """Of what one brings after the first order."""
    one = np.ones(1)
    found = _revenue(models, one * orders, one * squared, one * models.mean_value(), np.zeros(1))
    return float(found.variance[0])
