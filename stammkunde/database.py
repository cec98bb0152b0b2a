"""DuckDB for Python: names and values in SQL text, and connections that lock nobody out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

STORAGE_VERSION = "v1.4.0"  # the newest that DuckDB 1.x readers open, which most BI drivers are
LOCKED = "set lock on file"  # what DuckDB says of a file that is open elsewhere; a broken one has a word on a block
MEMORY_BESIDE_DBT = "1500MB"  # for gate and publish: aggregates and copies, which need little


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(text: str) -> str:
    """A text as an SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


def path_literal(path: Path | str, pattern: str = "") -> str:
    """A path to read as an SQL literal, with a pattern for the files below it.

    DuckDB takes *, ? and [ as a pattern: in the path itself they are part of the name.
    """
    exact = "".join(f"[{character}]" if character in "*?[" else character for character in str(path))
    return quoted(f"{exact}/{pattern}" if pattern else exact)


def wal_of(file: Path) -> Path:
    """The write-ahead log that lies beside a DuckDB file while somebody writes to it, or after a crash."""
    return file.with_name(file.name + ".wal")


def connect(file: Path | str = ":memory:", *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection that fetches and loads no extension, whatever a query or a file asks for: what is read here needs
    none, and they come from the network."""
    connection = duckdb.connect(str(file), read_only=read_only)
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")
    return connection


@contextmanager
def in_memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own, for work beside dbt: dates in UTC, the order of rows not kept, little memory."""
    with connect() as connection:
        connection.execute(f"set memory_limit = {quoted(MEMORY_BESIDE_DBT)}")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set TimeZone = 'UTC'")
        yield connection


@contextmanager
def read_only(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file as its readers open it. Raises duckdb.Error where it cannot be opened."""
    with connect(file, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def attach_read_only(connection: duckdb.DuckDBPyConnection, file: Path, name: str) -> None:
    """Attach a DuckDB file under a name."""
    connection.execute(f"attach {quoted(str(file))} as {identifier(name)} (read_only)")


def rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] | None = None
) -> list[dict[str, Any]]:
    """The rows of a query by the names of its columns."""
    found = connection.execute(query, values)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
