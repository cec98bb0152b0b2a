"""From orders to the prediction marts: read, predicted, joined back. A simulated shop against an independent
calculation; shops that carry no model; what an earlier build left."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from orchestration.predicting.predict import predict
from orchestration.predicting.read import read
from orchestration.predicting.step import Known, Rows, Step
from orchestration.predicting.steps import STEPS
from orchestration.predicting.steps.buyers import BUYERS, FITTED_CUSTOMERS
from orchestration.predicting.steps.past_buyers import PAST_BUYERS
from orchestration.predicting.tables import columns, complete, definitions, file_of
from predictions.gamma_gamma import Parameters as ValueParameters
from stammkunde.places import Places
from tests.conftest import WAREHOUSE, Build, run_dbt
from tests.reference import predictions as calculated
from tests.reference.calculate import take_in
from tests.reference.files import read_raw
from tests.reference.kpis import is_active
from tests.reference.settings import read_settings
from tests.simulated_buyers import draw, draw_values
from tests.test_predictions import SHOP

AS_OF = date(2025, 6, 30)
SETTINGS = {
    "margin_rate": 0.4, "discount_rate": 0.2, "churn_horizon_days": 90, "as_of_date": str(AS_OF),
    "run_at": "2025-07-01T00:00:00Z",
}  # fmt: skip
MARTS = "prediction_parameters customer_predictions prediction_backtest prediction_trust int_churn_scores what_if"
READ = ("+customer_predictions", "+what_if", *(f"+{model}" for step in STEPS for model in step.models))
CHOSEN = ("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")
LATER = ("--exclude", "config.meta.phase:after_predictions")
RELATIVE = 1e-3  # two optimisers, one of them without a gradient


def write_orders(folder: Path, days: Mapping[str, Sequence[tuple[date, str]]]) -> None:
    """Orders of each customer: a day and an amount."""
    folder.mkdir(parents=True)
    with (folder / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("order_id", "customer_id", "ordered_at", "amount", "updated_at"))
        for customer, orders in days.items():
            for number, (day, amount) in enumerate(orders):
                writer.writerow((f"{customer}-{number}", customer, f"{day} 12:00:00", amount, f"{day} 12:00:00"))


def simulated(customers: int, seed: int) -> dict[str, list[tuple[date, str]]]:
    """Orders of customers of 20 to 80 weeks, who come at random and leave at random; some order twice on a day."""
    random = np.random.default_rng(seed)
    drawn = draw(SHOP, customers, seed, 20, 80, 0).past
    values = iter(draw_values(ValueParameters(6.0, 4.0, 15.0), drawn, seed)[1])
    found: dict[str, list[tuple[date, str]]] = {}
    for number, (x, last, age) in enumerate(zip(drawn.orders, drawn.last * 7, drawn.age * 7, strict=True)):
        first = AS_OF - timedelta(days=int(age))
        between = np.sort(random.integers(1, max(int(last), 2), max(int(x) - 1, 0)))
        amount = f"{next(values) if x else 20:.2f}"
        days = [0, *between.tolist(), *([max(int(last), 1)] if x and int(age) else [])]
        found[f"c{number:04}"] = [(first + timedelta(days=int(day)), amount) for day in days]
    return found


@dataclass(frozen=True)
class Predicted:
    places: Places
    build: Build
    said: list[str]

    def rows(self, query: str) -> list[tuple]:
        return self.build.rows(query)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Predicted:
    """700 simulated customers, predicted as a refresh does: two dbt builds, and the predictions between them."""
    folder = tmp_path_factory.mktemp("predicted")
    write_orders(folder / "raw", simulated(700, 3))
    places = Places(folder / "raw", None, folder / WAREHOUSE, folder / "published.duckdb")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STAMMKUNDE_BUILD_ID", "today")
        complete(places)
        first = run_dbt(["build", "--select", *READ, *LATER, *CHOSEN], folder, raw=places.raw, settings=SETTINGS)
        assert first.exit_code == 0, first.output
        predict(places, "today", SETTINGS, said.append)
        build = run_dbt(["build", "--select", *MARTS.split(), *CHOSEN], folder, raw=places.raw, settings=SETTINGS)
    assert build.exit_code == 0, build.output
    return Predicted(places, build, said)


def test_predictions_of_a_simulated_shop_are_those_of_the_papers(shop: Predicted) -> None:
    """Parameters and every customer's figures, calculated from the raw orders by the formulas as they are printed."""
    chosen = read_settings(SETTINGS)
    customers = take_in(read_raw(shop.places.raw), chosen).customers
    known = {str(row["customer_id"]): row for row in calculated.customer_predictions(customers, AS_OF)}
    paid = {customer.customer_id: calculated.later_revenue(customer) for customer in customers}
    x = np.array([row["repeat_orders"] for row in known.values()], dtype=float)
    t_x, age = (np.array([row[name] for row in known.values()], dtype=float) / 7 for name in ("last_day", "age_days"))
    m = np.array([paid[name] for name in known]) / np.maximum(x, 1)
    orders, likelihood = calculated.bg_nbd(x, t_x, age)
    values, likelihood_of_values = calculated.gamma_gamma(x[m > 0], m[m > 0])

    found = {
        (model, parameter): estimate
        for model, parameter, estimate in shop.rows(
            "select model, parameter, estimate from marts.prediction_parameters where model <> 'churn_logistic'"
        )
    }
    expected = {
        **{("bg_nbd", name): value for name, value in zip(("r", "alpha", "a", "b"), orders, strict=True)},
        ("bg_nbd", "log_likelihood"): likelihood,
        **{("gamma_gamma", name): value for name, value in zip(("p", "q", "gamma"), values, strict=True)},
        ("gamma_gamma", "log_likelihood"): likelihood_of_values,
    }
    assert found == pytest.approx(expected, rel=RELATIVE)
    assert [line for line in shop.said if line.startswith(("  bg_nbd", "  gamma_gamma"))] == []

    rows = shop.rows(
        "select customer_id, p_alive, expected_orders_90d, expected_orders_365d, expected_order_value, "
        "predicted_clv_365d from marts.customer_predictions order by customer_id"
    )
    assert [row[0] for row in rows] == sorted(known)
    for number, (customer, *figures) in enumerate(sorted(zip(known, x, t_x, age, m, strict=True))):
        state = figures[:3]
        assert rows[number][1:] == pytest.approx(
            (
                calculated.p_alive(orders, *state),
                calculated.expected_orders(orders, *state, 90 / 7),
                calculated.expected_orders(orders, *state, 365 / 7),
                calculated.expected_order_value(values, figures[0], figures[3]),
                calculated.predicted_clv_365d(orders, values, *state, figures[3], chosen),
            ),
            rel=RELATIVE,
        ), customer


