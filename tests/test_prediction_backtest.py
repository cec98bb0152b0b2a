"""The backtest of BG/NBD and gamma-gamma: published figures, shops of known truth, no look ahead."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma

from examples.real_shops import cdnow_folder
from predictions import bg_nbd, gamma_gamma
from predictions.backtesting import measures
from predictions.backtesting.backtest import AsOf, backtest, backtest_as_of
from predictions.backtesting.past import backtest_dates, day_number, followed, known_at, order_days
from predictions.backtesting.rows import Row, of_probability
from predictions.backtesting.verdict import drifted, verdict
from predictions.states import states
from tests.simulated_buyers import Shop, draw_shop

FIRST = date(2023, 1, 1)
TRUE = bg_nbd.Parameters(0.8, 5.0, 0.6, 2.5)
VALUES = gamma_gamma.Parameters(1.0, 8.0, 150.0)  # orders of one customer differ, so that few of them say little


def found(at: AsOf, model: str, measure: str, bucket: str = "all") -> Row:
    rows = [row for row in at.rows if (row.model, row.measure, row.bucket) == (model, measure, bucket)]
    assert len(rows) == 1, (model, measure, bucket)
    return rows[0]


@pytest.fixture(scope="module")
def cdnow() -> Shop:
    """The tenth of CDNOW's customers that the papers use, to 30 June 1998."""
    folder = cdnow_folder()
    if folder is None:
        pytest.skip("CDNOW comes with the package lifetimes, which is not installed")
    lines = [line.split() for line in (folder / "CDNOW_sample.txt").read_text(encoding="ascii").splitlines()]
    days = [datetime.strptime(line[2], "%Y%m%d").date() for line in lines]
    return Shop([line[1] for line in lines], days, [float(line[4]) for line in lines])


@pytest.fixture(scope="module")
def cdnow_in_autumn(cdnow: Shop) -> AsOf:
    return backtest_as_of(order_days(*fields(cdnow)), date(1997, 9, 30), date(1998, 6, 30))


@pytest.fixture(scope="module")
def true_shop() -> Shop:
    return draw_shop(TRUE, VALUES, 3000, seed=1, first=FIRST, days=800, growing=380)


@pytest.fixture(scope="module")
def where_it_is_true(true_shop: Shop) -> AsOf:
    return backtest_as_of(order_days(*fields(true_shop)), FIRST + timedelta(days=400), FIRST + timedelta(days=800))


def fields(shop: Shop) -> tuple[list[str], list[date], list[float]]:
    return shop.customers, shop.days, shop.revenue


# Published figures


def test_cdnow_brings_what_the_paper_says(cdnow_in_autumn: AsOf) -> None:
    """Fader, Hardie and Lee (2005): 1,882 repeat transactions in the 39 weeks after; the model expected fewer."""
    whole = found(cdnow_in_autumn, "bg_nbd", "cumulative_orders", "39")
    assert whole.expected is not None
    assert (round(whole.expected), whole.actual, whole.customers) == (1653, 1882, 2357)
    # The year before is 39 weeks of repeats, which go on as they were: 2,457 in 272 days.
    assert whole.rival == pytest.approx(2457 * 273 / 272)


def test_cdnow_by_frequency_adds_up_to_the_total(cdnow_in_autumn: AsOf) -> None:
    rows = [row for row in cdnow_in_autumn.rows if row.measure == "orders_by_frequency"]
    total = found(cdnow_in_autumn, "bg_nbd", "total_orders", "90d")
    assert [row.bucket for row in rows] == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert [row.customers for row in rows] == [1411, 439, 214, 100, 62, 38, 29, 64]  # as table 2 of the paper counts
    for name in ("expected", "actual", "rival"):
        summed = sum(getattr(row, name) * row.customers for row in rows)
        assert summed == pytest.approx(getattr(total, name))


def test_on_cdnow_the_model_beats_last_years_rate_per_customer(cdnow_in_autumn: AsOf) -> None:
    assert found(cdnow_in_autumn, "bg_nbd", "customer_squared_error", "90d").is_better
    assert found(cdnow_in_autumn, "bg_nbd", "brier").is_better
    # In the total it does not, and no more does gamma-gamma: so it is said.
    assert not found(cdnow_in_autumn, "bg_nbd", "total_error", "90d").is_better
    assert not found(cdnow_in_autumn, "gamma_gamma", "order_value_squared_error").is_better


