"""Measures wall seconds, CPU seconds and peak memory of SQL statements, of commands and of clusters."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import subprocess
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import psutil

# As in profiles.yml, so that the benchmark measures what a run does.
CONFIG = {"storage_compatibility_version": "v1.4.0"}
SETTINGS = ("set TimeZone = 'UTC'", "set preserve_insertion_order = false", "set enable_progress_bar = false")


@dataclass(frozen=True)
class Cost:
    """Wall seconds, CPU seconds of all threads and processes, and peak resident memory in MiB."""

    seconds: float
    cpu_seconds: float
    peak_mib: float

    def __add__(self, other: Cost) -> Cost:
        """The cost of both, one after the other."""
        return Cost(
            self.seconds + other.seconds, self.cpu_seconds + other.cpu_seconds, max(self.peak_mib, other.peak_mib)
        )


NOTHING = Cost(0, 0, 0)


@dataclass(frozen=True)
class Statement:
    """One named SQL text; it may hold several statements."""

    name: str
    sql: str


# SQL statements


def measure_statements(
    database: Path, statements: Sequence[Statement], threads: int, memory_limit: str
) -> dict[str, Cost]:
    """Run the statements in order in a fresh process on one database file and measure each, by its name."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(run_all, (str(database), list(statements), threads, memory_limit))


def run_all(database: str, statements: list[Statement], threads: int, memory_limit: str) -> dict[str, Cost]:
    costs = {}
    config = {**CONFIG, "threads": threads, "memory_limit": memory_limit}
    with duckdb.connect(database, config=config) as connection:
        for setting in SETTINGS:
            connection.execute(setting)
        for statement in statements:
            reset_peak_memory()
            started, cpu_started = time.perf_counter(), cpu_seconds()
            connection.execute(statement.sql)
            seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu_started
            costs[statement.name] = Cost(seconds, cpu, peak_memory_mib())
    return costs


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def reset_peak_memory() -> None:
    """Start a new peak (on Linux). On other systems the peak is that of the process since its start."""
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


# Commands


def measure_command(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end, its children included. Raises CalledProcessError where it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, **(environment or {})})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


# Clusters


@dataclass
class Watch:
    """CPU time and memory of processes that come and go, looked at twice a second while the watch is entered."""

    processes: Callable[[], list[psutil.Process]]
    times: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)
    _known: dict[psutil.Process, float] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watch:
        self._look()
        self._thread = threading.Thread(target=self._looks, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def cost(self, begin: float, end: float) -> Cost:
        """Between two times of `time.time()`."""
        first = max(0, bisect_right(self.times, begin) - 1)
        last = min(len(self.times) - 1, bisect_right(self.times, end))
        peak = max(self.memory_mib[first : last + 1])
        return Cost(end - begin, self._cpu_at(end) - self._cpu_at(begin), peak)

    def _cpu_at(self, moment: float) -> float:
        after = min(max(1, bisect_right(self.times, moment)), len(self.times) - 1)
        since, until = self.times[after - 1], self.times[after]
        share = min(max((moment - since) / (until - since), 0), 1)
        return self.cpu_seconds[after - 1] + share * (self.cpu_seconds[after] - self.cpu_seconds[after - 1])

    def _looks(self) -> None:
        while not self._stop.wait(0.5):
            self._look()

    def _look(self) -> None:
        memory = 0.0
        for process in self.processes():
            with contextlib.suppress(psutil.Error):  # it has ended; its CPU time stays in the sum
                used = process.cpu_times()
                self._known[process] = used.user + used.system
                memory += process.memory_info().rss / 2**20
        self.times.append(time.time())
        self.cpu_seconds.append(sum(self._known.values()))
        self.memory_mib.append(memory)