def test_the_value_is_that_of_its_parts(shop: Predicted) -> None:
    """Margin x value of an order x orders; and later orders count less, but for at most a year."""
    parts = "0.4 * expected_order_value * discounted_orders_365d"
    within = "discounted_orders_365d between expected_orders_365d / 1.2 and expected_orders_365d"
    ((wrong, counted),) = shop.rows(
        f"select count(*) filter (abs(predicted_clv_365d / ({parts}) - 1) > 1e-12 or not {within}), "
        "count(predicted_clv_365d) from marts.customer_predictions"
    )
    assert (wrong, counted) == (0, 700)


def test_what_an_earlier_build_left_is_not_shown(shop: Predicted, tmp_path: Path) -> None:
    """A plain dbt build behind a refresh has the tables of that refresh, and shows none of them."""
    folder = shop.places.warehouse.parent
    with duckdb.connect(str(shop.places.warehouse), read_only=True) as connection:
        assert connection.execute("select count(*) from predictions.states").fetchall()[0][0] > 500
    kept = (folder / WAREHOUSE).read_bytes()
    try:
        build = run_dbt(
            ["build", "--select", *MARTS.split(), *CHOSEN],
            folder, raw=shop.places.raw, settings=SETTINGS,
        )  # fmt: skip
        assert build.exit_code == 0, build.output
        assert build.rows("select count(*) from marts.prediction_parameters") == [(0,)]
        assert build.rows(
            "select count(*), count(p_alive), count(expected_order_value), count(predicted_clv_365d) "
            "from marts.customer_predictions"
        ) == [(700, 0, 0, 0)]
    finally:
        (folder / WAREHOUSE).write_bytes(kept)


