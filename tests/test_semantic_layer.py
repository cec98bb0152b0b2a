"""Metrics asked through MetricFlow are the columns of the marts, at every grain, or there is no answer."""

from __future__ import annotations

import importlib.util
import itertools
import json
import logging
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest

from cli.asking import metrics
from semantic import write as metrics_file
from semantic.interchange import document
from semantic.layer import GRAINS, Layer, Question, QuestionError
from semantic.manifest import meta, of_any_file
from stammkunde.errors import StammkundeError
from stammkunde.places import Places
from tests.conftest import PROJECT, Build
from tests.published import predict, published_copy
from tests.refreshes import environment_of_refresh

MODELS = {model["name"]: model for model in metrics_file.semantic_models()}
PACKED = [name for name, model in MODELS.items() if metrics_file.figures_of(model)]
ADDING_UP = [name for name in MODELS if name not in PACKED]
OF_PERIODS = [name for name, model in MODELS.items() if model.get("config", {}).get("meta", {}).get("grains")]
FILE_OF_QUERIES = PROJECT / "models" / "semantic" / "saved_queries.yml"
SAVED_QUERIES = [query["name"] for query in yaml.safe_load(FILE_OF_QUERIES.read_text())["saved_queries"]]
# Not in the layer: texts about refreshes and measures, its own days, and what is read cell by cell.
OTHER_MARTS = {"build", "builds", "check_results", "restatements", "kpi_glossary", "calendar", "cohort_deviations"}
OTHER_MARTS.add("signal_coverage")  # on which rows measures rest
# Of single customers, no figures.
OTHER_MARTS |= {"customer_state_history", "customer_events", "retention_actions", "action_messages"}
OTHER_MARTS.add("prediction_parameters")  # of models: what predictions rest on, each in a unit of its own
OTHER_MARTS.add("sales_forecast")  # of periods to come, which overlap and are of lengths of their own
OTHER_MARTS |= {"what_if"}  # of three levers, each with a unit of its own
QUARTER, RATE_OF_QUARTER, RATIO_OF_MONTHS = datetime(2025, 10, 1), 0.753669, 0.919465


@pytest.fixture(scope="module")
def layer(sample: Build, tmp_path_factory: pytest.TempPathFactory) -> Layer:
    text = (sample.target / "semantic_manifest.json").read_text(encoding="utf-8")
    published = published_copy(sample.warehouse, tmp_path_factory.mktemp("published") / "any name.duckdb")
    return Layer(of_any_file(parse_manifest_from_dbt_generated_manifest(text)), published)


@pytest.fixture(scope="module")
def keys(sample: Build) -> dict[str, list[str]]:
    """The key of each mart, as its description says."""
    marts = [node for node in sample.manifest()["nodes"].values() if node["name"] in MODELS]
    return {node["name"]: node["config"]["meta"].get("key") or unique_columns(node) for node in marts}


def unique_columns(mart: Mapping[str, Any]) -> list[str]:
    rules = {name: column["config"]["meta"].get("rules", {}) for name, column in mart["columns"].items()}
    return [name for name, of in rules.items() if isinstance(of, dict) and of.get("unique")]


def names_of(layer: Layer, mart: str) -> dict[str, str]:
    """The column of each metric of a mart."""
    found = {name: meta(metric) for name, metric in layer.metrics.items()}
    return {name: about["column"] for name, about in found.items() if about["mart"] == mart and "column" in about}


def entity(mart: str) -> str:
    return MODELS[mart]["entities"][0]["name"]


def dimensions(mart: str) -> dict[str, str]:
    """The column of each attribute of a mart that metrics can be asked by, without its time."""
    return {
        f"{entity(mart)}__{dimension['name']}": dimension.get("expr", dimension["name"])
        for dimension in MODELS[mart]["dimensions"]
        if dimension["type"] == "categorical"
    }


def time_column(mart: str) -> str:
    (found,) = [dimension for dimension in MODELS[mart]["dimensions"] if dimension["type"] == "time"]
    return found.get("expr", found["name"])


