"""Schemas that loaders fill, in DuckDB and in PostgreSQL: a source that names one has the rows that files would have.

The tables are made of the files in tests/connectors, with the types that they have by their values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from intake.prepare import prepare
from stammkunde.database import quoted
from tests.postgres import running_postgres
from tests.test_connectors import FOLDER, expected, in_order, rows_of

SHAPES = (
    "stripe_subscriptions/fivetran", "stripe_subscriptions/airbyte", "recharge/fivetran", "chargebee/airbyte",
    "shopify_tables/rest", "shopify_tables/graphql",
)  # fmt: skip
TYPES = {"BIGINT": "bigint", "DOUBLE": "double precision", "BOOLEAN": "boolean", "TIMESTAMP": "timestamp"}
VARIABLE = "STAMMKUNDE_SOURCE_LOADED"


def make_tables(connection: duckdb.DuckDBPyConnection, shape: Path) -> list[str]:
    """A schema `loaded` with a table for each file, called like it."""
    connection.execute("create schema loaded")
    files = sorted(path for path in (shape / "raw").iterdir() if path.name != "mapping.yml")
    for path in files:
        reader = "read_csv" if path.suffix == ".csv" else "read_json"
        connection.execute(f'create table loaded."{path.stem}" as select * from {reader}({quoted(str(path))})')
    return [path.stem for path in files]


def write_mapping(raw: Path, shape: str, place: str) -> None:
    system = shape.split("/")[0]
    (raw / "mapping.yml").write_text(
        f"sources: {{own_name: {{preset: {system}, schema: {{{place}, name: loaded}}}}}}\n", encoding="utf-8"
    )


def check_rows(raw: Path, shape: str) -> None:
    """The rows are those that the files become, where true and false are booleans now."""
    folder = prepare(raw, raw.parent / "prepared", elsewhere=["orders"])
    known = expected(FOLDER / shape)
    left_out = {(row["entity"], row["reason"]): int(row["rows"]) for row in known.pop("left_out")}
    for entity, rows in known.items():
        lower = [{key: value.lower() if key == "is_test" else value for key, value in row.items()} for row in rows]
        assert in_order(rows_of(folder, entity)) == in_order(lower), entity
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select entity, reason, \"rows\" from '{folder}/intake_outcomes.parquet' where outcome = 'left_out'"
        ).fetchall()
    assert {(entity, reason): rows for entity, reason, rows in found} == left_out


@pytest.mark.parametrize("shape", SHAPES)
def test_a_schema_in_duckdb_is_read_by_a_preset(shape: str, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    with duckdb.connect(str(raw / "company.duckdb")) as connection:
        make_tables(connection, FOLDER / shape)
    write_mapping(raw, shape, "duckdb: company.duckdb")
    check_rows(raw, shape)


def test_a_table_that_dlt_made_is_read_by_a_preset(tmp_path: Path) -> None:
    """As docs/loaders.md fills it: times that are always there have a type, others are text; objects are JSON."""
    shape = "woocommerce_subscriptions/rest"
    raw = tmp_path / "raw"
    raw.mkdir()
    with duckdb.connect(str(raw / "company.duckdb")) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create schema loaded")
        pages = quoted(str(FOLDER / shape / "raw" / "subscriptions_*.json"))
        texts = (
            "status", "currency", "total", "total_tax", "shipping_total", "billing_period", "billing_interval",
            "trial_end_date_gmt", "cancelled_date_gmt", "end_date_gmt",
        )  # fmt: skip
        types = {"id": "bigint", "customer_id": "bigint", "billing": "json", **dict.fromkeys(texts, "varchar")}
        types |= dict.fromkeys(("start_date_gmt", "date_modified_gmt"), "timestamptz")
        listed = ", ".join(f"{name}: '{kind}'" for name, kind in types.items())
        connection.execute(
            f"create table loaded.subscriptions as select *, '1795815513.87' as _dlt_load_id "
            f"from read_json({pages}, columns = {{{listed}}})"
        )
    write_mapping(raw, shape, "duckdb: company.duckdb")
    check_rows(raw, shape)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_postgres() as address:
        yield address


@pytest.mark.parametrize("shape", ("stripe_subscriptions/fivetran", "chargebee/airbyte", "shopify_tables/rest"))
def test_a_schema_in_postgresql_is_read_by_a_preset(
    shape: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists and objects are `jsonb` there."""
    import psycopg

    raw = tmp_path / "raw"
    raw.mkdir()
    with duckdb.connect() as connection, psycopg.connect(server) as database:
        connection.execute("set TimeZone = 'UTC'")
        tables = make_tables(connection, FOLDER / shape)
        database.execute("drop schema if exists loaded cascade")
        database.execute("create schema loaded")
        for table in tables:
            described = connection.execute(f'describe loaded."{table}"').fetchall()
            kinds = {name: kind for name, kind, *_ in described}
            is_nested = {name for name, kind in kinds.items() if kind.startswith(("STRUCT", "MAP")) or "[]" in kind}
            columns = ", ".join(
                f'"{name}" {"jsonb" if name in is_nested else TYPES.get(kind, "text")}' for name, kind in kinds.items()
            )
            database.execute(f'create table loaded."{table}" ({columns})')
            places = ", ".join("%s" for _ in kinds)
            for row in connection.execute(f'select * from loaded."{table}"').fetchall():
                values = [
                    json.dumps(value) if name in is_nested and value is not None else value
                    for name, value in zip(kinds, row, strict=True)
                ]
                database.execute(f'insert into loaded."{table}" values ({places})', values)
        database.commit()
    monkeypatch.setenv(VARIABLE, server)
    write_mapping(raw, shape, f"postgres: {VARIABLE}")
    check_rows(raw, shape)


def test_tables_in_postgresql_may_have_capitals_and_dots(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    with psycopg.connect(server) as database:
        database.execute('create schema "Own.Schema"')
        database.execute(
            """create table "Own.Schema"."Vis""it.S" as select 1 as "ID", 'K1' as who, date '2024-01-01' as at"""
        )
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "mapping.yml").write_text(
        """
sources:
  own:
    schema: {postgres: STAMMKUNDE_SOURCE_LOADED, name: Own.Schema}
    entities:
      activities:
        rules:
          visits:
            tables: ['vis"it.s']
            columns: {activity_id: id, customer_id: who, occurred_at: at, activity_type: {constant: session}}
"""
    )
    monkeypatch.setenv(VARIABLE, server)
    rows = rows_of(prepare(raw, tmp_path / "prepared", elsewhere=["orders"]), "activities")
    assert [(row["activity_id"], row["customer_id"]) for row in rows] == [("1", "K1")]
