"""Sources: several systems feed one raw folder, in the forms in which they export."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from intake.errors import IntakeError
from intake.mapping import load_mapping, presets
from intake.mapping.load import load_preset
from intake.prepare import prepare

ORDERS = "order_id,customer_id,ordered_at,amount\n1,K1,2024-01-01,5\n2,b@x.de,2024-01-02,6\n"
TICKETS = """\
entities:
  activities:
    columns: {source_system: {constant: desk}}
    rules:
      opened:
        tables: [ticket]
        columns:
          {activity_id: id, customer_id: customer, occurred_at: created, activity_type: {constant: ticket_opened}}
      solved:
        tables: [ticket]
        leave_out: {not_solved: {column: solved, empty: true}}
        columns: {activity_id: id, customer_id: customer, occurred_at: solved, activity_type: {constant: ticket_solved}}
"""


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    """A raw folder with files, named with __ for a folder and _ for the dot before their ending."""
    raw = tmp_path / "raw"
    for name, content in files.items():
        path = raw / Path(*re.sub(r"_(jsonl?|csv|yml)$", r".\1", name).split("__"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return raw


def source(name: str, rules: str, more: str = "") -> str:
    """A mapping of one source with rules of its own."""
    indented = "".join(f"    {line}\n" for line in (more + rules).splitlines())
    return f"sources:\n  {name}:\n{indented}"


def read(raw: Path, entity: str, columns: str, out: str = "prepared") -> list[tuple]:
    prepared = prepare(raw, raw.parent / out)
    files = [str(file) for file in (*prepared.glob(f"{entity}.parquet"), *prepared.glob(f"{entity}/*"))]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        reader = (
            f"read_parquet({files}, union_by_name = true)" if files[0].endswith("parquet") else f"read_csv({files})"
        )
        return connection.execute(f"select {columns} from {reader} order by all").fetchall()


def outcomes(raw: Path) -> tuple[dict[str, int], int, int]:
    """The lines that are no rows by reason, the lines that were read, and the rows that were handed on."""
    prepared = raw.parent / "prepared"
    with duckdb.connect() as connection:
        reasons = {}
        if (prepared / "intake_outcomes.parquet").exists():
            query = f"select reason, cast(sum(\"rows\") as int) from '{prepared}/intake_outcomes.parquet' group by all"
            reasons = dict(connection.execute(query).fetchall())
        query = f"select sum(rows_read)::int, sum(rows_handed_on)::int from '{prepared}/intake_files.parquet'"
        return reasons, *connection.execute(query).fetchall()[0]


def error_of(raw: Path) -> str:
    with pytest.raises(IntakeError) as raised:
        prepare(raw, raw.parent / "prepared")
    assert "\n" not in str(raised.value)
    return str(raised.value)


# Several rules and sources ------------------------------------------------------------------------------------------


def test_a_mapping_of_signals_alone_stands_beside_orders_under_their_own_name(tmp_path: Path) -> None:
    desk = "id,customer,created,solved\n7,K1,2024-02-01,2024-02-03\n8,b@x.de,2024-02-02,\n"
    raw = folder(tmp_path, orders_csv=ORDERS, desk__ticket_csv=desk, mapping_yml=source("desk", TICKETS))
    assert read(raw, "activities", "activity_type, customer_id, source_system") == [
        ("ticket_opened", "K1", "desk"), ("ticket_opened", "b@x.de", "desk"), ("ticket_solved", "K1", "desk"),
    ]  # fmt: skip
    assert read(raw, "orders", "order_id, customer_id") == [(1, "K1"), (2, "b@x.de")]
    assert outcomes(raw) == ({"not_solved": 1}, 4, 3)  # two rules read each line


def test_two_sources_and_canonical_rows_feed_one_entity(tmp_path: Path) -> None:
    own = "activity_id,customer_id,occurred_at,activity_type\n1,K1,2024-01-01,session\n"
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        activities_csv=own,
        desk__ticket_csv="id,customer,created,solved\n7,K1,2024-02-01,\n",
        second__ticket_csv="id,customer,created,solved\n7,K1,2024-03-01,\n",
        mapping_yml=source("desk", TICKETS) + source("second", TICKETS).removeprefix("sources:\n"),
    )
    assert read(raw, "activities", "strftime(occurred_at::timestamp, '%m')") == [("01",), ("02",), ("03",)]


def test_a_file_that_two_sources_read_would_count_twice(tmp_path: Path) -> None:
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        ticket_csv="id,customer,created,solved\n7,K1,2024-02-01,\n",
        mapping_yml=source("desk", TICKETS) + source("second", TICKETS).removeprefix("sources:\n"),
    )
    assert "is read as activities by two sources, desk and second" in error_of(raw)


def test_a_user_changes_the_preset_of_a_source_line_by_line(tmp_path: Path) -> None:
    said = (
        "entities: {activities: {columns: {channel: {constant: e-mail}}, rules: {survey_responses: {files: a.json}}}}"
    )
    path = folder(tmp_path, mapping_yml=f"sources:\n  answers:\n    preset: delighted\n    {said}\n") / "mapping.yml"
    rule = load_mapping(path).sources[0].rules["activities/survey_responses"]
    assert rule.files == ("a.json",)
    assert (rule.columns["channel"].constant, rule.columns["source_system"].constant) == ("e-mail", "delighted")
    assert rule.columns["value"] == load_preset("delighted").rules["activities/survey_responses"].columns["value"]


def test_values_of_a_column_are_added_to_those_of_a_preset(tmp_path: Path) -> None:
    rules = TICKETS.replace("{constant: ticket_opened}", "{column: kind, values: {a: session, b: product_use}}")
    words = "{c: nps, b: null, A: product_use}"
    more = f"entities: {{activities: {{rules: {{opened: {{columns: {{activity_type: {{values: {words}}}}}}}}}}}}}"
    from intake.mapping.load import merged
    from intake.mapping.yaml_file import load_texts

    document, own = load_texts(rules), load_texts(more)
    found = merged(document["entities"], own["entities"], tmp_path)  # type: ignore[index]
    assert found["activities/opened"]["columns"]["activity_type"] == {
        "column": "kind", "values": {"c": "nps", "A": "product_use"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("sources: [klavio]\n", "preset 'klavio' does not exist"),
        ("sources: 5\n", "`sources` must be a list of presets"),
        ("sources: {desk: [1]}\n", "source 'desk': a source is the name of a preset"),
        ("sources: {a/b: delighted}\n", "source 'a/b' must not have '/'"),
        ("sources: {desk: {preset: delighted, schema: {name: x}}}\n", "source 'desk'"),
        (source("desk", TICKETS, "folder: nowhere\n"), "folder"),
        (source("desk", TICKETS, "folder: ../away\n"), "leads out of the raw folder"),
        (source("desk", TICKETS), "nothing in"),
        (
            source("desk", TICKETS.replace("activities:", "activitis:")),
            "source 'desk': entity 'activitis' does not exist",
        ),
        (
            source("desk", TICKETS.replace("customer_id: customer,", "")),
            "source 'desk': entity 'activities': column 'customer_id' is required",
        ),
        (
            source(
                "desk", TICKETS.replace("opened:\n", "opened:\n        join: {who: {to: people, on: customer}}\n", 1)
            ),
            "entity 'activities/opened': lookup 'people' does not exist",
        ),
    ],
)
def test_a_mistake_in_a_source_is_one_line_that_names_it(tmp_path: Path, mapping: str, said: str) -> None:
    assert said in error_of(folder(tmp_path, orders_csv=ORDERS, mapping_yml=mapping))


def test_a_file_with_the_name_of_a_rule_and_other_columns_is_no_silent_loss(tmp_path: Path) -> None:
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        desk__ticket_csv="id,kunde,created,solved\n7,K1,2024-02-01,\n",
        mapping_yml=source("desk", TICKETS),
    )
    assert "ticket.csv: is not as activities/opened needs it: column 'customer' is not there" in error_of(raw)


def test_times_without_a_zone_are_not_guessed(tmp_path: Path) -> None:
    rules = TICKETS.replace("opened:\n", "opened:\n        needs_time_zone: true\n", 1)
    files = {"orders_csv": ORDERS, "desk__ticket_csv": "id,customer,created,solved\n7,K1,2024-07-01 12:00:00,\n"}
    raw = folder(tmp_path, **files, mapping_yml=source("desk", rules))
    assert "its times say no zone" in error_of(raw)
    (raw / "mapping.yml").write_text(source("desk", rules, "time_zone: Europe/Berlin\n"))
    assert read(raw, "activities", "occurred_at::timestamptz::varchar") == [("2024-07-01 10:00:00+00",)]


# JSON ---------------------------------------------------------------------------------------------------------------

EVENTS = """\
entities:
  activities:
    files: "events*"
    {more}
    columns:
      activity_id: id
      customer_id: who.email
      occurred_at: at
      activity_type: {constant: session}
      detail: {column: "params[key=why].value.text", optional: true}
      value: {column: "points[1]", optional: true}
