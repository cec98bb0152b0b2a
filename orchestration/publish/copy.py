"""The copy of the marts: written into a new file, and read back as its readers will read it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from orchestration.publish.builds import PublishError
from stammkunde.database import STORAGE_VERSION, attach_read_only, identifier, in_memory, path_literal, quoted, wal_of
from stammkunde.files import PUBLIC_FILE, PUBLIC_FOLDER, remove, to_disk, write_json
from stammkunde.manifest import MARTS, Words
from stammkunde.published import AN_EMAIL

DATA_PACKAGE = "datapackage.json"


def write(warehouse: Path, target: Path, build_id: str, words: Mapping[str, Words]) -> dict[str, int]:
    """Write every mart into a new file, with what it and its columns are as comments. Gives the rows of each. Raises
    PublishError where they are another build's."""
    with in_memory() as connection:
        # Views name the catalog that they were made in: the warehouse keeps its name.
        source = identifier(warehouse.stem)
        attach_read_only(connection, warehouse, warehouse.stem)
        check_build(connection, f"{source}.{MARTS}.build", build_id, warehouse)
        connection.execute(
            f"attach {quoted(str(target))} as being_published (storage_version {quoted(STORAGE_VERSION)})"
        )
        connection.execute(f"create schema being_published.{MARTS}")
        connection.execute(f"use {source}")
        tables = {}
        for table in tables_of(connection, warehouse.stem):
            copied = connection.execute(
                f"create table being_published.{MARTS}.{identifier(table)} as "
                f"select * from {source}.{MARTS}.{identifier(table)}"
            ).fetchall()
            tables[table] = copied[0][0]
            for statement in comments(f"being_published.{MARTS}.{identifier(table)}", words.get(table)):
                connection.execute(statement)
        connection.execute("detach being_published")
    return tables


def comments(table: str, words: Words | None) -> Iterator[str]:
    """Statements, of DuckDB and PostgreSQL alike, that say what a table and its columns are: tools show this."""
    if words is None:
        return
    yield f"comment on table {table} is {quoted(words.model)}"
    for column, text in words.columns.items():
        yield f"comment on column {table}.{identifier(column)} is {quoted(text)}"


def words_in(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, Words]:
    """What a published file says of its tables and columns; earlier versions wrote nothing."""
    tables = connection.execute(
        "select table_name, comment from duckdb_tables() where database_name = ? and schema_name = ?", [catalog, MARTS]
    ).fetchall()
    columns = connection.execute(
        "select table_name, column_name, comment from duckdb_columns() where database_name = ? and schema_name = ? "
        "and comment is not null order by table_name, column_index",
        [catalog, MARTS],
    ).fetchall()
    return {
        table: Words(text, {column: said for of, column, said in columns if of == table})
        for table, text in tables
        if text is not None
    }


def keep_excluded_orders(warehouse: Path, target: Path) -> None:
    """Keep the orders that are known and do not count, for the next refresh to compare with."""
    with in_memory() as connection:
        attach_read_only(connection, warehouse, warehouse.stem)
        copy_to_parquet(connection, excluded_orders(warehouse.stem), target)


def excluded_orders(catalog: str) -> str:
    """The orders of a build that are known and do not count."""
    return f"""
    select order_id, order_date, net_amount, updated_at, exclusion_reason
    from {identifier(catalog)}.staging.excluded_orders
    where exclusion_reason <> 'after_as_of_date'
    """


