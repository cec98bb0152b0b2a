"""What lies in the raw folder: its contents' fingerprint, and how much of what before dbt reads it."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from intake.entities import WORDS_FOR_NOTHING, Entity, entities
from intake.find import by_name
from stammkunde.database import connect, identifier, path_literal, quoted
from stammkunde.files import content_hash, leads_out

UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".unfinished")
FEW_VALUES = 200  # a column with more has no list that anybody knows
PERSONAL = re.compile(r"@|\d{6}")  # addresses and phone numbers that stand in a wrong column are not noted


@dataclass
class Known:
    """Rows that have a value, and the sum of their amounts where they have some."""

    rows: int = 0
    amount: float | None = None

    def add(self, rows: int, amount: float | None) -> None:
        self.rows += rows
        if amount is not None:
            self.amount = (self.amount or 0) + amount


@dataclass(frozen=True)
class File:
    """One file as the file system shows it. `changed_at` also moves where a copy keeps the old time of modification."""

    path: Path
    name: str  # within the raw folder
    bytes: int
    changed_at: float

    @property
    def state(self) -> str:
        """Changes whenever the file was written to."""
        return f"{self.name}|{self.bytes}|{self.changed_at}"


def files_below(folder: Path | None, mapping: Path | None = None) -> list[File]:
    """All files that a refresh may read, hidden ones left out, in the order of their paths."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not leads_out(path, folder)] if folder else []
    found = {str(path.relative_to(folder)): path for path in paths}  # type: ignore[arg-type]
    if mapping and mapping.is_file():
        found[f"mapping {mapping.name}"] = mapping
    files = []
    for name, path in sorted(found.items()):
        if any(part.startswith((".", "_")) for part in Path(name).parts):
            continue
        try:
            known = path.stat()
        except FileNotFoundError:  # taken away since it was listed
            continue
        files.append(File(path, name, known.st_size, max(known.st_mtime, known.st_ctime)))
    return files


def still_written(files: Iterable[File], now: float, settle_seconds: float) -> list[File]:
    """Files that are not to be read yet: changed a moment ago, named as unfinished, or dated in the future."""
    return [file for file in files if file.name.lower().endswith(UNFINISHED) or now - file.changed_at < settle_seconds]


def fingerprint(files: Iterable[File], known: Mapping[str, str] | None = None) -> tuple[str, dict[str, str]]:
    """A hash of names and contents, and the hash of each file by its state.

    Files whose state is among the `known` are not read again.
    """
    hashes = {}
    whole = hashlib.sha256()
    for file in files:
        hashes[file.state] = (known or {}).get(file.state) or content_hash(file.path)
        whole.update(json.dumps([file.name, hashes[file.state]]).encode())
    return whole.hexdigest()[:32], hashes


