"""Tables of a database, with their types: of a DuckDB file, or of PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import duckdb

from stammkunde.database import connect, identifier, quoted
from stammkunde.files import leads_out

from ..errors import IntakeError, first_line
from ..mapping import Schema, Table
from .own_columns import add_source_file, create_table
from .postgres import load_postgres, postgres_tables


def load_table(connection: duckdb.DuckDBPyConnection, table: str, source: Table, base: Path, work: Path) -> None:
    """Create `table` from a table; a DuckDB file is named from the folder `base`."""
    if source.duckdb is not None:
        load_duckdb(connection, table, source.name, base, source.duckdb, work)
    else:
        load_postgres(connection, table, source.name, source.postgres or "", work)
    add_source_file(connection, table, named(source))


def named(table: Table) -> str:
    """What rows of a table name as their file: no other table is called so."""
    return f"{table.duckdb or table.postgres}: {table.name}"


def load_duckdb(
    connection: duckdb.DuckDBPyConnection, table: str, name: str, base: Path, file: str, work: Path
) -> None:
    """Create `table` from the table `name` of a DuckDB file that lies below the folder `base`.

    A file that was delivered may hold views and macros, which could read any file of this machine: it is opened in a
    database of its own that reads no other file, and only tables are read of it.
    """
    path = duckdb_file(base, file, f"table '{name}'")
    copy = work / f"{table}.duckdb"
    with connect() as reader:
        attach(reader, path)
        reader.execute(f"attach {quoted(str(copy))} as copied")
        reader.execute("set enable_external_access = false")
        reader.execute("set lock_configuration = true")
        relation = table_of(reader, name, path)
        try:
            reader.execute(f"create table copied.delivered as select * from {relation}")
        except duckdb.Error as error:
            raise IntakeError(f"{path}: table '{name}' cannot be read ({first_line(error)})") from error
    connection.execute(f"attach {quoted(str(copy))} as copied (type duckdb, read_only)")
    try:
        create_table(connection, table, "copied.delivered")
    finally:
        connection.execute("detach copied")
        copy.unlink()


def tables_of(schema: Schema, base: Path) -> dict[str, tuple[str, ...]]:
    """The tables of a schema with their columns, by lower-case name."""
    if schema.postgres is not None:
        return postgres_tables(schema.name, schema.postgres)
    path = duckdb_file(base, schema.duckdb or "", f"schema '{schema.name}'")
    with connect() as reader:
        attach(reader, path)
        rows = reader.execute(
            "select lower(table_name), list(column_name order by column_index) from duckdb_columns() "
            "inner join duckdb_tables() using (database_name, schema_name, table_name) "
            "where database_name = 'shop' and lower(schema_name) = lower(?) group by all",
            [schema.name],
        ).fetchall()
    if not rows:
        raise IntakeError(f"{path}: has no schema '{schema.name}' with tables in it")
    return {name: tuple(columns) for name, columns in rows}


def duckdb_file(base: Path, file: str, what: str) -> Path:
    """A DuckDB file that lies below the folder `base`."""
    path = base / file
    if Path(file).is_absolute() or ".." in Path(file).parts or leads_out(path, base):
        raise IntakeError(f"{what}: the DuckDB file '{file}' lies outside of the raw folder. Put it there")
    if not path.exists():
        raise IntakeError(f"{path}: does not exist ({what} is to be read from it)")
    return path


def attach(reader: duckdb.DuckDBPyConnection, path: Path) -> None:
    """A delivered DuckDB file as the database `shop`."""
    try:
        reader.execute(f"attach {quoted(str(path))} as shop (type duckdb, read_only)")
    except duckdb.Error as error:
        raise IntakeError(f"{path}: cannot be opened as a DuckDB file ({first_line(error)})") from error


def table_of(reader: duckdb.DuckDBPyConnection, name: str, path: Path) -> str:
    """The table as it is written in SQL. Raises IntakeError for what is none, such as a view."""
    query = (
        "select schema_name, {0}_name from duckdb_{0}s() where database_name = 'shop' "
        "and lower(schema_name || '.' || {0}_name) in (lower(?), lower('main.' || ?)) order by all"
    )
    if found := reader.execute(query.format("table"), [name, name]).fetchall():
        return f"shop.{identifier(found[0][0])}.{identifier(found[0][1])}"
    if reader.execute(query.format("view"), [name, name]).fetchall():
        raise IntakeError(
            f"{path}: '{name}' is a view, and only tables are read of a file: a view could read other files. Save its "
            "rows as a table"
        )
    raise IntakeError(f"{path}: has no table '{name}'")
