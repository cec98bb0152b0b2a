"""Whole refreshes, as a user starts them: how long they take, and where the seconds go.

    python -m bench.refreshes                      # the sample, the first time and once more
    python -m bench.refreshes --orders 10000000    # a generated shop
    python -m bench.refreshes --target spark       # on a cluster of this machine
    python -m bench.refreshes --clone              # `make run` in a fresh clone, installation included
    python -m bench.refreshes --tests              # `make test`

Everything is noted in bench/refreshes.json, and docs/benchmarks.md is written from it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import psutil
import typer

from bench import on_spark
from bench.measure import Cost, Watch
from bench.page import REFRESHES
from bench.run import generate, machine, rounded, write_page
from spark import cluster
from stammkunde.places import PROJECT, SAMPLE

BEGINS = re.compile(r"^(raw|models|predictions|after_predictions|gate|publish) \.\.\.$")
IDLE_SHARE = 0.1  # of one core: below it nobody computes


@dataclass(frozen=True)
class Measured:
    """What a command cost, the seconds of its parts, and those in which no process used a CPU."""

    cost: Cost
    steps: Mapping[str, float]
    idle_seconds: float


def main(
    orders: Annotated[int | None, typer.Option(min=1, help="A generated shop of this size, not the sample.")] = None,
    target: Annotated[str, typer.Option(help="The engine: duckdb or spark.")] = "duckdb",
    clone: Annotated[bool, typer.Option("--clone", help="`make run` in a fresh clone.")] = False,
    tests: Annotated[bool, typer.Option("--tests", help="`make test`.")] = False,
    work: Annotated[Path, typer.Option(help="Folder for shops and warehouses.")] = PROJECT / "warehouse" / "bench",
) -> None:
    """Measure, note it, and write docs/benchmarks.md."""
    if clone:
        note("first run in a fresh clone, installation included", "duckdb", in_a_clone())
    elif tests:
        note("make test", "duckdb", watched(["make", "test"], PROJECT, os.environ))
    else:
        what = f"{orders:,} orders" if orders else "sample"
        raw = work.resolve() / f"raw_{orders}" if orders else SAMPLE
        if orders:
            generate(orders, raw)
        for number, found in enumerate(refreshes(raw, work.resolve() / "refresh", target)):
            note(f"{what}, {'once more' if number else 'the first time'}", target, found)
    write_page()


def refreshes(raw: Path, work: Path, target: str) -> Iterator[Measured]:
    """The first refresh of a shop, and another that is compared with it."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    with ExitStack() as stack:
        given = stack.enter_context(on_spark.running_cluster(work, 3072)) if target == "spark" else {}
        environment = {
            **os.environ, **given,
            "STAMMKUNDE_RAW": str(raw), "STAMMKUNDE_MAPPING": "", "STAMMKUNDE_TARGET": target,
            "STAMMKUNDE_WAREHOUSE": str(work / "stammkunde.duckdb"),
            "STAMMKUNDE_PUBLISHED": str(work / "published" / "retention.duckdb"),
        }  # fmt: skip
        folder = Path(given["STAMMKUNDE_SPARK_CLUSTER"]) if given else None
        for _ in range(2):
            yield watched([sys.executable, "-m", "cli", "run"], PROJECT, environment, folder)
    shutil.rmtree(work)


@contextmanager
def fresh_clone() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="stammkunde_clone_") as folder:
        clone = Path(folder) / "stammkunde"
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
        yield clone


def in_a_clone() -> Measured:
    with fresh_clone() as clone:
        given = {name: value for name, value in os.environ.items() if not name.startswith(("STAMMKUNDE_", "DBT_"))}
        return watched(["make", "run"], clone, given)


def watched(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], spark: Path | None = None
) -> Measured:
    """Run a command to its end, and watch its processes and those of a cluster."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout
    marks, step = {"start": 0.0}, "start"
    before = cpu_of_cluster(spark)
    with Watch(lambda: processes(process.pid, spark)) as watch:
        for line in process.stdout:
            print(f"{time.perf_counter() - started:7.1f}  {line}", end="", flush=True)
            if found := BEGINS.match(line.strip()):
                step = found[1]
                marks.pop("end", None)  # that was the end of the step before, not of all
                marks[step] = time.perf_counter() - started
            elif line.startswith(f"{step} took "):
                step = "end"
                marks[step] = time.perf_counter() - started
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    ends = [*list(marks.values())[1:], seconds]
    steps = {name: end - begin for (name, begin), end in zip(marks.items(), ends, strict=True)}
    cpu = usage.ru_utime + usage.ru_stime + cpu_of_cluster(spark) - before
    return Measured(Cost(seconds, cpu, max(watch.memory_mib)), steps, idle_seconds(watch))


def processes(pid: int, spark: Path | None) -> list[psutil.Process]:
    """A process and all below it, and those of a cluster."""
    try:
        parent = psutil.Process(pid)
        own = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        own = []
    return own + (cluster.processes_of(spark) if spark else [])


def cpu_of_cluster(spark: Path | None) -> float:
    """CPU seconds of a cluster since it was started; its processes live as long as it does."""
    times = [process.cpu_times() for process in (cluster.processes_of(spark) if spark else [])]
    return sum(one.user + one.system for one in times)


def idle_seconds(watch: Watch) -> float:
    """Seconds in which all processes together used less than a tenth of a core."""
    looks = list(zip(watch.times, watch.cpu_seconds, strict=True))
    return sum(
        end - begin for (begin, before), (end, after) in pairwise(looks) if after - before < IDLE_SHARE * (end - begin)
    )


def note(what: str, target: str, found: Measured) -> None:
    """Replace what was noted of the same."""
    noted = json.loads(REFRESHES.read_text(encoding="utf-8")) if REFRESHES.exists() else []
    entry = {"what": what, "target": target, "date": date.today().isoformat(), "machine": machine(), **asdict(found)}
    others = [other for other in noted if (other["what"], other["target"]) != (what, target)]
    REFRESHES.write_text(json.dumps(rounded([*others, entry]), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
