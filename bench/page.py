"""docs/benchmarks.md, written from bench/results.json alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tabulate import tabulate

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "bench" / "results.json"
REFRESHES = PROJECT / "bench" / "refreshes.json"
PAGE = PROJECT / "docs" / "benchmarks.md"

CPU_GOAL = 4  # times the floor, at 10 million orders
SMALL_CPU_GOAL = 5.5  # the same at 1 million
MEMORY_GOAL_MIB = 3584  # at 10 million
GROWTH_GOAL = 1.10  # of the CPU time per order, from 1 to 10 million orders
LARGEST_GOAL_MIB = 16 * 1024  # at 100 million orders
SIGNALS_GOAL = 2.5  # times the CPU time of the build with orders alone, at 1 million orders
MOST_EXPENSIVE = 8  # so many models are listed
LAYERS = ("staging", "intermediate", "outcomes", "marts", "data tests")
STEPS = ("start", "raw", "models", "predictions", "after_predictions", "gate", "publish", "end")
NAMES = {
    "duckdb": "DuckDB",
    "spark": "Apache Spark",
    "pandas": "pandas",
    "polars": "polars",
    "signals": "DuckDB with signals",
}

HEAD = """# Benchmarks

Written by `make bench` from `bench/results.json`; do not edit it here. `make bench` builds generated shops (typed
Parquet; a quarter as many customers as orders; refunds, versions, guests, three currencies and rows to be quarantined
among them) on DuckDB and Spark, computes some of the same figures with pandas and polars, and checks that all agree.

