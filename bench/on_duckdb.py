"""The models on DuckDB, and the floor that they are compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from bench.measure import CONFIG, Cost, Statement, measure_command, measure_statements
from stammkunde.dbt import Dbt
from stammkunde.places import PROJECT

THREADS = 2  # as in profiles.yml, and on the machines of the goals
TESTS = "data tests"


def new_database(path: Path) -> Path:
    for old in path.parent.glob(path.name + "*"):
        old.unlink()
    return path


def measure_floor(raw: Path, work: Path, memory_limit: str) -> Cost:
    """The least work of any such warehouse.

    The same Parquet is read once, and sorted by customer and time into a table with order number and previous order
    date.
    """
    sql = f"""
        create table floor as
        select *, row_number() over customer_orders as order_number,
            lag(cast(ordered_at as date)) over customer_orders as previous_order_date
        from read_parquet('{raw}/orders/*.parquet')
        window customer_orders as (
            partition by coalesce(customer_id, customer_email, order_id) order by ordered_at, order_id
        )
    """
    database = new_database(work / "floor.duckdb")
    cost = measure_statements(database, [Statement("floor", sql)], THREADS, memory_limit)["floor"]
    database.unlink()
    return cost


def measure_build(raw: Path, work: Path, memory_limit: str) -> Cost:
    """`dbt build` as a refresh runs it: dbt itself, all models and data tests. The warehouse stays."""
    new_database(work / "stammkunde.duckdb")
    dbt = dbt_of(raw, work, memory_limit)
    return measure_command(dbt.command("build", "--exclude-resource-type", "unit_test"), PROJECT, dbt.environment())


def measure_models(raw: Path, work: Path, memory_limit: str) -> tuple[dict[str, Cost], dict[str, str]]:
    """The costs of each model and each data test by name, and the phase of each.

    Runs the SQL that dbt has compiled, so dbt itself is not measured. The warehouse stays for the comparisons.
    """
    warehouse = new_database(work / "stammkunde.duckdb")
    for command in ("seed", "compile"):  # raw views and seeds are made by dbt as always
        dbt_of(raw, work, memory_limit).run(command)
    manifest = json.loads((work / "target" / "manifest.json").read_text(encoding="utf-8"))
    models = ordered_models(manifest)
    statements = [
        Statement(model["name"], f"create {kind_of(model)} {address(model)} as {model['compiled_code']}")
        for model in models
    ]
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    statements += [
        Statement(test["unique_id"], f"select count(*) from ({test['compiled_code']}\n) as failures") for test in tests
    ]
    with duckdb.connect(str(warehouse), config=CONFIG) as connection:
        for schema in sorted({model["schema"] for model in models}):
            connection.execute(f"create schema if not exists {schema}")
    costs = measure_statements(warehouse, statements, THREADS, memory_limit)
    phases = {model["name"]: phase_of(model) for model in models}
    return costs, phases | {test["unique_id"]: TESTS for test in tests}


def dbt_of(raw: Path, work: Path, memory_limit: str, target: str = "duckdb") -> Dbt:
    """dbt on a shop of the benchmark, with its artefacts in a folder of each target."""
    given = {
        "STAMMKUNDE_TARGET": target,
        "STAMMKUNDE_RAW": str(raw),
        "STAMMKUNDE_WAREHOUSE": str(work / "stammkunde.duckdb"),
        "STAMMKUNDE_MEMORY": memory_limit,
    }
    return Dbt(work / ("target" if target == "duckdb" else f"target_{target}"), given)


def ordered_models(manifest: Mapping) -> list[dict]:
    """Each after those it reads."""
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    reads = {
        key: [parent for parent in node["depends_on"]["nodes"] if parent in models] for key, node in models.items()
    }
    return [models[key] for key in TopologicalSorter(dict(sorted(reads.items()))).static_order()]


def kind_of(model: Mapping) -> str:
    return model["config"]["materialized"]


def address(model: Mapping) -> str:
    return f"{model['schema']}.{model['name']}"


def phase_of(model: Mapping) -> str:
    """The folder of a model: staging, intermediate, marts/core and so on."""
    return str(Path(model["original_file_path"]).relative_to("models").parent)


def models_behind(manifest: Mapping, names: Sequence[str]) -> set[str]:
    """Some models and all that they read, by name."""
    wanted, found = [f"model.stammkunde.{name}" for name in names], set()
    while wanted:
        key = wanted.pop()
        if key in manifest["nodes"] and manifest["nodes"][key]["resource_type"] == "model" and key not in found:
            found.add(key)
            wanted += manifest["nodes"][key]["depends_on"]["nodes"]
    return {key.split(".")[-1] for key in found}
