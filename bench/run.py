"""Build generated shops of several sizes on DuckDB and Spark, and the same figures with pandas and polars.

The costs are noted in bench/results.json, and docs/benchmarks.md is written from everything that is noted there.

    python -m bench.run                                        # 100,000, 1 million and 10 million orders, every engine
    python -m bench.run --orders 100000000 --engines duckdb    # one size more

Results of other sizes and engines stay in the file, each with its machine and date.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from functools import reduce
from importlib.metadata import version
from operator import add
from pathlib import Path
from typing import Any

import psutil

from bench import on_duckdb, on_spark, peers
from bench.measure import NOTHING, Cost
from bench.on_duckdb import PROJECT, TESTS
from bench.page import PAGE, RESULTS, page
from spark import cluster

SIZES = (100_000, 1_000_000, 10_000_000)
ENGINES = ("duckdb", "pandas", "polars", "spark")
SIZES_OF_SPARK = (1_000_000, 10_000_000)  # smaller ones would measure only how Spark starts
PACKAGES = {
    "duckdb": ("duckdb", "dbt-core", "dbt-duckdb"),
    "spark": ("pyspark", "dbt-core", "dbt-spark"),
    "pandas": ("pandas", "pyarrow"),
    "polars": ("polars",),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="+", help="sizes of the shops (100000 1000000 10000000)")
    parser.add_argument("--engines", choices=ENGINES, nargs="+", default=ENGINES)
    parser.add_argument("--work", type=Path, default=PROJECT / "warehouse" / "bench", help="for shops and warehouses")
    parser.add_argument("--memory", default="80%", help="DuckDB's limit, such as 12GB; above, it works on the disk")
    parser.add_argument("--spark-memory", type=int, default=3072, help="MiB of each of two workers and of the server")
    parser.add_argument("--no-build", action="store_true", help="leave out `dbt build`, which does everything again")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.orders and min(arguments.orders) < 1:
        parser.error("--orders must be at least 1")
    work = arguments.work.resolve()
    for orders in arguments.orders or SIZES:
        raw = work / f"raw_{orders}"
        generate(orders, raw)
        for entry in measured(orders, raw, work / f"run_{orders}", arguments):
            note(arguments.results, {"orders": orders, "date": date.today().isoformat(), "machine": machine(), **entry})
    if arguments.results == RESULTS:
        PAGE.write_text(page(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")
        print(f"\nwritten to {PAGE}")
    return 0


def generate(orders: int, raw: Path) -> None:
    if not raw.exists():
        program = PROJECT / "sample_data" / "generate.py"
        raw.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, str(program), "--orders", str(orders), "--out", str(raw)], check=True)


def measured(orders: int, raw: Path, work: Path, arguments: argparse.Namespace) -> Iterator[dict]:
    """The cost of each engine, between two floors. DuckDB comes first: the others are compared with its marts."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    floor = measured_floor(raw, work, arguments.memory)
    for engine in ("duckdb", *(engine for engine in ENGINES[1:] if engine in arguments.engines)):
        if engine == "spark" and (why_not := why_not_on_spark(orders, arguments)):
            print(f"not measured on Spark: {why_not}")
            continue
        entry = MEASURES[engine](engine, raw, work, arguments)
        before, floor = floor, measured_floor(raw, work, arguments.memory)
        if engine in arguments.engines:
            yield {"engine": engine, **entry, "floors": [asdict(before), asdict(floor)], "versions": versions(engine)}
    shutil.rmtree(work)


def measured_floor(raw: Path, work: Path, memory_limit: str) -> Cost:
    return say("floor", on_duckdb.measure_floor(raw, work, memory_limit))


def why_not_on_spark(orders: int, arguments: argparse.Namespace) -> str | None:
    if not arguments.orders and orders not in SIZES_OF_SPARK:
        return "so small a shop would measure only how Spark starts"
    return cluster.why_spark_cannot_run()


