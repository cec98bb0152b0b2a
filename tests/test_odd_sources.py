"""Mistakes in sources and what is looked up: one line that says what to do, and no row lost or taken for another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from intake.errors import IntakeError
from intake.mapping import load_mapping
from intake.prepare import prepare
from intake.propose import propose
from stammkunde.database import identifier
from tests.test_sources import LOOKED_UP, ORDERS, error_of, event, events, folder, outcomes, read, source

CONNECTORS = Path(__file__).parent / "connectors"
DESK = CONNECTORS / "zendesk" / "fivetran" / "raw"


def desk(tmp_path: Path, said: str) -> Path:
    """A raw folder with tables of Zendesk, and what is said of the source."""
    raw = folder(tmp_path, orders_csv=ORDERS, mapping_yml=f"sources: {{zendesk: {said}}}\n")
    shutil.copytree(DESK, raw / "zendesk")
    return raw


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("sources: {zendesc: {entities: {activities: {columns: {channel: null}}}}}", "did you mean 'zendesk'?"),
        (
            "sources: {zendesk: {entities: {activities: {rules: {opend: {columns: {channel: null}}}}}}}",
            "entity 'activities': rule 'opend' does not exist; did you mean 'opened'?",
        ),
        (
            "sources: {zendesk: {entities: {activities: {columns: {chanel: null}}}}}",
            "`columns` has no 'chanel' that could be taken away; did you mean 'channel'?",
        ),
        (
            "sources: {zendesk: {entities: {activities: {leave_out: {delted: null}}}}}",
            "`leave_out` has no 'delted' that could be taken away; did you mean 'deleted'?",
        ),
        ("preset: shopify\nentities: {orders: {columns: {sales_chanel: null}}}", "did you mean 'sales_channel'?"),
        ("sources: {zendesk: {fodler: x}}", "source 'zendesk': 'fodler' does not exist; did you mean 'folder'?"),
        ("sources: {zendesk: {time_zone: CET}}", "'CET' is no name of the IANA database. Name a place"),
        ("sources: {zendesk: {lookups: [users]}}", "`lookups` must name lookups"),
        ("sources: {zendesk: {lookups: {users: null}}}", "lookup 'tickets': lookup 'users' does not exist"),
        (source("own", LOOKED_UP.replace("on: person_id", 'on: "{person_id"')), "a brace that stands alone"),
        (source("own", LOOKED_UP.replace("by: id, ", "by: id, characters: ²,")), "lookup 'people': characters must be"),
        (source("own", LOOKED_UP.replace("by: id, ", "by: id, charcters: 15,")), "did you mean 'characters'?"),
    ],
)
def test_a_mistake_in_a_source_says_what_was_meant(tmp_path: Path, mapping: str, said: str) -> None:
    with pytest.raises(IntakeError) as raised:
        load_mapping(folder(tmp_path, mapping_yml=mapping) / "mapping.yml")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_lookup_of_a_preset_is_changed_key_by_key(tmp_path: Path) -> None:
    raw = desk(tmp_path, '{lookups: {user: {files: "people.csv"}}}')
    (raw / "zendesk" / "user.csv").rename(raw / "zendesk" / "people.csv")
    rows = read(raw, "activities", "customer_id")
    (raw / "zendesk" / "people.csv").rename(raw / "zendesk" / "user.csv")
    (raw / "mapping.yml").write_text("sources: [zendesk]")
    assert rows == read(raw, "activities", "customer_id", out="again")
    assert ("1001",) in rows


def test_a_file_that_no_rule_can_read_is_missed_though_others_look_things_up_in_it(tmp_path: Path) -> None:
    """Without the requester tickets opened would be gone without a word: replies still look tickets up."""
    raw = desk(tmp_path, "{entities: {activities: {join: {requester: null}}}}")
    assert "ticket.csv: is not as activities/opened_fivetran needs it" in error_of(raw)


def test_a_source_that_finds_nothing_says_what_is_there(tmp_path: Path) -> None:
    raw = desk(tmp_path, "")
    for path in (raw / "zendesk").iterdir():
        path.rename(path.with_name(f"export {path.name}"))
    assert "(found: export ticket.csv, " in error_of(raw)


def test_what_map_does_not_know_beside_orders_is_named(tmp_path: Path) -> None:
    raw = folder(tmp_path, orders_csv=ORDERS, notes__visits_csv="when,where\n2024-01-01,Wien\n")
    shutil.copytree(DESK, raw / "zendesk")
    proposed = "\n".join(propose(raw))
    assert "zendesk:  # ticket.csv" in proposed
    assert "notes/visits.csv: looks like nothing known here, and is not read" in proposed


def test_keys_that_took_each_others_place_keep_their_own_rows(tmp_path: Path) -> None:
    """In a circle none is the last; a chain may be long."""
    people = "id,number,email,changed,merged_into\n1,K1,,,2\n2,K2,,,3\n3,K3,,,1\n4,K4,,,4\n5,K5,,,99\n"
    chain = "".join(f"{number},,,,{number + 1}\n" for number in range(100, 190)) + "190,END,,,\n"
    keys = (1, 2, 3, 4, 5, 100)
    rows = "id,person_id,mail,at,changed,deleted\n" + "".join(f"e{key},{key},m,2024-01-01,,\n" for key in keys)
    raw = folder(
        tmp_path, orders_csv=ORDERS, people_csv=people + chain, events_csv=rows, mapping_yml=source("own", LOOKED_UP)
    )
    found = dict(read(raw, "activities", "activity_id, customer_id"))
    assert found == {"e1": "K1", "e2": "K2", "e3": "K3", "e4": "K4", "e5": "K5", "e100": "END"}


@pytest.mark.parametrize(("earlier", "later"), [("29.03.2026", "02.04.2026"), ("3/29/2026 10:00", "12/1/2025 9:00")])
def test_of_times_in_no_order_none_is_taken_for_the_latest(tmp_path: Path, earlier: str, later: str) -> None:
    lines = "\n".join(json.dumps(event(1, changed=changed)) for changed in (earlier, later))
    fold = "{kind: newest, by: id, latest: changed}"
    raw = folder(tmp_path, orders_csv=ORDERS, events_jsonl=lines, mapping_yml=events(fold=fold))
    assert "in column 'changed' nothing can be put in order of time" in error_of(raw)


def test_names_and_values_are_no_sql(tmp_path: Path) -> None:
    odd = "o'x\"; drop table x; --"
    rules = LOOKED_UP.replace("people:", f"{json.dumps(odd)}:").replace("to: people", f"to: {json.dumps(odd)}")
    rules = rules.replace("{person:", f"{{{json.dumps(odd)}:").replace("person.number", json.dumps(f"{odd}.number"))
    rules = rules.replace("[person.email, mail]", f"[{json.dumps(odd + '.email')}, mail]")
    rules = rules.replace("{deleted:", f"{{{json.dumps(odd)}:")
    quoted = odd.replace('"', '""')
    raw = folder(
        tmp_path,
        orders_csv=ORDERS,
        people_csv=f'id,number,email,changed,merged_into\n1,"{quoted}",,,\n',
        events_csv=f'id,person_id,mail,at,changed,deleted,"{quoted}?x"\na,1,m,2024-01-01,,,x\nb,2,m,2024-01-01,,true,x\n',
        mapping_yml=source(json.dumps(odd), rules),
    )
    assert read(raw, "activities", "activity_id, customer_id") == [("a", odd)]
    assert outcomes(raw)[0] == {odd: 1}


def test_nothing_is_read_through_a_link_in_the_folder_of_a_source(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(DESK, elsewhere)
    raw = desk(tmp_path, "")
    (raw / "zendesk" / "ticket.csv").unlink()
    (raw / "zendesk" / "ticket.csv").symlink_to(elsewhere / "ticket.csv")
    assert "leads out of the raw folder" in error_of(raw)
    shutil.rmtree(raw / "zendesk")
    (raw / "zendesk").symlink_to(elsewhere)
    assert "nothing in" in error_of(raw)
    (raw / "mapping.yml").write_text("sources: {zendesk: {folder: zendesk}}")
    assert "leads out of the raw folder" in error_of(raw)


def test_one_file_under_two_names_is_read_by_one_source(tmp_path: Path) -> None:
    raw = folder(tmp_path, orders_csv=ORDERS, mapping_yml="sources: {a: {preset: zendesk}, b: {preset: zendesk}}\n")
    shutil.copytree(DESK, raw / "a")
    (raw / "b").mkdir()
    for path in (raw / "a").iterdir():
        (raw / "b" / path.name).symlink_to(path)
    assert "by two sources, a and b" in error_of(raw)


def test_rows_are_the_same_whatever_the_order_of_files_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = folder(tmp_path, orders_csv=ORDERS, mapping_yml="sources: [zendesk]\n")
    shutil.copytree(CONNECTORS / "zendesk" / "api" / "raw", raw / "zendesk")
    first = read(raw, "activities", "*")
    glob, iterdir = Path.glob, Path.iterdir
    monkeypatch.setattr(Path, "glob", lambda path, pattern: sorted(glob(path, pattern), reverse=True))
    monkeypatch.setattr(Path, "iterdir", lambda path: sorted(iterdir(path), reverse=True))
    prepare(raw, tmp_path / "again")
    monkeypatch.undo()
    assert read(raw, "activities", "*", out="again") == first


TABLES = """\
sources:
  loaded:
    schema: {duckdb: loaded.duckdb, name: SCHEMA}
    lookups: {people: {tables: [LOOKUP], by: id}}
    entities:
      activities:
        rules:
          visits:
            tables: [TABLE]
            join: {who: {to: people, on: person}}
            columns: {activity_id: id, customer_id: who.mail, occurred_at: at, activity_type: {constant: session}}