def grains(mart: str) -> list[str]:
    """The grains that a mart has rows of; nothing for one that is of a single day."""
    return MODELS[mart].get("config", {}).get("meta", {}).get("grains", [])


def grain_column(mart: str) -> str:
    return MODELS[mart].get("config", {}).get("meta", {}).get("grain", "").partition("__")[2]


def rows_of(layer: Layer, mart: str, grain: str = "") -> list[dict[str, Any]]:
    """The rows of a mart as they are published, of one grain where it has several."""
    column = grain_column(mart)
    condition = f"where {column} = '{grain}'" if column and grain else ""
    with duckdb.connect(str(layer.published), read_only=True) as connection:
        found = connection.execute(f"select * from marts.{mart} {condition}")
        names = [described[0] for described in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def day(value: object) -> object:
    """MetricFlow gives days with an hour."""
    return value.date() if isinstance(value, datetime) else value


def cells(
    rows: Sequence[Mapping[str, Any]], by: Sequence[str], figures: Sequence[str]
) -> dict[tuple[object, ...], tuple[object, ...]]:
    """The one row of each cell; None for each figure of a cell with several."""
    found: dict[tuple[object, ...], list[tuple[object, ...]]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in by)].append(tuple(row[name] for name in figures))
    return {key: of[0] if len(of) == 1 else (None,) * len(figures) for key, of in found.items()}


def asked(layer: Layer, mart: str, grain: str, by: Sequence[str]) -> dict[tuple[object, ...], tuple[object, ...]]:
    """All metrics of a mart by attributes, and by the grain of time where there is one; the mart's columns as names."""
    names = names_of(layer, mart)
    time = [f"metric_time__{grain}"] if grain else []
    answer = layer.ask(Question(tuple(names), (*time, *by)))
    found = [dict(zip(answer.columns, map(day, row), strict=True)) for row in answer.rows]
    assert len(found) == len({tuple(row[name] for name in (*time, *by)) for row in found})
    return {tuple(row[name] for name in (*time, *by)): tuple(row[name] for name in names) for row in found}


def expected(layer: Layer, mart: str, grain: str, by: Sequence[str]) -> dict[tuple[object, ...], tuple[object, ...]]:
    columns = [dimensions(mart)[name] for name in by]
    time = [time_column(mart)] if grain else []
    return cells(rows_of(layer, mart, grain), [*time, *columns], list(names_of(layer, mart).values()))


MARTS_AND_GRAINS = [(mart, grain) for mart in PACKED for grain in grains(mart) or [""]]


@pytest.mark.parametrize(("mart", "grain"), MARTS_AND_GRAINS)
def test_each_metric_is_its_column_row_by_row(mart: str, grain: str, layer: Layer, keys: dict) -> None:
    columns = {column: name for name, column in dimensions(mart).items()}
    by = [columns[column] for column in keys[mart] if column in columns]
    found = asked(layer, mart, grain, by)
    assert found == expected(layer, mart, grain, by)
    rows = rows_of(layer, mart, grain)
    assert len(found) == len(rows) > 0
    # Not one of the figures is lost on the way: each that has a value in the mart has one here.
    figures = list(names_of(layer, mart).values())
    held = {figure for row in rows for figure in figures if row[figure] is not None}
    assert {
        figure for row in found.values() for figure, value in zip(figures, row, strict=True) if value is not None
    } == held


def subsets(names: Iterable[str], sizes: Iterable[int]) -> list[tuple[str, ...]]:
    listed = list(names)
    return [subset for size in sizes for subset in itertools.combinations(listed, size)]


@pytest.mark.parametrize(
    ("mart", "grain"),
    [
        pytest.param(mart, grain, marks=() if grain in ["", *grains(mart)[:1]] else pytest.mark.long)
        for mart, grain in MARTS_AND_GRAINS
    ],
)
def test_by_any_attribute_it_is_the_one_row_or_nothing(mart: str, grain: str, layer: Layer) -> None:
    for by in subsets(dimensions(mart), (0, 1)):
        if grain or by:
            assert asked(layer, mart, grain, by) == expected(layer, mart, grain, by), by


