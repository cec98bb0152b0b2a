"""Raw entities that are tables of the engine, not files: STAMMKUNDE_RAW_TABLES, as macros/raw reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import date

from orchestration.places import RAW_TABLES, Places
from orchestration.transformations import run_dbt


class RawTableError(Exception):
    """A table cannot be read; the text says why, in dbt's words."""


def entities_of_tables() -> frozenset[str]:
    """The entities that the environment says are tables."""
    pairs = os.environ.get(RAW_TABLES, "").split(",")
    return frozenset(pair.partition("=")[0].strip() for pair in pairs if pair.strip())


def measure_tables(
    places: Places, today: date, settings: Sequence[str], given: Mapping[str, str]
) -> dict[str, dict[str, object]]:
    """Rows, first and last date of each entity that is a table, by its name, as the engine counts them."""
    if not entities_of_tables():
        return {}
    asked = json.dumps({"today": today.isoformat()})
    finished = run_dbt(places, ["run-operation", "measure_raw_tables", "--args", asked, *settings], given)
    if finished.returncode:
        raise RawTableError(f"the raw tables cannot be read: {' '.join(finished.stdout.split())}")
    found = [json.loads(line) for line in finished.stdout.splitlines() if line.startswith("{")]
    return {
        row["entity"]: {
            "rows": row["rows"],
            "malformed_rows": 0,
            "first_date": row["first_date"] and date.fromisoformat(row["first_date"]),
            "last_date": row["last_date"] and date.fromisoformat(row["last_date"]),
        }
        for row in found
    }
