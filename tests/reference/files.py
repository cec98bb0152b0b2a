"""Raw directories as the project takes them in: CSV and Parquet files, one per entity or several in a folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

RawRow = dict[str, object]
Entities = dict[str, list[RawRow]]
ENTITIES = (
    *("orders", "refunds", "customers", "exchange_rates", "order_lines"),
    *("activities", "subscriptions", "marketing_spend", "actions_taken"),
)
NOTED_BY_INTAKE = ("intake_files", "intake_outcomes")  # of files that a mapping reads
SOURCES = ("shop", "events")  # of the first files of each entity, where it has several


def read_raw(directory: Path) -> Entities:
    """Each entity from `<entity>.csv`, `<entity>.parquet` or the files in `<entity>/`; missing ones stay away."""
    found: Entities = {}
    for entity in ENTITIES:
        paths = [path for kind in ("csv", "parquet") for path in sorted(directory.glob(f"{entity}.{kind}"))]
        paths += [path for kind in ("csv", "parquet") for path in sorted((directory / entity).glob(f"*.{kind}"))]
        if paths:
            found[entity] = [{**row, "source_file": str(path)} for path in paths for row in read_file(path)]
    for table in NOTED_BY_INTAKE:
        if (directory / f"{table}.parquet").exists():
            found[table] = read_file(directory / f"{table}.parquet")
    return found


def read_file(path: Path) -> list[RawRow]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [dict(row) for row in csv.DictReader(file)]
    with connect() as connection:
        return read_table(connection, quoted(path))


def connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    return connection


def quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def read_table(connection: duckdb.DuckDBPyConnection, source: str) -> list[RawRow]:
    cursor = connection.execute(f"select * from {source}")
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]


def write_raw(directory: Path, entities: Mapping[str, Sequence[Mapping[str, object]]], *, parts: int = 1) -> None:
    """Per entity one CSV file, or a folder of several: `parts` CSV files, and a Parquet file of the rows with types."""
    directory.mkdir(parents=True, exist_ok=True)
    for entity, rows in entities.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        typed = [row for row in rows if is_typed(row)]
        text = [row for row in rows if not is_typed(row)]
        if parts == 1 and not typed:
            write_csv(directory / f"{entity}.csv", columns, text)
            continue
        folder = directory / entity
        folder.mkdir()
        for part in range(parts):  # every other file has its columns in another order
            write_csv(folder / f"part{part}.csv", columns[:: -1 if part % 2 else 1], text[part::parts])
        if typed:
            write_parquet(folder / "typed.parquet", columns, typed)
    if parts > 1:
        write_notes_of_intake(directory, entities)


def write_notes_of_intake(directory: Path, entities: Iterable[str]) -> None:
    """As if a mapping had read the first files of each entity for sources of their own, and left a line of each out."""
    files: list[RawRow] = []
    outcomes: list[RawRow] = []
    for entity in entities:
        if entity == "order_lines":  # the calculation does not say what became of them
            continue
        for number, source in enumerate(SOURCES):
            path = directory / entity / f"part{number}.csv"
            rows = len(read_file(path)) if path.exists() else 0
            of_file = {"source": source, "entity": entity, "source_file": str(path)}
            files.append({**of_file, "rows_read": rows + number + 1, "rows_handed_on": rows})
            outcomes.append({**of_file, "outcome": "left_out", "reason": "deleted", "rows": number + 1})
    for table, noted in zip(NOTED_BY_INTAKE, (files, outcomes), strict=True):
        write_parquet(directory / f"{table}.parquet", list(noted[0]), noted)


def is_typed(row: Mapping[str, object]) -> bool:
    return any(value is not None and not isinstance(value, str) for value in row.values())


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({column: row.get(column) for column in columns} for row in rows)


def write_parquet(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    types = {column: type_of(row.get(column) for row in rows) for column in columns}
    with connect() as connection:
        connection.execute("create table file (" + ", ".join(f'"{name}" {kind}' for name, kind in types.items()) + ")")
        placeholders = ", ".join("?" for _ in columns)
        values = [[row.get(column) for column in columns] for row in rows]
        connection.executemany(f"insert into file values ({placeholders})", values)
        connection.execute(f"copy file to {quoted(path)}")


def type_of(values: Iterable[object]) -> str:
    """The type of a column, from the first value that is there."""
    value = next((value for value in values if value is not None), "")
    if isinstance(value, datetime):
        return "timestamptz" if value.tzinfo else "timestamp"
    kinds = {bool: "boolean", int: "bigint", float: "double", Decimal: "decimal(18, 4)", date: "date", str: "varchar"}
    return kinds[type(value)]


def write_shop(
    directory: Path,
    entities: Mapping[str, Sequence[Mapping[str, object]]],
    settings: Mapping[str, object],
    *,
    parts: int = 1,
) -> None:
    """`directory/raw/` and `directory/settings.json`."""
    write_raw(directory / "raw", entities, parts=parts)
    text = json.dumps(dict(settings), indent=2, ensure_ascii=False)
    (directory / "settings.json").write_text(text + "\n", encoding="utf-8")