"""


def loaded(tmp_path: Path, schema: str, table: str, lookup: str, columns: str = '1 as "ID", 7 as person') -> Path:
    """A raw folder with a schema that is called so, and a mapping that names it in small letters."""
    mapping = TABLES
    for place, name in (("SCHEMA", schema), ("TABLE", table), ("LOOKUP", lookup)):
        mapping = mapping.replace(place, json.dumps(name.lower()))
    raw = folder(tmp_path, orders_csv=ORDERS, mapping_yml=mapping)
    with duckdb.connect(str(raw / "loaded.duckdb")) as connection:
        connection.execute(f"create schema {identifier(schema)}")
        rows = {table: f"{columns}, date '2024-01-01' as at", lookup: "7.0::double as id, 'K1' as mail"}
        for name, select in rows.items():
            connection.execute(f"create table {identifier(schema)}.{identifier(name)} as select {select}")
    return raw


@pytest.mark.parametrize(
    "names",
    [("ZD", "Ticket", "USERS"), ("z\"d'", "ti\"ck'et", 'us"ers'), ("z.d", "ticket.a", "users"), ("z d", "t-t", "ü")],
)
def test_schemas_and_tables_may_have_any_name(tmp_path: Path, names: tuple[str, str, str]) -> None:
    assert read(loaded(tmp_path, *names), "activities", "activity_id, customer_id") == [("1", "K1")]


def test_a_table_that_lacks_what_a_rule_reads_is_no_table_that_is_not_there(tmp_path: Path) -> None:
    raw = loaded(tmp_path, "zd", "ticket", "users", "1 as id")
    assert "source 'loaded', table 'zd.ticket': is not as activities/visits needs it: column 'person'" in error_of(raw)


def test_equal_numbers_of_two_sources_are_told_apart_by_the_name_of_the_source(tmp_path: Path) -> None:
    line = json.dumps(event(1))
    mapping = events() + events().replace("sources:\n  own:", "  other:")
    raw = folder(tmp_path, orders_csv=ORDERS, own__events_jsonl=line, other__events_jsonl=line, mapping_yml=mapping)
    assert read(raw, "activities", "activity_id, source_system") == [("1", "other"), ("1", "own")]