@pytest.mark.long
@pytest.mark.parametrize(("mart", "grain"), MARTS_AND_GRAINS)
def test_by_any_attributes_together_it_is_the_one_row_or_nothing(mart: str, grain: str, layer: Layer) -> None:
    for by in subsets(dimensions(mart), range(2, 9)):
        assert asked(layer, mart, grain, by) == expected(layer, mart, grain, by), by


@pytest.mark.parametrize("mart", OF_PERIODS)
def test_a_grain_that_the_mart_does_not_hold_is_refused(mart: str, layer: Layer) -> None:
    for grain in (*GRAINS, ""):
        for name in [name for name, metric in layer.metrics.items() if meta(metric)["mart"] == mart]:
            question = Question((name,), (f"metric_time__{grain}",) if grain else ())
            if grain in grains(mart):
                assert layer.sql(question)
            else:
                said = (
                    rf"{name} is a figure of one .* \(marts\.{mart}\)|{name} cannot be asked by metric_time__(day|week)"
                )
                with pytest.raises(QuestionError, match=said):
                    layer.sql(question)


def test_a_rate_of_a_quarter_is_no_ratio_of_its_months(layer: Layer) -> None:
    """The sample's last quarter of 2025 kept 75.4 %; its months taken together seem to have kept 91.9 %."""

    def by(grain: str, *metrics: str, where: tuple[str, ...] = ()) -> dict[object, tuple[Any, ...]]:
        return {row[0]: row[1:] for row in layer.ask(Question(metrics, (f"metric_time__{grain}",), where)).rows}

    months = by("month", "customers_at_start", "customers_at_end", "new_customers")
    start, end, new = (
        sum(column) for column in zip(*(months[datetime(2025, m, 1)] for m in (10, 11, 12)), strict=True)
    )
    assert (end - new) / start == pytest.approx(RATIO_OF_MONTHS, abs=1e-6)
    assert by("quarter", "customer_retention_rate")[QUARTER] == pytest.approx((RATE_OF_QUARTER,), abs=1e-6)
    assert by("quarter", "customer_retention_rate", where=("{{ Dimension('period__period_grain') }} = 'month'",)) == {}


@pytest.mark.parametrize("mart", PACKED)
def test_without_this_project_metricflow_gives_the_one_row_or_nothing(mart: str, layer: Layer) -> None:
    """Its own command line knows nothing of grains: a cell with several rows is empty all the same."""
    names = names_of(layer, mart)
    figures = list(names.values())
    for grain in ("month", "quarter", "year"):
        request = Question(tuple(names), (f"metric_time__{grain}",)).request()
        sql = layer.engine().explain(request).sql_statement.without_descriptions.sql
        with duckdb.connect(str(layer.published), read_only=True) as connection:
            answered = {day(row[0]): row[1:] for row in connection.execute(sql).fetchall()}
        if not grains(mart):
            assert list(answered.values()) == [(None,) * len(figures)]
            continue
        rows = [{**row, "cell": start_of(row[time_column(mart)], grain)} for row in rows_of(layer, mart)]
        assert answered == {cell: figures_ for (cell,), figures_ in cells(rows, ["cell"], figures).items()}


def start_of(moment: date, grain: str) -> date:
    month = {"month": moment.month, "quarter": moment.month - (moment.month - 1) % 3, "year": 1}[grain]
    return date(moment.year, month, 1)


def answered(layer: Layer, *question: Any) -> list[tuple[Any, ...]]:
    return [tuple(map(day, row)) for row in layer.ask(Question(*question)).rows]


