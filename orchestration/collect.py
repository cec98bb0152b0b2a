"""What another engine than DuckDB built, brought to where the gate and publish look for it.

The engine writes its marts as Parquet files beside the warehouse, which then is a DuckDB file of views over them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.state import columns
from stammkunde.database import STORAGE_VERSION, identifier, path_literal
from stammkunde.dbt import Dbt
from stammkunde.errors import DbtError, StammkundeError, one_line
from stammkunde.files import aside
from stammkunde.manifest import AFTER_THE_GATE, Manifest
from stammkunde.places import Places

BESIDE_MARTS = ("int_as_of",)  # what the gate reads besides the marts


class CollectError(StammkundeError):
    """The engine's marts could not be had; the text says why, in dbt's words."""


def collect(places: Places, dbt: Dbt, models: Sequence[str]) -> dict[str, int]:
    """Have the engine write models as Parquet and show all that it wrote in the warehouse.

    Gives the rows of each table by `schema.name`.
    """
    for schema in ("marts", "intermediate"):
        (places.collected / schema).mkdir(parents=True, exist_ok=True)
    asked = json.dumps({"folder": str(places.collected), "models": list(models)})
    try:
        dbt.run("run-operation", "export_marts", "--args", asked)
    except DbtError as error:
        raise CollectError(f"the marts could not be written as Parquet: {one_line(error)}") from error
    return show(places, compiled_after_the_gate(places))


def compiled_after_the_gate(places: Places) -> dict[str, str]:
    """The SQL of the marts behind the gate, as dbt compiled it: plain selects, which DuckDB reads as Spark does."""
    manifest = Manifest.read(places.dbt_target / "manifest.json")
    results = json.loads((places.dbt_target / "run_results.json").read_text(encoding="utf-8"))["results"]
    late = {manifest.model(name)["unique_id"]: name for name in manifest.of_phase(AFTER_THE_GATE)}
    return {late[result["unique_id"]]: result["compiled_code"] for result in results if result["unique_id"] in late}


def clear(places: Places) -> None:
    """Take away what was collected of an earlier build."""
    if places.collected.exists():
        shutil.rmtree(places.collected)


def show(places: Places, late: Mapping[str, str]) -> dict[str, int]:
    """Replace the warehouse: a view over the files of each table, and those marts that are views over what the gate
    will write. Gives the rows of each table."""
    fresh = aside(places.warehouse)
    fresh.unlink(missing_ok=True)
    rows = {}
    with duckdb.connect(str(fresh), config={"storage_compatibility_version": STORAGE_VERSION}) as connection:
        for folder in sorted(places.collected.glob("*/*")):
            schema, table = folder.parent.name, folder.name
            connection.execute(f"create schema if not exists {identifier(schema)}")
            view = f"{identifier(schema)}.{identifier(table)}"
            connection.execute(f"create view {view} as {select(places, folder)}")
            rows[f"{schema}.{table}"] = connection.execute(f"select count(*) from {view}").fetchall()[0][0]
        if late:
            show_state(connection, places)
        for name in in_order(places, late):
            connection.execute(f"create view marts.{identifier(name)} as {late[name]}")
    places.warehouse.with_name(places.warehouse.name + ".wal").unlink(missing_ok=True)
    fresh.replace(places.warehouse)
    return rows


def in_order(places: Places, late: Mapping[str, str]) -> list[str]:
    """Views after those that they read."""
    if not late:
        return []
    manifest = Manifest.read(places.dbt_target / "manifest.json")
    return sorted(late, key=lambda name: len(manifest.above(name)))


def show_state(connection: duckdb.DuckDBPyConnection, places: Places) -> None:
    """What the refresh notes about itself, under the names that the models read."""
    connection.execute("create schema quality")
    for table in ("builds", "validation_results"):
        typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in columns(table).items())
        file = path_literal(places.state / f"{table}.parquet")
        connection.execute(f"create view quality.{table} as select {typed} from read_parquet({file})")


def select(places: Places, folder: Path) -> str:
    """The rows of a folder of Parquet files. One without files is a table without rows that is written by months."""
    if any(folder.rglob("*.parquet")):
        return f"select * from read_parquet({path_literal(folder, '**/*.parquet')}, hive_partitioning = false)"
    columns_of_model = Manifest.read(places.dbt_target / "manifest.json").model(folder.name)["columns"].values()
    typed = ", ".join(
        f"cast(null as {column['data_type']}) as {identifier(column['name'])}" for column in columns_of_model
    )
    return f"select {typed} where false"