Machines differ, and on shared ones other work changes the figures: compare the ratios to the **floor** of the same
run. For the floor DuckDB reads the same Parquet once and sorts it by customer and time into a table with order number
and date of the order before; no warehouse of orders can do less. [Scaling](scaling.md) says what grows with what, and
when to take which engine.
"""


def page(results: Sequence[Mapping], refreshes: Sequence[Mapping] = ()) -> str:
    """The whole page, from the contents of bench/results.json and bench/refreshes.json."""
    of_engine = {engine: [one for one in results if one["engine"] == engine] for engine in NAMES}
    parts = [
        HEAD,
        "## Goals\n\n" + "\n".join(goals(of_engine["duckdb"], of_engine["signals"])),
        "## Whole refreshes and tests\n\n" + "\n".join(whole_refreshes(refreshes)),
        "## The whole build on DuckDB\n\n" + "\n".join(builds(of_engine["duckdb"])),
        "## Where the time goes on DuckDB\n\n" + "\n".join(phases(of_engine["duckdb"])),
        "## The most expensive models\n\n" + "\n".join(most_expensive(of_engine["duckdb"])),
        "## What signals cost\n\n" + "\n".join(signals(of_engine["signals"])),
        "## Beside pandas and polars\n\n" + "\n".join(peers(of_engine)),
        "## On Apache Spark\n\n" + "\n".join(on_spark(of_engine)),
        "## Where and when\n\n" + "\n".join(where(results)),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def goals(duckdb: Sequence[Mapping], with_signals: Sequence[Mapping]) -> Iterator[str]:
    by_size = {one["orders"]: one for one in duckdb}
    rows = []
    if large := by_size.get(10_000_000):
        ratio = cpu(large) / floor(large)
        goal = f"10 million orders: at most {CPU_GOAL} times the floor's CPU time"
        rows.append((goal, f"{ratio:.1f} times", said(ratio <= CPU_GOAL)))
        peak = highest(large)
        goal = f"10 million orders: at most {MEMORY_GOAL_MIB / 1024} GiB of memory"
        rows.append((goal, gib(peak), said(peak <= MEMORY_GOAL_MIB)))
    if large and (small := by_size.get(1_000_000)):
        growth = (cpu(large) / 10_000_000) / (cpu(small) / 1_000_000)
        goal = "from 1 to 10 million orders: at most linear growth + 10 %"
        rows.append((goal, f"{growth:.2f} times the CPU time per order", said(growth <= GROWTH_GOAL)))
    if small := by_size.get(1_000_000):
        ratio = cpu(small) / floor(small)
        goal = f"1 million orders: at most {SMALL_CPU_GOAL} times the floor's CPU time"
        rows.append((goal, f"{ratio:.1f} times", said(ratio <= SMALL_CPU_GOAL)))
    if largest := by_size.get(100_000_000):
        peak = highest(largest)
        rows.append(("100 million orders: done within 16 GiB on two cores", gib(peak), said(peak <= LARGEST_GOAL_MIB)))
    signals_by_size = {one["orders"]: one for one in with_signals}
    if (one := signals_by_size.get(1_000_000)) and one["signals"]["build"]:
        ratio = cost_of_signals(one, "build")
        goal = f"1 million orders with 10 million activities: at most {SIGNALS_GOAL} times the build with orders alone"
        rows.append((goal, f"{ratio:.1f} times", said(ratio <= SIGNALS_GOAL)))
    if one and (large_one := signals_by_size.get(10_000_000)):
        growth = cpu(large_one["signals"]) / cpu(one["signals"]) / 10
        goal = "with activities, from 1 to 10 million orders: at most linear growth + 10 %"
        rows.append((goal, f"{growth:.2f} times the CPU time per order", said(growth <= GROWTH_GOAL)))
    yield table(("goal", "measured", "reached"), rows)


def whole_refreshes(refreshes: Sequence[Mapping]) -> Iterator[str]:
    yield (
        "As a user starts them, from the command to its end. *Start* is Python, Dagster and the project's "
        "definitions, *end* what follows the last step, the summary among it; *idle* are seconds in which all "
        "processes together used less than a tenth of a core.\n"
    )
    steps = [step for step in STEPS if any(step in one["steps"] for one in refreshes)]
    rows = [
        (
            one["what"], one["target"], seconds(one["cost"]["seconds"]), seconds(one["cost"]["cpu_seconds"]),
            gib(one["cost"]["peak_mib"]), seconds(one["idle_seconds"]),
            *(seconds(one["steps"][step]) if step in one["steps"] and len(one["steps"]) > 1 else "" for step in steps),
            one["date"],
        )
        for one in refreshes
    ]  # fmt: skip
    yield table(("", "engine", "wall", "CPU", "memory", "idle", *steps, "date"), rows)


def highest(one: Mapping) -> float:
    """The highest peak of memory that was measured at a size, in MiB."""
    whole = [one["build"]] if one["build"] else []
    return max(cost["peak_mib"] for cost in [*whole, *one["phases"].values()])


def builds(duckdb: Sequence[Mapping]) -> Iterator[str]:
    yield (
        "`dbt build` is what a refresh runs: dbt itself, all models and all data tests, as one process. The models "
        "alone are their SQL statements, one after the other.\n"
    )
    rows = []
    for one in duckdb:
        build, models = one["build"], one["whole"]
        of_build = (
            [seconds(build["seconds"]), seconds(build["cpu_seconds"]), gib(build["peak_mib"])] if build else [""] * 3
        )
        rows.append((
            number(one["orders"]), *of_build, seconds(models["seconds"]), seconds(models["cpu_seconds"]),
            gib(models["peak_mib"]), seconds(floor(one)), times(cpu(one) / floor(one)),
            times(build["cpu_seconds"] / floor(one)) if build else "",
        ))  # fmt: skip
    names = (
        "orders", "dbt build", "its CPU", "its peak", "models", "their CPU", "their peak", "floor's CPU",
        "models : floor", "build : floor",
    )  # fmt: skip
    yield table(names, rows)


def phases(duckdb: Sequence[Mapping]) -> Iterator[str]:
    yield "Wall time, CPU time in floors, and peak memory of each folder of models, and of all data tests.\n"
    yield table_of_phases(duckdb)


def table_of_phases(results: Sequence[Mapping]) -> str:
    """A row for each phase that was measured, in the order of the layers, and a column for each size."""
    found = {phase for one in results for phase in one["phases"]}
    rows = []
    for phase in sorted(found, key=lambda phase: (LAYERS.index(phase.split("/")[0]), phase)):
        costs = [(one["phases"].get(phase), floor(one)) for one in results]
        rows.append((phase, *(cost_cell(cost, of_floor) if cost else "" for cost, of_floor in costs)))
    return table(("phase", *(number(one["orders"]) for one in results)), rows)


def cost_cell(cost: Mapping, of_floor: float) -> str:
    return f"{seconds(cost['seconds'])}, {times(cost['cpu_seconds'] / of_floor)}, {gib(cost['peak_mib'])}"


def most_expensive(duckdb: Sequence[Mapping]) -> Iterator[str]:
    if not duckdb:
        return
    largest = duckdb[-1]
    yield f"At {number(largest['orders'])} orders, by CPU time.\n"
    by_cpu = sorted(largest["models"].items(), key=lambda item: -item[1]["cpu_seconds"])
    rows = [
        (
            f"`{name}`", seconds(cost["seconds"]), seconds(cost["cpu_seconds"]),
            times(cost["cpu_seconds"] / floor(largest)), gib(cost["peak_mib"]),
        )
        for name, cost in by_cpu[:MOST_EXPENSIVE]
    ]  # fmt: skip
    yield table(("model", "wall", "CPU", "ratio to the floor", "peak"), rows)


def signals(with_signals: Sequence[Mapping]) -> Iterator[str]:
    if not with_signals:
        yield "Not measured yet."
        return
    yield (
        "The same shop with every entity: ten activities for each order, lines of orders, contracts, spend and "
        "actions. CPU time beside that with orders alone, measured one after the other.\n"
    )
    rows = [
        (
            number(one["orders"]),
            *(
                seconds(one[what]["build"]["cpu_seconds"]) if one[what]["build"] else ""
                for what in ("orders_alone", "signals")
            ),
            times(cost_of_signals(one, "build")) if one["signals"]["build"] else "",
            *(seconds(cpu(one[what])) for what in ("orders_alone", "signals")),
            times(cost_of_signals(one, "whole")),
            gib(one["signals"]["whole"]["peak_mib"]),
        )
        for one in with_signals
    ]
    yield table(
        (
            "orders",
            "build, orders alone",
            "with signals",
            "ratio",
            "models, orders alone",
            "with signals",
            "ratio",
            "peak",
        ),
        rows,
    )


def cost_of_signals(one: Mapping, part: str) -> float:
    """CPU time with signals, in that with orders alone."""
    return one["signals"][part]["cpu_seconds"] / one["orders_alone"][part]["cpu_seconds"]


def peers(of_engine: Mapping[str, Sequence[Mapping]]) -> Iterator[str]:
    yield (
        "`bench/notebook_pandas.py` and `bench/notebook_polars.py` are what a good notebook does with the same files: "
        "clean the orders, then the monthly cohort triangle, the repeat rate and the RFM scores of every customer. "
        "Their output is compared with the marts, value by value. The table shows beside them the models that those "
        "marts need, which compute more (three grains and six dimensions of the triangle, three readings of retention, "
        "rejected rows with their reasons) and write everything to disk; and `dbt build` with every mart and test. "
        "Notebooks are measured as whole processes, with imports; our models without the start of dbt (some 10 s).\n"
    )
    rows: list[tuple[str, ...]] = []
    for one in of_engine["duckdb"]:
        ours = one["marts_of_peers"]
        found = [
            peer for name in ("pandas", "polars") for peer in of_engine[name] if peer["orders"] == one["orders"]
        ]  # fmt: skip
        if not found:
            continue
        rows.append((
            number(one["orders"]), "our models for these figures", seconds(ours["seconds"]),
            seconds(ours["cpu_seconds"]), gib(ours["peak_mib"]), "1", "",
        ))  # fmt: skip
        for peer in found:
            cost = peer["whole"]
            rows.append((
                "", f"{NAMES[peer['engine']]} {peer['versions'][peer['engine']]}", seconds(cost["seconds"]),
                seconds(cost["cpu_seconds"]), gib(cost["peak_mib"]), times(cost["seconds"] / ours["seconds"]),
                said(not peer["differences"]),
            ))  # fmt: skip
        if build := one["build"]:
            rows.append((
                "", "`dbt build`: every mart and test", seconds(build["seconds"]), seconds(build["cpu_seconds"]),
                gib(build["peak_mib"]), times(build["seconds"] / ours["seconds"]), "",
            ))  # fmt: skip
    yield table(("orders", "", "wall", "CPU", "peak", "wall, our models = 1", "same figures"), rows)


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
    rows: list[tuple[str, ...]] = []
    for one in of_engine["spark"]:
        duckdb = [other for other in of_engine["duckdb"] if other["orders"] == one["orders"]]
        whole = one["whole"]
        rows.append((
            number(one["orders"]), seconds(whole["seconds"]), seconds(whole["cpu_seconds"]), gib(whole["peak_mib"]),
            times(whole["cpu_seconds"] / floor(one)),
            times(whole["seconds"] / duckdb[0]["whole"]["seconds"]) if duckdb else "", said(not one["differences"]),
        ))  # fmt: skip
    yield table(("orders", "wall", "CPU", "peak", "CPU : floor", "wall : DuckDB's models", "same figures"), rows)
    yield "\nWall time, CPU time in floors, and peak memory of each folder of models:\n"
    yield table_of_phases(of_engine["spark"])
    largest = of_engine["spark"][-1]
    by_time = sorted(largest["models"].items(), key=lambda item: -item[1]["seconds"])[:MOST_EXPENSIVE]
    listed = ", ".join(f"`{name}` {seconds(cost['seconds'])}" for name, cost in by_time)
    yield f"\nThe longest models at {number(largest['orders'])} orders: {listed}."
    yield "\nRanks of all customers, by a window over all of them (one task) and from counts per value (ours):\n"
    ranks = []
    for one in of_engine["spark"]:
        for found in one["windows"]:
            window, counts = found["seconds"]["window"], found["seconds"]["counts"]
            ranks.append((
                found["what"], number(found["customers"]), seconds(window), seconds(counts),
                times(window / counts), said(found["same"]),
            ))  # fmt: skip
    yield table(("", "customers", "window", "counts", "window : counts", "same figures"), ranks)


def where(results: Sequence[Mapping]) -> Iterator[str]:
    rows = [
        (
            number(one["orders"]), NAMES[one["engine"]], one["date"], machine(one["machine"]),
            ", ".join(f"{name} {version}" for name, version in one["versions"].items()),
        )
        for one in results
    ]  # fmt: skip
    yield table(("orders", "engine", "date", "machine", "versions"), rows)


def machine(known: Mapping) -> str:
    return f"{known['cpu']}, {known['cores']} cores, {known['memory_gib']} GiB, {known['system']}"


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, figures to the right."""
    aligned = ["left", *["right"] * (len(names) - 1)]
    return tabulate(list(rows), names, tablefmt="pipe", disable_numparse=True, colalign=aligned)


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
