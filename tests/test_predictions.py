"""BG/NBD and gamma-gamma: published figures, other ways to the same figures, and whether the intervals hold."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln, hyp2f1
from scipy.stats import beta, nbinom

from examples.real_shops import cdnow_folder
from predictions import bg_nbd, gamma_gamma, intervals, value
from predictions.optimise import Fit, Limits, Loss, maximise
from predictions.refusal import Refusal
from predictions.scoring import PART, score
from predictions.states import Floats, States, states
from tests.conftest import PROJECT
from tests.simulated_buyers import draw, draw_values

CDNOW = bg_nbd.Parameters(0.243, 4.414, 0.793, 2.426)
SHOP = bg_nbd.Parameters(0.6, 6.0, 0.8, 2.5)  # simulated
VALUES = gamma_gamma.Parameters(6.25, 3.74, 15.44)
LONG_ENOUGH = 560
YEAR = 365 / 7


@dataclass(frozen=True)
class Sample:
    customers: States
    mean_value: Floats
    later: int  # days with an order after the as-of date


@pytest.fixture(scope="module")
def cdnow() -> Sample:
    """The tenth of CDNOW's customers that the papers use, as of 30 September 1997; a day is one order."""
    folder = cdnow_folder()
    if folder is None:
        pytest.skip("CDNOW comes with the package lifetimes, which is not installed")
    end = date(1997, 9, 30)
    bought: dict[str, dict[date, float]] = {}
    later_days = set()
    for line in (folder / "CDNOW_sample.txt").read_text(encoding="ascii").splitlines():
        _, customer, text, _, amount = line.split()
        day = datetime.strptime(text, "%Y%m%d").date()
        if day <= end:
            days = bought.setdefault(customer, {})
            days[day] = days.get(day, 0.0) + float(amount)
        else:
            later_days.add((customer, day))
    rows = []
    for days in bought.values():
        first, repeats = min(days), len(days) - 1
        later = sum(amount for day, amount in days.items() if day > first)
        rows.append((repeats, (max(days) - first).days / 7, (end - first).days / 7, later / max(repeats, 1)))
    x, last, age, mean_value = np.array(rows).T
    return Sample(states(x, last, age), mean_value, len(later_days))


@pytest.fixture(scope="module")
def cdnow_fit(cdnow: Sample) -> Fit:
    return fitted(bg_nbd.fit(cdnow.customers, 272))


def fitted(fit: Fit | Refusal) -> Fit:
    assert isinstance(fit, Fit), fit
    return fit


# Published figures


def test_bg_nbd_on_cdnow_is_that_of_the_paper(cdnow_fit: Fit) -> None:
    assert cdnow_fit.customers == 2357
    assert np.round(cdnow_fit.parameters, 3).tolist() == [0.243, 4.414, 0.793, 2.426]
    assert round(cdnow_fit.log_likelihood, 2) == -9582.43


def test_gamma_gamma_on_cdnow_is_that_of_the_note(cdnow: Sample) -> None:
    fit = fitted(gamma_gamma.fit(cdnow.customers.orders, cdnow.mean_value, 2357, 272))
    assert fit.customers == 946
    assert np.round(fit.parameters, 2).tolist() == [6.25, 3.74, 15.44]


@pytest.mark.parametrize(
    ("x", "last", "age", "weeks", "expected"), [(2, 30.43, 38.86, 39, 1.226), (26, 30.857, 31, 52, 25.757)]
)
def test_a_customer_of_cdnow_is_expected_to_order_as_published(
    cdnow_fit: Fit, x: int, last: float, age: float, weeks: float, expected: float
) -> None:
    orders = bg_nbd.expected_orders(bg_nbd.of(cdnow_fit), states(x, last, age), weeks)
    assert round(float(orders[0]), 3) == expected


def test_customer_1516_of_cdnow_is_alive_as_published(cdnow_fit: Fit) -> None:
    alive = bg_nbd.p_alive(bg_nbd.of(cdnow_fit), states(26, 30.857, 31))
    assert round(float(alive[0]), 4) == 0.9689


