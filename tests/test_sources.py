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


def test_what_a_user_says_of_an_entity_holds_for_all_of_its_rules_also_beside_one(tmp_path: Path) -> None:
    said = "entities: {activities: {columns: {channel: {constant: desk}}, rules: {solved: {tables: [closed]}}}}"
    path = folder(tmp_path, mapping_yml=f"sources:\n  zendesk:\n    {said}\n") / "mapping.yml"
    rules = load_mapping(path).sources[0].of("activities")
    assert {rule.columns["channel"].constant for rule in rules} == {"desk"}
    assert len(rules) == len(load_preset("zendesk").of("activities"))
    assert [rule.tables for rule in rules if rule.tables == ("closed",)] == [("closed",)]


@pytest.mark.parametrize("said", ["columns: {email: null}", "rules: {api: {columns: {email: null}}}"])
def test_a_null_takes_a_line_away_also_of_a_rule_with_a_name(tmp_path: Path, said: str) -> None:
    text = f"sources:\n  zendesk:\n    entities:\n      customers: {{{said}}}\n"
    rules = load_mapping(folder(tmp_path, mapping_yml=text) / "mapping.yml").sources[0].rules
    assert "email" in load_preset("zendesk").rules["customers/api"].columns
    assert "email" not in rules["customers/api"].columns
    assert ("email" in rules["customers/rows"].columns) == ("rules" in said)


def test_values_of_a_column_are_added_to_those_of_a_preset(tmp_path: Path) -> None:
    rules = TICKETS.replace("{constant: ticket_opened}", "{column: kind, values: {a: session, b: product_use}}")
    values = "{values: {c: nps, b: null, A: product_use}}"
    more = f"entities: {{activities: {{rules: {{opened: {{columns: {{activity_type: {values}}}}}}}}}}}"
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


def test_a_page_of_one_row_over_several_lines_is_no_file_of_lines(tmp_path: Path) -> None:
    page = '{"next": null, "data": [\n' + json.dumps(event(1)) + "\n]}\n"
    raw = folder(tmp_path, orders_csv=ORDERS, events_json=page, mapping_yml=events(format="{rows: data}"))
    assert read(raw, "activities", "activity_id") == [("1",)]


def test_a_row_on_a_line_of_its_own_is_no_document(tmp_path: Path) -> None:
    """The last page of an export often has one row; lines of which the first is damaged look alike from outside."""
    page = f'{{"data": [\n{json.dumps(event(1))}\n]}}\n'
    raw = folder(tmp_path / "page", orders_csv=ORDERS, events_json=page, mapping_yml=events(format="{rows: data}"))
    assert read(raw, "activities", "activity_id") == [("1",)]
    lines = f'{{"id": 1, "who"\n{json.dumps(event(2))}\n{json.dumps(event(3))}\n'
    raw = folder(tmp_path / "lines", orders_csv=ORDERS, events_json=lines, mapping_yml=events())
    assert read(raw, "activities", "activity_id") == [("2",), ("3",), (None,)]


def test_what_is_no_object_is_kept_as_a_malformed_line(tmp_path: Path) -> None:
    lines = [json.dumps(event(1)), '{"id": 2, "who"', "5", json.dumps(event(3))]
    raw = folder(tmp_path, orders_csv=ORDERS, events_jsonl="\n".join(lines), mapping_yml=events())
    rows = read(raw, "activities", "activity_id, malformed_line")
    assert rows == [("1", None), ("3", None), (None, "5"), (None, '{"id": 2, "who"')]


def test_a_document_that_is_cut_off_names_its_file(tmp_path: Path) -> None:
    content = json.dumps([event(1), event(2)], indent=1)[:-20]
    raw = folder(tmp_path, orders_csv=ORDERS, events_json=content, mapping_yml=events())
    assert "events.json: is no whole JSON" in error_of(raw)


def test_a_column_that_a_rule_can_do_without_may_still_be_needed(tmp_path: Path) -> None:
    mapping = TICKETS.replace("column: solved, empty: true", "column: solved, empty: true, optional: true")
    raw = folder(
        tmp_path, orders_csv=ORDERS, desk__ticket_csv="id,customer,created\n1,K1,2024-01-01\n",
        mapping_yml=source("desk", mapping),
    )  # fmt: skip
    assert read(raw, "activities", "activity_type") == [("ticket_opened",)]


