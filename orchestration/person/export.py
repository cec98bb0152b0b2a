"""Everything about a person, from raw files to marts, as CSV files that anybody can read."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.person.erase import files_by_day, tables_by_day
from orchestration.person.find import Person
from orchestration.state import columns as columns_of_records
from stammkunde.database import identifier, in_memory, path_literal, quoted, read_only
from stammkunde.files import PRIVATE_FILE, PRIVATE_FOLDER
from stammkunde.places import Places
from stammkunde.settings import defaults

SCHEMAS = ("raw", "staging", "intermediate", "marts")
OF_PERSON = ("customer_id", "customer_email", "email", "email_hash", "referred_by_customer_id")
NO_NUMBER = ("", *map(str, defaults()["missing_values"]))  # type: ignore[call-overload]
READABLE = (".csv", ".txt", ".tsv", ".parquet")


def export_person(
    places: Places, person: Person, folder: Path | None = None
) -> tuple[Path, dict[str, int], list[Path]]:
    """Write all rows about a person into a folder that only its owner reads. Gives it, the rows of each file, and the
    raw files that could not be looked into. Where nothing is found there is no folder."""
    name = f"person-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    target = folder or places.warehouse.parent / name
    target.mkdir(parents=True, mode=PRIVATE_FOLDER)
    written: dict[str, int] = {}
    orders: set[str] = set()
    if places.warehouse.exists():
        with read_only(places.warehouse) as connection:
            name_person(connection, person)
            orders = orders_of(connection)
            for schema, table in tables(connection):
                rows = write(connection, f"{schema}.{identifier(table)}", target / f"{schema}.{table}.csv")
                written |= {f"{schema}.{table}": rows} if rows else {}
    recorded, unread_records = recorded_rows(places, person, target)
    more, unread = raw_rows(places, person, orders, target)
    if not (written or recorded or more):
        target.rmdir()
    return target, {**written, **recorded, **more}, [*unread_records, *unread]


def name_person(connection: duckdb.DuckDBPyConnection, person: Person) -> None:
    """What a column may hold that is about the person; text is compared without blanks around it, in lower case."""
    hashes = {one.removeprefix("guest:") for one in person.customer_ids if one.startswith("guest:")}
    texts = {text.lower() for text in (*person.identifiers.texts(), *person.customer_ids, *hashes)}
    connection.execute("create temp table person (text varchar)")
    connection.executemany("insert into person values (?)", [[text] for text in sorted(texts)])
    connection.execute("create temp table orders_of_person (order_id varchar)")


def orders_of(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The person's orders, by which lines and refunds are found."""
    for schema, table in tables(connection):
        names = columns(connection, f"{schema}.{identifier(table)}")
        if "order_id" in names and set(names) & set(OF_PERSON):
            connection.execute(
                f"insert into orders_of_person select distinct trim(order_id) from {schema}.{identifier(table)} "
                f"where {of_person(names)} and order_id is not null"
            )
    return {order for (order,) in connection.execute("select distinct order_id from orders_of_person").fetchall()}


def tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The tables and views of the warehouse, from raw to marts."""
    found = connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
    return sorted((row for row in found if row[0] in SCHEMAS), key=lambda row: (SCHEMAS.index(row[0]), row[1]))


def columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    try:
        return [row[0] for row in connection.execute(f"describe select * from {table}").fetchall()]
    except duckdb.Error:  # a view over files that are gone
        return []


def of_person(names: Sequence[str]) -> str:
    """Whether a row is about the person. The number goes before an e-mail: it may be another's order. As text: `email`
    is also what a model knows of a customer's e-mails, a number."""
    has_number = f"lower(trim(customer_id)) not in ({', '.join(map(quoted, NO_NUMBER))})"
    conditions = [
        f"lower(trim(cast({name} as varchar))) in (select text from person)"
        + (f" and coalesce(not {has_number}, true)" if "email" in name and "customer_id" in names else "")
        for name in OF_PERSON
        if name in names
    ]
    # As a spreadsheet writes a number.
    if "customer_id" in names:
        conditions.append("regexp_replace(trim(customer_id), '[.]0+$', '') in (select text from person)")
    return f"({' or '.join(conditions)})"


def write(connection: duckdb.DuckDBPyConnection, table: str, file: Path) -> int:
    """The rows of one table. No file where there are none."""
    names = columns(connection, table)
    conditions = [of_person(names)] if set(names) & set(OF_PERSON) else []
    if "order_id" in names:
        conditions.append("trim(order_id) in (select order_id from orders_of_person)")
    if not conditions:
        return 0
    found = connection.execute(f"select * from {table} where {' or '.join(conditions)}")
    return write_rows(file, names, found.fetchall())


def write_rows(file: Path, names: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
    if rows:
        file.touch(PRIVATE_FILE)
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(names)
            writer.writerows(rows)
    return len(rows)


def recorded_rows(places: Places, person: Person, target: Path) -> tuple[dict[str, int], list[Path]]:
    """What is recorded of the customer day by day, also what was set aside. Gives the rows of each table, and files
    that cannot be read."""
    written, unread = {}, []
    with in_memory() as connection:
        name_person(connection, person)
        for table in tables_by_day():
            names, found = list(columns_of_records(table)), set()
            for file in files_by_day(places, table):
                source = f"read_parquet({path_literal(file)}, hive_partitioning = false)"
                asked = f"select {', '.join(names)} from {source} where {of_person(names)}"
                try:
                    found |= set(connection.execute(asked).fetchall())
                except duckdb.Error:
                    unread.append(file)
            if rows := write_rows(target / f"records.{table}.csv", names, sorted(found, key=str)):
                written[f"records.{table}"] = rows
    return written, unread


def raw_rows(places: Places, person: Person, orders: set[str], target: Path) -> tuple[dict[str, int], list[Path]]:
    """Rows of the raw files as the shop exported them, with the columns that no refresh reads, and of lists with
    addresses. Gives the rows of each, and the files of other formats."""
    written, unread = {}, []
    wanted = sorted({text.lower() for text in person.identifiers.texts()} | {order.lower() for order in orders})
    for file in [*raw_files(places), *sorted(places.addresses.glob("*.csv"))]:
        try:
            names, rows = matching(file, wanted) if file.suffix.lower() in READABLE else ((), None)
        except duckdb.Error:
            rows = None
        if rows is None:
            unread.append(file)
            continue
        is_list = file.parent == places.addresses
        shown = f"addresses/{file.name}" if is_list else "files/" + str(file.relative_to(places.raw or file.parent))
        if rows:
            written[shown] = write_rows(target / f"{shown.replace('/', '.').removesuffix('.csv')}.csv", names, rows)
    return written, unread


def raw_files(places: Places) -> Iterator[Path]:
    paths = sorted(places.raw.rglob("*")) if places.raw else []
    return (path for path in paths if path.is_file() and not path.name.startswith((".", "_")))


def matching(file: Path, wanted: Sequence[str]) -> tuple[list[str], list[tuple]]:
    """Rows in which any column is one of the texts."""
    with duckdb.connect() as connection:
        source = (
            f"read_parquet({path_literal(file)})"
            if file.suffix.lower() == ".parquet"
            else f"read_csv({path_literal(file)}, all_varchar = true, header = true, null_padding = true, "
            "ignore_errors = true)"
        )
        names = [row[0] for row in connection.execute(f"describe select * from {source}").fetchall()]
        listed = ", ".join(quoted(text) for text in wanted) or "null"
        conditions = " or ".join(f"lower(trim(cast({identifier(name)} as varchar))) in ({listed})" for name in names)
        return names, connection.execute(f"select * from {source} where {conditions}").fetchall()