def test_the_39_weeks_after_brought_a_little_more_than_the_interval_holds(cdnow: Sample, cdnow_fit: Fit) -> None:
    """What docs/predictions.md says: the model knows no Christmas. 1,882 days with an order came."""
    total = score(cdnow_fit, cdnow.customers, [39], 0.1).totals[0]
    assert [round(figure) for figure in (total.expected, total.low, total.high)] == [1653, 1454, 1853]
    assert cdnow.later == 1882


# Other ways to the same figures


def counted(parameters: bg_nbd.Parameters, x: float, age: float, weeks: float) -> tuple[float, float]:
    """Mean and variance of the orders of who is alive, order by order: more than k are made where chance would bring
    more than k (negative binomial) and none of the first k is the last one."""
    r, alpha, a, b = parameters
    rest = (alpha + age) / (alpha + age + weeks)
    k = np.arange(int(nbinom.isf(1e-18, r + x, rest)) + 2)
    stays = np.exp(gammaln(b + x + k) - gammaln(b + x) + gammaln(a + b + x) - gammaln(a + b + x + k))
    more = nbinom.sf(k, r + x, rest) * stays
    return float(more.sum()), float(((2 * k + 1) * more).sum() - more.sum() ** 2)


@pytest.mark.parametrize(
    "parameters",
    [
        CDNOW,
        SHOP,
        bg_nbd.Parameters(0.6, 6.0, 1.0, 2.5),  # a - 1 = 0
        bg_nbd.Parameters(0.6, 6.0, 1.0 + 1e-9, 2.5),
        bg_nbd.Parameters(0.2, 0.5, 0.25, 0.75),  # a + b + x - 1 = 0
        bg_nbd.Parameters(0.2, 0.5, 0.05, 0.1),
        bg_nbd.Parameters(20.0, 10.0, 0.8, 2.5),  # the limits of the search
        bg_nbd.Parameters(20.0, 5.0, 100.0, 1000.0),
        bg_nbd.Parameters(0.3, 3.0, 100.0, 1000.0),
        bg_nbd.Parameters(0.001, 1.0, 0.5, 10_000.0),
    ],
)
def test_expected_orders_are_those_counted_order_by_order(parameters: bg_nbd.Parameters) -> None:
    for x in (0, 1, 2, 10, 100, 1_000):
        for age in (1.0, 30.0, 150.0):
            for weeks in (1.0, 90 / 7, YEAR):
                found = bg_nbd.orders_if_alive(parameters, np.array([float(x)]), np.array([age]), weeks)
                assert found[0] == pytest.approx(counted(parameters, x, age, weeks)[0], rel=1e-7)


def test_expected_orders_are_an_integral_over_the_probabilities_to_leave() -> None:
    """For a probability p of their own customers order (1 - (1 + p t / (alpha + T))^-(r + x)) / p times."""
    r, alpha, a, b = SHOP
    for x, age, weeks in ((0, 10.0, 40.0), (3, 50.0, 13.0), (40, 80.0, 52.0)):

        def orders(p: float, x: float = x, age: float = age, weeks: float = weeks) -> float:
            return float((1 - (1 + p * weeks / (alpha + age)) ** -(r + x)) / p * beta.pdf(p, a, b + x))

        # The density is infinite at 0, as p^(a - 1): with p = u^(1 / a) it is not.
        integral, _ = quad(lambda u: orders(u ** (1 / a)) * u ** (1 / a - 1) / a, 0, 1, epsabs=1e-12, limit=200)
        found = bg_nbd.orders_if_alive(SHOP, np.array([float(x)]), np.array([age]), weeks)
        assert found[0] == pytest.approx(integral, rel=1e-8)


def test_drawn_customers_order_as_often_and_as_variably_as_expected() -> None:
    """200,000 customers; those of each number of repeat orders order as often in the year after as expected of them."""
    drawn = draw(SHOP, 200_000, 1, 20, 80, YEAR)
    expected = bg_nbd.expected_orders(SHOP, drawn.past, YEAR)
    variance = bg_nbd.orders_variance(SHOP, drawn.past, YEAR)
    for low, high in ((0, 0), (1, 1), (2, 3), (4, 9), (10, 10_000)):
        group = (drawn.past.orders >= low) & (drawn.past.orders <= high)
        off = (drawn.future - expected)[group]
        assert abs(off.sum()) < 3 * np.sqrt(variance[group].sum())
        assert np.mean(off**2) == pytest.approx(variance[group].mean(), rel=0.04)


