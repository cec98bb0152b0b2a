"""A look before a run: what a raw folder holds, what becomes of its rows, and which marts it fills.

The verdicts on rows are those of the staging models themselves, run by dbt on a warehouse that is thrown away: there
is no second copy of their rules.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from pathlib import Path

from stammkunde.database import read_only
from stammkunde.dbt import Dbt
from stammkunde.errors import DbtError

from .errors import IntakeError
from .find import discover, mapping_of
from .load import workspace
from .prepare import prepare
from .reporting.outcomes import counted_orders, marts_report, outcome_report, why_none_counts
from .reporting.sources import entity_report

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
        with read_only(warehouse) as connection:
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
    variables = {
        "STAMMKUNDE_TARGET": "duckdb",
        "STAMMKUNDE_RAW_TABLES": "",
        "STAMMKUNDE_RAW": str(raw.resolve()),
        "STAMMKUNDE_WAREHOUSE": str(warehouse),
    }
    try:
        Dbt(folder / "target", variables, settings).run("run", "--select", *MODELS)
    except DbtError as error:
        raise IntakeError(f"A run would fail: {error}") from error
    return warehouse
