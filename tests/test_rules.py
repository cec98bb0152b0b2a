"""The rules beside the columns: every kind of broken rule is named with its count, and nothing is built behind it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from stammkunde.places import Places
from tests.conftest import PROJECT, Build, run_dbt

KNOWN = {"not_null", "unique", "min", "max", "values", "when"}

# Null breaks no rule but not_null.
BROKEN_SQL = """
select * from (values
    (1, 'a', 'week', 0, 1.0, 5, 'new'),
    (1, 'a', 'week', 1, 0.5, 5, 'it''s'),
    (2, null, 'year', -1, 1.5, 6, 'old'),
    (3, null, 'year', -2, null, null, null),
    (3, null, null, null, 2.5, 7, 'new'),
    (null, 'b', 'month', 5, 0.0, 4, 'new'),
    (null, 'b', 'month', 4, 0.0, null, 'new')
) as made(id, name, grain, orders, rate, day, stage)
"""
BROKEN_YAML = """
    config: {meta: {key: [id, name], key_when: id < 3 or id is null}}
    data_tests: [keeps_its_rules]
    columns:
      - {name: id, config: {meta: {rules: {not_null: true, unique: true}}}}
      - {name: name, config: {meta: {rules: {not_null: true, when: id = 3 or id = 1}}}}
      - {name: grain, config: {meta: {rules: {values: [week, month]}}}}
      - {name: orders, config: {meta: {rules: {min: 0, max: day}}}}
      - {name: rate, config: {meta: {rules: [{min: 0, max: 1}, {min: 1, when: stage = 'new'}]}}}
      - {name: day, config: {meta: {rules: [{values: [3, 4, 5]}, {unique: true, when: day > 5 or day is null}]}}}
      - {name: stage, config: {meta: {rules: {values: [new, old, "it's"]}}}}
"""
BROKEN_RULES = [
    "id is null in 2 rows",
    "name is null where id = 3 or id = 1 in 2 rows",
    "grain is not in (week, month) in 2 rows",
    "orders is below 0 in 2 rows",
    "orders is above day in 1 row",
    "rate is above 1 in 2 rows",
    "rate is below 1 where stage = 'new' in 2 rows",
    "day is not in (3, 4, 5) in 2 rows",
    "id is not unique in 4 rows",
    "(id, name) is not unique where id < 3 or id is null in 4 rows",
]
KEPT_YAML = """
    config: {meta: {key: [id, grain]}}
    data_tests: [keeps_its_rules]
    columns:
      - {name: id, config: {meta: {rules: {min: 1}}}}
