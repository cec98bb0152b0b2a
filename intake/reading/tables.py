"""Tables of a database, with their types: of a DuckDB file, or of PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import duckdb

from stammkunde.database import identifier, quoted

from ..errors import IntakeError, first_line
from ..mapping import Table
from .own_columns import add_source_file, create_table
from .postgres import load_postgres


def load_table(connection: duckdb.DuckDBPyConnection, table: str, source: Table, base: Path, work: Path) -> None:
    """Create `table` from a table; a DuckDB file is named from the folder `base`."""
    if source.duckdb is not None:
        load_duckdb(connection, table, source.name, base / source.duckdb)
    else:
        load_postgres(connection, table, source.name, source.postgres or "", work)
    add_source_file(connection, table, f"{source.duckdb or 'postgres'}: {source.name}")


def load_duckdb(connection: duckdb.DuckDBPyConnection, table: str, name: str, path: Path) -> None:
    """Create `table` from the table `name` of a DuckDB file."""
    if not path.exists():
        raise IntakeError(f"{path}: does not exist (table '{name}' is to be read from it)")
    try:
        connection.execute(f"attach {quoted(str(path))} as shop (read_only)")
    except duckdb.Error as error:
        raise IntakeError(f"{path}: cannot be opened as a DuckDB file ({first_line(error)})") from error
    try:
        create_table(connection, table, "shop." + ".".join(identifier(part) for part in name.split(".")))
    except duckdb.Error as error:
        raise IntakeError(f"{path}: table '{name}' cannot be read ({first_line(error)})") from error
    finally:
        connection.execute("detach shop")
