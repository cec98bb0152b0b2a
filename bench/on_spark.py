"""The models on a Spark cluster of this machine."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from bench.measure import Cost, Watch
from bench.on_duckdb import dbt_of, phase_of
from bench.windows import compare_windows
from spark import cluster
from stammkunde.places import PROJECT
from tests.compare_exports import compare_exports


@contextmanager
def running_cluster(work: Path, memory_mib: int) -> Iterator[dict[str, str]]:
    """A cluster for the benchmark alone; gives the environment variables that name it."""
    folder = work / "spark"
    (port,) = cluster.free_ports(1)
    given = {
        "STAMMKUNDE_SPARK_CLUSTER": str(folder),
        "STAMMKUNDE_SPARK_PORT": str(port),
        "STAMMKUNDE_SPARK_MEMORY": str(memory_mib),
    }
    with mock.patch.dict(os.environ, given):
        cluster.up(folder, port)
        try:
            yield given
        finally:
            cluster.down(folder)


def measure_models(raw: Path, work: Path, given: dict[str, str]) -> tuple[Cost, dict[str, Cost], dict[str, str]]:
    """`dbt run` with one model after the other: the cost of all, of each model, and the phase of each.

    CPU time and memory are those of all of Spark's processes together, without dbt's own.
    """
    folder = Path(given["STAMMKUNDE_SPARK_CLUSTER"])
    dbt = dbt_of(raw, work, "80%", "spark")
    target = dbt.target_path
    dbt.run("seed")
    with Watch(lambda: cluster.processes_of(folder)) as watch:
        subprocess.run(dbt.command("run", "--threads", "1"), check=True, cwd=PROJECT, env=dbt.environment())
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    costs, phases = {}, {}
    for result in results:
        model = manifest[result["unique_id"]]
        if model["resource_type"] == "model":  # hooks have results too
            timing = {step["name"]: step for step in result["timing"]}
            costs[model["name"]] = watch.cost(
                moment(timing["compile"]["started_at"]), moment(timing["execute"]["completed_at"])
            )
            phases[model["name"]] = phase_of(model)
    return watch.cost(watch.times[0], watch.times[-1]), costs, phases


def measure_windows(work: Path, given: dict[str, str]) -> list[dict[str, object]]:
    """Measures both ways to rank all customers. The models must be built."""
    from pyhive import hive

    settings = {"set:hiveconf:spark.sql.ansi.enabled": "false"}  # as in profiles.yml
    port = int(given["STAMMKUNDE_SPARK_PORT"])
    with hive.connect(cluster.HOST, port, configuration=settings) as connection, connection.cursor() as cursor:

        def ask(query: str) -> list[Any]:
            cursor.execute(query)
            return cursor.fetchall()

        return compare_windows(ask, work / "target_spark" / "manifest.json")


def moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def differences(raw: Path, work: Path, given: dict[str, str], memory_limit: str) -> list[str]:
    """What differs between the marts of the two engines, after both have built them; empty if nothing does."""
    for target in ("spark", "duckdb"):
        folder = work / f"marts_{target}"
        (folder / "marts").mkdir(parents=True)
        asked = json.dumps({"folder": str(folder)})
        dbt_of(raw, work, memory_limit, target).run("run-operation", "export_marts", "--args", asked)
    found = compare_exports(work / "marts_spark" / "marts", work / "marts_duckdb" / "marts")
    return [f"{mart}: {problem}" for mart, problems in found.items() for problem in problems]