def test_what_a_point_brings_by_the_models_is_shown_where_their_value_is_trusted(shop: Predicted) -> None:
    """The retention of a point is of those who were active 365 days before the day after as_of_date."""
    customers = take_in(read_raw(shop.places.raw), read_settings(SETTINGS)).customers
    bases = dict(shop.rows("select lever, base_customers from predictions.levers"))
    year_before = AS_OF + timedelta(days=1) - timedelta(days=365)
    assert bases["retention_rate"] == sum(is_active(customer, year_before, 365) for customer in customers)
    new = sum(customer.orders[0].order_date >= year_before for customer in customers)
    assert bases["second_order_rate"] == new
    assert bases["average_order_value"] == len(customers) + new
    ((is_used, why),) = shop.rows("select is_used, why from marts.prediction_trust where model = 'clv'")
    told = shop.rows("select lever, gain_365d, missing_because from predictions.levers order by lever")
    shown = shop.rows("select lever, predicted_gain_365d, not_predicted_because from marts.what_if order by lever")
    assert shown == (told if is_used else [(lever, None, why) for lever, _, _ in told])
    assert all(gain > 0 for _, gain, _ in told)


# What these steps read, made by hand.
OF_BUYERS = (BUYERS, PAST_BUYERS)


def warehouse(folder: Path, rows: Sequence[tuple[str, int, int, int, float]], day: date | None = AS_OF) -> Places:
    """A warehouse with nothing but customers: id, repeat orders, last day, age, later revenue."""
    folder.mkdir(parents=True)
    places = Places(None, None, folder / WAREHOUSE, folder / "published.duckdb")
    with duckdb.connect(str(places.warehouse)) as connection:
        connection.execute("create schema intermediate")
        connection.execute("create table intermediate.int_as_of as select cast(? as date) as as_of_date", [day])
        connection.execute(
            "create table intermediate.int_repeat_buying (customer_id text, repeat_orders bigint, last_day bigint, "
            "age_days bigint, later_revenue decimal(28, 2))"
        )
        connection.execute(
            "create table intermediate.int_buying_days (customer_id text, order_date date, net_revenue decimal(28, 2))"
        )
        if rows:
            connection.executemany("insert into intermediate.int_repeat_buying values (?, ?, ?, ?, ?)", rows)
        connection.execute(
            "create table intermediate.int_lever_buyers as select *, cast(age_days > 365 as int) as was_active, "
            "cast(age_days - last_day < 365 as int) as is_kept, "
            "case when age_days < 365 then 9 end as first_day_revenue from intermediate.int_repeat_buying"
        )
    return places


def customers_of(shop: Predicted) -> list[tuple]:
    return shop.rows(
        "select customer_id, repeat_orders, last_day, age_days, later_revenue from intermediate.int_repeat_buying "
        "order by customer_id"
    )


def written(places: Places, table: str) -> list[tuple]:
    names = ", ".join(name for name in columns(table) if name != "build_id")
    with duckdb.connect() as connection:
        return connection.execute(
            f"select {names} from read_parquet(?) order by all", [str(file_of(places, table))]
        ).fetchall()