"""


def events(**more: str) -> str:
    return source(
        "own", EVENTS.replace("    {more}\n", "".join(f"    {key}: {value}\n" for key, value in more.items()))
    )


def event(number: int, **more: object) -> dict:
    return {"id": number, "who": {"email": f"{number}@x.de"}, "at": "2024-01-01T00:00:00Z", **more}


def test_json_in_all_its_forms_is_the_same_rows(tmp_path: Path) -> None:
    why = {"params": [{"key": "x", "value": {"text": "no"}}, {"key": "why", "value": {"text": "ä late"}}]}
    first, second = event(1, points=[1, 2.5]), event(2, **why)
    contents = {
        "lines": "\n".join(map(json.dumps, (first, second))),
        "blank_lines": f"{json.dumps(first)}\n\n{json.dumps(second, ensure_ascii=False)}\n\n",
        "list": json.dumps([first, second]),
        "pretty": json.dumps([first, second], indent=2, ensure_ascii=False),
        "bom": "\ufeff" + json.dumps([first, second]),
    }
    for name, content in contents.items():
        raw = folder(tmp_path / name, orders_csv=ORDERS, events_json=content, mapping_yml=events())
        assert read(raw, "activities", "activity_id, customer_id, value, detail") == [
            ("1", "1@x.de", "2.5", None), ("2", "2@x.de", None, "ä late"),
        ], name  # fmt: skip
    packed = folder(tmp_path / "gz", orders_csv=ORDERS, mapping_yml=events())
    (packed / "events.jsonl.gz").write_bytes(gzip.compress(contents["lines"].encode()))
    assert len(read(packed, "activities", "activity_id")) == 2


def test_the_rows_of_an_envelope_and_an_empty_page(tmp_path: Path) -> None:
    pages = [{"data": {"items": [event(1)]}, "next": "x"}, {"data": {"items": []}}, {"data": {"items": [event(2)]}}]
    files = {f"events_{number}_json": json.dumps(page, indent=1) for number, page in enumerate(pages)}
    mapping = events(format="{rows: data.items}", fold="{kind: newest, by: id}")
    raw = folder(tmp_path, orders_csv=ORDERS, mapping_yml=mapping)
    for name, content in files.items():
        (raw / name.replace("_json", ".json")).write_text(content)
    (raw / "events_3.json").write_text(json.dumps(pages[2]))  # the last page once more
    assert [row[0] for row in read(raw, "activities", "activity_id")] == ["1", "2"]
    assert outcomes(raw) == ({"repeated": 1}, 3, 2)


def test_what_is_no_object_is_kept_as_a_malformed_line(tmp_path: Path) -> None:
    lines = [json.dumps(event(1)), '{"id": 2, "who"', "5", json.dumps(event(3))]
    raw = folder(tmp_path, orders_csv=ORDERS, events_jsonl="\n".join(lines), mapping_yml=events())
    rows = read(raw, "activities", "activity_id, malformed_line")
    assert rows == [("1", None), ("3", None), (None, "5"), (None, '{"id": 2, "who"')]


def test_a_document_that_is_cut_off_names_its_file(tmp_path: Path) -> None:
    content = json.dumps([event(1), event(2)], indent=1)[:-20]
    raw = folder(tmp_path, orders_csv=ORDERS, events_json=content, mapping_yml=events())
    assert "events.json: is no whole JSON" in error_of(raw)


def test_each_part_of_a_list_is_a_row(tmp_path: Path) -> None:
    rules = EVENTS.replace(
        "    {more}\n", "    unnest: answers\n    leave_out: {none: {column: answers.score, empty: true}}\n"
    )
    rules = rules.replace('{column: "points[1]", optional: true}', "answers.score")
    content = json.dumps([event(1, answers=[{"score": 9}, {"score": 3}]), event(2, answers=[]), event(3)])
    raw = folder(tmp_path, orders_csv=ORDERS, events_json=content, mapping_yml=source("own", rules))
    assert read(raw, "activities", "activity_id, value") == [("1", "3"), ("1", "9")]
    assert outcomes(raw) == ({"none": 2}, 4, 2)


# Lookups and versions -----------------------------------------------------------------------------------------------

LOOKED_UP = """\
lookups:
  people: {files: "people*.csv", by: id, newest: changed, follows: merged_into}