def tables_of(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[str]:
    """Names of all tables and views in the schema marts."""
    found = connection.execute(
        "select table_name from information_schema.tables where table_catalog = ? and table_schema = ? order by 1",
        [catalog, MARTS],
    ).fetchall()
    return [name for (name,) in found]


def check_build(connection: duckdb.DuckDBPyConnection, table: str, build_id: str, file: Path) -> None:
    try:
        found = connection.execute(f"select build_id from {table}").fetchall()
    except duckdb.CatalogException as error:
        raise PublishError(f"{file}: holds no build: run a refresh (make run)") from error
    if found != [(build_id,)]:
        raise PublishError(
            f"{file}: holds another build than the one that was checked ({build_id}): was dbt run meanwhile? "
            "Run a refresh (make run)"
        )


def audit(file: Path, catalog: str, tables: Mapping[str, int], build_id: str, rules: Mapping[str, str]) -> None:
    """Read the new file as its readers will, and raise PublishError where it is not what it should be.

    `rules` are the SQL of dbt's tests on the marts that say how this build was checked, by name; each gives the broken
    rules with their rows. While dbt ran, these marts had no rows yet. The SQL names the `catalog` that it was compiled
    for.
    """
    if wal_of(file).exists():
        raise PublishError(f"{file}: was not closed properly: its write-ahead log is still there")
    with in_memory() as connection:
        attach_read_only(connection, file, catalog)
        connection.execute(f"use {identifier(catalog)}")
        check_build(connection, f"{MARTS}.build", build_id, file)
        texts = text_columns(connection, catalog)
        for table, rows in tables.items():
            check_table(connection, file, table, rows, texts.get(table, []))
        for name, sql in rules.items():
            broken = connection.execute(sql).fetchall()
            if broken:
                said = "; ".join(f"{rule} in {rows:,} rows" for rule, rows in broken)
                raise PublishError(f"{file}: breaks {name}: {said}")


def text_columns(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, list[str]]:
    """The text columns of each mart."""
    found = connection.execute(
        "select table_name, list(column_name order by column_name) from information_schema.columns "
        "where table_catalog = ? and table_schema = ? and data_type = 'VARCHAR' group by table_name",
        [catalog, MARTS],
    ).fetchall()
    return dict(found)


def check_table(connection: duckdb.DuckDBPyConnection, file: Path, table: str, rows: int, texts: Sequence[str]) -> None:
    """All rows are there, and no text is or holds an e-mail address: personal data ends in staging."""
    held = "".join(f", count(case when {identifier(text)} like '{AN_EMAIL}' then 1 end)" for text in texts)
    found, *emails = connection.execute(f"select count(*){held} from {MARTS}.{identifier(table)}").fetchall()[0]
    if found != rows:
        raise PublishError(f"{file}: {MARTS}.{table} has {found:,} rows instead of {rows:,}")
    for column, number in zip(texts, emails, strict=True):
        if number:
            raise PublishError(
                f"{file}: {MARTS}.{table}.{column} holds e-mail addresses in {number:,} rows: nothing is published. "
                "Personal data ends in staging; map the column to nothing, or hash it"
            )


def write_parquet(file: Path, target: Path) -> None:
    """Write the marts of a published file as Parquet: a folder of one file each, comments as its metadata."""
    with in_memory() as connection:
        attach_read_only(connection, file, "published")
        words = words_in(connection, "published")
        for table in tables_of(connection, "published"):
            (target / table).mkdir(parents=True)
            parquet = target / table / f"{table}.parquet"
            source = f"select * from published.{MARTS}.{identifier(table)}"
            copy_to_parquet(connection, source, parquet, metadata(words.get(table)))
            to_disk(parquet)


def metadata(words: Words | None) -> dict[str, str]:
    """What a Parquet file says of its table and columns, as pairs."""
    if words is None:
        return {}
    return {"comment": words.model, **{f"comment.{column}": text for column, text in words.columns.items()}}


def metadata_of(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    """The same of a file that is there."""
    found = connection.execute(
        f"select decode(key), decode(value) from parquet_kv_metadata({path_literal(file)}) "
        "where starts_with(decode(key), 'comment')"
    )
    return dict(found.fetchall())


def copy_to_parquet(
    connection: duckdb.DuckDBPyConnection, select: str, file: Path, words: Mapping[str, str] | None = None
) -> None:
    pairs = ", ".join(f"{identifier(key)}: {quoted(text)}" for key, text in (words or {}).items())
    said = f", kv_metadata {{{pairs}}}" if pairs else ""
    connection.execute(f"copy ({select}) to {quoted(str(file))} (format parquet{said})")


def write_words(words: Mapping[str, Words], folder: Path) -> None:
    """Say what the Parquet files of a folder hold, as a data package (datapackage.org, version 2) does."""
    resources = [
        {
            "name": table,
            "path": sorted(str(file.relative_to(folder)) for file in (folder / table).rglob("*.parquet")),
            "format": "parquet",
            "description": said.model,
            "schema": {"fields": [{"name": name, "description": text} for name, text in said.columns.items()]},
        }
        for table, said in sorted(words.items())
        if (folder / table).is_dir()
    ]
    package = {"$schema": "https://datapackage.org/profiles/2.0/datapackage.json", "resources": resources}
    write_json(folder / DATA_PACKAGE, package, PUBLIC_FILE)


def make_public(folder: Path) -> None:
    """Let everybody read a folder and all that is in it."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(PUBLIC_FOLDER if path.is_dir() else PUBLIC_FILE)


def link_files(folder: Path, target: Path) -> None:
    """A folder with the same Parquet files, without their contents a second time where that can be."""
    marks = shutil.ignore_patterns("_*", ".*")  # Spark's own beside the data
    try:
        shutil.copytree(folder, target, copy_function=os.link, ignore=marks)
    except OSError:  # another file system, or one without links
        remove(target)
        shutil.copytree(folder, target, ignore=marks)
    for file in target.rglob("*.parquet"):
        to_disk(file)