@pytest.mark.parametrize("parameters", [CDNOW, SHOP, bg_nbd.Parameters(2.0, 3.0, 1.0, 4.0)])
def test_the_variance_of_orders_is_that_counted_order_by_order(parameters: bg_nbd.Parameters) -> None:
    for age in (1.0, 30.0, 150.0):
        for weeks in (90 / 7, YEAR):
            found = bg_nbd.orders_variance(parameters, states(0, 0, age), weeks)
            assert found[0] == pytest.approx(counted(parameters, 0, age, weeks)[1], rel=1e-6)


def test_the_formula_of_the_paper_agrees_where_it_can_be_computed() -> None:
    """With SciPy's hypergeometric function it is no number any more from about a thousand orders on; ours is."""
    r, alpha, a, b = CDNOW
    age, weeks = 38.86, 52.0
    for x in (0, 2, 50, 700, 1_000, 10_000):
        z = weeks / (alpha + age + weeks)
        with np.errstate(all="ignore"):
            power = ((alpha + age) / (alpha + age + weeks)) ** (r + x)
            paper = (a + b + x - 1) / (a - 1) * (1 - power * hyp2f1(r + x, b + x, a + b + x - 1, z))
        ours = bg_nbd.orders_if_alive(CDNOW, np.array([float(x)]), np.array([age]), weeks)[0]
        assert np.isnan(paper) == (x >= 1_000)
        assert ours == pytest.approx(counted(CDNOW, x, age, weeks)[0] if x >= 1_000 else paper, rel=1e-8)


def test_both_likelihoods_have_the_slopes_that_they_say() -> None:
    drawn = draw(SHOP, 600, 1, 20, 80, 0).past
    x, m = draw_values(VALUES, drawn, 1)
    for loss, at in ((bg_nbd.loss_of(drawn), np.log(CDNOW)), (gamma_gamma.loss_of(x, m), np.log(VALUES) + 0.3)):
        steps = np.eye(len(at)) * 1e-5
        slopes = [(loss(at + step)[0] - loss(at - step)[0]) / 2e-5 for step in steps]
        assert loss(at)[1] == pytest.approx(np.array(slopes), rel=1e-6, abs=1e-8)


# What must hold for any customer


def test_the_probability_to_be_alive_falls_with_silence() -> None:
    silence = np.linspace(0, 300, 301)
    for x in (1, 5, 50):
        alive = bg_nbd.p_alive(SHOP, states(np.full(301, x), np.full(301, 20.0), 20 + silence))
        assert (np.diff(alive) < 0).all()
    assert alive[0] > 0.95 and alive[-1] < 1e-6


def test_who_ordered_once_cannot_have_left() -> None:
    """In this model one leaves after a repeat order only; also where b + x - 1 is below 0."""
    for parameters in (SHOP, bg_nbd.Parameters(0.2, 0.5, 0.3, 0.1)):
        assert bg_nbd.p_alive(parameters, states([0, 0], [0, 0], [0, 500])).tolist() == [1, 1]


@pytest.mark.parametrize("parameters", [CDNOW, SHOP])
def test_ten_thousand_orders_overflow_nowhere(parameters: bg_nbd.Parameters) -> None:
    many = states([1_000, 5_000, 10_000, 10_000], [900, 1_500, 2_000, 100], [1_000, 1_500, 2_000.2, 2_000])
    loss, slopes = bg_nbd.loss_of(many)(np.log(parameters))
    alive = bg_nbd.p_alive(parameters, many)
    expected = bg_nbd.expected_orders(parameters, many, YEAR)
    assert np.isfinite(loss) and np.isfinite(slopes).all()
    assert np.isfinite(bg_nbd.log_expected_orders(parameters, many, YEAR)).all()
    assert np.isfinite(bg_nbd.orders_variance(parameters, many, YEAR)).all()
    assert ((alive >= 0) & (alive <= 1)).all() and alive[1] > 0.99 and alive[3] == 0
    assert expected[2] == pytest.approx(10_000 * YEAR / 2_000, rel=0.02) and expected[3] == 0
    x, m = np.array([1.0, 10_000.0]), np.array([20.0, 90.0])
    assert np.isfinite(gamma_gamma.loss_of(x, m)(np.log(VALUES))[0])
    assert gamma_gamma.expected_order_value(VALUES, x, m)[1] == pytest.approx(90, rel=0.001)


