"""The playbook: what its rules may use, and that a wrong one is named before anything is built with it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.conftest import PROJECT, Build, run_dbt

RULES = PROJECT / "seeds" / "playbook_rules.csv"
PREDICTIONS = {"p_alive", "expected_orders_90d", "expected_orders_365d", "predicted_clv_365d", "churn_probability"}


def rows(name: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def figures(model: str) -> set[str]:
    """The columns of a model that are numbers or a yes or no."""
    (file,) = PROJECT.glob(f"models/**/{model}.yml")
    (described,) = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    texts = ("string", "date", "timestamp")
    return {column["name"] for column in described["columns"] if column["data_type"] not in texts}


def test_rules_may_use_every_figure_of_a_customer() -> None:
    """And some of the predictions. Each has a name in both languages."""
    known = figures("customers") | figures("int_playbook_metrics")
    assert figures("customer_predictions") >= PREDICTIONS
    assert {row["metric"] for row in rows("playbook_metrics")} == known | PREDICTIONS


@pytest.fixture(scope="module")
def a_rule_for_each(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The sample with a rule for each metric, which fires for everybody who has a value."""
    rule = {**rows("playbook_rules")[0], "and_metric": "-", "and_operator": "-", "and_threshold": "0", "operator": ">="}
    rule |= {"lifecycle_stage": "any", "channel": "letter", "threshold": "-1000000", "control_share": "0.2"}
    metrics = [row["metric"] for row in rows("playbook_metrics")]
    return build_with([{**rule, "rule_id": name, "metric": name} for name in metrics], tmp_path_factory.mktemp("each"))


def test_every_figure_is_a_metric_to_the_models(a_rule_for_each: Build) -> None:
    """Where dbt was started alone nothing is predicted, and rules on predictions fire for nobody."""
    assert a_rule_for_each.exit_code == 0, a_rule_for_each.output
    found = dict(a_rule_for_each.rows("select rule_id, count(*) from marts.retention_actions group by rule_id"))
    metrics = sorted({row["metric"] for row in rows("playbook_metrics")} - PREDICTIONS)
    (counts,) = a_rule_for_each.rows(
        f"select {', '.join(f'count({metric})' for metric in metrics)} from marts.customers "
        "inner join intermediate.int_playbook_metrics using (customer_id)"
    )
    assert min(counts) > 0
    assert found == dict(zip(metrics, counts, strict=True))


def test_arms_and_variants_have_the_shares_that_were_asked_for(a_rule_for_each: Build) -> None:
    """Of all customers by each of three rules: within 3.3 standard deviations, and not the same ones by every rule."""
    counted = a_rule_for_each.rows(
        "select count(*), count(*) filter (arm = 'control'), count(*) filter (variant = 'A') "
        "from marts.retention_actions where rule_id in ('orders', 'net_revenue', 'recency_days') group by rule_id"
    )
    assert len(set(counted)) == 3
    for customers, controls, of_variant in counted:
        assert customers > 2000
        assert abs(controls - 0.2 * customers) < 3.3 * (customers * 0.2 * 0.8) ** 0.5
        assert abs(of_variant - 0.5 * customers) < 3.3 * (customers * 0.5 * 0.5) ** 0.5


def test_a_wrong_rule_is_one_line_that_names_rule_and_field(tmp_path: Path) -> None:
    wrong = [
        {**row, "threshold": "seven"} if row["rule_id"] == "nps_detractor" else row for row in rows("playbook_rules")
    ]
    build = build_with(wrong, tmp_path)
    assert build.exit_code != 0
    said = "int_playbook_rules has faults: rule nps_detractor: threshold seven is no number"
    assert [line for line in build.output.splitlines() if "nps_detractor" in line and "threshold" in line] == [
        f"intermediate.{said}"
    ]
    assert "Traceback" not in build.output
    assert build.rows("select count(*) from duckdb_tables() where table_name = 'retention_actions'") == [(0,)]


def build_with(rules: list[dict[str, str]], folder: Path) -> Build:
    seeds = folder / "seeds"
    seeds.mkdir()
    with (seeds / RULES.name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rules[0]))
        writer.writeheader()
        writer.writerows(rules)
    selected = ["build", "--select", "+retention_actions", "--indirect-selection", "cautious"]
    selected += ["--exclude-resource-type", "unit_test"]
    return run_dbt(selected, folder / "build", seeds=seeds)


@pytest.fixture(scope="module")
def actions(sample: Build) -> list[dict[str, object]]:
    names = [name for (name,) in sample.rows("select column_name from (describe marts.retention_actions)")]
    return [dict(zip(names, row, strict=True)) for row in sample.rows("select * from marts.retention_actions")]


def test_the_shipped_rules_find_somebody_in_the_sample(actions: list[dict[str, object]]) -> None:
    """But for frequent tickets: nobody of the sample opens three in a month. The rule on a prediction is not active."""
    found = {row["rule_id"] for row in actions}
    active = {row["rule_id"] for row in rows("playbook_rules") if row["is_active"] == "true"}
    assert active - found == {"frequent_tickets"}
    assert {row["rule_id"] for row in rows("playbook_rules")} - active == {"likely_to_leave"}


def test_one_rule_of_a_customer_is_selected(actions: list[dict[str, object]]) -> None:
    selected = Counter(row["customer_id"] for row in actions if row["is_selected"])
    assert selected == Counter({row["customer_id"]: 1 for row in actions})
    assert len(actions) > len(selected)