entities:
  activities:
    files: events.csv
    join: {person: {to: people, on: person_id}}
    fold: {kind: newest, by: id, latest: changed}
    leave_out: {deleted: {column: deleted, is: "true"}}
    columns:
      activity_id: id
      customer_id: {column: person.number, otherwise: [person.email, mail]}
      occurred_at: at
      activity_type: {constant: session}
"""


def test_the_newest_row_of_a_key_is_looked_up_and_merged_ones_are_followed(tmp_path: Path) -> None:
    people = (
        "id,number,email,changed,merged_into\n"
        "1,old,a@x.de,2024-01-01,\n1,K1,a@x.de,2024-01-02,\n"  # newest
        "2,,b@x.de,,\n"  # by e-mail
        "3,K3,c@x.de,,4\n4,,d@x.de,,5\n5,K5,e@x.de,,\n"  # a chain
        "6,K6,,,7\n7,K7,,,6\n"  # a circle
    )
    events = "id,person_id,mail,at,changed,deleted\n" + "".join(
        f"e{person},{person},m@x.de,2024-01-01,,false\n" for person in range(1, 9)
    )
    raw = folder(
        tmp_path, orders_csv=ORDERS, people_csv=people, events_csv=events, mapping_yml=source("own", LOOKED_UP)
    )
    found = dict(read(raw, "activities", "activity_id, customer_id"))
    assert found.pop("e6") in ("K6", "K7")
    assert found.pop("e7") in ("K6", "K7")
    assert found == {"e1": "K1", "e2": "b@x.de", "e3": "K5", "e4": "K5", "e5": "K5", "e8": "m@x.de"}


def test_a_deleted_newest_version_takes_the_older_ones_with_it(tmp_path: Path) -> None:
    events = (
        "id,person_id,mail,at,changed,deleted\n"
        "a,1,a@x.de,2024-01-01,2024-01-01T10:00:00Z,false\n"
        "a,1,a@x.de,2024-01-01,2024-01-01T10:00:00.5Z,true\n"
        "b,1,a@x.de,2024-01-01,2024-01-03,false\n"
        "b,1,b@x.de,2024-01-01,2024-01-10,false\n"
        ",1,c@x.de,2024-01-01,,false\n,1,c@x.de,2024-01-01,,false\n"  # without an id nothing is a version
    )
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        people_csv="id,number,email,changed,merged_into\n",
        events_csv=events,
        mapping_yml=source("own", LOOKED_UP),
    )
    assert read(raw, "activities", "activity_id, customer_id") == [
        ("b", "b@x.de"), (None, "c@x.de"), (None, "c@x.de"),
    ]  # fmt: skip
    assert outcomes(raw) == ({"older_version": 2, "deleted": 1}, 6, 3)


def test_a_lookup_that_is_missing_is_an_error_unless_it_may_be(tmp_path: Path) -> None:
    events = "id,person_id,mail,at,changed,deleted\na,1,a@x.de,2024-01-01,,false\n"
    raw = folder(tmp_path, orders_csv=ORDERS, events_csv=events, mapping_yml=source("own", LOOKED_UP))
    assert "is looked up in 'people' (people*.csv), which is not there" in error_of(raw)
    (raw / "mapping.yml").write_text(
        source("own", LOOKED_UP.replace("by: id, newest", "by: id, optional: true, newest"))
    )
    assert read(raw, "activities", "customer_id") == [("a@x.de",)]


def test_a_day_that_was_written_again_comes_from_the_last_file_alone(tmp_path: Path) -> None:
    rules = """\
