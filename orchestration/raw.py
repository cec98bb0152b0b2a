"""What lies in the raw folder: its contents' fingerprint, and how much of what before dbt reads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from intake.entities import Entity, entities
from intake.find import by_name
from stammkunde.database import connect, identifier, path_literal
from stammkunde.files import content_hash, leads_out

UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".unfinished")


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


def measure(prepared: Path | None, today: date, elsewhere: Collection[str] = ()) -> list[dict[str, object]]:
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
