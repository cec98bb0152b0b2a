"""BG/NBD and gamma-gamma as of past dates, against what then happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from predictions import bg_nbd, gamma_gamma
from predictions.backtesting import measures
from predictions.backtesting.measures import LEAST, Gain
from predictions.backtesting.past import (
    EPOCH,
    HORIZONS,
    YEAR,
    Known,
    OrderDays,
    backtest_dates,
    day_number,
    followed,
    known_at,
)
from predictions.backtesting.rows import ALL, Row, figure, of_probability, score
from predictions.optimise import Fit
from predictions.refusal import Refusal
from predictions.states import Floats, States

ORDERS, VALUE, CLV = "bg_nbd", "gamma_gamma", "clv"
SHORT = HORIZONS[0]
MOST_ORDERS = 7  # who ordered so often again, or more often, is one bucket
WEEKS = 52  # of the tracking of cumulative orders
BINS = 10  # of recency, for the rival's probability


@dataclass(frozen=True)
class Fits:
    orders: Fit | Refusal
    value: Fit | Refusal


@dataclass(frozen=True)
class AsOf:
    """One past date: its rows, and why a model has none."""

    as_of_date: date
    rows: list[Row]
    refusals: dict[str, Refusal]


def backtest(days: OrderDays, as_of: date) -> list[AsOf]:
    """As of every past date that can be judged by `as_of`, which no order lies behind."""
    if not len(days):
        return []
    first = EPOCH + timedelta(days=days.first)
    return [backtest_as_of(days, at, as_of) for at in backtest_dates(first, as_of)]


def backtest_as_of(days: OrderDays, at: date, until: date) -> AsOf:
    """What the models fitted on what was known at `at` said of the days after, as far as these are over by `until`."""
    known = known_at(days, day_number(at))
    over = (until - at).days
    fits = fitted(known, len(known))
    rows: list[Row] = []
    if isinstance(fits.orders, Fit):
        rows += of_orders(days, known, bg_nbd.of(fits.orders), over)
    order_value = value_of(fits.value, known)
    if order_value is not None:
        rows += of_order_value(days, known, order_value)
        if isinstance(fits.orders, Fit):
            rows += of_clv(days, known, fits, over)
    refusals = {ORDERS: fits.orders, VALUE: refused(fits.value)}
    return AsOf(at, rows, {model: why for model, why in refusals.items() if isinstance(why, Refusal)})


def fitted(known: Known, customers: int) -> Fits:
    """`customers`: of the shop, or of a part of it that is fitted by itself."""
    distinct, _ = known.states()
    return Fits(
        bg_nbd.fit(distinct, known.history_days),
        gamma_gamma.fit(known.orders, known.mean_value, customers, known.history_days),
    )


def refused(fit: Fit | Refusal) -> Refusal | None:
    return fit if isinstance(fit, Refusal) else gamma_gamma.no_mean_value(gamma_gamma.of(fit))


def value_of(fit: Fit | Refusal, known: Known) -> Floats | None:
    """E[M] of each customer; None where the model is refused."""
    if isinstance(fit, Refusal) or refused(fit):
        return None
    return gamma_gamma.expected_order_value(gamma_gamma.of(fit), known.orders, known.mean_value)


def expected_orders(parameters: bg_nbd.Parameters, known: Known, horizon: int) -> Floats:
    distinct, which = known.states()
    return bg_nbd.expected_orders(parameters, distinct, horizon / 7)[which]


def last_years_rate(known: Known, horizon: int) -> Floats:
    """The rival: what a customer ordered in the year before, the first order left out, goes on as it was."""
    return known.year_orders * horizon / known.span


def last_years_revenue(known: Known, horizon: int) -> Floats:
    return known.year_revenue * horizon / known.span


def by_recency(days: OrderDays, known: Known, horizon: int) -> Floats:
    """The rival's probability of an order: the share of those who had been silent for about as long `horizon` days
    earlier and ordered since. Known at the date, like all else."""
    before = known_at(days, known.as_of - horizon)
    if not len(before):
        return np.full(len(known), 0.5)
    ordered = followed(days, before, horizon)[0] > 0
    edges = np.unique(np.quantile(before.recency, np.linspace(0, 1, BINS + 1)[1:-1]))
    was_in = np.searchsorted(edges, before.recency, side="left")
    share = (np.bincount(was_in, ordered, len(edges) + 1) + 0.5) / (np.bincount(was_in, minlength=len(edges) + 1) + 1)
    return np.asarray(share[np.searchsorted(edges, known.recency, side="left")], dtype=np.float64)


def buckets_of_frequency(known: Known) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    again = np.minimum(known.orders, MOST_ORDERS)
    for x in range(MOST_ORDERS + 1):
        inside = again == x
        if inside.any():
            yield (f"{x}+" if x == MOST_ORDERS else str(x)), inside


def of_orders(days: OrderDays, known: Known, parameters: bg_nbd.Parameters, over: int) -> Iterator[Row]:
    distinct, which = known.states()
    yield from tracking(days, known, parameters, distinct, over)
    for horizon in HORIZONS:
        if horizon > over:
            continue
        expected, rival = expected_orders(parameters, known, horizon), last_years_rate(known, horizon)
        actual = followed(days, known, horizon)[0]
        yield total(ORDERS, "total_orders", f"{horizon}d", expected, actual, rival)
        yield from errors(ORDERS, f"{horizon}d", expected, actual, rival)
        if horizon == SHORT:
            yield from season(days, known, horizon, expected, actual)
            for bucket, inside in buckets_of_frequency(known):
                means = (expected[inside].mean(), actual[inside].mean(), rival[inside].mean())
                yield figure(ORDERS, "orders_by_frequency", bucket, *means, int(inside.sum()))
            probability = bg_nbd.p_order(parameters, distinct, horizon / 7)[which]
            recency = by_recency(days, known, horizon)
            ranks = -known.recency.astype(np.float64)
            yield from of_probability(ORDERS, actual > 0, probability, recency, expected, ranks)


def tracking(
    days: OrderDays, known: Known, parameters: bg_nbd.Parameters, distinct: States, over: int
) -> Iterator[Row]:
    """Orders of all customers since the date, week by week."""
    for week in range(1, min(WEEKS, over // 7) + 1):
        expected = float(distinct.customers @ bg_nbd.expected_orders(parameters, distinct, week))
        rival = last_years_rate(known, week * 7).sum()
        actual = followed(days, known, week * 7)[0].sum()
        yield figure(ORDERS, "cumulative_orders", str(week), expected, actual, rival, len(known))


def season(days: OrderDays, known: Known, horizon: int, expected: Floats, actual: Floats) -> Iterator[Row]:
    """Another rival of the total: what as many customers ordered on the same days a year before."""
    before = known_at(days, known.as_of - YEAR)
    if len(before) < LEAST:
        return
    rival = followed(days, before, horizon)[0].mean() * len(known)
    yield figure(ORDERS, "total_orders_by_season", f"{horizon}d", expected.sum(), actual.sum(), rival, len(known))


def total(model: str, measure: str, bucket: str, expected: Floats, actual: Floats, rival: Floats) -> Row:
    return figure(model, measure, bucket, expected.sum(), actual.sum(), rival.sum(), len(actual))


def errors(model: str, bucket: str, expected: Floats, actual: Floats, rival: Floats, prefix: str = "") -> Iterator[Row]:
    """Of the total, and per customer. The squared one decides: an expectation makes it least, while the absolute one is
    small for who expects nothing of anybody, as most customers order nothing."""
    totals = [measures.relative_error(float(values.sum()), float(actual.sum())) for values in (expected, rival)]
    whole = ("total_error", totals[0], totals[1], measures.total_gain(expected, rival, actual))
    found = [whole, *losses("customer", expected, actual, rival)]
    gains = measures.gains([gain for *_, gain in found], len(actual)) if np.sum(actual > 0) >= LEAST else []
    for (measure, ours, theirs, _), gain in zip_longest(found, gains):
        yield score(model, prefix + measure, bucket, ours, theirs, len(actual), gain)


def losses(of: str, expected: Floats, actual: Floats, rival: Floats) -> list[tuple[str, float, float, Gain]]:
    """The mean absolute and the mean squared error, the model's and the rival's."""
    found = []
    for measure, power in (("error", 1), ("squared_error", 2)):
        ours, theirs = np.abs(expected - actual) ** power, np.abs(rival - actual) ** power
        found.append((f"{of}_{measure}", float(ours.mean()), float(theirs.mean()), measures.mean_gain(ours, theirs)))
    return found


def of_order_value(days: OrderDays, known: Known, expected: Floats) -> Iterator[Row]:
    """Of who ordered in the 90 days after: what a day with an order was worth. The rival: the mean of the customer's
    days before."""
    orders, revenue = followed(days, known, SHORT)
    ordered = orders > 0
    if not ordered.any():
        return
    actual = revenue[ordered] / orders[ordered]
    ours, rival = expected[ordered], known.mean_of_all[ordered]
    yield figure(VALUE, "order_value", ALL, ours.mean(), actual.mean(), rival.mean(), len(actual))
    for bucket, inside in buckets_of_frequency(known.part(ordered)):
        means = (ours[inside].mean(), actual[inside].mean(), rival[inside].mean())
        yield figure(VALUE, "order_value", bucket, *means, int(inside.sum()))
    found = losses("order_value", ours, actual, rival)
    gains = measures.gains([gain for *_, gain in found], len(actual)) if len(actual) >= LEAST else []
    for (measure, mine, theirs, _), gain in zip_longest(found, gains):
        yield score(VALUE, measure, ALL, mine, theirs, len(actual), gain)


def half_years(known: Known) -> NDArray[np.str_]:
    """Of the first orders, as 2026-H1."""
    distinct, which = np.unique(known.first, return_inverse=True)
    dates = [EPOCH + timedelta(days=int(day)) for day in distinct]
    return np.asarray([f"{at.year}-H{1 if at.month <= 6 else 2}" for at in dates])[which]


def clv(fits: Fits, known: Known, horizon: int) -> Floats:
    """Net revenue of the days after: neither margin nor discount changes which prediction is nearer."""
    order_value = value_of(fits.value, known)
    assert isinstance(fits.orders, Fit) and order_value is not None
    return expected_orders(bg_nbd.of(fits.orders), known, horizon) * order_value


def is_whole(fits: Fits) -> bool:
    return isinstance(fits.orders, Fit) and not isinstance(fits.value, Refusal) and refused(fits.value) is None


def fit_per_half_year(known: Known, halves: NDArray[np.str_], whole: Fits, horizon: int) -> Floats:
    """The rival of one fit for all: a fit for the customers of each half-year of the first order. Where it is refused,
    that of all stands."""
    rival = np.empty(len(known))
    for half in np.unique(halves):
        inside = halves == half
        part = known.part(inside)
        own = fitted(part, len(part))
        rival[inside] = clv(own if is_whole(own) else whole, part, horizon)
    return rival


def of_clv(days: OrderDays, known: Known, fits: Fits, over: int) -> Iterator[Row]:
    """The fits per half-year cost as many fits as there are half-years: they are made for the longest horizon alone."""
    ended = [horizon for horizon in HORIZONS if horizon <= over]
    for horizon in ended:
        name = f"clv_{horizon}d"
        expected, rival = clv(fits, known, horizon), last_years_revenue(known, horizon)
        actual = followed(days, known, horizon)[1]
        yield total(CLV, name, ALL, expected, actual, rival)
        yield from errors(CLV, ALL, expected, actual, rival, f"{name}_")
        if horizon == ended[-1]:
            yield from by_half_year(known, fits, horizon, expected, actual)


def by_half_year(known: Known, fits: Fits, horizon: int, expected: Floats, actual: Floats) -> Iterator[Row]:
    name = f"clv_{horizon}d_by_half_year"
    halves = half_years(known)
    if len(np.unique(halves)) == 1:  # it would be the same fit
        return
    rival = fit_per_half_year(known, halves, fits, horizon)
    for half in np.unique(halves):
        inside = halves == half
        yield total(CLV, name, str(half), expected[inside], actual[inside], rival[inside])
    yield from errors(CLV, ALL, expected, actual, rival, f"{name}_")
