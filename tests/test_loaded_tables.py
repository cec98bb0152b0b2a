"""The tables that a loader leaves are read from its schema as from files: the types of columns change no row."""

from pathlib import Path

import duckdb
import pytest
import yaml

from intake.entities import entities
from intake.prepare import prepare
from tests.test_connectors import FOLDER, expected, in_order, rows_of

SHAPES = (
    "delighted/airbyte_table", "delighted/fivetran", "qualtrics/fivetran", "typeform/airbyte_table", "wootric/stitch",
)  # fmt: skip


def loaded(shape: Path, raw: Path) -> None:
    """A DuckDB file in the raw folder, in whose schema `loaded` each file of the shape is a table with types."""
    raw.mkdir()
    with duckdb.connect(str(raw / "warehouse.duckdb")) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create schema loaded")
        for file in sorted((shape / "raw").glob("*.csv")):
            connection.execute(f"create table loaded.{file.stem} as from read_csv('{file}', header = true)")
    place = {"duckdb": "warehouse.duckdb", "name": "loaded"}
    (raw / "mapping.yml").write_text(yaml.safe_dump({"sources": {shape.parent.name: {"schema": place}}}))


@pytest.mark.parametrize("name", SHAPES)
def test_a_schema_gives_the_rows_that_files_give(name: str, tmp_path: Path) -> None:
    shape = FOLDER / name
    loaded(shape, tmp_path / "raw")
    folder = prepare(tmp_path / "raw", tmp_path / "prepared", elsewhere=["orders"])
    known = expected(shape)
    assert known["activities"]
    for entity in entities():
        assert in_order(rows_of(folder, entity)) == in_order(known.get(entity, [])), entity
