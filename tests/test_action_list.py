"""The day's list of the playbook: what is on it, and that what was handed out stays known."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration import action_list
from orchestration.action_list import COLUMNS, COLUMNS_IN_WORDS, TABLE, hand_out, noted_and_written
from orchestration.backup import entries
from orchestration.doctor import look_over
from orchestration.person.erase import erase
from orchestration.person.export import export_person
from orchestration.person.find import find_person
from orchestration.state import State
from stammkunde.errors import StammkundeError
from stammkunde.files import UNREADABLE
from stammkunde.places import Places
from tests.refreshes import RefreshServer, named_copy, published_rows

NOON = datetime(2025, 7, 1, 12)
OF_A_RULE = {
    "rule_id": "r1",
    "action": "call",
    "channel": "phone",
    "owner": "crm",
    "due_date": date(2025, 7, 3),
    "priority": 1,
    "cooldown_days": 30,
    "success_window_days": 30,
    "is_experiment": True,
    "in_other_experiment": False,
    "template_id": None,
    "arm": "treatment",
    "variant": "A",
    "is_selected": True,
    "reason_en": "Orders: 3",
    "reason_de": "Bestellungen: 3",
}


def shown(places: Places) -> Places:
    """The same warehouse with another published file, whose actions and day a test may change."""
    return replace(places, published=places.published.with_name("shown.duckdb"))


def publish_actions(places: Places, rows: Sequence[Mapping[str, object]], **build: object) -> None:
    """Publish these actions, each with its message, and other words about the build."""
    file = shown(places).published
    file.unlink(missing_ok=True)
    shutil.copy(places.published, file)
    file.chmod(0o600)
    with duckdb.connect(str(file)) as connection:
        connection.execute("delete from marts.retention_actions")
        for row in ({**OF_A_RULE, **row} for row in rows):
            names, values = ", ".join(row), ", ".join("?" * len(row))
            connection.execute(f"insert into marts.retention_actions ({names}) values ({values})", list(row.values()))
        connection.execute("delete from marts.action_messages")
        connection.execute(
            "insert into marts.action_messages (customer_id, rule_id, language, template_id, variant, subject, body) "
            "select customer_id, rule_id, language, template_id, variant, '=' || language, language || ' ' || variant "
            "from marts.retention_actions cross join (values ('en'), ('de')) as languages (language) "
            "where is_selected and arm = 'treatment' and template_id is not null"
        )
        for name, value in build.items():
            connection.execute(f"update marts.build set {name} = ?", [value])


def handed(places: Places, now: datetime = NOON, language: str = "en", to: Path | None = None) -> list[dict[str, str]]:
    """The list as it is read."""
    file = to or shown(places).actions(language)
    done = noted_and_written(shown(places), language, now, file)
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == done.contacts
    return rows


def noted(places: Places) -> set[tuple[object, ...]]:
    return {(row["as_of_date"], row["customer_id"], row["rule_id"], row["arm"]) for row in State(places).rows(TABLE)}


def day_of(places: Places) -> date:
    ((found,),) = published_rows(places, "select as_of_date from marts.build")
    return found


def test_the_list_holds_selected_rows_of_the_treatment_and_nothing_that_is_a_formula(places: Places) -> None:
    publish_actions(
        places,
        [
            {"customer_id": "c2", "priority": 2},
            {"customer_id": "c1", "variant": "B", "template_id": "t", "action": "=cmd()", "owner": "@crm"},
            {"customer_id": "c3", "arm": "control"},
            {"customer_id": "c1", "rule_id": "r2", "is_selected": False},
        ],
    )
    assert [*handed(places)[0]] == [*COLUMNS, *COLUMNS_IN_WORDS]
    assert handed(places) == [
        {
            "customer_id": "c1", "rule_id": "r1", "action": "'=cmd()", "channel": "phone", "owner": "'@crm",
            "due_date": "2025-07-03", "variant": "B", "template_id": "t", "reason": "Orders: 3",
            "subject": "'=en", "body": "en B",
        },
        {
            "customer_id": "c2", "rule_id": "r1", "action": "call", "channel": "phone", "owner": "crm",
            "due_date": "2025-07-03", "variant": "A", "template_id": "", "reason": "Orders: 3",
            "subject": "", "body": "",
        },
    ]  # fmt: skip
    german = handed(places, language="de")[0]
    assert (german["reason"], german["subject"], german["body"]) == ("Bestellungen: 3", "'=de", "de B")
    day = day_of(places)
    assert noted(places) == {
        (day, "c1", "r1", "treatment"),
        (day, "c2", "r1", "treatment"),
        (day, "c3", "r1", "control"),
    }


def test_a_second_run_of_the_day_writes_the_same_list_whatever_was_published_meanwhile(
    places: Places, tmp_path: Path
) -> None:
    publish_actions(places, [{"customer_id": "c1"}, {"customer_id": "c2"}])
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    assert not noted_and_written(shown(places), "en", NOON, first).is_again
    publish_actions(places, [{"customer_id": "c7"}])
    assert noted_and_written(shown(places), "en", NOON + timedelta(hours=3), second).is_again
    assert second.read_bytes() == first.read_bytes()
    assert {row["taken_at"] for row in State(places).rows(TABLE)} == {NOON}


def test_nobody_is_handed_out_twice_within_the_cooldown_of_a_rule(places: Places) -> None:
    """The data of a day may come late: the build of the 2nd was made before the list of the 1st was handed out, on the
    10th. The build itself looks at lists up to its own day."""
    publish_actions(
        places, [{"customer_id": "c1"}, {"customer_id": "c2", "arm": "control"}], as_of_date=date(2025, 7, 1)
    )
    handed(places, datetime(2025, 7, 10, 9))
    publish_actions(
        places,
        [
            {"customer_id": "c1"},
            {"customer_id": "c2", "arm": "control"},
            {"customer_id": "c1", "rule_id": "r2", "is_experiment": False},
            {"customer_id": "c3"},
        ],
        as_of_date=date(2025, 7, 2),
    )
    handed(places, datetime(2025, 8, 8, 9))
    second = {(customer, rule) for day, customer, rule, _ in noted(places) if day == date(2025, 7, 2)}
    assert second == {("c1", "r2"), ("c3", "r1")}
    publish_actions(places, [{"customer_id": "c1"}], as_of_date=date(2025, 7, 3))
    assert [row["customer_id"] for row in handed(places, datetime(2025, 8, 9, 7))] == ["c1"]


def test_nobody_is_handed_out_while_another_rule_measures_what_it_did(places: Places) -> None:
    """Of both arms alike: whom the build knows to be in an experiment, and whom a list put there that the build does
    not know yet. r1 has 30 days from the 10th. A service is withheld from nobody, and begins nothing."""
    both = [{"customer_id": "c1"}, {"customer_id": "c2", "arm": "control"}]
    service = {"customer_id": "c3", "rule_id": "serve", "is_experiment": False}
    publish_actions(places, [*both, service], as_of_date=date(2025, 7, 1))
    handed(places, datetime(2025, 7, 10, 9))
    rows = [{**row, "rule_id": "r2", "is_experiment": True} for row in [*both, service]]
    others = [
        {"customer_id": "c4", "in_other_experiment": True},
        {"customer_id": "c5", "in_other_experiment": True, "arm": "control"},
    ]
    again = {"customer_id": "c1", "rule_id": "serve", "is_experiment": False}

    def handed_on(day: date, now: datetime, *more: dict[str, object]) -> set[tuple[object, object]]:
        publish_actions(places, [*rows, *others, *more], as_of_date=day)
        handed(places, now)
        return {(customer, rule) for noted_on, customer, rule, _ in noted(places) if noted_on == day}

    assert handed_on(date(2025, 7, 2), datetime(2025, 8, 8, 9), again) == {("c3", "r2"), ("c1", "serve")}
    assert handed_on(date(2025, 7, 3), datetime(2025, 8, 9, 9)) == {("c1", "r2"), ("c2", "r2")}


def test_after_a_crash_between_note_and_list_the_list_is_the_one_that_was_noted(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_actions(places, [{"customer_id": "c1"}])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(action_list, "write_list", killed)
        with pytest.raises(KeyboardInterrupt):
            handed(places)
    publish_actions(places, [{"customer_id": "c2"}])
    assert [row["customer_id"] for row in handed(places)] == ["c1"]


def test_a_crash_while_it_is_noted_leaves_nothing_handed_out(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_actions(places, [{"customer_id": "c1"}])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(action_list, "to_disk", killed)
        with pytest.raises(KeyboardInterrupt):
            handed(places)
    assert noted(places) == set()
    assert not shown(places).actions("en").exists()
    publish_actions(places, [{"customer_id": "c2"}])
    assert [row["customer_id"] for row in handed(places)] == ["c2"]


def test_the_list_of_another_shop_of_that_day_is_kept_and_not_read(places: Places) -> None:
    publish_actions(places, [{"customer_id": "c1"}])
    handed(places)
    state = State(places)
    state.write("builds", [{**row, "shop": "toys"} for row in state.rows("builds")])
    publish_actions(places, [{"customer_id": "c1"}, {"customer_id": "c2"}], build_id="b9", shop="books")
    assert [row["customer_id"] for row in handed(places)] == ["c1", "c2"]
    assert len(State(places).rows(TABLE)) == 3


def test_where_no_list_can_be_made_it_is_said(places: Places) -> None:
    publish_actions(places, [], as_of_date=None)
    with pytest.raises(StammkundeError, match="no order counts"):
        handed(places)
    with duckdb.connect(str(shown(places).published)) as connection:
        connection.execute("drop table marts.retention_actions")
    with pytest.raises(StammkundeError, match="holds no retention_actions"):
        handed(places)


def test_the_next_build_reads_the_list_as_actions_taken(places: Places, server: RefreshServer) -> None:
    """It survives the rebuild: whoever was handed out is in the history of their rule, as control too. Of a shop as it
    is, whose playbook selects nobody, there is an empty list first."""
    day = day_of(places)
    done = hand_out(places, "de", NOON, print, None)
    assert (done.file, done.contacts, done.controls, done.is_again) == (places.actions("de"), 0, 0, False)
    assert done.file.read_text(encoding="utf-8").splitlines() == [",".join([*COLUMNS, *COLUMNS_IN_WORDS])]
    publish_actions(places, [{"customer_id": "c1"}, {"customer_id": "c2", "arm": "control"}])
    handed(places, datetime(day.year, day.month, day.day, 6))
    shown(places).published.unlink()
    status, output = server.run(places)
    assert status == 0, output
    history = "select customer_id, rule_id, taken_date, arm from intermediate.int_playbook_history order by all"
    with duckdb.connect(str(places.warehouse), read_only=True) as connection:
        found = connection.execute(history).fetchall()
    assert found == [("c1", "r1", day, "treatment"), ("c2", "r1", day, "control")]


def test_an_erased_person_is_on_no_list_and_is_shown_theirs_before(
    shop: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = named_copy(shop, tmp_path / "copy", monkeypatch)
    publish_actions(places, [{"customer_id": "c7"}, {"customer_id": "c8"}])
    handed(places, to=places.actions("en"))
    person = find_person(places, "c7")
    _, rows, _ = export_person(places, person)
    assert rows[f"records.{TABLE}"] == 1
    erased = erase(places, person, print)
    assert erased.left == []
    assert not places.actions("en").exists()
    assert {customer for _, customer, _, _ in noted(places)} == {"c8"}


def test_a_backup_holds_the_lists_and_doctor_names_one_that_cannot_be_read(places: Places) -> None:
    publish_actions(places, [{"customer_id": "c1"}])
    handed(places)
    (file,) = State(places).files_of_days(TABLE)
    assert dict(entries(places))[f"records/{TABLE}/{file.name}"] == file
    file.write_text("no Parquet file")
    said = [str(ailment) for ailment in look_over(places)]
    assert any(str(file) in text and "a backup may have it" in text for text in said), said
    assert not list(file.parent.glob(f"*{UNREADABLE}*"))
