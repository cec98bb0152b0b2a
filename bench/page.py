"""docs/benchmarks.md, written from bench/results.json alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "bench" / "results.json"
PAGE = PROJECT / "docs" / "benchmarks.md"

CPU_GOAL = 8  # times the floor, at 10 million orders
MEMORY_GOAL_MIB = 4096
GROWTH_GOAL = 1.10  # of the CPU time per order, from 1 to 10 million orders
LARGEST_GOAL_MIB = 16 * 1024  # at 100 million orders
MOST_EXPENSIVE = 8  # so many models are listed
LAYERS = ("staging", "intermediate", "marts", "data tests")
NAMES = {"duckdb": "DuckDB", "spark": "Apache Spark", "pandas": "pandas", "polars": "polars"}

HEAD = """# Benchmarks

Written by `make bench` from `bench/results.json`; do not edit it here. `make bench` builds generated shops (typed
Parquet; a quarter as many customers as orders; refunds, versions, guests, three currencies and rows to be quarantined
among them) on DuckDB and Spark, computes some of the same figures with pandas and polars, and checks that all agree.

Machines differ, and on shared ones other work changes the figures: compare the ratios to the **floor** of the same
run. For the floor DuckDB reads the same Parquet once and sorts it by customer and time into a table with order number
and date of the order before; no warehouse of orders can do less. [Scaling](scaling.md) says what grows with what, and
when to take which engine.
"""


def page(results: Sequence[Mapping]) -> str:
    """The whole page. `results` is the content of bench/results.json."""
    of_engine = {engine: [one for one in results if one["engine"] == engine] for engine in NAMES}
    parts = [
        HEAD,
        "## Goals\n\n" + "\n".join(goals(of_engine["duckdb"])),
        "## The whole build on DuckDB\n\n" + "\n".join(builds(of_engine["duckdb"])),
        "## Where the time goes on DuckDB\n\n" + "\n".join(phases(of_engine["duckdb"])),
        "## The most expensive models\n\n" + "\n".join(most_expensive(of_engine["duckdb"])),
        "## Beside pandas and polars\n\n" + "\n".join(peers(of_engine)),
        "## On Apache Spark\n\n" + "\n".join(on_spark(of_engine)),
        "## Where and when\n\n" + "\n".join(where(results)),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def goals(duckdb: Sequence[Mapping]) -> Iterator[str]:
    by_size = {one["orders"]: one for one in duckdb}
    yield from head("goal", "measured", "reached")
    if large := by_size.get(10_000_000):
        ratio = cpu(large) / floor(large)
        goal = f"10 million orders: at most {CPU_GOAL} times the floor's CPU time"
        yield row(goal, f"{ratio:.1f} times", said(ratio <= CPU_GOAL))
        peak = highest(large)
        yield row("10 million orders: at most 4 GiB of memory", gib(peak), said(peak <= MEMORY_GOAL_MIB))
    if large and (small := by_size.get(1_000_000)):
        growth = (cpu(large) / 10_000_000) / (cpu(small) / 1_000_000)
        yield row(
            "from 1 to 10 million orders: at most linear growth + 10 %",
            f"{growth:.2f} times the CPU time per order",
            said(growth <= GROWTH_GOAL),
        )
    if largest := by_size.get(100_000_000):
        peak = highest(largest)
        yield row("100 million orders: done within 16 GiB on two cores", gib(peak), said(peak <= LARGEST_GOAL_MIB))


def highest(one: Mapping) -> float:
    """The highest peak of memory that was measured at a size, in MiB."""
    whole = [one["build"]] if one["build"] else []
    return max(cost["peak_mib"] for cost in [*whole, *one["phases"].values()])


def builds(duckdb: Sequence[Mapping]) -> Iterator[str]:
    yield (
        "`dbt build` is what a refresh runs: dbt itself, all models and all data tests, as one process. The models "
        "alone are their SQL statements, one after the other.\n"
    )
    yield from head(
        "orders", "dbt build", "its CPU", "its peak", "models", "their CPU", "their peak", "floor's CPU",
        "models : floor", "build : floor",
    )  # fmt: skip
    for one in duckdb:
        build, models = one["build"], one["whole"]
        of_build = (
            [seconds(build["seconds"]), seconds(build["cpu_seconds"]), gib(build["peak_mib"])] if build else [""] * 3
        )
        yield row(
            number(one["orders"]), *of_build, seconds(models["seconds"]), seconds(models["cpu_seconds"]),
            gib(models["peak_mib"]), seconds(floor(one)), times(cpu(one) / floor(one)),
            times(build["cpu_seconds"] / floor(one)) if build else "",
        )  # fmt: skip


def phases(duckdb: Sequence[Mapping]) -> Iterator[str]:
    yield "Wall time, CPU time in floors, and peak memory of each folder of models, and of all data tests.\n"
    yield from table_of_phases(duckdb)


def table_of_phases(results: Sequence[Mapping]) -> Iterator[str]:
    """A row for each phase that was measured, in the order of the layers, and a column for each size."""
    yield from head("phase", *(number(one["orders"]) for one in results))
    found = {phase for one in results for phase in one["phases"]}
    for phase in sorted(found, key=lambda phase: (LAYERS.index(phase.split("/")[0]), phase)):
        costs = [(one["phases"].get(phase), floor(one)) for one in results]
        yield row(phase, *(cost_cell(cost, of_floor) if cost else "" for cost, of_floor in costs))


def cost_cell(cost: Mapping, of_floor: float) -> str:
    return f"{seconds(cost['seconds'])}, {times(cost['cpu_seconds'] / of_floor)}, {gib(cost['peak_mib'])}"


def most_expensive(duckdb: Sequence[Mapping]) -> Iterator[str]:
    if not duckdb:
        return
    largest = duckdb[-1]
    yield f"At {number(largest['orders'])} orders, by CPU time.\n"
    yield from head("model", "wall", "CPU", "ratio to the floor", "peak")
    by_cpu = sorted(largest["models"].items(), key=lambda item: -item[1]["cpu_seconds"])
    for name, cost in by_cpu[:MOST_EXPENSIVE]:
        yield row(
            f"`{name}`", seconds(cost["seconds"]), seconds(cost["cpu_seconds"]),
            times(cost["cpu_seconds"] / floor(largest)), gib(cost["peak_mib"]),
        )  # fmt: skip


def peers(of_engine: Mapping[str, Sequence[Mapping]]) -> Iterator[str]:
    yield (
        "`bench/notebook_pandas.py` and `bench/notebook_polars.py` are what a good notebook does with the same files: "
        "clean the orders, then the monthly cohort triangle, the repeat rate and the RFM scores of every customer. "
        "Their output is compared with the marts, value by value. The table shows beside them the models that those "
        "marts need, which compute more (three grains and six dimensions of the triangle, three readings of retention, "
        "rejected rows with their reasons) and write everything to disk; and `dbt build` with every mart and test. "
        "Notebooks are measured as whole processes, with imports; our models without the start of dbt (some 10 s).\n"
    )
    yield from head("orders", "", "wall", "CPU", "peak", "wall, our models = 1", "same figures")
    for one in of_engine["duckdb"]:
        ours = one["marts_of_peers"]
        found = [
            peer for name in ("pandas", "polars") for peer in of_engine[name] if peer["orders"] == one["orders"]
        ]  # fmt: skip
        if not found:
            continue
        yield row(
            number(one["orders"]), "our models for these figures", seconds(ours["seconds"]),
            seconds(ours["cpu_seconds"]), gib(ours["peak_mib"]), "1", "",
        )  # fmt: skip
        for peer in found:
            cost = peer["whole"]
            yield row(
                "", f"{NAMES[peer['engine']]} {peer['versions'][peer['engine']]}", seconds(cost["seconds"]),
                seconds(cost["cpu_seconds"]), gib(cost["peak_mib"]), times(cost["seconds"] / ours["seconds"]),
                said(not peer["differences"]),
            )  # fmt: skip
        if build := one["build"]:
            yield row(
                "", "`dbt build`: every mart and test", seconds(build["seconds"]), seconds(build["cpu_seconds"]),
                gib(build["peak_mib"]), times(build["seconds"] / ours["seconds"]), "",
            )  # fmt: skip


def on_spark(of_engine: Mapping[str, Sequence[Mapping]]) -> Iterator[str]:
    if not of_engine["spark"]:
        yield "Not measured."
        return
    one = of_engine["spark"][0]
    yield (
        f"A cluster on the same machine (`make spark-up`): {one['workers']} workers of one core, each and the server "
        f"with {gib(one['memory_mib'])}. `dbt run` with one model after the other, without tests; CPU time and memory "
        "are those of all of Spark's processes together. All marts are compared with DuckDB's, row by row.\n"
    )
    yield from head("orders", "wall", "CPU", "peak", "CPU : floor", "wall : DuckDB's models", "same figures")
    for one in of_engine["spark"]:
        duckdb = [other for other in of_engine["duckdb"] if other["orders"] == one["orders"]]
        whole = one["whole"]
        yield row(
            number(one["orders"]), seconds(whole["seconds"]), seconds(whole["cpu_seconds"]), gib(whole["peak_mib"]),
            times(whole["cpu_seconds"] / floor(one)),
            times(whole["seconds"] / duckdb[0]["whole"]["seconds"]) if duckdb else "", said(not one["differences"]),
        )  # fmt: skip
    yield "\nWall time, CPU time in floors, and peak memory of each folder of models:\n"
    yield from table_of_phases(of_engine["spark"])
    largest = of_engine["spark"][-1]
    by_time = sorted(largest["models"].items(), key=lambda item: -item[1]["seconds"])[:MOST_EXPENSIVE]
    listed = ", ".join(f"`{name}` {seconds(cost['seconds'])}" for name, cost in by_time)
    yield f"\nThe longest models at {number(largest['orders'])} orders: {listed}."
    yield "\nRanks of all customers, by a window over all of them (one task) and from counts per value (ours):\n"
    yield from head("", "customers", "window", "counts", "window : counts", "same figures")
    for one in of_engine["spark"]:
        for found in one["windows"]:
            window, counts = found["seconds"]["window"], found["seconds"]["counts"]
            yield row(
                found["what"], number(found["customers"]), seconds(window), seconds(counts),
                times(window / counts), said(found["same"]),
            )  # fmt: skip


def where(results: Sequence[Mapping]) -> Iterator[str]:
    yield from head("orders", "engine", "date", "machine", "versions")
    for one in results:
        machine = one["machine"]
        yield row(
            number(one["orders"]),
            NAMES[one["engine"]],
            one["date"],
            f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}",
            ", ".join(f"{name} {version}" for name, version in one["versions"].items()),
        )


def head(*names: str) -> Iterator[str]:
    yield row(*names)
    yield "|" + "|".join("---" if position == 0 else "---:" for position, _ in enumerate(names)) + "|"


def row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def cpu(one: Mapping) -> float:
    return one["whole"]["cpu_seconds"]


def floor(one: Mapping) -> float:
    """CPU seconds of the floor: the mean of before and after."""
    return sum(cost["cpu_seconds"] for cost in one["floors"]) / len(one["floors"])


def number(value: int) -> str:
    return f"{value:,}"


def seconds(value: float) -> str:
    return f"{value:,.1f} s" if value < 100 else f"{value:,.0f} s"


def times(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def gib(mib: float) -> str:
    return f"{mib / 1024:.1f} GiB"


def said(holds: bool) -> str:
    return "yes" if holds else "no"
