"""Tables of PostgreSQL, copied through a file: DuckDB's own way there needs an extension from the network."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import duckdb

from stammkunde.postgres import without_address

from ..errors import IntakeError, first_line
from .clean_file import clean_reader
from .own_columns import create_table

TYPES = {
    "bool": "boolean", "int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "double", "float8": "double",
    "date": "date", "timestamp": "timestamp", "timestamptz": "timestamp with time zone",
}  # fmt: skip


def load_postgres(connection: duckdb.DuckDBPyConnection, table: str, name: str, variable: str, work: Path) -> None:
    """Create `table` from the table `name` of the database whose address an environment variable holds."""
    address = address_in(variable)
    clean = work / f"{table}.csv"
    columns = copy_table(address, name, clean, f"PostgreSQL ({variable}), table '{name}'")
    create_table(connection, table, clean_reader(clean, columns))
    clean.unlink()


def address_in(variable: str) -> str:
    address = os.environ.get(variable)
    if not address:
        raise IntakeError(f"environment variable {variable} is not set: it must hold the address of PostgreSQL")
    return address


def postgres_tables(schema: str, variable: str) -> dict[str, tuple[str, ...]]:
    """The tables of a schema with their columns, by lower-case name."""
    psycopg = driver()
    address = address_in(variable)
    try:
        with psycopg.connect(address) as database:
            rows = database.execute(
                "select lower(table_name), array_agg(cast(column_name as text) order by ordinal_position) "
                "from information_schema.columns where table_schema = %s group by table_name",
                [schema],
            ).fetchall()
    except psycopg.Error as error:
        raise IntakeError(f"PostgreSQL ({variable}): {without_address(first_line(error), address)}") from None
    if not rows:
        raise IntakeError(f"PostgreSQL ({variable}): has no schema '{schema}' with tables that can be read")
    return {name: tuple(columns) for name, columns in rows}


def driver() -> ModuleType:
    try:
        import psycopg
    except ImportError as error:
        raise IntakeError("reading from PostgreSQL needs psycopg: .venv/bin/pip install 'psycopg[binary]'") from error
    return psycopg


def copy_table(address: str, name: str, target: Path, where: str) -> dict[str, str]:
    """Write a table into a CSV file, and give its columns with DuckDB's types."""
    psycopg = driver()
    from psycopg import sql

    as_written = (
        "select table_schema, table_name from information_schema.tables where lower(table_schema || '.' || table_name) "
        "= lower(%(name)s) order by table_schema || '.' || table_name = %(name)s desc, table_schema, table_name"
    )
    try:
        with psycopg.connect(address) as database, database.cursor() as cursor:
            found = cursor.execute(as_written, {"name": name}).fetchone()  # it may have capitals, or dots in it
            relation = sql.SQL(".").join(map(sql.Identifier, found or name.split(".")))
            cursor.execute("set timezone to 'UTC'")
            cursor.execute("set datestyle to 'ISO'")
            cursor.execute(sql.SQL("select * from {} limit 0").format(relation))
            columns = {
                column.name: TYPES.get(known.name, "varchar")
                if (known := psycopg.adapters.types.get(column.type_code))
                else "varchar"
                for column in cursor.description or ()
            }
            copy = sql.SQL("copy (select * from {}) to stdout (format csv, force_quote *)").format(relation)
            with target.open("wb") as file, cursor.copy(copy) as rows:
                for block in rows:
                    file.write(block)
    except psycopg.Error as error:
        # Without its cause: what psycopg says may name the server, or repeat a part of its address.
        raise IntakeError(f"{where}: {without_address(first_line(error), address)}") from None
    return columns