"""
# What is written wrongly, after the name of its model, and what is said about it.
WRONG = {
    "word": ("{uniqe: true}", "there is no rule 'uniqe'; there are not_null, unique, min, max and values"),
    "negation": ("{not_null: false}", "not_null is true or is not there"),
    "bare_word": ("not_null", "'not_null' is no rule: rules have values, as in {not_null: true}"),
    "bare_words": ("[unique, not_null]", "'unique' is no rule"),
    "no_limit": ("{min: }", "min has no value"),
    "one_value": ("{values: week}", "values are a list, such as [week, month]"),
    "no_values": ("{values: []}", "values are a list, such as [week, month]"),
}
WRONG_KEYS = {
    "text": ("{key: id}", "the key is a list of columns, such as [id]"),
    "no_key": ("{key_when: id > 1}", "key_when stands there without a key"),
    "nothing": ("{}", "there are no rules: take the test keeps_its_rules away, or give it some"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A project of a few models made by hand, with the rules of this one, built once."""
    folder = tmp_path_factory.mktemp("rules")
    project = folder / "project"
    models = {"broken": (BROKEN_SQL, BROKEN_YAML), "kept": ("select 1 as id, 'week' as grain", KEPT_YAML)}
    models["behind"] = ("select id from {{ ref('broken') }}", "")
    models["warned"] = (
        "select -1 as id, 'week' as grain",
        KEPT_YAML.replace("[keeps_its_rules]", "[{keeps_its_rules: {config: {severity: warn}}}]"),
    )
    models["behind_a_warning"] = ("select id from {{ ref('warned') }}", "")
    for name, (rules, _) in WRONG.items():
        column = f"      - {{name: id, config: {{meta: {{rules: {rules}}}}}}}\n"
        models[f"wrong_{name}"] = ("select 1 as id", f"    data_tests: [keeps_its_rules]\n    columns:\n{column}")
    for name, (meta, _) in WRONG_KEYS.items():
        rules = f"    config: {{meta: {meta}}}\n    data_tests: [keeps_its_rules]\n"
        models[f"wrong_key_{name}"] = ("select 1 as id", rules)
    (project / "models").mkdir(parents=True)
    for name, (sql, described) in models.items():
        (project / "models" / f"{name}.sql").write_text(sql, encoding="utf-8")
        described = f"models:\n  - name: {name}\n" + described
        (project / "models" / f"{name}.yml").write_text(described, encoding="utf-8")
    shutil.copytree(PROJECT / "macros", project / "macros")
    shutil.copytree(PROJECT / "tests" / "data" / "generic", project / "tests" / "generic")
    claim = project / "tests" / "assert_no_kept_row.sql"
    claim.write_text("select id from {{ ref('kept') }}", encoding="utf-8")
    shutil.copy(PROJECT / "profiles.yml", project)
    shutil.copytree(PROJECT / "dbt_plugins", project / "dbt_plugins")
    settings = {"name": "stammkunde", "profile": "stammkunde", "models": {"stammkunde": {"+schema": "marts"}}}
    (project / "dbt_project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return run_dbt(["build"], folder / "run", project=project)


def results(build: Build) -> dict[str, dict]:
    """What dbt noted of each node, by its name."""
    noted = json.loads((build.target / "run_results.json").read_text(encoding="utf-8"))["results"]
    return {result["unique_id"].split(".")[2]: result for result in noted}


def rules_of(build: Build, model: str) -> dict:
    return results(build)[f"keeps_its_rules_{model}_"]


def test_every_kind_of_broken_rule_is_named_with_its_count(built: Build) -> None:
    found = rules_of(built, "broken")
    assert (found["status"], found["failures"]) == ("fail", len(BROKEN_RULES))
    assert found["adapter_response"]["_message"] == "marts.broken: " + "; ".join(BROKEN_RULES)
    assert "marts.broken breaks its rules: " + "; ".join(BROKEN_RULES) in built.output


def test_nothing_is_built_behind_a_broken_rule(built: Build) -> None:
    assert results(built)["behind"]["status"] == "skipped"


def test_a_rule_that_only_warns_is_named_and_holds_nothing_back(built: Build) -> None:
    assert rules_of(built, "warned")["status"] == "warn"
    assert "marts.warned breaks its rules: id is below 1 in 1 row" in built.output
    assert results(built)["behind_a_warning"]["status"] == "success"


def test_rules_that_are_kept_and_other_tests_are_as_dbt_has_them(built: Build) -> None:
    kept, claim = rules_of(built, "kept"), results(built)["assert_no_kept_row"]
    assert (kept["status"], kept["failures"], kept["message"]) == ("pass", 0, None)
    assert (claim["status"], claim["message"]) == ("fail", "Got 1 result, configured to fail if != 0")
    assert claim["adapter_response"] == kept["adapter_response"]


@pytest.mark.parametrize("name", WRONG)
def test_a_rule_that_is_written_wrongly_names_model_column_and_fault(built: Build, name: str) -> None:
    found = rules_of(built, f"wrong_{name}")
    assert found["status"] == "error"
    assert f"models/wrong_{name}.yml: wrong_{name}.id: {WRONG[name][1]}" in " ".join(found["message"].split())


@pytest.mark.parametrize("name", WRONG_KEYS)
def test_a_key_that_is_written_wrongly_names_model_and_fault(built: Build, name: str) -> None:
    found = rules_of(built, f"wrong_key_{name}")
    assert found["status"] == "error"
    assert f"models/wrong_key_{name}.yml: wrong_key_{name}: {WRONG_KEYS[name][1]}" in " ".join(found["message"].split())


def test_broken_rules_are_the_reason_of_a_refresh_that_failed(built: Build, tmp_path: Path) -> None:
    from orchestration.assets.models import failed_nodes

    places = Places(tmp_path, None, tmp_path / "shop.duckdb", tmp_path / "published.duckdb")
    shutil.copytree(built.target, places.dbt_target)
    texts = {failure.where: failure.text for failure in failed_nodes(places)}
    assert texts["keeps_its_rules_broken_"] == ("dbt test keeps_its_rules of marts.broken: " + "; ".join(BROKEN_RULES))
    assert texts["assert_no_kept_row"] == "dbt test assert_no_kept_row: Got 1 result, configured to fail if != 0"


def test_broken_rules_are_told_by_the_check_in_dagster(built: Build, tmp_path: Path) -> None:
    import dagster as dg

    from orchestration.assets.models import with_reasons

    places = Places(tmp_path, None, tmp_path / "shop.duckdb", tmp_path / "published.duckdb")
    shutil.copytree(built.target, places.dbt_target)
    kept, broken = (
        dg.AssetCheckResult(passed=model == "kept", asset_key=["marts", model], check_name=f"keeps_its_rules_{model}_")
        for model in ("kept", "broken")
    )
    found = list(with_reasons([broken, kept], places))
    assert found[0] is kept
    assert (found[1].passed, found[1].asset_key, found[1].check_name) == (False, broken.asset_key, broken.check_name)
    assert found[1].description == "marts.broken: " + "; ".join(BROKEN_RULES)


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
        meta = [column["config"]["meta"] for column in node["columns"].values()]
        assert all(known.keys() <= {"rules"} for known in meta), f"{node['name']}: a word beside `rules`"
        groups = [group for known in meta for group in as_list(known.get("rules", []))]
        assert all(group.keys() <= KNOWN for group in groups), node["name"]
        has_rules = bool(groups or node["config"]["meta"].get("key"))
        assert has_rules == (node["unique_id"] in judged), node["name"]
        if node["schema"] == "marts":
            assert node["config"]["meta"].get("key") or any(group.get("unique") for group in groups), node["name"]


def as_list(rules: dict | list) -> list[dict]:
    return rules if isinstance(rules, list) else [rules]
