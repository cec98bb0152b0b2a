"""The rules beside the columns: every kind of broken rule is named with its count, and nothing is built behind it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PROJECT, SAMPLE, Build, run_dbt

KNOWN = {"not_null", "unique", "min", "max", "values", "when"}


def judged_again(build: Build, directory: Path, *statements: str, models: str) -> tuple[Build, dict[str, str]]:
    """The rules of some models after their tables were damaged: the run, and what it says of each test that failed."""
    directory.mkdir()
    shutil.copy(build.warehouse, directory / "warehouse.duckdb")
    with duckdb.connect(str(directory / "warehouse.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement)
    names = [f"keeps_its_rules_{model}_" for model in models.split()]
    run = run_dbt(["test", "--select", *names], directory)
    results = json.loads((run.target / "run_results.json").read_text(encoding="utf-8"))["results"]
    return run, {
        result["unique_id"].split(".")[2]: result["adapter_response"]["_message"]
        for result in results
        if result["status"] == "fail"
    }


def test_every_kind_of_broken_rule_is_named_with_its_count(sample: Build, tmp_path: Path) -> None:
    run, said = judged_again(
        sample, tmp_path / "run",
        "update marts.customers set country = null, first_order_date = null where rowid < 3",
        "update marts.customers set net_revenue = -1 where rowid < 5",
        "update marts.customers set r_score = 6 where rowid = 7",
        "update marts.customers set lifecycle_stage = 'gone' where rowid in (7, 8)",
        "insert into marts.customers select * from marts.customers where rowid in (10, 11)",
        "insert into marts.customer_concentration select * from marts.customer_concentration where decile = 3",
        "insert into marts.row_accounting values ('orders', 'counted', 'for no reason', 1)",
        "insert into marts.lifecycle_transitions select * from marts.lifecycle_transitions limit 3",
        models="customers customer_concentration row_accounting lifecycle_transitions retention_kpis",
    )  # fmt: skip
    assert run.exit_code == 1
    assert said == {
        "keeps_its_rules_customers_": "customers: first_order_date is null (3); net_revenue is below 0 (5); "
        "r_score is above 5 (1); lifecycle_stage is none of new, active, loyal, reactivated, at_risk, lost (2); "
        "customer_id is not unique (2)",
        "keeps_its_rules_customer_concentration_": "customer_concentration: decile is not unique (1)",
        "keeps_its_rules_row_accounting_": "row_accounting: reason is none of none where outcome in "
        "('counted', 'superseded') (1)",
        "keeps_its_rules_lifecycle_transitions_": "lifecycle_transitions: (month_start, from_stage, to_stage) is not "
        "unique (3)",
    }
    for words in said.values():
        model, _, rules = words.partition(": ")
        assert f"{model} breaks its rules: {rules}" in run.output
    assert "PASS keeps_its_rules_retention_kpis_" in run.output


@pytest.fixture(scope="module")
def copied_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules") / "project"
    ignored = shutil.ignore_patterns(".git", ".venv", "target", "logs", "warehouse", "__pycache__", ".*_cache")
    shutil.copytree(PROJECT, folder, ignore=ignored)
    return folder


def test_nothing_is_built_behind_a_broken_rule(copied_project: Path, tmp_path: Path) -> None:
    seed = copied_project / "seeds" / "rfm_segments.csv"
    lines = seed.read_text(encoding="utf-8").splitlines()
    seed.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    run = run_dbt(
        ["build", "--select", "rfm_segments", "+customers", "--exclude-resource-types", "unit_test"],
        tmp_path / "run", raw=SAMPLE, project=copied_project,
    )  # fmt: skip
    assert run.exit_code == 1
    assert "rfm_segments breaks its rules: (r_score, f_score) is not unique (1)" in run.output
    assert "SKIP relation marts.customers" in run.output


def test_a_rule_that_does_not_exist_names_model_column_and_word(copied_project: Path, tmp_path: Path) -> None:
    described = copied_project / "models" / "marts" / "kpis" / "kpi_glossary.yml"
    text = described.read_text(encoding="utf-8")
    described.write_text(text.replace("rules: {unique: true, not_null: true}", "rules: {uniqe: true}", 1))
    run = run_dbt(["test", "--select", "keeps_its_rules_kpi_glossary_"], tmp_path / "run", project=copied_project)
    assert run.exit_code != 0
    assert "kpi_glossary.yml: kpi_glossary.kpi: there is no rule 'uniqe'" in run.output


def test_every_mart_has_its_rules_judged_and_a_key(sample: Build) -> None:
    nodes = sample.manifest()["nodes"].values()
    judged = {
        node["attached_node"]
        for node in nodes
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "keeps_its_rules"
    }
    for node in nodes:
        if node["resource_type"] not in ("model", "seed"):
            continue
        groups = [
            group
            for column in node["columns"].values()
            for rules in [column["config"]["meta"].get("rules", [])]
            for group in (rules if isinstance(rules, list) else [rules])
        ]
        assert all(group.keys() <= KNOWN for group in groups), node["name"]
        has_rules = bool(groups or node["config"]["meta"].get("key"))
        assert has_rules == (node["unique_id"] in judged), node["name"]
        if node["schema"] == "marts":
            assert node["config"]["meta"].get("key") or any(group.get("unique") for group in groups), node["name"]
