"""Seconds, CPU seconds and peak memory of SQL statements that run in a process of their own."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

# As in profiles.yml, so that what is measured is what a run does.
CONFIG = {"storage_compatibility_version": "v1.4.0"}
SETTINGS = ("set TimeZone = 'UTC'", "set preserve_insertion_order = false", "set enable_progress_bar = false")


@dataclass(frozen=True)
class Statement:
    """One named SQL text; it may hold several statements."""

    name: str
    sql: str


@dataclass(frozen=True)
class Cost:
    """What one statement cost: wall seconds, CPU seconds over all threads, peak resident memory in MiB."""

    name: str
    seconds: float
    cpu_seconds: float
    peak_mib: float


def measure(database: Path, statements: Sequence[Statement], threads: int) -> list[Cost]:
    """Run the statements in order in a fresh process on one database file and measure each."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(run_all, (str(database), list(statements), threads))


def run_all(database: str, statements: list[Statement], threads: int) -> list[Cost]:
    costs = []
    with duckdb.connect(database, config={**CONFIG, "threads": threads}) as connection:
        for setting in SETTINGS:
            connection.execute(setting)
        for statement in statements:
            reset_peak_memory()
            started, cpu_started = time.perf_counter(), cpu_seconds()
            connection.execute(statement.sql)
            seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu_started
            costs.append(Cost(statement.name, seconds, cpu, peak_memory_mib()))
    return costs


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def reset_peak_memory() -> None:
    """Start a new peak (Linux); elsewhere the peak is that of the process so far."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory_mib() -> float:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