def measure_columns(prepared: Path | None) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows of raw_columns and raw_values: which columns have values, and of those that have few, which.

    Only what lies in files is measured.
    """
    columns: list[dict[str, object]] = []
    values: list[dict[str, object]] = []
    present = by_name(prepared) if prepared else []
    with connect() as connection:
        for item in present:
            filled: Counter[str] = Counter()
            known: dict[tuple[str, str], Known] = {}
            rows = 0
            for file in item.files:
                rows += measure_file(connection, item.entity, reader_of(file), filled, known)
            columns += rows_of_columns(item.entity.name, rows, filled)
            values += rows_of_values(item.entity.name, known)
    return columns, values


def rows_of_columns(entity: str, rows: int, filled: Mapping[str, int]) -> list[dict[str, object]]:
    return [
        {"entity": entity, "column_name": column, "rows": rows, "filled": count} for column, count in filled.items()
    ]


def rows_of_values(entity: str, known: Mapping[tuple[str, str], Known]) -> list[dict[str, object]]:
    """Values of the columns that have few, without those that look like personal data."""
    listed = Counter(column for column, _ in known)
    return [
        {"entity": entity, "column_name": column, "value": value, "rows": found.rows, "amount": found.amount}
        for (column, value), found in known.items()
        if listed[column] <= FEW_VALUES and not PERSONAL.search(value)
    ]


def measure_file(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    reader: str,
    filled: Counter[str],
    known: dict[tuple[str, str], Known],
) -> int:
    """Adds what one file holds. Gives its rows."""
    described = connection.execute(f"describe select * from {reader}").fetchall()
    texts = {
        row[0].strip().lower(): with_value(identifier(row[0]))
        for row in described
        if row[0].strip().lower() in entity.columns
    }
    if not texts:
        return 0
    counts = ", ".join(f"count({text})" for text in texts.values())
    rows, *found = connection.execute(f"select count(*), {counts} from {reader}").fetchall()[0]
    filled.update(dict(zip(texts, found, strict=True)))
    few = {name: text for name, text in texts.items() if entity.columns[name].few_values}
    if few:
        amount = f"try_cast({texts['amount']} as double)" if entity.name == "orders" and "amount" in texts else "null"
        listed = connection.execute(
            f"""
            select {", ".join(f"grouping({name})" for name in few)}, {", ".join(few)}, count(*),
                sum(amount) filter (where isfinite(amount))
            from (
                select {", ".join(f"lower(left({text}, 100)) as {name}" for name, text in few.items())},
                    cast({amount} as double) as amount
                from {reader}
            )
            group by grouping sets ({", ".join(f"({name})" for name in few)})
            """
        ).fetchall()
        for row in listed:
            grouped, given, (count, total) = row[: len(few)], row[len(few) : -2], row[-2:]
            column, value = next(
                pair for pair, mark in zip(zip(few, given, strict=True), grouped, strict=True) if not mark
            )
            if value is not None:
                known.setdefault((column, value), Known()).add(count, total)
    return rows


def with_value(column: str) -> str:
    """A column as text, null where it says nothing."""
    text = f"trim(cast({column} as varchar))"
    nothing = ", ".join(quoted(word) for word in ("", *WORDS_FOR_NOTHING))
    return f"case when lower({text}) not in ({nothing}) then {text} end"


def measure(prepared: Path | None, today: date) -> list[dict[str, object]]:
    """One row per raw entity: files, bytes, rows, those malformed, and the first and last date of its first timestamp.

    Only dates as they are written in ISO form are looked at, and none in the future: a typing error must not hide that
    the last weeks are missing. What rows are worth is judged by the staging models.
    """
    present = {item.entity.name: item.files for item in by_name(prepared)} if prepared else {}
    with connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        return [measure_entity(connection, entity, present.get(name, ()), today) for name, entity in entities().items()]


def measure_entity(
    connection: duckdb.DuckDBPyConnection, entity: Entity, files: tuple[Path, ...], today: date
) -> dict[str, object]:
    measured: dict[str, object] = {
        "entity": entity.name,
        "files": len(files),
        "bytes": sum(file.stat().st_size for file in files),
    }  # fmt: skip
    timestamps = [column.name for column in entity.columns.values() if column.kind == "timestamp"]
    rows, malformed_rows, firsts, lasts = 0, 0, [], []
    for file in files:
        reader = reader_of(file)
        described = connection.execute(f"describe select * from {reader}").fetchall()
        shown = {row[0].strip().lower(): identifier(row[0]) for row in described}
        column = next((shown[name] for name in timestamps if name in shown), None)
        day = f"try_cast(left(trim(cast({column} as varchar)), 10) as date)" if column else "cast(null as date)"
        malformed = "malformed_line" if "malformed_line" in shown else "null"
        counted, broken, first, last = connection.execute(
            f"""
            select count(*), count(malformed), min(day) filter (where day <= ?), max(day) filter (where day <= ?)
            from (select {day} as day, {malformed} as malformed from {reader})
            """,
            [today, today],
        ).fetchall()[0]
        rows += counted
        malformed_rows += broken
        firsts += [first] if first else []
        lasts += [last] if last else []
    return {
        **measured, "rows": rows, "malformed_rows": malformed_rows,
        "first_date": min(firsts, default=None), "last_date": max(lasts, default=None),
    }  # fmt: skip


def reader_of(file: Path) -> str:
    """How DuckDB reads one prepared file, in the same way as macros/raw does."""
    if file.suffix.lower() == ".parquet":
        return f"read_parquet({path_literal(file)})"
    return (
        f"read_csv({path_literal(file)}, all_varchar = true, header = true, delim = ',', quote = '\"', "
        "escape = '\"', comment = '', skip = 0, null_padding = false, max_line_size = 4194304)"
    )
