"""What another engine than DuckDB built, brought to where the gate and publish look for it.

The engine writes its marts as Parquet files beside the warehouse, which then is a DuckDB file of views over them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from intake.reading import literal, name, quoted
from orchestration.places import Places
from orchestration.publish import STORAGE_VERSION, beside_of, wal_of
from orchestration.transformations import run_dbt

BESIDE_MARTS = ("int_as_of",)  # what the gate reads besides the marts


class CollectError(Exception):
    """The engine's marts could not be had; the text says why, in dbt's words."""


def collect(places: Places, models: Sequence[str], settings: Sequence[str], given: Mapping[str, str]) -> dict[str, int]:
    """Have the engine write models as Parquet and show all that it wrote so far in the warehouse.

    `settings` and `given` are dbt's, as for the build. Gives the rows of each table by `schema.name`.
    """
    for schema in ("marts", "intermediate"):
        (places.collected / schema).mkdir(parents=True, exist_ok=True)
        for model in models:  # of a try that came to nothing
            shutil.rmtree(places.collected / schema / model, ignore_errors=True)
    asked = json.dumps({"folder": str(places.collected), "models": list(models)})
    finished = run_dbt(places, ["run-operation", "export_marts", "--args", asked, *settings], given)
    if finished.returncode:
        raise CollectError(f"the marts could not be written as Parquet: {' '.join(finished.stdout.split())}")
    return show(places)


def clear(places: Places) -> None:
    """Take away what was collected of an earlier build."""
    if places.collected.exists():
        shutil.rmtree(places.collected)


def show(places: Places) -> dict[str, int]:
    """Write the warehouse anew: a view over the files of each table. Gives the rows of each."""
    fresh = beside_of(places.warehouse)
    fresh.unlink(missing_ok=True)
    rows = {}
    with duckdb.connect(str(fresh), config={"storage_compatibility_version": STORAGE_VERSION}) as connection:
        for folder in sorted(places.collected.glob("*/*")):
            schema, table = folder.parent.name, folder.name
            connection.execute(f"create schema if not exists {name(schema)}")
            connection.execute(f"create view {name(schema)}.{name(table)} as {select(places, folder)}")
            counted = connection.execute(f"select count(*) from {name(schema)}.{name(table)}").fetchall()
            rows[f"{schema}.{table}"] = counted[0][0]
    wal_of(places.warehouse).unlink(missing_ok=True)
    fresh.replace(places.warehouse)
    return rows


def select(places: Places, folder: Path) -> str:
    """The rows of a folder of Parquet files. One without files is a table without rows that is written by months."""
    if any(folder.rglob("*.parquet")):
        files = f"{literal(folder)}/**/*.parquet"
        return f"select * from read_parquet({quoted(files)}, hive_partitioning = false)"
    nodes = json.loads((places.dbt_target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    columns = nodes[f"model.stammkunde.{folder.name}"]["columns"].values()
    typed = ", ".join(f"cast(null as {column['data_type']}) as {name(column['name'])}" for column in columns)
    return f"select {typed} where false"