def test_each_part_of_a_list_is_a_row(tmp_path: Path) -> None:
    rules = EVENTS.replace(
        "    {more}\n", "    unnest: answers\n    leave_out: {none: {column: answers.score, empty: true}}\n"
    )
    rules = rules.replace('{column: "points[1]", optional: true}', "answers.score")
    content = json.dumps([event(1, answers=[{"score": 9}, {"score": 3}]), event(2, answers=[]), event(3)])
    raw = folder(tmp_path, orders_csv=ORDERS, events_json=content, mapping_yml=source("own", rules))
    assert read(raw, "activities", "activity_id, value") == [("1", "3"), ("1", "9")]
    assert outcomes(raw) == ({"none": 2}, 4, 2)


def test_the_parts_of_a_text_are_rows_too(tmp_path: Path) -> None:
    """Who was merged into whom is a text with semicolons: 11 was merged into 12, and 12 into 15."""
    rules = """\
lookups:
  survivors: {files: contacts.csv, unnest: swallowed, separator: ";", by: swallowed, follows: id}
entities:
  activities:
    files: visits.csv
    join: {survivor: {to: survivors, on: contact}}
    columns:
      activity_id: id
      customer_id: {column: survivor.mail, otherwise: contact}
      occurred_at: at
      activity_type: {constant: session}
"""
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        contacts_csv="id,mail,swallowed\n12,b@x.de, 11 ;\n15,c@x.de,12;13\n16,d@x.de,\n",
        visits_csv="id,contact,at\n1,11,2024-01-01\n2,13,2024-01-01\n3,16,2024-01-01\n",
        mapping_yml=source("own", rules),
    )
    assert read(raw, "activities", "activity_id, customer_id") == [("1", "c@x.de"), ("2", "c@x.de"), ("3", "16")]


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


def test_a_lookup_may_have_its_names_in_capitals(tmp_path: Path) -> None:
    """As Snowflake exports them."""
    people = "ID,NUMBER,EMAIL,CHANGED,MERGED_INTO\n1,,a@x.de,,\n"
    events = "ID,PERSON_ID,MAIL,AT,CHANGED,DELETED\ne1,1,m@x.de,2024-01-01,,false\n"
    raw = folder(
        tmp_path, orders_csv=ORDERS, people_csv=people, events_csv=events, mapping_yml=source("own", LOOKED_UP)
    )
    assert read(raw, "activities", "activity_id, customer_id") == [("e1", "a@x.de")]


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


def test_a_lookup_may_look_up_in_one_that_is_not_there(tmp_path: Path) -> None:
    rules = LOOKED_UP.replace(
        "lookups:\n",
        "lookups:\n  firms: {files: firms.csv, by: id, newest: [changed, synced], may_lack: changed, optional: true}\n",
    ).replace("follows: merged_into}", "join: {firm: {to: firms, on: firm_id}}}")
    rules = rules.replace("[person.email, mail]", "[person.firm.number, mail]")
    events = "id,person_id,mail,at,changed,deleted\na,1,a@x.de,2024-01-01,,false\n"
    people = "id,number,email,changed,firm_id\n1,,,,9\n"
    files = {"orders_csv": ORDERS, "events_csv": events, "people_csv": people, "mapping_yml": source("own", rules)}
    raw = folder(tmp_path, **files)
    assert read(raw, "activities", "customer_id") == [("a@x.de",)]
    (raw / "firms.csv").write_text("id,number,synced\n9,F9,2024-01-02\n9,F8,2024-01-01\n", encoding="utf-8")
    assert read(raw, "activities", "customer_id", out="again") == [("F9",)]


