"""Exports of tests/connectors, damaged: either one clear error, or every line is accounted for and no row is misread.

A damage is done to one file of an export. Each damage meets some files at once and all files in the long tests; new
folders of tests/connectors join by themselves.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from intake.converting.one_source import together
from intake.converting.source import Source
from intake.converting.values import ROUNDED
from intake.entities import entities
from intake.errors import IntakeError
from intake.prepare import prepare
from tests.damaged_exports import BY_ENDING, Damage
from tests.test_connectors import SHAPES, as_text, raw_folder
from tests.test_sources import ORDERS, TICKETS, folder, source

AT_ONCE, IN_ALL = 60, 1_000  # damaged exports that are looked at each time, and in the long tests
NOT_AS_DECLARED = "(not as declared)"
# What a row may be without that staging refuses it; what a row says of anything else is only told.
OPTIONAL_TIMES = ("updated_at",)
TOLD = ("channel", "detail", "updated_at", "cancellation_reason")

NOBODYS = ("customer_id",)  # without it a row may count, as one of nobody

Row = dict[str, str]
Known = dict[tuple[Path, bool], dict[str, list[Row]]]  # by shape and entity; also what is left out, or not


@dataclass(frozen=True)
class Case:
    shape: Path
    file: Path  # from the raw folder of the shape
    damage: Damage

    @property
    def name(self) -> str:
        return f"{self.shape.parent.name}-{self.shape.name}-{self.file.name}: {self.damage.name}"


def all_cases() -> Iterator[Case]:
    for shape in SHAPES:
        for path in sorted((shape / "raw").rglob("*")):
            for damage in BY_ENDING.get(path.suffix, ()):
                content = path.read_bytes()
                damaged = damage.do(content)
                if damaged is not None and damaged != content:
                    yield Case(shape, path.relative_to(shape / "raw"), damage)


def in_turn(cases: list[Case]) -> list[Case]:
    """The cases, every damage in turn, each time on another file."""
    by_damage: dict[str, list[Case]] = {}
    for case in cases:
        by_damage.setdefault(case.damage.name, []).append(case)
    turned = []
    for damage, own in sorted(by_damage.items()):
        first = zlib.crc32(damage.encode()) % len(own)
        turned.append(own[first:] + own[:first])
    rounds = max(len(own) for own in turned)
    return [own[number] for number in range(rounds) for own in turned if number < len(own)]


CASES = in_turn(list(all_cases()))[:IN_ALL]
NOW = {case.name for case in CASES[: max(AT_ONCE, len({case.damage.name for case in CASES}))]}


def rows_of(folder: Path, entity: str) -> list[Row]:
    """The rows of an entity as text, times as instants, with the line of those that are malformed."""
    files = [str(file) for file in (*folder.glob(f"{entity}.parquet"), *folder.glob(f"{entity}/*.parquet"))]
    if not files:
        return []
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        source = f"read_parquet({files}, union_by_name = true)"
        names = [name for name, *_ in connection.execute(f"describe from {source}").fetchall() if name != "source_file"]
        shown = [
            as_text(name, entities()[entity].columns[name].kind) if name != "malformed_line" else name for name in names
        ]
        found = connection.execute(f"select {', '.join(shown)} from {source}").fetchall()
    return [{name: value or "" for name, value in zip(names, row, strict=True)} for row in found]


def not_accounted_for(folder: Path) -> list[tuple[str, str, int, int]]:
    """Sources and entities of which more or fewer lines are accounted for than were read."""
    files, outcomes = folder / "intake_files.parquet", folder / "intake_outcomes.parquet"
    if not files.exists():
        return []
    lines = f"select source, entity, rows_read as lines_read, rows_handed_on as accounted from '{files}'"
    if outcomes.exists():
        lines += f" union all select source, entity, 0, \"rows\" from '{outcomes}'"
    with duckdb.connect() as connection:
        return connection.execute(
            f"select source, entity, sum(lines_read)::int, sum(accounted)::int from ({lines}) group by all "
            "having sum(lines_read) <> sum(accounted)"
        ).fetchall()


def is_refused(row: Row, entity: str) -> bool:
    """Whether anybody sees that the row cannot be used: it is kept as the line that it was, or says so itself."""
    columns = entities()[entity].columns
    kinds = {name: columns[name].kind for name in row if name in columns}
    return (
        bool(row.get("malformed_line"))
        or any(NOT_AS_DECLARED in value for value in row.values())
        or any(not row.get(name) for name, column in columns.items() if column.required and name not in NOBODYS)
        or any(kinds[name] == "timestamp" and not is_time(row[name]) for name in kinds if name not in OPTIONAL_TIMES)
        or any(name.endswith("_id") and re.fullmatch(ROUNDED, row[name]) for name in kinds)
        or any(kinds[name].startswith("decimal") and not is_number(row[name]) for name in kinds)
    )


def is_time(text: str) -> bool:
    return not text or bool(re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d(\.\d+)?)?)?", text))


def is_number(text: str) -> bool:
    return not text or bool(re.fullmatch(r"-?\d+(\.\d+)?", text))


def misread(row: Row, known: list[Row], loses: bool) -> bool:
    """Whether a row says something that no row of the undamaged export says."""
    said = {name: value for name, value in row.items() if name not in TOLD and (value or not loses)}
    return not any(all(other.get(name, "") == value for name, value in said.items()) for other in known)


def run(shape: Path, folder: Path, case: Case | None = None) -> Path:
    """The folder that dbt would read of an export, one of whose files may be damaged."""
    raw = raw_folder(shape, folder)
    if not (raw / "mapping.yml").exists():
        (raw / "mapping.yml").write_text(f"sources: [{shape.parent.name}]\n")
    if case is not None:
        file = raw / case.file
        file.write_bytes(case.damage.do(file.read_bytes()) or b"")
    return prepare(raw, folder / "prepared", elsewhere=["orders"])


def nothing_is_left_out(*_: object) -> None:
    """As for rules without `leave_out`: where a column is gone that may be missing, a rule leaves nothing out."""


def every_version(connection: duckdb.DuckDBPyConnection, loaded: Sequence[Source], *_: object) -> Source:
    return together(connection, loaded)


@pytest.fixture(scope="module")
def undamaged(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """The rows of whole exports by shape and entity, made when they are asked for first: of rows with several versions
    all of them, as an older one counts where the newest cannot be read."""

    class Whole(Known):
        def __missing__(self, key: tuple[Path, bool]) -> dict[str, list[Row]]:
            shape, loses = key
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr("intake.write.newest_once", every_version)
                patched.setattr("intake.write.earliest_once", every_version)
                if loses:
                    patched.setattr("intake.write.judged_lines", nothing_is_left_out)
                made = run(shape, tmp_path_factory.mktemp("whole") / "shape")
            self[key] = {entity: rows_of(made, entity) for entity in entities()}
            return self[key]

    return Whole()


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name, marks=() if case.name in NOW else pytest.mark.long) for case in CASES]
)
def test_a_damaged_export_is_an_error_or_loses_and_changes_nothing(
    case: Case, undamaged: Known, tmp_path: Path
) -> None:
    try:
        made = run(case.shape, tmp_path / "damaged", case)
    except IntakeError as error:
        assert_says_what_to_do(str(error), case)
        return
    assert not_accounted_for(made) == []
    for entity, known in undamaged[case.shape, case.damage.loses].items():
        for row in rows_of(made, entity):
            if not is_refused(row, entity):
                assert not misread(row, known, case.damage.loses), (entity, row)


def assert_says_what_to_do(said: str, case: Case) -> None:
    """One line that names the file, or what is read of it, and says what to do."""
    assert "\n" not in said and "Traceback" not in said
    assert case.file.name in said or "is what it reads" in said, said
    assert re.search(r"[.,:)] [A-Z][a-z]+ .*$|; there is |; did you mean ", said), said


def test_there_are_enough_damaged_exports() -> None:
    assert len(NOW) >= AT_ONCE
    assert {case.damage.name for case in CASES if case.name in NOW} == {case.damage.name for case in CASES}
    assert len({case.name for case in CASES}) == len(CASES)


# What was found so ---------------------------------------------------------------------------------------------------

VISITS = """\
entities:
  activities:
    files: "visits*.json"
    join: {person: {to: people, on: who}}
    columns: {activity_id: {text: "v{id}"}, customer_id: person.email, occurred_at: at, activity_type: kind}
