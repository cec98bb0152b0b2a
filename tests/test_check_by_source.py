"""With several sources, `check` says of each what it brought, and the marts say what became of every line of it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import duckdb
import pytest

from intake.errors import IntakeError
from intake.find import discover, mapping_of, not_read
from intake.prepare import prepare
from tests.conftest import Build, run_dbt
from tests.test_check import run_check

# Order 3 cannot be used by its amount, order 4 does not count.
ORDERS = """\
order_id,customer_id,customer_email,ordered_at,amount,status
1,K1,ada@x.example,2024-01-01,5,
2,K2,ben@x.example,2024-01-02,6,
3,K3,,2024-01-02,,
4,K3,,2024-01-03,7,cancelled
"""
# Two pages of an API; answer a2 stands on both, and counts once, as its newer version.
PAGE_1 = """\
[{"id": "a1", "person": "p1", "survey_type": "nps", "score": 9, "comment": "Fine", "created_at": 1709287200,
  "updated_at": null},
 {"id": "a2", "person": "p2", "survey_type": "nps", "score": 3, "comment": null, "created_at": 1709290800,
  "updated_at": 1709290800}]
"""
PAGE_2 = """\
[{"id": "a2", "person": "p2", "survey_type": "nps", "score": 2, "comment": null, "created_at": 1709290800,
  "updated_at": 1709380800},
 {"id": "a3", "person": "p1", "survey_type": "nps", "score": 11, "comment": null, "created_at": 1709377200,
  "updated_at": null}]
"""
PEOPLE = '[{"id": "p1", "email": "ada@x.example"}, {"id": "p2", "email": "ben@x.example"}]'
# Of four tickets one is deleted, one is not solved, and one was solved before it was opened.
TICKETS = """\
id,customer,created,solved,minutes,state
7,K1,2024-02-01,2024-02-03,2880,open
8,ben@x.example,2024-02-02,,,open
9,K1,2024-02-02,,,deleted
10,K1,2024-02-05,2024-02-06,-5,open
"""
MAPPING = """\
sources:
  delighted:
  desk:
    folder: exports/desk
    entities:
      activities:
        columns: {source_system: {constant: desk}, customer_id: customer}
        leave_out: {deleted: {column: state, is: deleted, confidence: inferred}}
        rules:
          opened:
            tables: [ticket]
            columns: {activity_id: {text: "o{id}"}, occurred_at: created, activity_type: {constant: ticket_opened}}
          solved:
            tables: [ticket]
            leave_out: {not_solved: {column: solved, empty: true}}
            columns:
              activity_id: {text: "s{id}"}
              occurred_at: solved
              activity_type: {constant: ticket_solved}
              value: {column: minutes, confidence: inferred}
          rated:
            tables: [rating]
            columns: {activity_id: id, occurred_at: at, activity_type: {constant: csat}, value: stars}