def rows(layer: Layer, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(layer.published), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("grain", GRAINS)
def test_orders_and_customers_add_up_over_any_time(grain: str, layer: Layer) -> None:
    time = (f"metric_time__{grain}",)
    orders = answered(layer, ("counted_orders", "counted_net_revenue"), time)
    counted = f"select date_trunc('{grain}', order_date)::date, count(*), sum(net_amount) from marts.orders"
    assert orders == rows(layer, f"{counted} group by 1 order by 1")
    if grain == "day":
        return
    kpis = f"from marts.retention_kpis where period_grain = '{grain}'"
    held = f"select period_start, orders + unattributed_orders, net_revenue + unattributed_revenue {kpis}"
    assert set(orders) == set(rows(layer, f"{held} and orders + unattributed_orders > 0"))
    assert dict(answered(layer, ("acquired_customers",), time)) == dict(
        rows(layer, f"select period_start, new_customers {kpis} and new_customers > 0")
    )


ATTRIBUTES = (
    "acquisition_channel",
    "country",
    "first_sales_channel",
    "first_category",
    "lifecycle_stage",
    "rfm_segment",
)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_orders_and_customers_add_up_over_what_is_known_of_customers(attribute: str, layer: Layer) -> None:
    name = f"customer__{attribute}"
    customers = f"select {attribute}, count(*) from marts.customers group by 1"
    assert dict(answered(layer, ("acquired_customers",), (name,))) == dict(rows(layer, customers))
    orders = f"select {attribute}, count(*) from marts.orders left join marts.customers using (customer_id) group by 1"
    assert dict(answered(layer, ("counted_orders",), (name,))) == dict(rows(layer, orders))


@pytest.mark.parametrize("attribute", ["sales_channel", "currency", "order_number"])
def test_orders_add_up_over_their_own_attributes(attribute: str, layer: Layer) -> None:
    orders = f"select {attribute}, count(*), sum(net_amount) from marts.orders group by 1"
    found = answered(layer, ("counted_orders", "counted_net_revenue"), (f"order__{attribute}",))
    assert set(found) == set(rows(layer, orders))


@pytest.mark.parametrize("attribute", ["entity", "outcome", "reason"])
def test_raw_rows_add_up(attribute: str, layer: Layer) -> None:
    accounted = f"select {attribute}, sum(rows) from marts.row_accounting group by 1"
    assert dict(answered(layer, ("raw_rows",), (f"raw__{attribute}",))) == dict(rows(layer, accounted))


@pytest.mark.parametrize("attribute", ["source", "entity", "outcome", "reason"])
def test_raw_rows_of_sources_add_up(attribute: str, layer: Layer) -> None:
    accounted = f"select {attribute}, sum(rows) from marts.source_accounting group by 1"
    found = answered(layer, ("raw_rows_by_source",), (f"raw_of_source__{attribute}",))
    assert dict(found) == dict(rows(layer, accounted))


@pytest.mark.parametrize("stages", [(), ("from_stage",), ("to_stage",), ("from_stage", "to_stage")])
def test_customers_add_up_over_their_stages_within_a_month(stages: tuple[str, ...], layer: Layer) -> None:
    by = tuple(f"transition__{stage}" for stage in stages)
    columns = ", ".join(("month_start", *stages))
    held = f"select {columns}, sum(customers) from marts.lifecycle_transitions group by {columns}"
    assert set(answered(layer, ("customers_by_stage",), ("metric_time__month", *by))) == set(rows(layer, held))
    # Without our command, months are not added up either.
    sql = layer.engine().explain(Question(("customers_by_stage",), ("metric_time__year", *by)).request())
    cell = ", ".join(("date_trunc('year', month_start)", *stages))
    of_one_month = "case when count(distinct month_start) = 1 then sum(customers) end"
    found = set(rows(layer, sql.sql_statement.without_descriptions.sql))
    assert found == set(rows(layer, f"select {cell}, {of_one_month} from marts.lifecycle_transitions group by {cell}"))
    assert any(row[-1] is None for row in found)


@pytest.fixture(scope="module")
def predicted(layer: Layer, tmp_path_factory: pytest.TempPathFactory) -> Layer:
    """The same with predictions, of which all models but the value of an order are used."""
    published = tmp_path_factory.mktemp("predicted") / "retention.duckdb"
    shutil.copy(layer.published, published)
    predict(published)
    with duckdb.connect(str(published)) as connection:
        connection.execute("update marts.prediction_trust set is_used = false where model = 'gamma_gamma'")
    return Layer(layer.manifest, published, layer.engines)


# Each metric of predictions, the models that must be used, and what it is in plain SQL over the mart.
OF_PREDICTIONS = {
    "predicted_customers": ("bg_nbd", "count(p_alive)"),
    "total_expected_orders_90d": ("bg_nbd", "sum(expected_orders_90d)"),
    "total_expected_orders_365d": ("bg_nbd", "sum(expected_orders_365d)"),
    "average_p_alive": ("bg_nbd", "avg(p_alive) filter (repeat_orders > 0)"),
    "total_predicted_clv_365d": ("clv", "sum(predicted_clv_365d)"),
    "average_churn_probability": ("churn_logistic", "avg(churn_probability)"),
    "predicted_value_at_risk": ("clv churn_logistic", "sum(predicted_clv_365d * churn_probability)"),
}


def nearly(value: float | None) -> object:
    return None if value is None else pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(
    "attribute",
    [
        pytest.param(attribute, marks=() if attribute in ("", "lifecycle_stage") else pytest.mark.long)
        for attribute in ("", *ATTRIBUTES)
    ],
)
def test_predictions_add_up_over_what_is_known_of_customers(attribute: str, predicted: Layer) -> None:
    by = (f"customer__{attribute}",) if attribute else ()
    columns = ", ".join([*([attribute] if attribute else []), *(sql for _, sql in OF_PREDICTIONS.values())])
    plain = f"select {columns} from marts.customer_predictions inner join marts.customers using (customer_id)"
    held = rows(predicted, f"{plain} group by all order by all")
    found = answered(predicted, tuple(OF_PREDICTIONS), by)
    assert len(found) == len(held) and any(all(value is not None for value in row) for row in held)
    names = len(by)
    want = {row[:names]: tuple(nearly(value) for value in row[names:]) for row in held}
    assert {row[:names]: row[names:] for row in found} == want


def test_predictions_are_as_of_the_day_of_the_build_and_beside_what_is_known(predicted: Layer) -> None:
    (row,) = answered(predicted, ("total_expected_orders_90d", "predicted_customers"), ("metric_time__day",))
    ((as_of, expected_orders, customers),) = rows(
        predicted,
        "select any_value(as_of_date), sum(expected_orders_90d), count(*) "
        "from marts.customer_predictions cross join marts.build",
    )
    assert row == (as_of, pytest.approx(expected_orders), customers)
    both = answered(predicted, ("acquired_customers", "predicted_customers"), ("customer__lifecycle_stage",))
    assert len(both) > 3 and all(one == other for _, one, other in both)


@pytest.mark.parametrize("unused", ["bg_nbd", "clv", "churn_logistic"])
def test_what_a_model_says_that_is_not_used_is_empty(unused: str, predicted: Layer, tmp_path: Path) -> None:
    published = tmp_path / "retention.duckdb"
    shutil.copy(predicted.published, published)
    with duckdb.connect(str(published)) as connection:
        connection.execute("update marts.prediction_trust set is_used = false where model = ?", [unused])
    asking = Layer(predicted.manifest, published, dict(predicted.engines))
    answer = asking.ask(Question(tuple(OF_PREDICTIONS)))
    empty = {name for name, value in zip(answer.columns, answer.rows[0], strict=True) if value is None}
    assert empty == {name for name, (models, _) in OF_PREDICTIONS.items() if unused in models.split()}


def test_without_a_refresh_nothing_is_predicted(layer: Layer) -> None:
    assert answered(layer, tuple(OF_PREDICTIONS)) == [(None,) * len(OF_PREDICTIONS)]
    judged = answered(layer, ("model_error", "judged_customers"), ("trust__model", "trust__why"))
    assert {row[1:] for row in judged} == {("not_predicted", None, None)} and len(judged) == 4


BACKTEST = """
create or replace table marts.prediction_backtest as
select * replace (cast(as_of_date as date) as as_of_date)
from (
    values
    ('bg_nbd', '2025-03-31', 'total_orders', '90d', 10.0, 12.0, 8.0, 100),
    ('bg_nbd', '2025-06-30', 'total_orders', '90d', 20.0, 15.0, 24.0, 300),
    ('bg_nbd', '2025-03-31', 'total_orders', '365d', 40.0, 40.0, 40.0, 100),
    ('bg_nbd', '2025-03-31', 'calibration', '1', 0.2, 0.25, 0.3, 100),
    ('bg_nbd', '2025-06-30', 'calibration', '1', 0.4, 0.3, 0.1, 100),
    ('bg_nbd', '2025-06-30', 'calibration', '2', 0.4, 0.3, 0.3, 200),
    ('churn_logistic', '2025-06-30', 'calibration', '1', 0.9, 0.8, 0.7, 50)
) as rows (model, as_of_date, measure, bucket, expected, actual, rival, customers)
"""


def test_what_was_expected_stands_beside_what_came(layer: Layer, tmp_path: Path) -> None:
    """Of 100 and of 300 customers 30 orders were expected and 27 came. The probability of an order was
    (20 x 1 + 40 x 3) / 4 = 35 %, and 28.75 % came; with that of no order, of the other model, it makes no figure."""
    published = tmp_path / "retention.duckdb"
    shutil.copy(layer.published, published)
    with duckdb.connect(str(published)) as connection:
        connection.execute(BACKTEST)
    asking = Layer(layer.manifest, published, dict(layer.engines))
    orders = ("backtest_expected_orders_90d", "backtest_actual_orders_90d", "backtest_rival_orders_90d")
    shares = ("backtest_expected_probability", "backtest_actual_share", "backtest_rival_probability")
    assert answered(asking, orders) == [(30, 27, 32)]
    assert answered(asking, orders, ("metric_time__quarter",)) == [
        (date(2025, 1, 1), 10, 12, 8), (date(2025, 4, 1), 20, 15, 24),
    ]  # fmt: skip
    assert answered(asking, shares) == [(None, None, None)]
    assert answered(asking, shares, ("past_prediction__model",)) == [
        ("bg_nbd", pytest.approx(0.35), pytest.approx(0.2875), pytest.approx(0.25)),
        ("churn_logistic", pytest.approx(0.9), pytest.approx(0.8), pytest.approx(0.7)),
    ]
    of_bg_nbd = ("{{ Dimension('past_prediction__model') }} = 'bg_nbd'",)
    found = answered(asking, shares[:2], ("past_prediction__decile",), of_bg_nbd)
    assert [row for row in found if row[0] is not None] == [
        ("1", pytest.approx(0.3), pytest.approx(0.275)), ("2", pytest.approx(0.4), pytest.approx(0.3)),
    ]  # fmt: skip


def test_figures_of_periods_and_of_orders_are_asked_together(layer: Layer) -> None:
    found = answered(
        layer, ("customer_churn_rate", "counted_orders", "customers_at_start_by_segment"), ("metric_time__year",)
    )
    expected_ = rows(
        layer,
        "select period_start, customer_churn_rate, orders + unattributed_orders, null from marts.retention_kpis "
        "where period_grain = 'year' order by 1",
    )
    assert found == expected_


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (Question(("retention",)), "there is no metric 'retention': 'stammkunde metrics' lists them"),
        (Question(("period_figures",), ("metric_time__month",)), "there is no metric 'period_figures'"),
        (Question(saved_query="retention"), "there is no saved query 'retention'"),
        (Question(("orders",), saved_query="orders_by_day"), "the saved query orders_by_day names its metrics"),
        (
            Question(("customer_churn_rate",), ("metric_time",)),
            "customer_churn_rate is a figure of one week, month, quarter or year (marts.retention_kpis), and cannot be "
            "made of others: group by metric_time__week, metric_time__month, metric_time__quarter or metric_time__year",
        ),
        (
            Question(("customer_churn_rate",), ("customer__country",)),
            "customer_churn_rate cannot be asked by customer__country; what is known: metric_time, period__is_clv",
        ),
        (Question(("acquired_customers",), ("order__sales_channel",)), "acquired_customers cannot be asked by order__"),
        (
            Question(("orders",), ("metric_time__month",), ("{{ Dimension('period__is_complete') }} = 'perhaps'",)),
            "cannot answer this: Conversion Error",
        ),
        (Question(("orders",), ("metric_time__month",), ("{{ Dimension( }}",)), "orders cannot be asked by"),
        (Question(("customer_churn_rate",), ("metric_time__extract_month",)), "be asked by metric_time__extract"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_in_a_line(question: Question, said: str, layer: Layer) -> None:
    with pytest.raises(StammkundeError) as refused:
        layer.ask(question)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", SAVED_QUERIES)
def test_a_saved_query_gives_the_same_rows_with_and_without_this_project(name: str, layer: Layer) -> None:
    found = layer.ask(Question(saved_query=name))
    assert len(found.rows) > 3
    assert any(value is not None for value in found.rows[-1][1:])
    sql = layer.engine().explain(Question(saved_query=name).request()).sql_statement.without_descriptions.sql
    assert rows(layer, sql) == found.rows


def test_a_publish_shows_at_the_next_question(layer: Layer, tmp_path: Path) -> None:
    published = tmp_path / "retention.duckdb"
    shutil.copy(layer.published, published)
    asking = Layer(layer.manifest, published, dict(layer.engines))
    question = Question(("orders",), ("metric_time__year",))
    before = asking.ask(question).rows
    newer = tmp_path / "newer.duckdb"
    shutil.copy(published, newer)
    with duckdb.connect(str(newer)) as connection:
        connection.execute("update marts.retention_kpis set orders = orders + 1")
    newer.replace(published)
    assert asking.ask(question).rows == [(start, orders + 1) for start, orders in before]


def test_names_are_those_of_the_glossary(layer: Layer) -> None:
    glossary = metrics_file.glossary()
    for name, metric in layer.metrics.items():
        about = meta(metric)
        if about["mart"] in ADDING_UP or "column" not in about:  # customers of a stage have no row of their own there
            assert name not in glossary
            assert about["label_de"] and metric.label != about["label_de"]
            continue
        term = glossary[about["column"]]
        at_home = term["mart"] == about["mart"]
        assert at_home == (name == about["column"])
        assert metric.label.startswith(term["name_en"]) and about["label_de"].startswith(term["name_de"])
        assert at_home == (metric.label == term["name_en"]) == (about["label_de"] == term["name_de"])
        assert about["unit"] == term["unit"]
        assert len(metric.description) > 20
    labels = [metric.label for metric in layer.metrics.values()]
    assert len(labels) == len(set(labels))


def test_every_measure_of_these_marts_is_a_metric(layer: Layer, keys: dict) -> None:
    """Flags and texts are attributes to ask by, and so are measures of single customers."""
    terms = metrics_file.glossary()
    measures = {kpi for kpi, term in terms.items() if term["mart"] in PACKED and term["unit"] not in ("flag", "text")}
    assert measures <= layer.metrics.keys()
    flags = {kpi for kpi, term in terms.items() if term["mart"] in PACKED and term["unit"] == "flag"}
    assert flags <= {column for mart in PACKED for column in dimensions(mart).values()}


def test_every_mart_is_in_the_layer_or_is_named_here(sample: Build) -> None:
    marts = {node["name"] for node in sample.manifest()["nodes"].values() if node.get("schema") == "marts"}
    assert marts == MODELS.keys() | OTHER_MARTS
    assert not MODELS.keys() & OTHER_MARTS


def test_every_attribute_of_the_key_can_be_asked_by(keys: dict) -> None:
    for mart in PACKED:
        assert set(keys[mart]) <= {*dimensions(mart).values(), time_column(mart)}, mart


def test_the_file_of_metrics_is_what_would_be_written_now() -> None:
    assert metrics_file.METRICS.read_text(encoding="utf-8") == metrics_file.text()


def test_the_exposure_of_the_layer_names_its_marts(sample: Build) -> None:
    exposures = sample.manifest()["exposures"]
    read = exposures["exposure.stammkunde.semantic_layer"]["depends_on"]["nodes"]
    assert {node.split(".")[-1] for node in read} == {*MODELS, "calendar", "build"}


def test_the_interchange_file_holds_every_metric_with_what_it_is_computed_from(layer: Layer) -> None:
    (model,) = yaml.safe_load(document(layer.manifest))["semantic_model"]
    metrics = {metric["name"]: metric["expression"]["dialects"][0]["expression"] for metric in model["metrics"]}
    assert metrics.keys() == layer.metrics.keys()
    assert {dataset["name"]: dataset["source"] for dataset in model["datasets"]} == {
        mart: f"marts.{mart}" for mart in MODELS
    }
    assert "struct_pack" not in json.dumps(model)
    assert {(one["from_dataset"], one["to"]) for one in model["relationships"]} == {
        ("orders", "customers"), ("orders", "customer_predictions"), ("customer_predictions", "customers"),
    }  # fmt: skip
    # The expressions are SQL that gives the figures: over one row the row's, over several nothing.
    for mart, condition, held in (
        ("retention_kpis", "period_grain = 'quarter' and period_start = '2025-10-01'", True),
        ("retention_kpis", "period_grain = 'month' and period_start >= '2025-10-01'", False),
        ("retention_curve", "cohort_grain = 'month' and dimension = 'all' and period_number = 3", True),
    ):
        names = names_of(layer, mart)
        computed = rows(
            layer, f"select {', '.join(metrics[name] for name in names)} from marts.{mart} where {condition}"
        )
        figures = rows(layer, f"select {', '.join(names.values())} from marts.{mart} where {condition}")
        assert computed == (figures if held else [(None,) * len(names)])


def test_the_command_lists_asks_and_refuses(layer: Layer, tmp_path: Path) -> None:
    """dbt parses the project for it, on a target of its own; the second call need not."""
    places = Places(None, None, tmp_path / "w.duckdb", layer.published)
    environment = {**environment_of_refresh(places), "COLUMNS": "200"}

    def metrics(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli", "metrics", *arguments]
        return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)

    listed = metrics("--language", "de")
    assert listed.returncode == 0, listed.stderr
    assert {"customer_retention_rate", "Kundenbindungsrate", "retention_by_month"} <= set(listed.stdout.split())
    file = tmp_path / "rows.csv"
    asked_ = metrics("customer_retention_rate", "counted_orders", "--group-by", "metric_time__year", "--csv", str(file))
    assert asked_.returncode == 0, asked_.stderr
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    assert header == "metric_time__year,customer_retention_rate,counted_orders"
    assert lines[2].startswith("2025-01-01,0.2732")
    refused = metrics("customer_retention_rate", "--group-by", "metric_time__day")
    assert refused.returncode == 1
    assert "is a figure of one week" in refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    assert (places.state / "dbt" / "published" / "semantic_manifest.json").exists()


@pytest.mark.long
def test_dbt_reads_what_is_published_on_a_target_of_its_own(layer: Layer, tmp_path: Path) -> None:
    """The one that MetricFlow's own command line works on: it reads, and writes nothing."""
    code = """
from dbt.adapters.factory import get_adapter_by_type
from dbt.cli.main import dbtRunner
from dbt_metricflow.cli.dbt_connectors.adapter_backed_client import AdapterBackedSqlClient
assert dbtRunner().invoke(["--quiet", "parse", "--target", "published"]).success
client = AdapterBackedSqlClient(get_adapter_by_type("duckdb"))
print(client.query("select count(*) from marts.retention_kpis").rows)
try:
    client.execute("create table marts.more (a int)")
except Exception as error:
    print("read-only" in str(error))
"""
    places = Places(None, None, tmp_path / "w.duckdb", layer.published)
    environment = {**environment_of_refresh(places), "DBT_TARGET_PATH": str(tmp_path), "DBT_LOG_PATH": str(tmp_path)}
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True).stdout
    count = len(rows_of(layer, "retention_kpis"))
    assert told.splitlines()[-2:] == [f"(({count},),)", "True"]


def test_without_metricflow_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StammkundeError, match=r"MetricFlow is not installed here: make \.venv/installed-semantic"):
        metrics()


def test_what_metricflow_would_ask_the_network_is_not_even_loaded(layer: Layer) -> None:
    code = (
        "import semantic.layer, semantic.interchange, sys; print({'update_checker', 'dbt_metricflow'} & {*sys.modules})"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "set()"


def test_nothing_is_said_beside_the_answer(layer: Layer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        layer.ask(Question(saved_query="retention_by_year"))
        document(layer.manifest)
    assert caplog.records == []