# Shops in which the model is true, and false


def test_where_the_model_is_true_it_is_better_than_the_rival(where_it_is_true: AsOf) -> None:
    for model, measure, bucket in (
        ("bg_nbd", "customer_squared_error", "90d"),
        ("bg_nbd", "customer_squared_error", "365d"),
        ("bg_nbd", "total_error", "90d"),
        ("bg_nbd", "auc", "all"),
        ("bg_nbd", "brier", "all"),
        ("bg_nbd", "log_loss", "all"),
        ("gamma_gamma", "order_value_squared_error", "all"),
        ("clv", "clv_365d_customer_squared_error", "all"),
    ):
        row = found(where_it_is_true, model, measure, bucket)
        assert row.is_better, row
        assert row.gain_low is not None and row.gain is not None and row.gain_low < row.gain


def test_where_the_model_is_true_it_is_calibrated(where_it_is_true: AsOf) -> None:
    slope = found(where_it_is_true, "bg_nbd", "calibration_slope").expected
    assert slope == pytest.approx(1, abs=0.08)
    total = found(where_it_is_true, "bg_nbd", "total_orders", "365d")
    assert total.expected == pytest.approx(total.actual, rel=0.06)
    for row in where_it_is_true.rows:
        if row.measure == "calibration":
            assert row.expected is not None
            error = 3 * np.sqrt(row.expected * (1 - row.expected) / row.customers)
            assert row.expected == pytest.approx(row.actual, abs=error + 0.01)


def test_where_everybody_orders_like_clockwork_the_rival_is_better() -> None:
    """Each customer orders every so many days. One in fifty leaves; the model expects it of all."""
    shop = Shop([], [], [])
    for number in range(800):
        for day in range(number % 30, 500 if number % 50 else number % 30 + 90, 15 + number % 46):
            shop.customers.append(f"c{number}")
            shop.days.append(FIRST + timedelta(days=day))
            shop.revenue.append(20.0 + number % 7 + day % 3)
    at = backtest_as_of(order_days(*fields(shop)), FIRST + timedelta(days=400), FIRST + timedelta(days=500))
    row = found(at, "bg_nbd", "customer_squared_error", "90d")
    assert row.gain_high is not None and row.gain_high < 0
    assert row.is_better is False


def test_where_the_calendar_brings_the_orders_last_years_days_are_nearer(true_shop: Shop) -> None:
    """Who ordered again did so in the first half of a year alone: the model spreads it over the year."""
    kept = [
        row
        for number, row in enumerate(zip(*fields(true_shop), strict=True))
        if row[1].month <= 6 or number == 0 or true_shop.customers[number - 1] != row[0]
    ]
    at = backtest_as_of(order_days(*zip(*kept, strict=True)), date(2024, 6, 30), date(2024, 12, 31))
    row = found(at, "bg_nbd", "total_orders_by_season", "90d")
    assert row.expected is not None and row.actual is not None and row.rival is not None
    assert abs(row.rival - row.actual) < abs(row.expected - row.actual)


# No look ahead, and the order of rows


def test_no_date_sees_the_future(true_shop: Shop, where_it_is_true: AsOf) -> None:
    """Without the later orders, and with some that never were, all that was expected is the same."""
    at = where_it_is_true.as_of_date
    past = [row for row in zip(*fields(true_shop), strict=True) if row[1] <= at]
    invented = [(f"c{number}", at + timedelta(days=1 + number % 90), 9.0) for number in range(0, 3000, 7)]
    other = backtest_as_of(order_days(*zip(*past, *invented, strict=True)), at, at + timedelta(days=400))
    figures = ("total_orders", "cumulative_orders", "orders_by_frequency", "calibration", "clv_90d", "clv_365d")
    said = [
        [(row.measure, row.bucket, row.expected, row.rival) for row in run.rows if row.measure in figures]
        for run in (where_it_is_true, other)
    ]
    assert said[0] == said[1]
    assert found(other, "bg_nbd", "total_orders", "90d") != found(where_it_is_true, "bg_nbd", "total_orders", "90d")


