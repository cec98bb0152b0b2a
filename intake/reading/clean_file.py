"""A clean CSV file in between: DuckDB reads it far faster than rows can be handed over one by one."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from stammkunde.database import path_literal, quoted

from .limits import Budget
from .own_columns import MALFORMED_LINE, SOURCE_LINE


def load_records(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    header: Sequence[str],
    rows: Iterable[tuple[list[str], str]],
    work: Path,
    path: Path,
) -> None:
    """Create `table` from rows of text of the file `path`, each with its fields, or with the line that could not be
    split."""
    clean = work / f"{table}.csv"
    write_clean(clean, len(header), rows, path)
    load_clean(connection, table, header, clean)


def write_clean(clean: Path, width: int, rows: Iterable[tuple[list[str], str]], path: Path) -> None:
    budget = Budget(path)  # one text may stand in a million cells of a sheet
    with clean.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for number, (fields, malformed) in enumerate(rows, start=1):
            values = [] if malformed else fields
            padded = [field.replace("\0", "\u2400") for field in [*values, *[""] * width][:width]]
            writer.writerow([*padded, number, malformed.replace("\0", "\u2400")])
            budget.take(sum(map(len, padded)) + len(malformed))


def load_clean(connection: duckdb.DuckDBPyConnection, table: str, header: Sequence[str], clean: Path) -> None:
    columns = {**{column.strip(): "varchar" for column in header}, SOURCE_LINE: "bigint", MALFORMED_LINE: "varchar"}
    connection.execute(f"create table {table} as select * from {clean_reader(clean, columns)}")
    clean.unlink()


def clean_reader(path: Path, columns: Mapping[str, str]) -> str:
    """What stands after `from` to read a file that was written here: it is known to be whole, and quoted values may
    hold any line end."""
    declared = ", ".join(f"{quoted(column)}: {quoted(kind)}" for column, kind in columns.items())
    return (
        f"read_csv({path_literal(path)}, auto_detect = false, header = false, delim = ',', quote = '\"', "
        f"escape = '\"', columns = {{{declared}}}, max_line_size = 67108864, parallel = false, new_line = '\\n')"
    )
