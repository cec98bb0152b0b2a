"""Writes what the steps found, each table as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from orchestration.predicting.step import Column, Rows
from orchestration.predicting.tables import definitions, file_of, selected
from stammkunde.database import identifier, in_memory, quoted
from stammkunde.files import replaced
from stammkunde.places import Places


def write(places: Places, rows: Sequence[Rows], build_id: str, as_of_date: date | None) -> dict[str, int]:
    """Replace all tables by the rows of a build. Gives the number of rows by table."""
    with in_memory() as connection:
        return {
            table: write_table(
                connection, file_of(places, table), table, [part for part in rows if part.table == table],
                build_id, as_of_date,
            )
            for table in definitions()
        }  # fmt: skip


def write_table(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    table: str,
    parts: Sequence[Rows],
    build_id: str,
    as_of_date: date | None,
) -> int:
    said = {"build_id": f"'{build_id}'", "as_of_date": f"date '{as_of_date}'" if as_of_date else "null"}
    queries = [selected(table, {}) + " where false"]
    for number, part in enumerate(parts):
        connection.register(f"part_{number}", {name: as_array(values) for name, values in part.columns.items()})
        given = {**said, **{name: identifier(name) for name in part.columns}}
        queries.append(f"{selected(table, given)} from part_{number}")
    with replaced(file) as unfinished:
        connection.execute(f"copy ({' union all '.join(queries)}) to {quoted(str(unfinished))} (format parquet)")
        rows = connection.execute("select count(*) from read_parquet(?)", [str(unfinished)]).fetchall()[0][0]
    for number in range(len(parts)):
        connection.unregister(f"part_{number}")
    return int(rows)


def as_array(values: Column) -> NDArray[Any]:
    """As DuckDB reads a column: NaN is null in arrays of numbers, None in those of objects."""
    return values if isinstance(values, np.ndarray) else np.asarray(values, dtype=object)
