"""Writing of the raw files: text CSV, and typed Parquet through DuckDB."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

DatabaseError = duckdb.Error


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """Write a CSV file with line feeds on every system; None is an empty field."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_parquet(path: Path, columns: dict[str, str], rows: Iterable[Sequence[str | None]]) -> None:
    """Write a Parquet file with the given types; the rows come as text."""
    text = path.with_suffix(".tmp.csv")
    write_csv(text, list(columns), rows)
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    dialect = "header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"'"
    source = f"read_csv({quoted(text)}, {dialect}, columns = {{{types}}})"
    # One thread, or the order of the row groups would not be certain.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"COPY (SELECT * FROM {source}) TO {quoted(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 19)"
        )
    text.unlink()


def quoted(path: Path) -> str:
    """Return the path as a SQL text literal."""
    return "'" + str(path).replace("'", "''") + "'"