def test_no_time_ahead_brings_no_order() -> None:
    assert bg_nbd.expected_orders(SHOP, states([0, 3], [0, 9], [0, 10]), 0).tolist() == [0, 0]


def test_days_or_weeks_give_the_same_predictions() -> None:
    weeks = draw(SHOP, 1_000, 1, 20, 80, 0).past
    days = States(weeks.orders, weeks.last * 7, weeks.age * 7, weeks.customers)
    in_weeks, in_days = (fitted(bg_nbd.fit(customers, LONG_ENOUGH)) for customers in (weeks, days))
    assert in_days.parameters == pytest.approx(in_weeks.parameters * (1, 7, 1, 1), rel=1e-6)
    for expected, of_days in zip(
        score(in_weeks, weeks, [YEAR], 0.1).orders, score(in_days, days, [365], 0.1).orders, strict=True
    ):
        assert of_days.expected == pytest.approx(expected.expected, rel=1e-5)
        assert of_days.low == pytest.approx(expected.low, rel=1e-4)


def test_the_order_of_rows_and_how_states_are_counted_change_nothing() -> None:
    past = draw(SHOP, 1_000, 1, 20, 80, 0).past
    days = [np.round(part * 7) / 7 for part in (past.last, past.age)]
    x = np.where(days[0] > 0, past.orders, 0)
    one_by_one = states(x, *days)
    distinct, counts = np.unique(np.column_stack([x, *days]), axis=0, return_counts=True)
    assert len(distinct) < len(x)
    backwards = one_by_one.part(np.arange(len(x))[::-1])
    together = states(*distinct.T, counts)
    fits = [fitted(bg_nbd.fit(customers, LONG_ENOUGH)) for customers in (one_by_one, backwards, together)]
    totals = [
        score(fit, customers, [YEAR], 0.1).totals[0]
        for fit, customers in zip(fits, (one_by_one, backwards, together), strict=True)
    ]
    for fit, total in zip(fits[1:], totals[1:], strict=True):
        assert fit.customers == 1_000
        assert fit.parameters == pytest.approx(fits[0].parameters, rel=1e-6)
        assert (total.expected, total.low, total.high) == pytest.approx(
            (totals[0].expected, totals[0].low, totals[0].high), rel=1e-5
        )


# Value


def test_the_value_of_an_order_lies_between_a_customers_own_and_that_of_all() -> None:
    p, q, gamma = VALUES
    mean = p * gamma / (q - 1)
    found = gamma_gamma.expected_order_value(VALUES, np.array([0.0, 1, 4, 4, 4]), np.array([0.0, 100, 100, 0, -5]))
    own = [(q - 1) / (p * x + q - 1) * mean + p * x / (p * x + q - 1) * 100 for x in (1, 4)]
    assert found == pytest.approx([mean, *own, mean, mean])


def test_a_years_value_is_the_sum_of_its_twelve_parts() -> None:
    customers = states([0, 3, 12], [0, 20, 50], [4, 30, 51])
    order_value = np.array([30.0, 40.0, np.nan])
    by_hand = np.zeros(3)
    for j in range(1, 13):
        until, before = (bg_nbd.expected_orders(SHOP, customers, k * 365 / 84) for k in (j, j - 1))
        by_hand += (until - before) / 1.1 ** ((j - 0.5) / 12)
    found = value.predicted_clv_365d(value.discounted_orders(SHOP, customers, 0.1), order_value, 0.4)
    assert found == pytest.approx(0.4 * order_value * by_hand, nan_ok=True)
    undiscounted = value.discounted_orders(SHOP, customers, 0.0)
    assert undiscounted == pytest.approx(bg_nbd.expected_orders(SHOP, customers, YEAR))