def with_duckdb(engine: str, raw: Path, work: Path, arguments: argparse.Namespace) -> dict:
    build = None if arguments.no_build else say("dbt build", on_duckdb.measure_build(raw, work, arguments.memory))
    costs, phases = on_duckdb.measure_models(raw, work, arguments.memory)
    models = {name: cost for name, cost in costs.items() if phases[name] != TESTS}
    say("models on DuckDB", total(models.values()))
    manifest = json.loads((work / "target" / "manifest.json").read_text(encoding="utf-8"))
    behind = on_duckdb.models_behind(manifest, peers.MARTS)
    return {
        "build": asdict(build) if build else None,
        "whole": asdict(total(models.values())),
        "phases": by_phase(costs, phases),
        "models": {name: asdict(cost) for name, cost in models.items()},
        "marts_of_peers": asdict(total(cost for name, cost in models.items() if name in behind)),
        "memory_limit": arguments.memory,
    }


def with_notebook(engine: str, raw: Path, work: Path, arguments: argparse.Namespace) -> dict:
    cost = say(engine, peers.measure(engine, raw, work / engine))
    found = peers.differences(work / engine, work / "stammkunde.duckdb")
    report(engine, found)
    return {"whole": asdict(cost), "differences": found}


def with_spark(engine: str, raw: Path, work: Path, arguments: argparse.Namespace) -> dict:
    with on_spark.running_cluster(work, arguments.spark_memory) as given:
        whole, models, phases = on_spark.measure_models(raw, work, given)
        say("models on Spark", whole)
        windows = on_spark.measure_windows(work, given)
        found = on_spark.differences(raw, work, given, arguments.memory)
    report(engine, found)
    return {
        "whole": asdict(whole),
        "phases": by_phase(models, phases),
        "models": {name: asdict(cost) for name, cost in models.items()},
        "differences": found,
        "windows": windows,
        "workers": cluster.WORKERS,
        "memory_mib": arguments.spark_memory,
    }


MEASURES = {"duckdb": with_duckdb, "pandas": with_notebook, "polars": with_notebook, "spark": with_spark}


def report(engine: str, found: Sequence[str]) -> None:
    print("\n".join(f"{engine} differs: {line}" for line in found) or f"{engine}: the same figures as DuckDB")


def total(costs: Iterable[Cost]) -> Cost:
    return reduce(add, costs, NOTHING)


def by_phase(costs: Mapping[str, Cost], phases: Mapping[str, str]) -> dict[str, dict]:
    return {
        phase: asdict(total(cost for name, cost in costs.items() if phases[name] == phase))
        for phase in sorted(set(phases.values()))
    }


def say(what: str, cost: Cost) -> Cost:
    print(f"{what}: {cost.seconds:,.1f} s, {cost.cpu_seconds:,.1f} s CPU, {cost.peak_mib:,.0f} MiB", flush=True)
    return cost


def machine() -> dict[str, object]:
    model = platform.processor() or platform.machine()
    if (cpus := Path("/proc/cpuinfo")).exists():  # Linux, where the platform knows no model
        lines = cpus.read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    gib = round(psutil.virtual_memory().total / 2**30)
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": gib, "system": platform.system()}


def versions(engine: str) -> dict[str, str]:
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES[engine]}}


def note(results: Path, entry: Mapping) -> None:
    """Note a result in place of the one before of the same engine and size."""
    noted = json.loads(results.read_text(encoding="utf-8")) if results.exists() else []
    others = [other for other in noted if (other["engine"], other["orders"]) != (entry["engine"], entry["orders"])]
    ordered = sorted([*others, entry], key=lambda one: (one["orders"], ENGINES.index(one["engine"])))
    results.write_text(json.dumps(rounded(ordered), indent=1) + "\n", encoding="utf-8")


def rounded(value: Any) -> Any:
    """Figures without meaningless digits, so that the file can be read."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
