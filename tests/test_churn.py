"""Churn propensity: known coefficients found again, no look into the future, nothing claimed where there is nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from predictions import churn
from predictions.backtesting.churn import AsOf, backtest, days_to_judge, rows_of, told_apart
from predictions.backtesting.rows import Row
from predictions.churn import Looks, Model, fit, known_by, looks
from predictions.refusal import Refusal
from predictions.states import Floats
from tests.conftest import SAMPLE, Build, run_dbt
from tests.reference.files import read_raw
from tests.reference.health import COMPONENTS, Known, components, engagement_score, known_on
from tests.reference.intake import Customer, take_in
from tests.reference.seeds import read_seeds
from tests.test_health import cut_off, settings

NAMES = ("recency", "rhythm", "orders")
TRUE = (-0.5, 0.8, 0.4, -0.6)  # intercept, then the features
DAYS = np.arange("2024-01", "2025-01", dtype="datetime64[M]").astype("datetime64[D]") - 1
FIRST_ORDER = np.datetime64("2023-01-01")
HORIZON = 90


@dataclass(frozen=True)
class Drawn:
    """Customers who are looked at on several days, and go as a logistic regression says."""

    ids: list[str]
    days: np.ndarray
    features: Floats
    is_gone: np.ndarray

    def looks(self) -> Looks:
        return looks(NAMES, self.ids, self.days, self.features, self.is_gone)


def draw(seed: int, customers: int = 1500, true: tuple[float, ...] = TRUE, days: np.ndarray = DAYS) -> Drawn:
    random = np.random.default_rng(seed)
    ids = [f"c{number}" for number in range(customers) for _ in days]
    features = random.normal(size=(len(ids), len(NAMES))) * (1, 2, 0.5) + (3, 1, 0)
    odds = true[0] + features @ np.array(true[1:])
    return Drawn(ids, np.tile(days, customers), features, random.random(len(ids)) < 1 / (1 + np.exp(-odds)))


def fitted(found: Looks) -> Model:
    model = fit(found, 400)
    assert isinstance(model, Model), model
    return model


def one(rows: list[Row], measure: str, bucket: str = "all") -> Row:
    found = [row for row in rows if (row.measure, row.bucket) == (measure, bucket)]
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return draw(1)


def test_known_coefficients_lie_in_their_intervals_as_often_as_they_should() -> None:
    """100 shops of 600 customers, two looks at each: of 400 intervals of 95 % 380 are to be expected."""
    held = np.zeros(len(TRUE))
    for seed in range(100):
        low, high = fitted(draw(seed, 600, days=DAYS[:2]).looks()).interval()
        held += (low <= TRUE) & (high >= TRUE)
    assert held.min() >= 88 and 365 <= held.sum() <= 396


def test_estimates_are_those_of_a_likelihood_worked_out_apart(drawn: Drawn) -> None:
    """By Newton's method on the raw features, with the penalty on each coefficient times its feature's deviation."""
    found = drawn.looks()
    columns = np.column_stack([np.ones(len(found)), found.features])
    penalty = np.diag([0, *found.features.var(axis=0)]) * churn.PENALTY
    at = np.zeros(len(TRUE))
    for _ in range(30):
        probability = 1 / (1 + np.exp(-columns @ at))
        hessian = columns.T @ (columns * (probability * (1 - probability))[:, None]) + penalty
        at = at + np.linalg.solve(hessian, columns.T @ (found.is_gone - probability) - penalty @ at)
    model = fitted(found)
    assert model.names == ("intercept", *NAMES)
    assert model.estimates == pytest.approx(at, rel=1e-6)
    expected = 1 / (1 + np.exp(-columns @ at))
    assert model.probability(NAMES, found.features) == pytest.approx(expected, rel=1e-6)


def test_looks_at_the_same_customers_again_make_nothing_more_certain() -> None:
    once = draw(3, 800, days=DAYS[:1])
    days = np.tile(DAYS[:4], 800)
    again = looks(
        NAMES, np.repeat(once.ids, 4).tolist(), days, np.repeat(once.features, 4, axis=0), np.repeat(once.is_gone, 4)
    )
    of_one, of_four = fitted(once.looks()), fitted(again)
    assert of_four.looks == 4 * of_one.looks and of_four.customers == of_one.customers
    assert np.diag(of_four.covariance) == pytest.approx(np.diag(of_one.covariance), rel=0.1)  # the penalty weighs less


def test_the_order_of_the_rows_changes_no_digit(drawn: Drawn) -> None:
    mixed = np.random.default_rng(5).permutation(len(drawn.ids))
    shuffled = looks(
        NAMES, [drawn.ids[row] for row in mixed], drawn.days[mixed], drawn.features[mixed], drawn.is_gone[mixed]
    )
    model, again = fitted(drawn.looks()), fitted(shuffled)
    assert model.estimates.tolist() == again.estimates.tolist()
    assert model.covariance.tolist() == again.covariance.tolist()


def test_who_leaves_for_certain_does_not_blow_anything_up() -> None:
    found = draw(7).looks()
    certain = looks(
        NAMES, [str(number) for number in found.customers], found.days, found.features, found.features[:, 0] > 3
    )
    model = fitted(certain)
    low, high = model.interval()
    assert np.isfinite([*model.estimates, *low, *high]).all() and np.abs(model.estimates).max() < 1000
    probability = model.probability(NAMES, certain.features)
    assert np.isfinite(probability).all() and ((probability > 0.5) == certain.is_gone).mean() > 0.99


def test_a_feature_that_does_not_vary_has_no_part(drawn: Drawn) -> None:
    features = drawn.features.copy()
    features[:, 2] = 0.0
    model = fitted(looks(NAMES, drawn.ids, drawn.days, features, drawn.is_gone))
    assert model.names == ("intercept", "recency", "rhythm")
    assert model.probability(NAMES, features).shape == (len(drawn.ids),)


def test_what_cannot_carry_a_model_is_refused(drawn: Drawn) -> None:
    found = drawn.looks()

    def reason(of: Looks, history_days: float = 400) -> str:
        refused = fit(of, history_days)
        assert isinstance(refused, Refusal)
        return refused.reason

    assert reason(found.of(found.customers < 499)) == "too_few_customers"
    assert reason(found, 179) == "too_short_history"
    assert reason(found.of(found.is_gone)) == "one_outcome"
    assert reason(found.of(found.is_gone | (np.cumsum(~found.is_gone) < 30))) == "one_outcome"
    alike = looks(NAMES, drawn.ids, drawn.days, np.ones_like(drawn.features), drawn.is_gone)
    assert reason(alike) == "no_convergence"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_missing_names_its_feature(value: float, drawn: Drawn) -> None:
    features = drawn.features.copy()
    features[5, 1] = value
    with pytest.raises(ValueError, match="feature rhythm has a value that is missing or infinite"):
        looks(NAMES, drawn.ids, drawn.days, features, drawn.is_gone)


def test_a_day_is_judged_by_what_was_known_on_it(drawn: Drawn) -> None:
    """Outcomes that were not over by the judged day, and those of later days, change nothing in its rows."""
    day = DAYS[8]
    found = drawn.looks()
    first = rows_as_of(found, day)
    unknown = (found.days > day) | ((found.days + np.timedelta64(HORIZON, "D") > day) & (found.days < day))
    assert 0 < unknown.sum() < len(found)
    turned = Looks(found.names, found.customers, found.days, found.features, found.is_gone ^ unknown)
    assert rows_as_of(turned, day) == first
    known = known_by(found, day, FIRST_ORDER, HORIZON)
    assert set(known.days) == set(DAYS[:6])  # 31 August - 90 days is 2 June
    assert known.days.max() + np.timedelta64(HORIZON, "D") <= day


def rows_as_of(found: Looks, day: np.datetime64) -> list[Row]:
    (as_of,) = [one for one in backtest(found.of(found.days <= day), FIRST_ORDER, HORIZON) if one.as_of_date == day]
    assert as_of.rows
    return as_of.rows


def test_the_first_days_of_a_shop_teach_nothing(drawn: Drawn) -> None:
    found = drawn.looks()
    assert known_by(found, DAYS[-1], DAYS[3], HORIZON).days.min() == DAYS[6]


def test_days_that_are_judged_do_not_overlap() -> None:
    assert days_to_judge(DAYS, HORIZON) == [DAYS[11], DAYS[8], DAYS[5], DAYS[2]]
    assert days_to_judge(DAYS, 200) == [DAYS[11], DAYS[4]]


def latest(found: Looks) -> AsOf:
    return backtest(found, FIRST_ORDER, HORIZON)[0]


def test_who_goes_for_more_than_recency_is_told_better_than_by_recency(drawn: Drawn) -> None:
    rows = latest(drawn.looks()).rows
    assert one(rows, "auc").is_better and one(rows, "brier").is_better and one(rows, "log_loss").is_better
    slope = (one(rows, "calibration_slope", "low").expected, one(rows, "calibration_slope", "high").expected)
    assert slope[0] is not None and slope[1] is not None and slope[0] < 1 < slope[1]
    deciles = [one(rows, "calibration", str(decile)) for decile in range(1, 11)]
    assert sum(row.customers for row in deciles) == one(rows, "churn_rate").customers == 1500
    assert all(abs(row.expected - row.actual) < 0.13 for row in deciles if row.expected and row.actual)


@pytest.mark.parametrize("true", [(-2.0, 0.8, 0.0, 0.0), (0.3, 0.0, 0.0, 0.0)])
def test_where_there_is_nothing_but_recency_or_chance_nothing_is_said_to_be_better(true: tuple[float, ...]) -> None:
    rows = latest(draw(11, true=true).looks()).rows
    for measure in ("auc", "brier", "log_loss"):
        assert one(rows, measure).is_better is False


def test_a_shuffled_outcome_is_told_by_nothing(drawn: Drawn) -> None:
    found = drawn.looks()
    shuffled = np.random.default_rng(13).permutation(found.is_gone)
    rows = latest(Looks(found.names, found.customers, found.days, found.features, shuffled)).rows
    low, high = one(rows, "auc", "low").expected, one(rows, "auc", "high").expected
    assert low is not None and high is not None and low < 0.5 < high
    assert one(rows, "auc").is_better is False and one(rows, "brier").is_better is False


def test_intervals_of_five_customers_are_those_worked_out_by_hand() -> None:
    """As in tests/test_backtest.py: AUC 5.5 / 6; a, b, c are told apart from 1, 1, 3 / 4 of d and e, these from
    5 / 6 and 1 of those."""
    is_gone = np.array([True, True, True, False, False])
    risk = np.array([5.0, 4.0, 3.0, 3.0, 1.0])
    assert told_apart(is_gone, risk) == pytest.approx([1, 1, 0.75, 2.5 / 3, 1])
    rows = rows_of(is_gone, risk / 10, risk / 10)
    assert one(rows, "auc").expected == pytest.approx(5.5 / 6)
    assert one(rows, "brier").expected == pytest.approx((0.25 + 0.36 + 0.49 + 0.09 + 0.01) / 5)
    assert one(rows, "auc").is_better is None  # of five customers nothing is said


# The features, in SQL.

PAST = date(2025, 3, 31)


def known_as_of(day: date, directory: Path) -> str:
    """SQL of what is known of all customers of a day, as the project's own macros write it."""
    subjects = (
        "'(select customers.customer_id, days.as_of_date from ' ~ ref('int_customers') ~ ' as customers inner join ("
        f"select cast(\\'{day}\\' as date) as as_of_date"
        ") as days on customers.first_order_date <= days.as_of_date)'"
    )
    template = (
        f"{{% set subjects = {subjects} %}}"
        "{% set scores = '(' ~ health_scores('(' ~ health_components(subjects) ~ ')') ~ ')' %}"
        "{{ churn_values(subjects, scores) }}"
    )
    compiled = run_dbt(["--quiet", "compile", "--inline", template], directory)
    assert compiled.exit_code == 0, compiled.output
    return compiled.output[compiled.output.index("with rhythm as") :]


