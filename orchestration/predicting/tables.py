"""The tables of the source `predictions`: Parquet files, which macros/quality shows to dbt at the start of a run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from stammkunde.database import connect, quoted
from stammkunde.files import replaced
from stammkunde.places import PROJECT, Places

DEFINITION = PROJECT / "models" / "predictions" / "predictions.yml"


@cache
def definitions() -> dict[str, Mapping[str, Any]]:
    """The tables of the source `predictions` by their names."""
    tables = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))["sources"][0]["tables"]
    return {table["name"]: table for table in tables}


@cache
def columns(table: str) -> dict[str, str]:
    """Column names of a table with their types."""
    return {column["name"]: column["data_type"] for column in definitions()[table]["columns"]}


def file_of(places: Places, table: str) -> Path:
    return places.predictions / f"{table}.parquet"


def selected(table: str, given: Mapping[str, str]) -> str:
    """A select of the table's columns in their types; those not given are null."""
    casts = (f"cast({given.get(name, 'null')} as {kind}) as {name}" for name, kind in columns(table).items())
    return f"select {', '.join(casts)}"


def complete(places: Places) -> None:
    """Tables that are not there, or cannot be read, without rows: not every engine can ask whether a file exists."""
    with connect() as connection:
        for table in definitions():
            file = file_of(places, table)
            try:
                connection.execute("select count(*) from read_parquet(?)", [str(file)])
            except duckdb.Error:
                with replaced(file) as unfinished:
                    connection.execute(
                        f"copy ({selected(table, {})} where false) to {quoted(str(unfinished))} (format parquet)"
                    )
