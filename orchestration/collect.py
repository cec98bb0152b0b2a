"""What another engine than DuckDB built, brought to where the gate and publish look for it.

The engine writes each mart as Parquet files beside the warehouse right after it is built (macros/portable/
export_marts.sql); the warehouse then becomes a DuckDB file of views over them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.predicting import tables as predicted
from orchestration.state import State, columns
from stammkunde.database import STORAGE_VERSION, identifier, path_literal, wal_of
from stammkunde.files import aside
from stammkunde.manifest import AFTER_THE_GATE, Manifest
from stammkunde.places import Places


def compiled_after_the_gate(manifest: Manifest, results: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The SQL of the marts behind the gate, as dbt compiled it: plain selects, which DuckDB reads as Spark does.

    `results` is dbt's account of its run. A mart that was skipped, because one that it reads failed, is left out.
    """
    late = {manifest.model(name)["unique_id"]: name for name in manifest.of_phase(AFTER_THE_GATE)}
    built = (result for result in results if result["unique_id"] in late and result["status"] == "success")
    return {late[result["unique_id"]]: result["compiled_code"] for result in built}


def clear(places: Places, left: Sequence[str] = ()) -> None:
    """Take away what was collected of an earlier build, except the models that are left as they are."""
    for folder in places.collected.glob("*/*"):
        if folder.name not in left:
            shutil.rmtree(folder)
    for schema in places.collected.glob("*"):
        if schema.is_dir() and not any(schema.iterdir()):
            schema.rmdir()


def show(places: Places, late: Mapping[str, str]) -> dict[str, int]:
    """Replace the warehouse: a view over the files of each table, and those marts that are views over what the gate
    will write. Gives the rows of each table by `schema.name`."""
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
    wal_of(places.warehouse).unlink(missing_ok=True)
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
        file = path_literal(State(places).path(table))
        connection.execute(f"create view quality.{table} as select {typed} from read_parquet({file})")
    connection.execute("create schema predictions")
    file = path_literal(predicted.file_of(places, "refusals"))
    connection.execute(f"create view predictions.refusals as from read_parquet({file})")


def select(places: Places, folder: Path) -> str:
    """The rows of a folder of Parquet files. One without files is a table without rows that is written by months."""
    if any(folder.rglob("*.parquet")):
        return f"select * from read_parquet({path_literal(folder, '**/*.parquet')}, hive_partitioning = false)"
    columns_of_model = Manifest.read(places.dbt_target / "manifest.json").model(folder.name)["columns"].values()
    typed = ", ".join(
        f"cast(null as {column['data_type']}) as {identifier(column['name'])}" for column in columns_of_model
    )
    return f"select {typed} where false"
