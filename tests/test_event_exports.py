"""What exports of events need besides plain columns: tables of a day in parts, rows looked up by a key of two columns,
ids of devices that are nobody's, and logs that are only called `.gz`."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path
from textwrap import dedent, indent

import duckdb
import polars
import pytest
import yaml

from intake.mapping import load_mapping
from intake.prepare import prepare
from stammkunde.database import quoted
from stammkunde.places import PROJECT
from tests.test_connectors import FOLDER, expected, in_order, rows_of

COLUMNS = {"customer_id": "user", "occurred_at": "at", "activity_type": {"constant": "session"}}


def read(tmp_path: Path, files: dict[str, str], rule: dict, **beside: dict) -> list[tuple]:
    """The activities of a folder of files, read by one rule: customer, time of day and detail, in order."""
    raw = tmp_path / "raw"
    raw.mkdir()
    for name, text in files.items():
        (raw / name).write_text(text, encoding="utf-8")
    return converted(raw, rule, **beside)


def converted(raw: Path, rule: dict, **beside: dict) -> list[tuple]:
    columns = {**COLUMNS, "detail": "what", **rule.get("columns", {})}
    mapping = {"entities": {"activities": {**rule, "columns": columns}}, **beside}
    (raw / "mapping.yml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
    out = prepare(raw, raw.parent / "prepared", elsewhere=["orders"])
    with duckdb.connect() as connection:
        return connection.execute(
            f"select customer_id, occurred_at[12:], detail from {quoted(str(out / 'activities.parquet'))} order by all"
        ).fetchall()


def events(*rows: str) -> str:
    return "\n".join(["day,user,at,what", *rows]) + "\n"


IN_PARTS = {
    "events_a_000000000000.csv": events("1,ada,2024-03-01 09:00,first part"),
    "events_a_000000000001.csv": events("1,ben,2024-03-01 10:00,second part"),
    "events_live.csv": events("1,ada,2024-03-01 09:00,early", "2,ada,2024-03-02 08:00,early"),
}
NAMES = ["events_live.csv", "events_a_*.csv"]


@pytest.mark.parametrize("separator", ["_", "20240301"])
def test_parts_of_a_table_are_one_file_and_take_the_place_of_what_came_before(tmp_path: Path, separator: str) -> None:
    fold = {"kind": "last_file", "by": "day", "split": "true"}
    files = {name.replace("a_0", f"a_{separator}0"): text for name, text in IN_PARTS.items()}
    assert read(tmp_path, files, {"files": NAMES, "fold": fold}) == [
        ("ada", "08:00", "early"),
        ("ada", "09:00", "first part"),
        ("ben", "10:00", "second part"),
    ]


def test_without_split_each_file_is_a_table_of_its_own(tmp_path: Path) -> None:
    found = read(tmp_path, IN_PARTS, {"files": NAMES, "fold": {"kind": "last_file", "by": "day"}})
    assert found == [("ada", "08:00", "early"), ("ben", "10:00", "second part")]


def test_a_row_is_found_by_a_key_of_two_columns_among_those_that_say_something(tmp_path: Path) -> None:
    files = {
        "visits.csv": "device,session,at,what\nd1,1,2024-03-01 09:00,a\nd1,2,2024-03-01 10:00,b\n"
        ",1,2024-03-01 11:00,c\n",
        "users.csv": "device,session,login,n\nd1,1,ada,1\nd1,1,,2\nd1,2,,1\nd2,1,ben,1\n,1,cleo,1\n",
    }
    rule = {
        "files": "visits.csv",
        "join": {"found": {"to": "users", "on": "{device}:{session}"}},
        "columns": {"customer_id": "found.login"},
    }
    users = {"files": "users.csv", "by": "{device}:{session}", "newest": "n", "filled": "login"}
    assert read(tmp_path, files, rule, lookups={"users": users}) == [
        ("ada", "09:00", "a"),
        (None, "10:00", "b"),
        (None, "11:00", "c"),
    ]


def test_an_optional_join_finds_nothing_in_a_file_without_its_column(tmp_path: Path) -> None:
    files = {
        "visits_1.csv": "device,at,what\nd1,2024-03-01 09:00,a\n",
        "visits_2.csv": "at,what\n2024-03-01 10:00,b\n",
        "users.csv": "device,login\nd1,ada\n",
    }
    join = {"found": {"to": "users", "on": "device", "optional": "true"}}
    rule = {"files": "visits_*.csv", "join": join, "columns": {"customer_id": "found.login"}}
    found = read(tmp_path, files, rule, lookups={"users": {"files": "users.csv", "by": "device"}})
    assert found == [("ada", "09:00", "a"), (None, "10:00", "b")]
    known = load_mapping(tmp_path / "raw" / "mapping.yml").entities["activities"]
    assert "device" in known.source_columns()
    assert "device" not in [*known.file_columns(), *known.without({"device"}).source_columns()]


def test_values_that_begin_as_those_of_devices_are_empty_and_the_next_column_counts(tmp_path: Path) -> None:
    text = (
        "user,mail,at,what\n$device:1,a@x.test,2024-03-01 09:00,\n$device:2,$device:3,2024-03-01 10:00,\n"
        "7,b@x.test,2024-03-01 11:00,\n"
    )
    customer = {"column": "user", "unless_begins": "$device:", "otherwise": ["mail"]}
    found = read(tmp_path, {"events.csv": text}, {"files": "events.csv", "columns": {"customer_id": customer}})
    assert found == [("7", "11:00", None), ("a@x.test", "09:00", None), (None, "10:00", None)]


def test_others_says_what_every_value_becomes_that_is_not_named(tmp_path: Path) -> None:
    text = "user,at,what\na,2024-03-01 09:00,4\nb,2024-03-01 10:00,\nc,2024-03-01 11:00,1\n"
    detail = {"column": "what", "values": {"1": "control"}, "others": "treatment"}
    found = read(tmp_path, {"events.csv": text}, {"files": "events.csv", "columns": {"detail": detail}})
    assert [what for _, _, what in found] == ["treatment", None, "control"]


@pytest.mark.parametrize("packed", [True, False])
def test_a_log_that_is_only_called_gz_is_read_as_json_packed_or_not(tmp_path: Path, packed: bool) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    lines = "".join(
        json.dumps({"user": user, "at": "2024-03-01T09:00:00Z", "what": {"is": "deep"}}) + "\n" for user in "ab"
    )
    content = lines.encode()
    (raw / "1700000000.gz").write_bytes(gzip.compress(content) if packed else content)
    found = converted(raw, {"files": "*.gz", "columns": {"detail": "what.is"}})
    assert found == [("a", "09:00:00Z", "deep"), ("b", "09:00:00Z", "deep")]


def test_a_packed_csv_file_that_is_only_called_gz_stays_one(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "events.gz").write_bytes(gzip.compress(b"user,at,what\na,2024-03-01 09:00,x\n"))
    assert converted(raw, {"files": "*.gz"}) == [("a", "09:00", "x")]


def test_nested_parquet_of_google_analytics_becomes_the_rows_of_its_json(tmp_path: Path) -> None:
    shape = FOLDER / "google_analytics" / "bigquery"
    raw = tmp_path / "raw"
    raw.mkdir()
    value = "struct(string_value varchar, int_value bigint, float_value double, double_value double)"
    types = {
        "event_date": "varchar", "event_timestamp": "bigint", "event_name": "varchar", "user_id": "varchar",
        "event_params": f"struct(key varchar, value {value})[]", "user_pseudo_id": "varchar", "platform": "varchar",
        "batch_event_index": "bigint",
    }  # fmt: skip
    with duckdb.connect() as connection:
        for file in sorted((shape / "raw").glob("*.json")):
            target = raw / file.with_suffix(".parquet").name
            rows = f"read_json({quoted(str(file))}, format = 'newline_delimited', columns = {types})"
            connection.execute(f"copy (select * from {rows}) to {quoted(str(target))} (format parquet)")
    (raw / "mapping.yml").write_text("sources: [google_analytics]\n", encoding="utf-8")
    found = rows_of(prepare(raw, tmp_path / "prepared", elsewhere=["orders"]), "activities")
    assert in_order(found) == in_order(expected(shape)["activities"])


def test_avro_files_of_heap_become_rows_by_way_of_parquet(tmp_path: Path) -> None:
    shape = FOLDER / "heap" / "rows_of_avro"
    raw = tmp_path / "raw"
    raw.mkdir()
    for file in (shape / "raw").glob("*.jsonl"):
        polars.read_ndjson(file).write_avro(tmp_path / f"{file.stem}.avro")
        polars.read_avro(tmp_path / f"{file.stem}.avro").write_parquet(raw / f"{file.stem}.parquet")
    shutil.copy(shape / "raw" / "mapping.yml", raw)
    found = rows_of(prepare(raw, tmp_path / "prepared", elsewhere=["orders"]), "activities")
    assert in_order(found) == in_order(expected(shape)["activities"])


def test_the_mapping_in_the_page_on_sheets_is_the_tested_one() -> None:
    mapping = (FOLDER / "google_sheets" / "zapier_german" / "raw" / "mapping.yml").read_text(encoding="utf-8")
    page = (PROJECT / "docs" / "connectors" / "google-sheets.md").read_text(encoding="utf-8")
    assert indent(mapping, "    ") in page


@pytest.mark.parametrize(
    "shape",
    ["segment/warehouse", "heap/warehouse", "heap/fivetran", "google_analytics/fivetran", "mixpanel/airbyte"],
)
def test_tables_with_types_become_the_rows_of_their_files(tmp_path: Path, shape: str) -> None:
    system = shape.split("/")[0]
    raw = tmp_path / "raw"
    raw.mkdir()
    with duckdb.connect(raw / "loaded.duckdb") as connection:
        connection.execute("create schema loader")
        for file in sorted((FOLDER / shape / "raw").glob("*.csv")):
            connection.execute(f'create table loader."{file.stem}" as from read_csv({quoted(str(file))})')
    source = {"schema": {"duckdb": "loaded.duckdb", "name": "loader"}}
    (raw / "mapping.yml").write_text(yaml.safe_dump({"sources": {system: source}}), encoding="utf-8")
    found = rows_of(prepare(raw, tmp_path / "prepared", elsewhere=["orders"]), "activities")
    known = expected(FOLDER / shape)["activities"]
    assert in_order([without_id(row) for row in found]) == in_order([without_id(row) for row in known])
    assert len({row["activity_id"] for row in found}) == len(known)


def without_id(row: dict[str, str]) -> dict[str, str]:
    """A row without its id, which may hold a time as the table writes it."""
    return {name: value for name, value in row.items() if name != "activity_id"}


PAGES = sorted(page for page in (PROJECT / "docs" / "connectors").glob("*.md") if page.stem != "README")
# A mapping in a page: indented lines that begin with `sources:`, and may be indented further, as in a list.
MAPPING = re.compile(r"^( {4,})sources:.*\n(?:(?:\1.*)?\n)*", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_mapping_in_a_page_on_connectors_can_be_read(tmp_path: Path, page: Path) -> None:
    mappings = [dedent(found[0]) for found in MAPPING.finditer(page.read_text(encoding="utf-8"))]
    assert mappings
    for mapping in mappings:
        (tmp_path / "mapping.yml").write_text(mapping, encoding="utf-8")
        assert load_mapping(tmp_path / "mapping.yml").sources, mapping
