"""Raw entities that are tables of the engine, not files: STAMMKUNDE_RAW_TABLES, as macros/raw reads it."""

from __future__ import annotations

import json
from datetime import date

from stammkunde.dbt import Dbt
from stammkunde.errors import DbtError, StammkundeError, one_line


class RawTableError(StammkundeError):
    """A table cannot be read; the text says why, in dbt's words."""


def entities_of_tables(raw_tables: str) -> frozenset[str]:
    """The entities that are tables."""
    pairs = raw_tables.split(",")
    return frozenset(pair.partition("=")[0].strip() for pair in pairs if pair.strip())


def measure_tables(dbt: Dbt, raw_tables: str, today: date) -> dict[str, dict[str, object]]:
    """Rows, first and last date of each entity that is a table, by its name, as the engine counts them."""
    if not entities_of_tables(raw_tables):
        return {}
    asked = json.dumps({"today": today.isoformat()})
    try:
        printed = dbt.run("run-operation", "measure_raw_tables", "--args", asked)
    except DbtError as error:
        raise RawTableError(f"the raw tables cannot be read: {one_line(error)}") from error
    found = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return {
        row["entity"]: {
            "rows": row["rows"],
            "malformed_rows": 0,
            "first_date": row["first_date"] and date.fromisoformat(row["first_date"]),
            "last_date": row["last_date"] and date.fromisoformat(row["last_date"]),
        }
        for row in found
    }