lookups:
  people: {files: "people*.json", by: id}
"""
PEOPLE = '[{"id": "p1", "email": "a@x.example"}, {"id": "p2", "email": "b@x.example"}]'
VISIT = '{"id": "1", "who": "p1", "at": "2024-03-01", "kind": "session"}'


def visits(tmp_path: Path, pages: str, people: str = PEOPLE) -> list[tuple[str, ...]]:
    """The rows of a page of visits: id, customer, type and the line of those that cannot be read."""
    raw = folder(tmp_path, orders_csv=ORDERS, mapping_yml=source("site", VISITS))
    (raw / "site").mkdir()
    (raw / "site" / "visits.json").write_text(pages)
    (raw / "site" / "people.json").write_text(people)
    prepared = prepare(raw, tmp_path / "prepared")
    assert not_accounted_for(prepared) == []
    rows = rows_of(prepared, "activities")
    return [(row["activity_id"], row["customer_id"], row["activity_type"], row["malformed_line"]) for row in rows]


def test_an_object_in_the_place_of_a_customer_is_no_customer_of_that_name(tmp_path: Path) -> None:
    mapping = VISITS.replace("person.email", "mail")
    raw = folder(tmp_path, orders_csv=ORDERS, mapping_yml=source("site", mapping))
    (raw / "site").mkdir()
    (raw / "site" / "people.json").write_text(PEOPLE)
    page = '[{"id": "1", "who": "p1", "at": "2024-03-01", "kind": "session", "mail": {"address": "a@x.example"}},'
    page += ' {"id": "2", "who": "p1", "at": "2024-03-01", "kind": "session", "mail": "a@x.example"}]'
    (raw / "site" / "visits.json").write_text(page)
    rows = rows_of(prepare(raw, tmp_path / "prepared"), "activities")
    assert [(row["customer_id"], row["malformed_line"]) for row in rows] == [
        ("", 'mail: {"address":"a@x.example"}'), ("a@x.example", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("field", ["id", "who", "kind"])
@pytest.mark.parametrize("damaged", ['{{"value": {}}}', "[{}]", "[{0}, {0}]"])
def test_an_id_a_key_or_a_type_that_is_an_object_or_a_list_makes_no_row(
    field: str, damaged: str, tmp_path: Path
) -> None:
    broken = re.sub(rf'("{field}": )("[^"]*")', lambda match: match[1] + damaged.format(match[2]), VISIT)
    (first, second) = visits(tmp_path, f"[{broken}, {VISIT}]")
    assert first[:3] == ("", "", "") and first[3].startswith(f"{field}: ")
    assert second == ("v1", "a@x.example", "session", "")


def test_a_document_with_what_is_no_json_is_not_taken_for_one_row(tmp_path: Path) -> None:
    with pytest.raises(
        IntakeError, match=r"visits.json: is no whole JSON \(NaN is no value of JSON\). Export it again"
    ):
        visits(tmp_path, f'[{VISIT}, {VISIT[:-1]}, "stars": NaN}}]')


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (
            PEOPLE.replace('{"id": "p1", "email": "a@x.example"}', '"p1"'),
            "1 of its rows cannot be read, and others are",
        ),
        (PEOPLE.replace('"p1"', '{"value": "p1"}'), "1 of its rows cannot be read, and others are looked up in it"),
        (PEOPLE.replace('"id"', '"nummer"'), "is not as lookup 'people' needs it: column 'id' is not there"),
        ("[]", "has no row that can be read. Export it again"),
    ],
)
def test_what_cannot_be_looked_up_is_no_silent_nobody(people: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=re.escape(said)) as raised:
        visits(tmp_path, f"[{VISIT}]", people)
    assert "people.json" in str(raised.value)


def test_names_in_capitals_are_looked_up_as_well(tmp_path: Path) -> None:
    people = PEOPLE.replace('"id"', '"ID"').replace('"email"', '"EMAIL"')
    assert visits(tmp_path, f"[{VISIT}]", people) == [("v1", "a@x.example", "session", "")]


def test_a_number_that_a_spreadsheet_has_rounded_is_no_part_of_an_id(tmp_path: Path) -> None:
    rounded = VISIT.replace('"id": "1"', '"id": "1.23457E+12"')
    assert visits(tmp_path, f"[{rounded}, {VISIT}]") == [
        ("", "a@x.example", "session", ""), ("v1", "a@x.example", "session", ""),
    ]  # fmt: skip


def test_numbers_of_a_spreadsheet_are_looked_up_as_well(tmp_path: Path) -> None:
    people = PEOPLE.replace('"p1"', '"7.0"')
    assert visits(tmp_path, "[" + VISIT.replace('"p1"', "7") + "]", people) == [("v1", "a@x.example", "session", "")]


@pytest.mark.parametrize("content", ['["a", "b"]', "[[1]]", '{"id": "1", "who"'])
def test_a_file_none_of_whose_rows_can_be_read_is_not_taken_for_one_without_rows(content: str, tmp_path: Path) -> None:
    raw = folder(tmp_path, orders_csv=ORDERS, mapping_yml=source("desk", TICKETS))
    (raw / "desk").mkdir()
    (raw / "desk" / "ticket.jsonl").write_text(content)
    with pytest.raises(IntakeError, match=r"ticket.jsonl: none of its rows is a JSON object with names in it. Export"):
        prepare(raw, tmp_path / "prepared")