def test_names_with_dots_and_other_writing_are_found_in_what_is_looked_up(tmp_path: Path) -> None:
    """Of what is looked up only columns that a rule names are kept, however they are written."""
    rules = """\
lookups:
  people: {files: people.csv, by: id}
entities:
  activities:
    rules:
      visits:
        files: visits.csv
        join: {person: {to: people, on: who}}
        columns:
          activity_id: id
          customer_id: {column: person.Shop Number, otherwise: [person.data.mail]}
          occurred_at: at
          activity_type: {constant: session}
          detail: "person.tags[1]"
"""
    people = 'id,Shop Number,data,tags,other\n1,K1,,"[""a"",""b""]",x\n2,,"{""mail"": ""b@x.de""}",,x\n'
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        people_csv=people,
        visits_csv="id,who,at,unread\na,1,2024-01-05,x\nb,2,2024-01-06,x\n",
        mapping_yml=source("own", rules),
    )
    assert read(raw, "activities", "customer_id, detail") == [("K1", "b"), ("b@x.de", None)]


def test_what_lies_in_a_column_is_not_taken_for_a_column_of_a_like_name(tmp_path: Path) -> None:
    """`ticket.id` is the id of the ticket that was found, not the column ticket_id, which is there in any case."""
    rules = """\
lookups:
  tickets: {files: tickets.csv, by: id}
entities:
  activities:
    files: replies.csv
    join: {ticket: {to: tickets, on: ticket_id}}
    leave_out: {unknown_ticket: {column: ticket.id, empty: true}}
    columns: {activity_id: ticket_id, customer_id: ticket.who, occurred_at: at, activity_type: {constant: reply}}
"""
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        tickets_csv="id,who\n1,K1\n",
        replies_csv="ticket_id,at\n1,2024-01-01\n2,2024-01-02\n",
        mapping_yml=source("own", rules),
    )
    assert read(raw, "activities", "activity_id, customer_id") == [("1", "K1")]
    assert outcomes(raw) == ({"unknown_ticket": 1}, 2, 1)


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


def test_a_column_of_versions_may_be_absent_where_that_is_said(tmp_path: Path) -> None:
    rules = """\
lookups:
  people: {files: people.csv, by: id, newest: [start, synced], may_lack: start}
entities:
  activities:
    files: visits*.csv
    join: {person: {to: people, on: who}}
    fold: {kind: newest, by: id, latest: [start, synced], may_lack: [start]}
    columns: {activity_id: id, customer_id: person.mail, occurred_at: at, activity_type: {constant: session}}
"""
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        people_csv="id,mail,synced\n1,new@x.de,2024-01-02\n1,old@x.de,2024-01-01\n",
        visits_csv="id,who,at,synced\na,1,2024-01-05,2024-01-02\na,1,2024-01-06,2024-01-01\n",
        mapping_yml=source("own", rules),
    )
    assert read(raw, "activities", "customer_id, occurred_at") == [("new@x.de", "2024-01-05")]
    (raw / "mapping.yml").write_text(source("own", rules.replace(", may_lack: [start]", "")))
    assert "column 'start'" in error_of(raw)


def test_the_first_reply_is_the_earliest_that_no_rule_leaves_out(tmp_path: Path) -> None:
    rules = """\
entities:
  activities:
    files: messages*.csv
    fold: {kind: earliest, by: ticket, at: at}
    leave_out: {internal: {column: public, is_not: yes}}
    columns: {activity_id: id, customer_id: who, occurred_at: at, activity_type: {constant: ticket_first_reply}}
"""
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        messages_1_csv="id,ticket,who,at,public\n"
        "late,1,K1,2024-01-02 10:00:00,yes\nnote,1,K1,2024-01-01 08:00:00,no\nother,2,K1,2024-01-05,yes\n"
        "timeless,2,K1,,yes\nloose,,K1,2024-01-09,yes\nloose 2,,K1,2024-01-10,yes\n",
        messages_2_csv="id,ticket,who,at,public\nfirst,1,K1,2024-01-02T10:30:00+01:00,yes\n",
        mapping_yml=source("own", rules),
    )
    assert [row[0] for row in read(raw, "activities", "activity_id")] == [
        "first", "loose", "loose 2", "other", "timeless",
    ]  # fmt: skip
    assert outcomes(raw) == ({"internal": 1, "not_the_first": 1}, 7, 5)


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
