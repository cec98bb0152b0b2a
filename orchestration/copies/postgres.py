"""The marts in PostgreSQL, schema `marts`, for tools that read no DuckDB.

All tables change in one transaction, row by row and not by renaming: readers see one build or the other, nobody waits,
and views of others on these tables stay. A role may read and nothing else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.publish.copy import comments, tables_of, words_in
from stammkunde.database import attach_read_only, identifier, in_memory, quoted
from stammkunde.errors import StammkundeError
from stammkunde.manifest import MARTS, Words
from stammkunde.postgres import without_address

if TYPE_CHECKING:
    from psycopg import Cursor

READERS = "stammkunde_readers"  # the role that may read, for users of BI tools to be granted
LOCK = 7_263_141  # of PostgreSQL's advisory locks: two copies at once would wait for each other's rows
NULL = r"\N"  # an empty field in CSV; a text of these characters is quoted, and no null
OPTIONS: dict[str, Any] = {"application_name": "stammkunde", "connect_timeout": 10}
BLOCK = 1 << 20  # bytes that are sent at a time
# PostgreSQL's types by DuckDB's, as format_type of PostgreSQL names them.
TYPES = {
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "DOUBLE": "double precision",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "VARCHAR": "text",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}


class PostgresCopyError(StammkundeError):
    """The copy is what it was. The text holds no address."""


@dataclass(frozen=True)
class Mart:
    """A table of the published file, and its rows as CSV."""

    name: str
    columns: Mapping[str, str]  # PostgreSQL's types
    rows: Path
    words: Words | None


def copy(published: Path, address: str) -> str:
    """Copy the published marts into the database, and say so. Raises PostgresCopyError."""
    try:
        import psycopg
    except ImportError as error:
        raise PostgresCopyError("it needs psycopg: .venv/bin/pip install 'psycopg[binary]'") from error
    with tempfile.TemporaryDirectory(prefix="stammkunde-postgres-") as folder:
        build_id, marts = written(published, Path(folder))
        try:
            with psycopg.connect(address, **OPTIONS) as database, database.cursor() as cursor:
                replace(cursor, build_id, marts)
        except psycopg.Error as error:
            # Without its cause: what psycopg says may name the server, or repeat a part of its address.
            raise PostgresCopyError(without_address(said(error), address)) from None
    return f"PostgreSQL has build {build_id}: {len(marts)} tables in the schema {MARTS}"


def said(error: Any) -> str:
    """What PostgreSQL says is wrong and about what, in one line."""
    detail = error.diag.message_detail or ""
    text = " ".join(f"{error} {'' if detail in str(error) else detail}".split())
    return text.partition(" Is the server running")[0].rstrip(".")


# Out of the published file


def written(published: Path, folder: Path) -> tuple[str, list[Mart]]:
    """The build, and all its marts with their rows as CSV files."""
    with in_memory() as connection:
        connection.execute("set preserve_insertion_order = true")
        attach_read_only(connection, published, "published")
        words = words_in(connection, "published")
        build_id = connection.execute(f"select build_id from published.{MARTS}.build").fetchall()[0][0]
        marts = []
        for name in tables_of(connection, "published"):
            file = folder / f"{name}.csv"
            marts.append(Mart(name, columns_of(connection, name), file, words.get(name)))
            connection.execute(
                f"copy published.{MARTS}.{identifier(name)} to {quoted(str(file))} "
                f"(format csv, header false, nullstr {quoted(NULL)}, force_quote *)"
            )
    return build_id, marts


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """The columns of a mart with PostgreSQL's types. Raises PostgresCopyError for a type that no mart has."""
    found = connection.execute(f"describe published.{MARTS}.{identifier(table)}").fetchall()
    return {name: type_of(kind, f"{table}.{name}") for name, kind, *_ in found}


def type_of(kind: str, column: str) -> str:
    """PostgreSQL's name of a type of DuckDB."""
    if kind.startswith("DECIMAL"):
        return kind.lower().replace("decimal", "numeric").replace(" ", "")
    if kind not in TYPES:
        raise PostgresCopyError(f"{MARTS}.{column} is a {kind}, for which there is no type of PostgreSQL")
    return TYPES[kind]


# Into PostgreSQL