def of_buyers(places: Places, table: str) -> list[tuple]:
    """Without those of the steps that read other rows."""
    return [row for row in written(places, table) if not {"churn_logistic", "forecast"} & set(row)]


def test_the_order_of_rows_changes_no_digit(shop: Predicted, tmp_path: Path) -> None:
    customers = customers_of(shop)
    mixed = [customers[number] for number in np.random.default_rng(5).permutation(len(customers))]
    places = warehouse(tmp_path / "mixed", mixed)
    predict(places, "b", SETTINGS, print, steps=OF_BUYERS)
    for table in ("parameters", "states", "refusals"):
        assert of_buyers(places, table) == of_buyers(shop.places, table)


def test_the_steps_compute_on_one_thread_of_linear_algebra(tmp_path: Path) -> None:
    """However many the process has: the last digits of a sum depend on it."""
    seen: list[int] = []

    def look(known: Known) -> list[Rows]:
        seen.extend(threads())
        return []

    places = warehouse(tmp_path / "shop", [])
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        predict(places, "b", SETTINGS, print, steps=[Step("look", (), {}, look)])
        assert threads() == before
    assert seen and set(seen) == {1}


def threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_of_a_large_shop_those_with_the_smallest_hashes_are_fitted(shop: Predicted) -> None:
    import hashlib

    smaller = replace(
        BUYERS, queries={name: query.replace(str(FITTED_CUSTOMERS), "550") for name, query in BUYERS.queries.items()}
    )
    with duckdb.connect(str(shop.places.warehouse), read_only=True) as connection:
        known = read(connection, smaller, SETTINGS)
    customers = sorted(customers_of(shop), key=lambda row: hashlib.md5(row[0].encode()).hexdigest())[:550]
    states = known.columns["states"]
    assert (int(states["fitted_customers"].sum()), int(states["customers"].sum())) == (550, 700)
    assert len(known.columns["values"]["mean_value"]) == sum(row[1] > 0 and row[4] > 0 for row in customers)
    rows = {(str(row["model"][0]), int(row["customers"][0])) for row in parameters(smaller, known)}
    assert rows == {("bg_nbd", 550), ("gamma_gamma", len(known.columns["values"]["mean_value"]))}


def parameters(step, known) -> list[Mapping]:
    return [rows.columns for rows in step.predict(known) if rows.table == "parameters"]


@pytest.mark.parametrize(
    ("count", "is_young", "day", "reason"),
    [
        (0, False, None, "too_few_customers"),
        (1, False, AS_OF, "too_few_customers"),
        (499, False, AS_OF, "too_few_customers"),
        (700, True, AS_OF, "too_short_history"),
    ],
)
def test_a_shop_that_carries_no_model_has_a_reason_and_no_figure(
    shop: Predicted, tmp_path: Path, count: int, is_young: bool, day: date | None, reason: str
) -> None:
    """No orders at all, one customer, too few; and customers of the last months alone."""
    customers = customers_of(shop)[:count]
    if is_young:
        customers = [(name, 0, 0, min(age, 179), 0) for name, _, _, age, _ in customers]
    said: list[str] = []
    places = warehouse(tmp_path / "shop", customers, day)
    counts = predict(places, "b", SETTINGS, said.append, steps=OF_BUYERS)
    assert counts == {**dict.fromkeys(definitions(), 0), "refusals": 2}
    assert [(row[1], row[2]) for row in written(places, "refusals")] == [("bg_nbd", reason), ("gamma_gamma", reason)]
    assert [line.split(": ")[0] for line in said] == ["  bg_nbd is not predicted", "  gamma_gamma is not predicted"]


def test_tables_that_cannot_be_read_are_made_anew(tmp_path: Path) -> None:
    places = Places(None, None, tmp_path / WAREHOUSE, tmp_path / "published.duckdb")
    complete(places)
    file_of(places, "states").write_bytes(b"no parquet")
    complete(places)
    assert {table: written(places, table) for table in definitions()} == {table: [] for table in definitions()}
