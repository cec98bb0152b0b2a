"""What the steps read: intermediate models of the warehouse, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import duckdb

from orchestration.predicting.step import Known, Step


def as_of_date_of(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The day that figures stand on; None where the shop has no order."""
    found: date | None = connection.execute("select as_of_date from intermediate.int_as_of").fetchall()[0][0]
    return found


def read(connection: duckdb.DuckDBPyConnection, step: Step, settings: Mapping[str, object]) -> Known:
    columns = {name: connection.execute(query).fetchnumpy() for name, query in step.queries.items()}
    return Known(columns, as_of_date_of(connection), settings)