def test_states_are_scored_as_each_alone_across_parts() -> None:
    drawn = draw(SHOP, 2_000, 1, 20, 80, 0).past
    fit = fitted(bg_nbd.fit(drawn, LONG_ENOUGH))
    many = drawn.part(np.arange(PART + 100) % 2_000)
    scores = score(fit, many, [90 / 7, YEAR], 0.1)
    for row in (0, 7, PART + 1):
        alone = many.part(np.array([row]))
        expected, _ = intervals.expected_orders(fit, alone, YEAR)
        found = (scores.orders[1].expected[row], scores.orders[1].low[row], scores.orders[1].high[row])
        assert found == pytest.approx((expected.expected[0], expected.low[0], expected.high[0]), rel=1e-9)
        assert scores.p_alive[row] == bg_nbd.p_alive(bg_nbd.of(fit), alone)[0]
        discounted = value.discounted_orders(bg_nbd.of(fit), alone, 0.1)
        assert scores.discounted_orders[row] == pytest.approx(discounted[0], rel=1e-9)
    for orders, total in zip(scores.orders, scores.totals, strict=True):
        assert (orders.low < orders.expected).all() and (orders.expected < orders.high).all()
        assert total.expected == pytest.approx(orders.expected.sum())


# Refusals


def reason(fit: Fit | Refusal) -> str:
    assert isinstance(fit, Refusal), fit
    assert fit.explanation.endswith(".")
    return fit.reason


def test_too_small_and_too_young_shops_are_refused() -> None:
    past = draw(SHOP, 500, 1, 20, 80, 0).past
    assert isinstance(bg_nbd.fit(past, 180), Fit)
    assert reason(bg_nbd.fit(past.part(slice(499)), 180)) == "too_few_customers"
    assert reason(bg_nbd.fit(past, 179)) == "too_short_history"
    x, m = draw_values(VALUES, past, 1)
    assert isinstance(gamma_gamma.fit(x, m, 500, 180), Fit)
    assert reason(gamma_gamma.fit(x, m, 499, 180)) == "too_few_customers"
    assert reason(gamma_gamma.fit(x, m, 500, 179)) == "too_short_history"


def test_shops_without_repeat_orders_are_refused() -> None:
    once = states(np.zeros(600), np.zeros(600), np.full(600, 50.0))
    assert reason(bg_nbd.fit(once, LONG_ENOUGH)) == "no_repeat_orders"
    assert reason(gamma_gamma.fit(np.ones(600), np.zeros(600), 600, LONG_ENOUGH)) == "no_repeat_orders"


def test_customers_who_are_all_alike_determine_no_differences() -> None:
    alike = states(np.full(600, 4), np.full(600, 40.0), np.full(600, 50.0))
    assert reason(bg_nbd.fit(alike, LONG_ENOUGH)) == "no_convergence"
    assert reason(gamma_gamma.fit(np.full(600, 3.0), np.full(600, 20.0), 600, LONG_ENOUGH)) == "no_convergence"


def test_optimisers_that_end_at_different_maxima_are_not_believed() -> None:
    """Two valleys; the second optimiser begins in the shallow one, the first is given both."""

    loss = Loss(
        lambda at: float((at[0] ** 2 - 1) ** 2 + 0.3 * at[0]),
        lambda at: np.array([4 * at[0] * (at[0] ** 2 - 1) + 0.3]),
    )
    limits = Limits(np.array([-5.0]), np.array([5.0]))
    assert reason(maximise(loss, ("u",), [[1.0], [-1.0]], limits, 1_000)) == "optimisers_disagree"
    assert isinstance(maximise(loss, ("u",), [[-1.0], [1.0]], limits, 1_000), Fit)


