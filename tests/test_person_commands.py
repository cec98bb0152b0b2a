"""`stammkunde forget` and `export-person` as people call them: what they do, leave alone, write and show."""

from __future__ import annotations

import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.state import State
from stammkunde.places import Places
from tests.conftest import build_models, made_once
from tests.test_command import command
from tests.test_forget import places_of, write_shop

ANN = ("K17", "ann@x.de", "Ann Example")  # one person: number and e-mail name the same customer
OTHERS = ("K170", "bob@x.de", "joann@x.de")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        orders = write_shop(folder / "raw") / "orders.csv"
        lines = orders.read_text(encoding="utf-8").splitlines(keepends=True)
        orders.write_text("".join(line for line in lines if not line.startswith("a5,")))  # her e-mail beside 99
        build_models(folder, folder / "raw")

    return made_once(tmp_path_factory, "persons", make)


@pytest.fixture
def places(built: Path, tmp_path: Path) -> Places:
    """A working warehouse, from which nothing was published yet."""
    shutil.copytree(built, tmp_path / "shop")
    return places_of(tmp_path / "shop")


def called(places: Places, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    named = {
        "RAW": str(places.raw), "WAREHOUSE": str(places.warehouse), "PUBLISHED": str(places.published),
        "TARGET": places.target,
    }  # fmt: skip
    ended = command(places.warehouse.parent, *arguments, typed=typed, **named)
    assert "Traceback" not in ended.stderr
    return ended


def shown(ended: subprocess.CompletedProcess[str], typed: str) -> list[str]:
    """Who is named on the terminal, beyond what was typed."""
    text = (ended.stdout + ended.stderr).lower().replace(typed.lower(), "")
    return [one for one in (*ANN, *OTHERS) if one.lower() in text]


def listed(places: Places) -> int:
    return len(State(places).rows("suppressed"))


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [(("--customer-id", "K17"), ""), (("--email", " ANN@x.de"), ""), ((), "ann@x.de\n"), ((), "K17\n")],
    ids=["number", "e-mail", "e-mail-when-asked", "number-when-asked"],
)
def test_what_is_held_about_a_person_is_written_for_one_reader(
    arguments: tuple[str, ...], typed: str, places: Places
) -> None:
    ended = called(places, "export-person", *arguments, typed=typed)
    assert ended.returncode == 0, ended.stderr
    assert "One customer, known by 1 number and 1 e-mail." in ended.stdout
    (folder,) = places.warehouse.parent.glob("person-*")
    assert f"{folder}: readable for you alone." in ended.stdout
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    whole = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [one for one in ANN if one not in whole] == []
    assert shown(ended, typed.strip() or arguments[1].strip()) == []


def test_a_folder_that_is_named_is_a_new_one(places: Places, tmp_path: Path) -> None:
    new = tmp_path / "for her"
    assert called(places, "export-person", "--customer-id", "K17", "--to", str(new)).returncode == 0
    before = sorted(new.iterdir())
    assert before
    again = called(places, "export-person", "--customer-id", "K17", "--to", str(new))
    assert (again.returncode, again.stderr.strip()) == (1, f"{new}: is there already. Name a folder that is not (--to)")
    assert sorted(new.iterdir()) == before


def test_an_unknown_person_gets_no_folder(places: Places, tmp_path: Path) -> None:
    ended = called(places, "export-person", "--email", "nobody@x.de", "--to", str(tmp_path / "for her"))
    assert ended.returncode == 0, ended.stderr
    assert "The working warehouse knows nobody by that." in ended.stdout
    assert "Nothing is held about this person, and nothing was written." in ended.stdout
    assert not (tmp_path / "for her").exists()


@pytest.mark.parametrize("name", ["export-person", "forget"])
@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--customer-id", "K17", "--email", "ann@x.de"), 1, "by a customer number or by an e-mail, one of both"),
        (("--email", "ann"), 1, "'ann' is no e-mail"),
        (("--mail", "ann@x.de"), 2, "No such option"),
        (("K17",), 2, "unexpected extra argument"),
    ],
    ids=["both", "no-e-mail", "no-option", "no-argument"],
)
def test_what_names_nobody_is_refused_and_changes_nothing(
    name: str, arguments: tuple[str, ...], status: int, said: str, places: Places
) -> None:
    ended = called(places, name, *arguments)
    assert ended.returncode == status
    assert said in ended.stderr
    assert places.warehouse.exists()
    assert listed(places) == 0
    assert list(places.warehouse.parent.glob("person-*")) == []


def test_an_erased_person_is_on_the_list_and_not_on_the_terminal(places: Places) -> None:
    ended = called(places, "forget", "--no-refresh", typed="ann@x.de\ny\n")
    assert ended.returncode == 0, ended.stderr
    assert "One customer, known by 1 number and 1 e-mail." in ended.stdout
    assert "Backups that were made before still hold the person" in ended.stdout
    assert shown(ended, "ann@x.de") == []
    assert listed(places) == 2  # her number and her e-mail
    assert not places.warehouse.exists()


def test_whoever_says_no_erases_nobody(places: Places) -> None:
    ended = called(places, "forget", "--customer-id", "K17", typed="n\n")
    assert ended.returncode == 1
    assert "Erase this person for good?" in ended.stdout
    assert (places.warehouse.exists(), listed(places)) == (True, 0)


def test_an_unknown_person_is_left_out_all_the_same_if_the_source_sends_one(places: Places) -> None:
    ended = called(places, "forget", "--email", "nobody@x.de", "--yes", "--no-refresh")
    assert ended.returncode == 0, ended.stderr
    assert "The working warehouse knows nobody by that." in ended.stdout
    assert "Erased: 0 orders are nobody's now" in ended.stdout
    assert listed(places) == 1


@pytest.mark.parametrize("name", ["export-person", "forget"])
@pytest.mark.parametrize("target", ["spark", "spark_local"])
def test_on_spark_it_is_refused_in_one_line_and_nothing_is_left_half_done(
    name: str, target: str, places: Places
) -> None:
    ended = called(replace(places, target=target), name, "--customer-id", "K17")
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"the figures are built on {target}, where not all that is held about a person is")
    assert ended.stderr.count("\n") == 1
    assert (places.warehouse.exists(), listed(places)) == (True, 0)


@pytest.mark.parametrize("name", ["export-person", "forget"])
def test_a_warehouse_that_is_open_elsewhere_is_said_in_one_line(name: str, places: Places) -> None:
    with duckdb.connect(str(places.warehouse)):
        ended = called(places, name, "--customer-id", "K17")
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{places.warehouse} is open elsewhere")
    assert ended.stderr.count("\n") == 1
    assert listed(places) == 0
