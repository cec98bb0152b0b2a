"""JSON that is odd and allowed, and JSON that is no export: the right rows, or one line that says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from intake.mapping import Format
from intake.reading.json_files import load_json
from stammkunde.database import connect
from tests.test_sources import EVENTS, ORDERS, error_of, event, events, folder, read, source


@pytest.mark.parametrize("key", ['a"b', "c'd", "e\\f", "*", "ü[0]", "x/y", "~0", "", "$", "7"])
def test_a_key_may_have_any_sign(tmp_path: Path, key: str) -> None:
    """Also one that means something in SQL, in a path of DuckDB or in a JSON Pointer."""
    lines = json.dumps(event(1, **{key: "here", "inside": [{key: "k", "text": "there"}]}), ensure_ascii=False)
    with connect() as connection:
        path = folder(tmp_path, events_jsonl=lines) / "events.jsonl"
        load_json(connection, "loaded", path, Format(), tmp_path)
        assert "here" in connection.execute("select * from loaded").fetchall()[0]


@pytest.mark.parametrize("key", ['a"b', "c'd", "e\\f", "*", "x/y", "~0"])
def test_a_path_leads_through_keys_with_any_sign(tmp_path: Path, key: str) -> None:
    lines = json.dumps(event(1, first={key: {"why": "a"}}, parts=[{key: "no", "n": 1}, {key: "it's", "n": 2}]))
    rules = EVENTS.replace("    {more}\n", "")
    rules = rules.replace('"params[key=why].value.text"', json.dumps(f"first.{key}.why"))
    rules = rules.replace('"points[1]"', json.dumps(f"parts[{key}=it's].n"))
    raw = folder(tmp_path, orders_csv=ORDERS, events_jsonl=lines, mapping_yml=source("own", rules))
    assert read(raw, "activities", "detail, value") == [("a", "2")]


@pytest.mark.parametrize("path", ["who[0", "who[-1]", "who[a]"])
def test_a_path_that_is_none_is_a_column_that_is_not_there(tmp_path: Path, path: str) -> None:
    mapping = events().replace("occurred_at: at", f'occurred_at: "{path}"')
    raw = folder(tmp_path, orders_csv=ORDERS, events_jsonl=json.dumps(event(1)), mapping_yml=mapping)
    assert f"column '{path}' is not in" in error_of(raw)


def test_empty_brackets_are_signs_in_a_name(tmp_path: Path) -> None:
    lines = json.dumps({**event(1), "at[]": "2024-01-02"})
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        events_jsonl=lines,
        mapping_yml=events().replace("occurred_at: at", 'occurred_at: "at[]"'),
    )
    assert read(raw, "activities", "occurred_at") == [("2024-01-02",)]


def test_where_the_rows_of_a_document_are_is_said_by_names(tmp_path: Path) -> None:
    page = json.dumps({"da'ta": {"*": [event(1)]}})
    raw = folder(tmp_path, orders_csv=ORDERS, events_json=page, mapping_yml=events(format='{rows: "da\'ta.*"}'))
    assert read(raw, "activities", "activity_id") == [("1",)]
    (raw / "mapping.yml").write_text(events(format='{rows: "data[kind=x]"}'))
    assert "rows 'data[kind=x]' must be a path of names and positions" in error_of(raw)
    (raw / "mapping.yml").write_text(events(format="{rows: data}"))
    assert "events.json, which has no row with names of columns" in error_of(raw)


def test_keys_that_differ_in_case_alone_are_one_column(tmp_path: Path) -> None:
    """Older rows of an export may have `Id` where newer ones have `id`."""
    lines = [json.dumps(event(1)), '{"ID": 2, "Who": {"email": "2@x.de"}, "AT": "2024-01-02"}']
    raw = folder(tmp_path, orders_csv=ORDERS, events_jsonl="\n".join(lines), mapping_yml=events())
    assert read(raw, "activities", "activity_id, customer_id") == [("1", "1@x.de"), ("2", "2@x.de")]


def test_a_row_with_two_such_keys_is_an_error_where_they_are_read(tmp_path: Path) -> None:
    lines = json.dumps(event(1, other=1, Other=2, ID=2))
    raw = folder(tmp_path, orders_csv=ORDERS, events_jsonl=lines, mapping_yml=events())
    assert "events.jsonl: has rows with 'ID' and 'id', which are one column here" in error_of(raw)


@pytest.mark.parametrize("content", ["[" * 50_000 + "]" * 50_000, '[{"id": ' + "[" * 5_000 + "]" * 5_000 + "}]"])
def test_a_document_that_is_nested_without_end_is_an_error(tmp_path: Path, content: str) -> None:
    raw = folder(tmp_path, orders_csv=ORDERS, events_json=content, mapping_yml=events())
    assert "events.json: is no whole JSON" in error_of(raw)


def test_a_file_that_is_not_in_utf_8_names_the_line(tmp_path: Path) -> None:
    lines = json.dumps(event(1)) + '\n{"id": 2, "who": {"email": "jürgen@x.de"}}\n'
    raw = folder(tmp_path, orders_csv=ORDERS, events_jsonl=lines.encode("latin-1"), mapping_yml=events())
    assert "events.jsonl, line 2: is not utf-8" in error_of(raw)


def test_a_line_longer_than_any_row_is_an_error_and_no_row_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.reading.json_files.LONGEST_LINE", 5_000_000)
    lines = "\n".join(json.dumps(event(number, text="x" * number * 3_000_000)) for number in range(4))
    raw = folder(tmp_path, orders_csv=ORDERS, events_jsonl=lines, mapping_yml=events())
    assert "events.jsonl: has a line of more than 5,000,000 bytes" in error_of(raw)


def test_a_large_page_takes_little_more_memory_than_it_has(tmp_path: Path) -> None:
    """Its rows once carried the page with them: 50 MB in one line took more than 18 GB."""
    rows = [event(number, text="x" * 1_000) for number in range(8_000)]
    path = folder(tmp_path, page_json=json.dumps({"data": rows})) / "page.json"
    with connect() as connection:
        connection.execute("set memory_limit = '400MB'")
        connection.execute("set temp_directory = ''")
        load_json(connection, "loaded", path, Format(rows="data"), tmp_path)
        assert connection.execute("select count(*), count(text) from loaded").fetchall() == [(8_000, 8_000)]