def test_order_values_without_a_mean_give_no_value() -> None:
    wild = gamma_gamma.Parameters(2.0, 0.9, 20.0)
    refusal = gamma_gamma.no_mean_value(wild)
    assert refusal is not None and refusal.reason == "no_mean_value"
    assert np.isnan(gamma_gamma.expected_order_value(wild, np.array([0.0, 5]), np.array([0.0, 30]))).all()
    assert gamma_gamma.no_mean_value(VALUES) is None


def test_without_a_fit_every_figure_is_null() -> None:
    scores = score(Refusal("no_convergence", "None."), states([0, 1], [0, 1], [2, 2]), [1.0, YEAR], 0.1)
    figures = [scores.p_alive, scores.discounted_orders]
    for orders in scores.orders:
        figures += [orders.expected, orders.low, orders.high]
    assert len(figures) == 8 and all(figure.shape == (2,) and np.isnan(figure).all() for figure in figures)
    assert all(np.isnan([total.expected, total.low, total.high]).all() for total in scores.totals)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (([1, 1.5], [1, 1], [2, 2]), "row 1 has repeat orders that are no whole number"),
        (([-1], [1], [2]), "row 0 has repeat orders that are no whole number"),
        (([1], [3], [2]), "row 0 has its last order before the first or after the as-of date"),
        (([0], [1], [2]), "row 0 has repeat orders without a time between"),
        (([1], [0], [2]), "row 0 has repeat orders without a time between"),
        (([1], [float("nan")], [2]), "row 0 has a value that is missing"),
        (([1], [1], [2], [0]), "row 0 has no customers"),
        (([1, 1], [1], [2]), "lists of one length"),
    ],
)
def test_a_state_that_cannot_be_is_named(rows: tuple[list[float], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        states(*rows)


# Whether the intervals hold

PROBE = states([0, 0, 1, 2, 5, 5, 20, 20], [0, 0, 20, 30, 10, 39, 30, 58], [21, 60, 22, 39, 40, 40, 60, 60])


def covered(seed: int) -> list[bool]:
    """One shop of 2,000 customers: whether the intervals of the parameters, of the expected orders of eight customers,
    of the orders of all in the year after, and of the parameters of the values hold the truth."""
    drawn = draw(SHOP, 2_000, seed, 20, 80, YEAR)
    fit = fitted(bg_nbd.fit(drawn.past, LONG_ENOUGH))
    expected, _ = intervals.expected_orders(fit, PROBE, YEAR)
    truth = bg_nbd.expected_orders(SHOP, PROBE, YEAR)
    total = score(fit, drawn.past, [YEAR], 0.1).totals[0]
    values = fitted(gamma_gamma.fit(*draw_values(VALUES, drawn.past, seed), 2_000, LONG_ENOUGH))
    ranges = [(SHOP, intervals.parameters(fit)), (VALUES, intervals.parameters(values))]
    held = [[low <= true <= high for true, (low, high) in zip(of, found.values(), strict=True)] for of, found in ranges]
    customers = ((expected.low <= truth) & (truth <= expected.high)).tolist()
    return [*held[0], *customers, total.low <= drawn.future.sum() <= total.high, *held[1]]


def test_most_intervals_hold_in_twenty_shops() -> None:
    """Of twenty at 95 %, chance alone leaves fewer than 16 of one interval once in four hundred times."""
    counts = np.sum([covered(seed) for seed in range(1, 21)], axis=0)
    assert len(counts) == 16 and (counts >= 16).all()


@pytest.mark.long
def test_intervals_hold_in_95_of_100_shops() -> None:
    counts = np.sum([covered(seed) for seed in range(1, 1_001)], axis=0)
    print("of 1,000: r, alpha, a, b; eight customers; total; p, q, gamma:", counts.tolist())
    assert ((counts >= 930) & (counts <= 970)).all()


@pytest.mark.long
def test_four_and_a_half_million_states_cost_less_than_a_minute_of_two_cores() -> None:
    """Seconds of the processors, which do not depend on what else runs; two cores have 120 in a minute."""
    command = [sys.executable, "-m", "tests.score_many", "4500000"]
    printed = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    _, processors, gigabytes = printed.split()
    assert float(processors) < 100 and float(gigabytes) < 4