def purchases(customer: Customer, known: Known) -> dict[str, object]:
    """What `churn_values` gives of orders, by loops over the orders of a customer up to the day."""
    orders = [order for order in customer.orders if order.order_date <= known.day]
    ages = [(known.day - order.order_date).days for order in orders]
    span = ages[0] - ages[-1]
    gap = span / (len(orders) - 1) if len(orders) >= 3 and span else known.usual_gap
    assert gap is not None

    def net(days: int) -> Decimal:
        return sum((order.net_amount for order, age in zip(orders, ages, strict=True) if age < days), Decimal(0))

    return {
        "recency_days": ages[-1],
        "usual_gaps_passed": pytest.approx(ages[-1] / gap),
        "orders": len(orders),
        "customer_days": ages[0],
        "orders_90d": sum(age < 90 for age in ages),
        "orders_90d_before": sum(90 <= age < 180 for age in ages),
        "net_revenue_365d": net(365),
        "net_revenue_90d": net(90),
    }


def test_no_feature_sees_the_future(sample: Build, tmp_path: Path) -> None:
    """The macros on the whole sample, as of a past day, give what a calculation gives on raw data that ends there."""
    intake = take_in(cut_off(read_raw(SAMPLE), PAST), settings())
    assert max(order.order_date for order in intake.orders) <= PAST
    known = known_on(PAST, intake, settings(), read_seeds())
    want = {}
    for customer in intake.customers:
        health = components(customer, known)
        of_health = {f"health_{name}": health[name] for name in COMPONENTS if name != "purchase"}
        want[customer.customer_id] = {
            **purchases(customer, known), "engagement_score": engagement_score(customer, known), **of_health,
        }  # fmt: skip
    columns = list(next(iter(want.values())))
    query = f"select customer_id, {', '.join(columns)} from ({known_as_of(PAST, tmp_path)})"
    got = {row[0]: dict(zip(columns, row[1:], strict=True)) for row in sample.rows(query)}
    assert got.keys() == want.keys()
    assert {customer: (got[customer], row) for customer, row in want.items() if got[customer] != row} == {}
    orders_in_year = [
        order.net_amount
        for customer in intake.customers
        for order in customer.orders
        if (PAST - order.order_date).days < 365
    ]
    usual = f"select distinct usual_order_value from ({known_as_of(PAST, tmp_path)})"
    assert sample.rows(usual) == [(pytest.approx(float(sum(orders_in_year)) / len(orders_in_year)),)]