def test_the_order_of_rows_and_orders_of_one_day_change_nothing(cdnow: Shop, cdnow_in_autumn: AsOf) -> None:
    rows = list(zip(*fields(cdnow), strict=True))
    rows = [rows[place] for place in np.random.default_rng(5).permutation(len(rows))]
    rows += [(customer, day, 0.0) for customer, day, _ in rows[:500]]
    again = backtest_as_of(order_days(*zip(*rows, strict=True)), date(1997, 9, 30), date(1998, 6, 30))
    assert list(map(astuple, again.rows)) == list(map(astuple, cdnow_in_autumn.rows))


# What was known, and what followed


def test_a_customer_as_of_a_day() -> None:
    """`a` ordered on days 0 (twice), 10 and 400; as of 400 the 10 is longer ago than a year, `b` is not known yet."""
    orders = [("a", 0, 5.0), ("a", 0, 2.0), ("a", 10, 30.0), ("a", 400, 11.0), ("a", 401, 4.0), ("b", 402, 1.0)]
    days = order_days(*zip(*((who, FIRST + timedelta(days=day), paid) for who, day, paid in orders), strict=True))
    known = known_at(days, day_number(FIRST) + 400)
    assert (len(known), known.history_days, known.span) == (1, 400, 365)
    assert (known.orders[0], known.mean_value[0], known.mean_of_all[0]) == (2, 20.5, 16.0)
    assert (known.year_orders[0], known.year_revenue[0], known.recency[0]) == (1, 11.0, 0)
    distinct, which = known.states()
    assert (distinct.last[0], distinct.age[0], which.tolist()) == (400 / 7, 400 / 7, [0])
    assert [values.tolist() for values in followed(days, known, 1)] == [[1], [4.0]]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(1997, 1, 1), date(1998, 6, 30), ["1997-06-30", "1997-09-30", "1997-12-31", "1998-03-31"]),
        (date(1997, 1, 2), date(1998, 6, 28), ["1997-09-30", "1997-12-31"]),
        (date(2010, 12, 1), date(2011, 12, 9), ["2011-06-30"]),
        (date(2020, 5, 1), date(2024, 1, 1), ["2022-12-31", "2023-03-31", "2023-06-30", "2023-09-30"]),
        (date(2020, 5, 1), date(2023, 12, 28), ["2022-09-30", "2022-12-31", "2023-03-31", "2023-06-30"]),
        (date(2024, 1, 1), date(2024, 7, 1), []),
    ],
)
def test_the_dates_as_of_which_the_models_are_asked(first: date, last: date, expected: list[str]) -> None:
    assert [day.isoformat() for day in backtest_dates(first, last)] == expected


def test_a_young_or_small_shop_has_no_backtest_and_says_why() -> None:
    days = order_days(["a", "a"], [FIRST, FIRST + timedelta(days=200)], [1.0, 1.0])
    assert backtest(days, FIRST + timedelta(days=200)) == []
    (at, *_) = backtest(days, FIRST + timedelta(days=400))
    assert at.rows == []
    assert {model: why.reason for model, why in at.refusals.items()} == {
        "bg_nbd": "too_few_customers",
        "gamma_gamma": "too_few_customers",
    }
    assert backtest(order_days([], [], []), FIRST) == []


# Measures


def test_the_probability_of_an_order_is_an_integral_over_the_rates() -> None:
    r, alpha, _, _ = TRUE
    customer = states([3], [20], [26])
    rate = gamma(r + 3, scale=1 / (alpha + 26))
    none = quad(lambda at: rate.pdf(at) * np.exp(-at * 12), 0, 20, epsabs=1e-13)[0]
    expected = bg_nbd.p_alive(TRUE, customer)[0] * (1 - none)
    assert bg_nbd.p_order(TRUE, customer, 12)[0] == pytest.approx(expected, rel=1e-9)


def test_measures_on_five_customers() -> None:
    """Two ordered. Of the six pairs 4 stand right and one is equal: 4.5 / 6."""
    outcome = np.array([True, False, True, False, False])
    probability = np.array([0.9, 0.4, 0.4, 0.5, 0.1])
    assert measures.auc(outcome, probability) == pytest.approx(4.5 / 6)
    assert measures.brier(outcome, probability).tolist() == pytest.approx([0.01, 0.16, 0.36, 0.25, 0.01])
    assert measures.log_loss(outcome, probability)[0] == pytest.approx(-np.log(0.9))
    assert np.isfinite(measures.log_loss(outcome, np.array([0.0, 1, 0, 1, 1]))).all()
    assert measures.lift(outcome, probability) == pytest.approx(1 / 0.4)


