"""The exposed layer is a promise: every model and column described, contracts on all marts, nothing undocumented."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from tests.conftest import PROJECT, Build
from tests.reference.calculate import MARTS


def models(sample: Build) -> list[dict]:
    return [node for node in sample.manifest()["nodes"].values() if node["resource_type"] in ("model", "seed")]


def test_documented_columns_are_the_existing_columns(sample: Build) -> None:
    existing: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in sample.rows(
        "select table_schema, table_name, column_name from information_schema.columns"
    ):
        existing.setdefault((schema, table), set()).add(column)
    documented = {(node["schema"], node["name"]): set(node["columns"]) for node in models(sample)}
    assert documented.keys() <= existing.keys()
    assert documented == {key: existing[key] for key in documented}


def test_every_model_and_column_is_described(sample: Build) -> None:
    missing = [node["name"] for node in models(sample) if len(node["description"]) < 20]
    missing += [
        f"{node['name']}.{column['name']}"
        for node in models(sample)
        for column in node["columns"].values()
        if not column["description"]
    ]
    assert missing == []


def test_every_raw_column_is_described(sample: Build) -> None:
    sources = sample.manifest()["sources"].values()
    assert {"orders", "customers", "exchange_rates", "builds"} <= {source["name"] for source in sources}
    assert [
        column["name"] for source in sources for column in source["columns"].values() if not column["description"]
    ] == []


def test_every_mart_has_an_enforced_contract_with_types(sample: Build) -> None:
    marts = [node for node in models(sample) if node["schema"] == "marts"]
    assert {*MARTS} <= {mart["name"] for mart in marts}
    for mart in marts:
        assert mart["config"]["contract"]["enforced"], mart["name"]
        assert all(column["data_type"] for column in mart["columns"].values()), mart["name"]


def test_every_setting_is_documented_with_its_default() -> None:
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    text = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert {"active_window_days", "as_of_date", "reporting_currency"} <= settings.keys()
    for name, default in settings.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        if isinstance(default, int | str) and str(default):
            assert str(default).lower() in row.lower(), name


def test_contributing_names_the_models_that_apply_the_definition_of_churn(sample: Build) -> None:
    manifest = sample.manifest()
    callers = {"macro.stammkunde.lapse_date"}
    while more := {
        name
        for name, macro in manifest["macros"].items()
        if name not in callers and callers & set(macro["depends_on"]["macros"])
    }:
        callers |= more
    models = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and callers & set(node["depends_on"]["macros"])
    }
    (row,) = [
        line
        for line in (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
        if "is churn defined" in line
    ]
    assert (
        set(re.findall("`([a-z_]+)`", row))
        & {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "model"}
        == models
    )


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for document in [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("sample_data/*.md")]:
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            if "://" not in link and not (document.parent / Path(link)).exists():
                broken.append(f"{document.relative_to(PROJECT)}: {link}")
    assert broken == []


def test_the_first_page_of_the_docs_leads_to_models_that_are_there(sample: Build) -> None:
    manifest = sample.manifest()
    shown = manifest["docs"]["doc.stammkunde.__overview__"]["block_contents"]
    linked = re.findall(r"\[(\w+)\]\(#!/model/([\w.]+)\)", shown)
    assert len(linked) > 12
    assert [name for name, unique_id in linked if unique_id not in manifest["nodes"]] == []
    assert all(unique_id.endswith(f".{name}") for name, unique_id in linked)