"""
ACCOUNTED = [
    ("delighted", "activities", "counted", "none", 2),
    ("delighted", "activities", "left_out", "older_version", 1),
    ("delighted", "activities", "quarantined", "invalid_value", 1),
    ("desk", "activities", "counted", "none", 4),
    ("desk", "activities", "left_out", "deleted", 2),
    ("desk", "activities", "left_out", "not_solved", 1),
    ("desk", "activities", "quarantined", "invalid_value", 1),
    ("raw_folder", "orders", "counted", "none", 2),
    ("raw_folder", "orders", "excluded", "status", 1),
    ("raw_folder", "orders", "quarantined", "invalid_amount", 1),
]
CLAIMS = ("assert_every_raw_row_is_accounted_for", "assert_rows_read_are_accounted_for_by_source")
BUILD = ["build", "--indirect-selection", "empty", "--select", "+row_accounting", "+orders", *CLAIMS]
BUILD += ["--exclude-resource-type", "unit_test"]


def write(raw: Path) -> Path:
    """Orders under their own name, beside two sources in folders of their own."""
    files = {
        "orders.csv": ORDERS,
        "mapping.yml": MAPPING,
        "delighted/survey_responses_1.json": PAGE_1,
        "delighted/survey_responses_2.json": PAGE_2,
        "delighted/people.json": PEOPLE,
        "delighted/notes.txt": "who,what\nAda,called\n",
        "exports/desk/ticket.csv": TICKETS,
        "exports/desk/old/agents.xls": "x",
        "exports/desk/old/more.csv": TICKETS,
    }
    for name, text in files.items():
        (raw / name).parent.mkdir(parents=True, exist_ok=True)
        (raw / name).write_text(text)
    return raw


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    return run_check(write(tmp_path_factory.mktemp("sources") / "raw"))


def block(report: subprocess.CompletedProcess[str], first: str, last: str) -> list[str]:
    """The lines from one that begins so up to before one that begins so."""
    lines = report.stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(first))
    end = next(number for number, line in enumerate(lines) if number > start and line.startswith(last))
    return lines[start:end]


def test_each_source_is_a_block_with_what_was_found_in_it(report: subprocess.CompletedProcess[str]) -> None:
    delighted = block(report, "source delighted", "source desk")
    assert delighted[:2] == [
        "source delighted, in delighted/",
        "  people are looked up in: delighted/people.json",
    ]
    assert [line for line in delighted if re.search(r"\d rows$", line)] == [
        "  delighted/survey_responses_1.json: 2 rows", "  delighted/survey_responses_2.json: 2 rows",
    ]  # fmt: skip
    desk = block(report, "source desk", "orders")
    assert desk[:2] == ["source desk, in exports/desk/", "  found nothing: activities/rated"]
    assert [line for line in desk if line.startswith("desk: ")] == [
        "desk: activities/opened",
        "desk: activities/solved",
    ]
    assert desk.count("  exports/desk/ticket.csv: 4 rows") == 2
    assert [line.strip() for line in desk if "left out by a rule" in line] == [
        "left out by a rule: deleted (unproven)", "left out by a rule: deleted (unproven), not_solved",
    ]  # fmt: skip


def test_what_becomes_of_the_rows_is_said_by_source(report: subprocess.CompletedProcess[str]) -> None:
    assert block(report, "By source", "What the marts")[:8] == [
        "By source",
        "  delighted: 4 rows read, 3 handed on",
        "    activities: 2 counted, 1 left_out: older_version, 1 quarantined: invalid_value",
        "  desk: 8 rows read, 5 handed on",
        "    activities: 4 counted, 2 left_out: deleted, 1 left_out: not_solved, 1 quarantined: invalid_value",
        "  raw_folder (files under the entities' own names): 4 rows read, 4 handed on",
        "    orders: 2 counted, 1 excluded: status, 1 quarantined: invalid_amount",
        "",
    ]


def test_files_in_the_folders_of_sources_that_no_rule_reads_are_named(
    report: subprocess.CompletedProcess[str],
) -> None:
    not_read = "delighted/notes.txt, exports/desk/old/agents.xls, exports/desk/old/more.csv"
    assert f"\nnot read: {not_read}\n" in report.stdout
    assert (
        "exports/desk/old/more.csv is not read, though it has all columns that are read of activities" in report.stdout
    )
    assert not re.search(r"not used of delighted.*\bperson\b", report.stdout), "the key of a lookup is used"


def test_unproven_columns_are_counted_for_each_source(report: subprocess.CompletedProcess[str]) -> None:
    said = (
        "3 columns and rules of source desk are unproven: activities/opened: deleted, activities/solved: deleted, "
        "activities/solved: value"
    )
    assert said in report.stdout
    assert "of source delighted" not in report.stdout


def test_nobody_is_named(report: subprocess.CompletedProcess[str]) -> None:
    assert "...@x.example" in report.stdout
    assert not re.search(r"(ada|ben)@", report.stdout)


def test_without_sources_nothing_is_said_by_source(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "sales.csv").write_text(ORDERS)
    (raw / "mapping.yml").write_text(
        "entities:\n  orders:\n    files: sales.csv\n"
        "    columns: {order_id: order_id, customer_id: customer_id, ordered_at: ordered_at,\n"
        "      amount: {column: amount, confidence: inferred}}\n"
    )
    report = run_check(raw)
    assert "orders\n  sales.csv: 4 rows" in report.stdout
    assert "By source" not in report.stdout and "source mapping" not in report.stdout
    assert "unproven:" not in report.stdout


# The marts ----------------------------------------------------------------------------------------------------------


def built(raw: Path, folder: Path) -> Build:
    """The accounting of a raw folder, and what must hold of it."""
    prepared = prepare(raw, folder / "prepared")
    build = run_dbt(BUILD, folder / "build", raw=prepared)
    assert build.exit_code == 0, build.output
    return build


def test_the_mart_says_what_became_of_every_line_of_each_source(tmp_path: Path) -> None:
    build = built(write(tmp_path / "raw"), tmp_path)
    columns = "source, entity, outcome, reason, rows"
    assert build.rows(f"select {columns} from marts.source_accounting order by all") == ACCOUNTED
    read = "select source, entity, sum(rows_read) from staging.stg_intake_files group by all order by all"
    assert build.rows(read) == [("delighted", "activities", 4), ("desk", "activities", 8)]


@pytest.mark.long
def test_a_line_that_is_lost_would_be_found(tmp_path: Path) -> None:
    """The claim itself: a file of which intake has read one line more, and a row that names no file that was read."""
    prepared = prepare(write(tmp_path / "raw"), tmp_path / "prepared")
    lose_a_row(prepared)
    build = run_dbt(BUILD, tmp_path / "build", raw=prepared)
    assert build.exit_code != 0
    assert f"Failure in test {CLAIMS[1]}" in build.output
    assert f"Failure in test {CLAIMS[0]}" not in build.output, "of raw rows none is lost"


def lose_a_row(prepared: Path) -> None:
    (file, *_) = sorted(prepared.glob("activities/*.parquet"))
    with duckdb.connect() as connection:
        connection.execute(f"create table kept as from (from '{file}') offset 1")
        connection.execute(f"copy kept to '{file}' (format parquet)")


def test_two_loaders_tables_are_two_sources(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "orders.csv").write_text(ORDERS)
    rules = (
        "entities: {activities: {tables: [event], columns: {activity_id: id, customer_id: who, occurred_at: at, "
        "activity_type: {constant: session}}}}"
    )
    for name, schema in (("app", "app"), ("site", "web")):
        with (raw / "mapping.yml").open("a") as mapping:
            mapping.write("" if mapping.tell() else "sources:\n")
            mapping.write(f"  {name}:\n    schema: {{duckdb: loaded.duckdb, name: {schema}}}\n    {rules}\n")
    with duckdb.connect(str(raw / "loaded.duckdb")) as connection:
        for schema, rows in (("app", 3), ("web", 5)):
            connection.execute(f"create schema {schema}")
            connection.execute(
                f"create table {schema}.event as select '{schema}' || n as id, 'K1' as who, date '2024-01-01' as at "
                f"from range({rows}) as numbers (n)"
            )
    build = built(raw, tmp_path)
    found = build.rows("select source, rows from marts.source_accounting where entity = 'activities' order by all")
    assert found == [("app", 3), ("site", 5)]
    (raw / "mapping.yml").write_text((raw / "mapping.yml").read_text().replace("name: web", "name: app"))
    with pytest.raises(
        IntakeError, match=r"table loaded.duckdb: app.event is read as activities by two sources, app and site"
    ):
        discover(raw)


def test_the_folder_of_a_source_is_looked_through_only_where_it_has_one(tmp_path: Path) -> None:
    raw = write(tmp_path / "raw")
    mapping = mapping_of(raw)
    assert not_read(raw, discover(raw), None) == {}
    assert [*not_read(raw, discover(raw), mapping)] == [
        "delighted/notes.txt", "exports/desk/old/agents.xls", "exports/desk/old/more.csv",
    ]  # fmt: skip