def test_the_auc_with_weights_is_that_of_as_many_customers() -> None:
    random = np.random.default_rng(3)
    outcome, score = random.random(40) < 0.4, np.round(random.random(40), 1)
    weights = random.integers(0, 4, 40)
    many = measures.auc(np.repeat(outcome, weights), np.repeat(score, weights))
    assert measures.auc_of(outcome, score)(weights.astype(float)) == pytest.approx(many)


def test_the_slope_of_probabilities_that_are_too_far_apart() -> None:
    """The logit of what is said is twice the true one: the slope is a half."""
    random = np.random.default_rng(4)
    logit = random.normal(size=40_000)
    outcome = random.random(40_000) < 1 / (1 + np.exp(-logit))
    assert measures.calibration_slope(outcome, 1 / (1 + np.exp(-2 * logit))) == pytest.approx(0.5, abs=0.02)
    assert np.isnan(measures.calibration_slope(outcome, np.full(40_000, 0.3)))
    assert np.isnan(measures.calibration_slope(np.array([True, False]), np.array([0.9, 0.1])))


def test_deciles_hold_a_tenth_each_whatever_is_equal() -> None:
    assert sorted(Counter(measures.deciles(np.zeros(95)).tolist()).values()) == [9] * 5 + [10] * 5
    assert measures.deciles(np.arange(20.0)[::-1])[0] == 10


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    loss = np.random.default_rng(6).normal(0.2, 1, 2000)
    (interval,) = measures.gains([measures.mean_gain(np.zeros(2000), loss)], 2000)
    error = 1.96 * loss.std() / np.sqrt(2000)
    assert interval.value == pytest.approx(loss.mean())
    assert (interval.low, interval.high) == pytest.approx((loss.mean() - error, loss.mean() + error), abs=0.2 * error)


def test_of_few_customers_nothing_is_said_of_what_is_better() -> None:
    outcome = np.array([True] * 29 + [False] * 200)
    probability = np.where(outcome, 0.9, 0.1)
    rival = np.full(229, 0.5)
    rows = of_probability("bg_nbd", outcome, probability, rival, probability, rival)
    assert {row.is_better for row in rows} == {None}
    enough = of_probability("bg_nbd", ~outcome[28:][:60], *(values[28:][:60] for values in (probability, rival) * 2))
    assert {row.is_better for row in enough} == {None}
    assert sum(row.customers for row in rows if row.measure == "calibration") == 229


# What follows from it


def decisive(gain: tuple[float, float, float] | None) -> Row:
    ends = gain or (None, None, None)
    return Row("bg_nbd", "customer_squared_error", "90d", 1.0, None, 1.0, 600, *ends, gain and gain[1] > 0)


@pytest.mark.parametrize(
    ("gains", "why"),
    [
        ([(-1, -2, -0.5), (1, 0.5, 2)], "better"),
        ([(1, 0.5, 2), (-1, -2, -0.5)], "rival_better"),
        ([(1, 0.5, 2), (0, -1, 1)], "no_difference"),
        ([(1, 0.5, 2), None], "better"),
        ([None], "not_judged"),
        ([], "not_judged"),
    ],
)
def test_the_latest_date_that_can_be_judged_decides(gains: list[tuple[float, float, float] | None], why: str) -> None:
    rows = [(FIRST + timedelta(days=number), decisive(gain)) for number, gain in enumerate(gains)]
    other = Row("bg_nbd", "auc", "all", 0.5, None, 0.9, 600, -0.4, -0.5, -0.3, False)
    found = verdict("bg_nbd", [*rows, (FIRST + timedelta(days=99), other)])
    assert (found.why, found.is_better) == (why, why == "better")


def test_a_calibration_that_gets_worse_is_a_drift() -> None:
    days = [FIRST + timedelta(days=90 * number) for number in range(3)]
    errors = [("bg_nbd", days[2], 0.08), ("bg_nbd", days[0], 0.01), ("bg_nbd", days[1], 0.03), ("other", days[0], 0.9)]
    (found,) = drifted(errors)
    assert (found.model, found.as_of_date, found.error, found.before) == ("bg_nbd", days[2], 0.08, 0.02)
    assert drifted([("bg_nbd", days[2], 0.0699), *errors[1:]]) == []