def test_the_training_is_that_of_month_ends_whose_horizon_has_ended(sample: Build) -> None:
    """Counted again from orders: who was active, and ordered within 90 days of a day that lies so far back."""
    rows = sample.rows(
        """
        select
            count(*),
            count(case when training.is_gone = exists (
                select 1 from marts.orders as later
                where later.customer_id = training.customer_id
                    and later.order_date > training.as_of_date and later.order_date <= training.as_of_date + 90
            ) then 1 end),
            count(case when training.as_of_date + 90 > as_of.as_of_date then 1 end),
            count(distinct training.as_of_date)
        from intermediate.int_churn_training as training
        cross join intermediate.int_as_of as as_of
        """
    )
    ((looks_at_all, wrong, open_yet, days),) = rows
    assert looks_at_all > 10_000 and days == 12
    assert (wrong, open_yet) == (0, 0)


def test_sql_scores_customers_as_the_model_does(sample: Build, tmp_path: Path) -> None:
    """`int_churn_scores` on parameters that the model was given: each probability is the model's own."""
    found = sample.rows("select * from intermediate.int_churn_training order by customer_id, as_of_date")
    names = [row[0] for row in sample.rows("describe intermediate.int_churn_training")]
    features = [name for name in names if name not in ("customer_id", "as_of_date", "is_gone")]
    table = [dict(zip(names, row, strict=True)) for row in found]
    model = fitted(
        looks(
            features,
            [str(row["customer_id"]) for row in table],
            np.array([row["as_of_date"] for row in table], dtype="datetime64[D]"),
            np.array([[row[name] for name in features] for row in table], dtype=np.float64),
            np.array([row["is_gone"] for row in table]),
        )
    )
    compiled = run_dbt(["--quiet", "compile", "--select", "int_churn_scores"], tmp_path)
    assert compiled.exit_code == 0, compiled.output
    sql = (compiled.target / "compiled/stammkunde/models/intermediate/churn/int_churn_scores.sql").read_text()
    terms = run_dbt(
        ["--quiet", "compile", "--inline",
         "select customer_id{% for name, term in churn_features().items() %}, {{ term }} as {{ name }}{% endfor %}"
         " from {{ ref('int_churn_features') }} as known order by customer_id"],
        tmp_path / "terms",
    )  # fmt: skip
    assert terms.exit_code == 0, terms.output
    parameters = " union all ".join(
        f"select 'churn_logistic' as model, '{name}' as parameter, {estimate!r}::double as estimate"
        for name, estimate in zip(model.names, model.estimates.tolist(), strict=True)
    )
    begin, end = sql.index("from", sql.index("with model as")), sql.index("\n),", sql.index("with model as"))
    scored = sample.rows(f"select * from ({sql[:begin]} from ({parameters}) {sql[end:]}) order by customer_id")
    today = sample.rows(terms.output[terms.output.index("select customer_id") :])
    assert [row[0] for row in scored] == [row[0] for row in today] and len(scored) > 900
    want = model.probability(features, np.array([row[1:] for row in today], dtype=np.float64))
    assert [row[1] for row in scored] == pytest.approx(want.tolist(), abs=1e-12)
    german = [row[3] for row in scored if row[3]]
    assert len(german) > 300 and all("{" not in words and words.count("; ") <= 2 for words in german)
