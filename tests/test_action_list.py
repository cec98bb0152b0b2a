"""The day's list of the playbook: what is on it, and that what was handed out stays known."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration import action_list
from orchestration.action_list import COLUMNS, COLUMNS_IN_WORDS, OLD_DAYS, TABLE, hand_out, noted_and_written
from orchestration.assets.actions import HANDED_OUT, actions_asset, handed_out, is_asked_for
from orchestration.assets.publish import PUBLISHED
from orchestration.backup import entries
from orchestration.doctor import look_over
from orchestration.person.erase import erase
from orchestration.person.export import export_person
from orchestration.person.find import find_person
from orchestration.progress import Telling
from orchestration.session import Session
from orchestration.state import State
from stammkunde.errors import StammkundeError
from stammkunde.files import UNREADABLE
from stammkunde.places import Places
from stammkunde.request import RefreshRequest
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


def test_wherever_it_is_killed_the_next_run_writes_one_list_that_is_noted(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time on a day of its own. Before the note takes its place nobody was handed out; from then on the list is
    the noted one, whatever was published meanwhile."""
    with_both = {"c1": 0, "c2": 0}
    for at in count():
        day = date(2025, 7, 1) + timedelta(days=at)
        publish_actions(places, [{"customer_id": "c1", "cooldown_days": 0}], as_of_date=day)
        was_killed = killed_at(at, lambda: handed(places), monkeypatch)
        publish_actions(places, [{"customer_id": "c2", "cooldown_days": 0}], as_of_date=day)
        (row,) = handed(places)
        assert [customer for as_of, customer, *_ in noted(places) if as_of == day] == [row["customer_id"]]
        with_both[row["customer_id"]] += 1
        assert not list(State(places).days(TABLE).glob("*.unfinished"))
        if not was_killed:
            break
    assert with_both["c1"] > 1 and with_both["c2"] > 1, with_both


def killed_at(at: int, work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Do something, killed before its write of this number. Whether it came so far."""
    left = at

    def counted(write: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left == -1:
                raise KeyboardInterrupt
            return write(*given, **named)

        return call

    writes = [
        (Path, "replace"),
        (Path, "open"),
        *((action_list, name) for name in ("copy_to_parquet", "to_disk", "write_list")),
    ]
    with monkeypatch.context() as patched:
        for owner, name in writes:
            patched.setattr(owner, name, counted(getattr(owner, name)))
        try:
            work()
        except KeyboardInterrupt:
            return True
    return False


def test_the_list_of_another_shop_of_that_day_is_kept_and_not_read(places: Places) -> None:
    publish_actions(places, [{"customer_id": "c1"}])
    handed(places)
    state = State(places)
    state.write("builds", [{**row, "shop": "toys"} for row in state.rows("builds")])
    publish_actions(places, [{"customer_id": "c1"}, {"customer_id": "c2"}], build_id="b9", shop="books")
    assert [row["customer_id"] for row in handed(places)] == ["c1", "c2"]
    assert len(State(places).rows(TABLE)) == 3


def test_a_list_says_how_old_it_is_and_that_it_is_empty(places: Places, tmp_path: Path) -> None:
    publish_actions(places, [{"customer_id": "c1"}, {"customer_id": "c2", "channel": "email"}, {"customer_id": "c3"}])
    file = tmp_path / "list.csv"
    done = noted_and_written(shown(places), "en", NOON, file)
    assert list(done.lines(done.as_of_date + timedelta(days=OLD_DAYS))) == [
        f"3 to contact, 0 left alone as control, as of {done.as_of_date}:", str(file), "  by phone 2, email 1"
    ]  # fmt: skip
    (*_, old) = done.lines(done.as_of_date + timedelta(days=1234))
    assert old.startswith("That was 1,234 days ago")
    publish_actions(places, [], as_of_date=date(2030, 1, 1))
    empty = noted_and_written(shown(places), "en", NOON, file)
    assert [*empty.lines(date(2030, 1, 1))][2].startswith("Nobody is to be contacted")


def test_a_refresh_hands_out_where_it_is_asked_and_what_fails_keeps_nothing_back(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_actions(places, [{"customer_id": "c1"}, {"customer_id": "c2", "arm": "control"}])
    monkeypatch.setenv("STAMMKUNDE_REPORT_LANGUAGES", "none")
    monkeypatch.delenv("STAMMKUNDE_ACTIONS", raising=False)
    assert not is_asked_for(session_of(places))
    monkeypatch.setenv("STAMMKUNDE_ACTIONS", "yes")
    assert not is_asked_for(session_of(places, as_of_date="2025-06-01"))
    assert is_asked_for(session_of(places))
    (made,) = handed_out(session_of(places))
    assert made.asset_key == HANDED_OUT
    assert (made.metadata["contacts"], made.metadata["controls"]) == (1, 1)
    assert "c1" not in str({**made.metadata, "list (de)": ""})  # how many, and never whom
    assert shown(places).actions("de").read_text(encoding="utf-8").count("c1,") == 1
    with duckdb.connect(str(shown(places).published)) as connection:
        connection.execute("drop table marts.retention_actions")
    session = session_of(places)
    assert list(handed_out(session)) == []
    assert in_dagster(session_of(places)) == (True, [])  # a step that made nothing, of a run that ended well
    (said,) = session.failed_copies
    assert said.startswith("The day's list was not handed out: ") and "holds no retention_actions" in said


def session_of(places: Places, **request: object) -> Session:
    """A refresh that was just published."""
    asked = RefreshRequest(**request)  # type: ignore[arg-type]
    return Session(shown(places), State(places), "run", "b1", asked, Telling(lambda text: None), done=["publish"])


def in_dagster(session: Session) -> tuple[bool, list[dg.AssetKey | None]]:
    """Whether the run of the asset ended well, and what it made."""
    with dg.DagsterInstance.ephemeral() as instance:
        given = [dg.AssetSpec(PUBLISHED), actions_asset()]
        ended = dg.materialize(given, resources={"refresh": session}, instance=instance, raise_on_error=False)
    return ended.success, [event.asset_key for event in ended.get_asset_materialization_events()]


def test_after_a_rollback_what_was_handed_out_stays_noted(places: Places) -> None:
    """The day that readers see again has the list that was noted then, or one without those in a cooldown."""
    first, second = date(2025, 7, 1), date(2025, 7, 2)
    publish_actions(places, [{"customer_id": "c1"}], as_of_date=second, build_id="withdrawn")
    handed(places)
    publish_actions(places, [{"customer_id": "c1"}, {"customer_id": "c2"}], as_of_date=first, build_id="b1")
    assert [row["customer_id"] for row in handed(places)] == ["c2"]
    assert {(day, customer) for day, customer, *_ in noted(places)} == {(second, "c1"), (first, "c2")}


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
    status, output = server.run(places, {"STAMMKUNDE_ACTIONS": "yes"})
    assert status == 0, output
    assert f"handed out: 1 to contact, 1 left alone as control, as of {day}, as handed out before" in output
    assert places.actions("de").read_text(encoding="utf-8").count("c1,r1") == 1
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