entities:
  activities:
    files: [intraday*.csv, daily*.csv]
    fold: {kind: last_file, by: day}
    columns: {activity_id: id, customer_id: who, occurred_at: day, activity_type: {constant: session}}
"""
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        intraday_1_csv="id,who,day\na,K1,2024-01-01\nb,K1,2024-01-02\n",
        daily_1_csv="id,who,day\nc,K1,2024-01-01\n",
        mapping_yml=source("own", rules),
    )
    assert [row[0] for row in read(raw, "activities", "activity_id")] == ["b", "c"]
    assert outcomes(raw) == ({"in_a_later_file": 1}, 3, 2)


# Tables of a loader -------------------------------------------------------------------------------------------------


def loaded(raw: Path, statements: Sequence[str]) -> None:
    with duckdb.connect(str(raw / "loaded.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_schema_is_read_by_the_names_of_its_tables(tmp_path: Path) -> None:
    mapping = source("desk", TICKETS, "schema: {duckdb: loaded.duckdb, name: helpdesk}\n")
    raw = folder(tmp_path, orders_csv=ORDERS, mapping_yml=mapping)
    loaded(
        raw,
        [
            "create schema helpdesk",
            "create table helpdesk.ticket as select 7 as id, 'K1' as customer, "
            "timestamp '2024-02-01 10:00' as created, null::timestamp as solved, {'a': 1} as nested",
        ],
    )
    assert read(raw, "activities", "activity_id, activity_type") == [("7", "ticket_opened")]
    (raw / "mapping.yml").write_text(mapping.replace("name: helpdesk", "name: other"))
    assert "has no schema 'other'" in error_of(raw)


def test_every_preset_can_be_read_and_says_what_it_reads() -> None:
    for name in presets():
        preset = load_preset(name)
        assert preset.rules, name
        for rule in preset.rules.values():
            assert rule.columns, name
