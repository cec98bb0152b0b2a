"""Build generated shops of several sizes on DuckDB and Spark, and the same figures with pandas and polars.

The costs are noted in bench/results.json, and docs/benchmarks.md is written from everything that is noted there.

    python -m bench.run                                        # 100,000, 1 million and 10 million orders, every engine
    python -m bench.run --orders 100000000 --engines duckdb    # one size more

Results of other sizes and engines stay in the file, each with its machine and date.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from functools import reduce
from importlib.metadata import version
from operator import add
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from bench import on_duckdb, on_spark, peers
from bench.measure import NOTHING, Cost
from bench.on_duckdb import TESTS
from bench.page import PAGE, REFRESHES, RESULTS, page
from spark import cluster
from stammkunde.places import PROJECT


class Engine(StrEnum):
    duckdb = "duckdb"
    pandas = "pandas"
    polars = "polars"
    spark = "spark"
    signals = "signals"


@dataclass(frozen=True)
class Asked:
    """What is measured, and how."""

    engines: Sequence[str]
    memory: str
    spark_memory: int
    build: bool
    sizes: bool  # whether sizes were named


ENGINES = tuple(Engine)
SIZES = (100_000, 1_000_000, 10_000_000)
SIZES_OF_SPARK = (1_000_000, 10_000_000)  # smaller ones would measure only how Spark starts
SIZES_OF_SIGNALS = SIZES_OF_SPARK  # smaller ones would measure only how dbt starts
PACKAGES = {
    "duckdb": ("duckdb", "dbt-core", "dbt-duckdb"),
    "spark": ("pyspark", "dbt-core", "dbt-spark"),
    "pandas": ("pandas", "pyarrow"),
    "polars": ("polars",),
    "signals": ("duckdb", "dbt-core", "dbt-duckdb"),
}


def main(
    orders: Annotated[list[int] | None, typer.Option(min=1, help="Size of a shop; give it again for another.")] = None,
    engines: Annotated[list[Engine] | None, typer.Option(help="What to measure; give it again for another.")] = None,
    work: Annotated[Path, typer.Option(help="Folder for shops and warehouses.")] = PROJECT / "warehouse" / "bench",
    memory: Annotated[str, typer.Option(help="DuckDB's limit, such as 12GB; beyond it, it works on the disk.")] = "80%",
    spark_memory: Annotated[int, typer.Option(help="MiB of each of two workers and of the server.")] = 3072,
    build: Annotated[bool, typer.Option(help="Whether `dbt build`, which does everything again, is measured.")] = True,
    results: Path = RESULTS,
) -> None:
    """Measure, note it in bench/results.json, and write docs/benchmarks.md."""
    asked = Asked(list(engines or Engine), memory, spark_memory, build, bool(orders))
    for size in orders or SIZES:
        raw = work.resolve() / f"raw_{size}"
        generate(size, raw)
        for entry in measured(size, raw, work.resolve() / f"run_{size}", asked):
            note(results, {"orders": size, "date": date.today().isoformat(), "machine": machine(), **entry})
    if results == RESULTS:
        write_page()


def write_page() -> None:
    """docs/benchmarks.md from all that is noted."""
    noted = [json.loads(file.read_text(encoding="utf-8")) if file.exists() else [] for file in (RESULTS, REFRESHES)]
    PAGE.write_text(page(*noted), encoding="utf-8")
    print(f"\nwritten to {PAGE}")


def generate(orders: int, raw: Path, *options: str) -> None:
    if not raw.exists():
        program = PROJECT / "sample_data" / "generate.py"
        raw.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, str(program), "--orders", str(orders), "--out", str(raw), *options], check=True)


def measured(orders: int, raw: Path, work: Path, asked: Asked) -> Iterator[dict]:
    """The cost of each engine, between two floors. DuckDB comes first: the others are compared with its marts."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    floor = measured_floor(raw, work, asked.memory)
    for engine in ("duckdb", *(engine for engine in ENGINES[1:] if engine in asked.engines)):
        if engine == "spark" and (why_not := why_not_on_spark(orders, asked)):
            print(f"not measured on Spark: {why_not}")
            continue
        if engine == "signals" and not asked.sizes and orders not in SIZES_OF_SIGNALS:
            continue
        entry = MEASURES[engine](engine, orders, raw, work, asked)
        before, floor = floor, measured_floor(raw, work, asked.memory)
        if engine in asked.engines:
            yield {"engine": engine, **entry, "floors": [asdict(before), asdict(floor)], "versions": versions(engine)}
    shutil.rmtree(work)


def measured_floor(raw: Path, work: Path, memory_limit: str) -> Cost:
    return say("floor", on_duckdb.measure_floor(raw, work, memory_limit))


def why_not_on_spark(orders: int, asked: Asked) -> str | None:
    if not asked.sizes and orders not in SIZES_OF_SPARK:
        return "so small a shop would measure only how Spark starts"
    return cluster.why_spark_cannot_run()


def with_duckdb(engine: str, orders: int, raw: Path, work: Path, asked: Asked) -> dict:
    build = None if not asked.build else say("dbt build", on_duckdb.measure_build(raw, work, asked.memory))
    costs, phases = on_duckdb.measure_models(raw, work, asked.memory)
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
        "memory_limit": asked.memory,
    }


def with_notebook(engine: str, orders: int, raw: Path, work: Path, asked: Asked) -> dict:
    cost = say(engine, peers.measure(engine, raw, work / engine))
    found = peers.differences(work / engine, work / "stammkunde.duckdb")
    report(engine, found)
    return {"whole": asdict(cost), "differences": found}


def with_spark(engine: str, orders: int, raw: Path, work: Path, asked: Asked) -> dict:
    with on_spark.running_cluster(work, asked.spark_memory) as given:
        whole, models, phases = on_spark.measure_models(raw, work, given)
        say("models on Spark", whole)
        windows = on_spark.measure_windows(work, given)
        found = on_spark.differences(raw, work, given, asked.memory)
    report(engine, found)
    return {
        "whole": asdict(whole),
        "phases": by_phase(models, phases),
        "models": {name: asdict(cost) for name, cost in models.items()},
        "differences": found,
        "windows": windows,
        "workers": cluster.WORKERS,
        "memory_mib": asked.spark_memory,
    }


def with_signals(engine: str, orders: int, raw: Path, work: Path, asked: Asked) -> dict:
    """The same shop with every entity, ten activities for each order among them, beside the one with orders alone."""
    raw_signals, work_signals = raw.with_name(f"{raw.name}_signals"), work / engine
    generate(orders, raw_signals, "--all-entities")
    work_signals.mkdir()
    found = {}
    for what, folder in (("orders_alone", raw), ("signals", raw_signals)):
        build = on_duckdb.measure_build(folder, work_signals, asked.memory) if asked.build else None
        costs, phases = on_duckdb.measure_models(folder, work_signals, asked.memory)
        models = {name: cost for name, cost in costs.items() if phases[name] != TESTS}
        say(f"models, {what}", total(models.values()))
        found[what] = {
            "build": asdict(say(f"dbt build, {what}", build)) if build else None,
            "whole": asdict(total(models.values())),
            "models": {name: asdict(cost) for name, cost in models.items()},
        }
    return found


MEASURES = {
    "duckdb": with_duckdb,
    "pandas": with_notebook,
    "polars": with_notebook,
    "spark": with_spark,
    "signals": with_signals,
}


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
    typer.run(main)
