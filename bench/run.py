"""Build all models on generated orders and say what each costs, beside a floor measured in the same run.

    python bench/run.py --orders 1000000

The floor is the least that any such warehouse must do: DuckDB reads the same Parquet once and sorts it by customer and
time into a table with order number and previous order date. The models' SQL is compiled by dbt and then run here one
after another, so that the figures hold what the statements cost and not what dbt itself costs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from measure import CONFIG, Cost, Statement, measure

PROJECT = Path(__file__).resolve().parent.parent
CPU_GOAL = 10  # times the floor
MEMORY_GOAL_MIB = 4096


def generate(orders: int, raw: Path) -> None:
    if not raw.exists():
        command = [
            sys.executable,
            str(PROJECT / "sample_data" / "generate.py"),
            "--orders",
            str(orders),
            "--out",
            str(raw),
        ]
        subprocess.run(command, check=True)


def dbt(arguments: Sequence[str], raw: Path, warehouse: Path, target: Path) -> None:
    program = Path(sys.executable).with_name("dbt")
    environment = {
        **os.environ,
        "STAMMKUNDE_RAW": str(raw),
        "STAMMKUNDE_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target / "logs"),
    }
    subprocess.run([str(program), "--quiet", *arguments], check=True, cwd=PROJECT, env=environment)


def model_statements(manifest: dict) -> list[Statement]:
    """One statement per model, each after those it reads."""
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    reads = {
        key: [parent for parent in node["depends_on"]["nodes"] if parent in models] for key, node in models.items()
    }
    statements = []
    for key in TopologicalSorter(dict(sorted(reads.items()))).static_order():
        node = models[key]
        kind = node["config"]["materialized"]
        name = f"{node['schema']}.{node['name']}"
        statements.append(Statement(name, f"create {kind} {name} as {node['compiled_code']}"))
    return statements


def floor_statement(raw: Path) -> Statement:
    sql = f"""
        create table floor as
        select *, row_number() over customer_orders as order_number,
            lag(cast(ordered_at as date)) over customer_orders as previous_order_date
        from read_parquet('{raw}/orders/*.parquet')
        window customer_orders as (
            partition by coalesce(customer_id, customer_email, order_id) order by ordered_at, order_id
        )
    """
    return Statement("floor", sql)


def new_database(path: Path) -> Path:
    for old in path.parent.glob(path.name + "*"):
        old.unlink()
    return path


def measure_floor(raw: Path, work: Path, threads: int) -> Cost:
    database = new_database(work / "floor.duckdb")
    cost = measure(database, [floor_statement(raw)], threads)[0]
    database.unlink()
    return cost


def measure_models(raw: Path, work: Path, threads: int) -> list[Cost]:
    """Raw views and seeds are made by dbt as always; the models then run in a fresh process."""
    warehouse = new_database(work / "stammkunde.duckdb")
    target = work / "target"
    dbt(["seed"], raw, warehouse, target)
    dbt(["compile"], raw, warehouse, target)
    statements = model_statements(json.loads((target / "manifest.json").read_text()))
    with duckdb.connect(str(warehouse), config=CONFIG) as connection:
        for schema in sorted({statement.name.split(".")[0] for statement in statements}):
            connection.execute(f"create schema if not exists {schema}")
    return measure(warehouse, statements, threads)


def report(costs: Sequence[Cost], floors: Sequence[Cost], orders: int) -> None:
    floor_cpu = sum(floor.cpu_seconds for floor in floors) / len(floors)
    total_cpu = sum(cost.cpu_seconds for cost in costs)
    peak = max(cost.peak_mib for cost in costs)
    print(f"\n{'model':<45}{'seconds':>9}{'CPU s':>9}{'x floor':>9}{'peak MiB':>10}")
    for cost in sorted(costs, key=lambda cost: -cost.cpu_seconds):
        print(line(cost.name, cost, floor_cpu))
    print(line("all models", Cost("", sum(cost.seconds for cost in costs), total_cpu, peak), floor_cpu))
    for floor in floors:
        print(line("floor", floor, floor_cpu))
    print(
        f"\n{orders:,} orders: {total_cpu / floor_cpu:.1f} times the CPU of the floor (goal: at most {CPU_GOAL}), "
        f"peak memory {peak:,.0f} MiB (goal: at most {MEMORY_GOAL_MIB:,})"
    )


def line(name: str, cost: Cost, floor_cpu: float) -> str:
    ratio = cost.cpu_seconds / floor_cpu
    return f"{name:<45}{cost.seconds:>9.2f}{cost.cpu_seconds:>9.2f}{ratio:>9.2f}{cost.peak_mib:>10,.0f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=2, help="as in profiles.yml and on the machines of the goals")
    parser.add_argument("--work", type=Path, default=PROJECT / "warehouse" / "bench")
    parser.add_argument("--keep", action="store_true", help="keep the built warehouse")
    arguments = parser.parse_args()
    if arguments.orders < 1:
        parser.error("--orders must be at least 1")
    work = arguments.work.resolve()
    raw = work / f"raw_{arguments.orders}"
    work.mkdir(parents=True, exist_ok=True)
    generate(arguments.orders, raw)
    floors = [measure_floor(raw, work, arguments.threads)]
    costs = measure_models(raw, work, arguments.threads)
    floors.append(measure_floor(raw, work, arguments.threads))
    report(costs, floors, arguments.orders)
    if not arguments.keep:
        new_database(work / "stammkunde.duckdb")
        shutil.rmtree(work / "target", ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
