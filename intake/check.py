"""A look before the leap: what a raw folder holds, what becomes of its rows, and which marts it fills.

The verdicts on rows are those of the staging models themselves, run by dbt on a warehouse that is thrown away: there
is no second copy of their rules.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from pathlib import Path

import duckdb

from .errors import IntakeError
from .find import discover, mapping_of
from .load import workspace
from .prepare import prepare
from .reporting.outcomes import counted_orders, marts_report, outcome_report, why_none_counts
from .reporting.sources import entity_report

PROJECT = Path(__file__).resolve().parent.parent
MODELS = ("+row_accounting", "+int_customers")


def check(raw: Path, mapping: Path | None = None) -> Iterator[str]:
    """The lines of the report. Raises IntakeError where a run could not even start, and where no order would count."""
    found = discover(raw, mapping)
    with workspace() as (connection, work):
        for item in found:
            yield from entity_report(connection, item, raw, work)
    settings = chosen.settings if (chosen := mapping_of(raw, mapping)) else {}
    with tempfile.TemporaryDirectory(prefix="stammkunde_check_") as folder:
        ready = prepare(raw, Path(folder) / "raw", mapping)
        warehouse = stage(ready, Path(folder), settings)
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            yield from outcome_report(connection)
            yield ""
            yield from marts_report(connection)
            if not counted_orders(connection):
                raise IntakeError(f"A run would work, but no order would count: {why_none_counts(connection)}")
    yield ""
    yield "A run would work."


def stage(raw: Path, folder: Path, settings: Dictionary[str, object]) -> Path:
    """Run the staging models on a warehouse of its own."""
    warehouse = folder / "check.duckdb"
    program = Path(sys.executable).with_name("dbt")
    command = [str(program), "--quiet", "run", "--select", *MODELS]
    if settings:
        command += ["--vars", json.dumps(dict(settings), default=str)]
    environment = {
        **os.environ,
        "STAMMKUNDE_TARGET": "duckdb",
        "STAMMKUNDE_RAW_TABLES": "",
        "STAMMKUNDE_RAW": str(raw.resolve()),
        "STAMMKUNDE_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "NO_COLOR": "1",
    }
    finished = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise IntakeError(f"A run would fail:\n{finished.stdout.strip()}")
    return warehouse