def replace(cursor: Cursor[Any], build_id: str, marts: Sequence[Mart]) -> None:
    """Make our tables of the schema hold these marts, within the transaction of the cursor. Other tables and views in
    it are their owners' and stay. Raises PostgresCopyError where one has the name of a mart."""
    for setting, value in (("timezone", "UTC"), ("datestyle", "ISO"), ("lock_timeout", "60s")):
        cursor.execute("select set_config(%s, %s, true)", [setting, value])
    cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    cursor.execute(f"create schema if not exists {MARTS}")
    there, ours = tables_there(cursor), our_tables(cursor)
    if foreign := sorted((there.keys() - ours) & {mart.name for mart in marts}):
        raise PostgresCopyError(
            f"the database has a table {MARTS}.{foreign[0]} that no refresh made: rename it, or name another database"
        )
    for gone in sorted(ours - {mart.name for mart in marts}):
        cursor.execute(f"drop table if exists {table(gone)}")
    for mart in marts:
        fit(cursor, mart, there.get(mart.name))
        fill(cursor, mart)
        for statement in comments(table(mart.name), mart.words):
            cursor.execute(statement)
    names = ", ".join(mart.name for mart in marts)
    cursor.execute(f"comment on schema {MARTS} is {quoted(f'Stammkunde, build {build_id}. Tables: {names}')}")
    grant(cursor)


def our_tables(cursor: Cursor[Any]) -> set[str]:
    """The tables that the last copy made, as the comment on the schema names them."""
    cursor.execute("select obj_description(to_regnamespace(%s), 'pg_namespace')", [MARTS])
    found = cursor.fetchall()[0][0] or ""
    return set(found.partition(". Tables: ")[2].split(", ")) - {""} if found.startswith("Stammkunde, build ") else set()


def tables_there(cursor: Cursor[Any]) -> dict[str, dict[str, str]]:
    """All tables and views of the schema with their columns and types."""
    cursor.execute(
        """
        select
            tables.relname,
            columns.attname,
            format_type(columns.atttypid, columns.atttypmod)
        from pg_class as tables
        inner join pg_attribute as columns
            on tables.oid = columns.attrelid and columns.attnum > 0 and not columns.attisdropped
        where tables.relnamespace = to_regnamespace(%s) and tables.relkind in ('r', 'v', 'm', 'p', 'f')
        order by tables.relname, columns.attnum
        """,
        [MARTS],
    )
    found: dict[str, dict[str, str]] = {}
    for name, column, kind in cursor.fetchall():
        found.setdefault(name, {})[column] = kind
    return found


def fit(cursor: Cursor[Any], mart: Mart, there: Mapping[str, str] | None) -> None:
    """Give a table the columns of its mart, and no rows. Columns that stay are not touched: views of others rest on
    them."""
    if there is None:
        columns = ", ".join(f"{identifier(name)} {kind}" for name, kind in mart.columns.items())
        cursor.execute(f"create table {table(mart.name)} ({columns})")
        return
    cursor.execute(f"delete from {table(mart.name)}")
    for name in there.keys() - mart.columns.keys():
        cursor.execute(f"alter table {table(mart.name)} drop column {identifier(name)}")
    for name, kind in mart.columns.items():
        column = f"column {identifier(name)}"
        if name not in there:
            cursor.execute(f"alter table {table(mart.name)} add {column} {kind}")
        elif there[name] != kind:
            cursor.execute(f"alter table {table(mart.name)} alter {column} type {kind} using null::{kind}")


def fill(cursor: Cursor[Any], mart: Mart) -> None:
    columns = ", ".join(identifier(name) for name in mart.columns)
    statement = f"copy {table(mart.name)} ({columns}) from stdin (format csv, null {quoted(NULL)})"
    with mart.rows.open("rb") as file, cursor.copy(statement) as target:
        while block := file.read(BLOCK):
            target.write(block)


def grant(cursor: Cursor[Any]) -> None:
    """Let the role of readers read the marts; make it where that is allowed."""
    cursor.execute("select 1 from pg_roles where rolname = %s", [READERS])
    if not cursor.fetchall():
        cursor.execute("select rolcreaterole or rolsuper from pg_roles where rolname = current_user")
        if not cursor.fetchall()[0][0]:
            return
        cursor.execute(f"create role {READERS} nologin")
    cursor.execute(f"grant usage on schema {MARTS} to {READERS}")
    cursor.execute(f"grant select on all tables in schema {MARTS} to {READERS}")


def table(name: str) -> str:
    return f"{MARTS}.{identifier(name)}"
