"""What the steps read: intermediate models of the warehouse, as arrays."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from orchestration.predicting.step import Known, Step


def read(connection: duckdb.DuckDBPyConnection, step: Step, settings: Mapping[str, object]) -> Known:
    columns = {name: connection.execute(query).fetchnumpy() for name, query in step.queries.items()}
    as_of_date = connection.execute("select as_of_date from intermediate.int_as_of").fetchall()[0][0]
    return Known(columns, as_of_date, settings)
