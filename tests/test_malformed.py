"""Malformed input: rows are accounted for one by one, and what cannot be read is one line that says what to do."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from intake.errors import IntakeError
from intake.prepare import prepare
from reports.summary import accounting
from tests.conftest import Build, run_dbt
from tests.malformed import ERRORS, ROWS, Case

CASES = {case.name: case for case in (*ROWS, *ERRORS)}
MODELS = [
    *("+stg_orders", "+stg_customers", "stg_order_lines", "quarantined_orders", "superseded_orders"),
    *("excluded_orders", "int_order_versions", "int_current_orders", "+row_accounting"),
]
OUTCOMES = """
    select source_file, order_id, 'counted', null, null from intermediate.int_current_orders
    where exclusion_reason is null
    union all select source_file, null, 'excluded', null, null from staging.excluded_orders
    union all select source_file, null, 'superseded', null, null from staging.superseded_orders
    union all select source_file, null, 'quarantined', rejection_reason, malformed_line from staging.quarantined_orders
"""


@dataclass
class Outcome:
    """What became of the rows of one case."""

    raw_rows: int = 0
    counted: list[str] = field(default_factory=list)
    quarantined: Counter[str] = field(default_factory=Counter)
    malformed: int = 0
    superseded: int = 0
    excluded: int = 0


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Each case that gives rows prepared by itself; then all of them linked into one raw folder, and dbt once."""
    directory = tmp_path_factory.mktemp("malformed")
    together = directory / "together"
    for case in ROWS:
        raw = case.write(directory / case.name / "raw")
        link_entities(prepare(raw, directory / case.name / "prepared"), together, case.name)
    build = run_dbt(["run", "--select", *MODELS], directory / "build", raw=together)
    assert build.exit_code == 0, build.output
    return build


def link_entities(prepared: Path, together: Path, name: str) -> None:
    """Files of a folder as dbt reads it, under names that tell the case."""
    for path in [*prepared.glob("*.*"), *prepared.glob("*/*")]:
        entity = path.stem if path.parent == prepared else path.parent.name
        if path.suffix.lower() in (".csv", ".parquet") and not path.name.startswith(".") and path.is_file():
            (together / entity).mkdir(parents=True, exist_ok=True)
            (together / entity / f"{name}@{path.name}").symlink_to(path.resolve())


@pytest.fixture(scope="module")
def outcomes(build: Build) -> Mapping[str, Outcome]:
    """What became of the orders of each case."""
    found = {case.name: Outcome() for case in ROWS}
    for path, rows in build.rows("select source_file, count(*) from raw.orders group by all"):
        found[case_of(path)].raw_rows += rows
    for path, order_id, outcome, reason, line in build.rows(OUTCOMES):
        case = found[case_of(path)]
        if outcome == "counted":
            case.counted.append(order_id)
        elif outcome == "quarantined":
            case.quarantined[reason] += 1
            case.malformed += line is not None
        else:
            setattr(case, outcome, getattr(case, outcome) + 1)
    for case in found.values():
        case.counted.sort()
    return found


def case_of(source_file: str) -> str:
    """The case of a file that dbt has read itself (a link), or that was converted (its own path)."""
    found = re.search(r"/(\w+)@|/(\w+)/raw/", source_file)
    assert found, source_file
    return found[1] or found[2]


def named(cases: Sequence[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


def test_every_case_has_its_own_name() -> None:
    assert len(CASES) == len(ROWS) + len(ERRORS)


@named([case for case in ROWS if case.entity == "orders"])
def test_every_row_is_counted_or_kept_aside_with_its_reason(case: Case, outcomes: Mapping[str, Outcome]) -> None:
    assert outcomes[case.name] == Outcome(
        case.rows, case.order_ids(), case.reasons(), case.malformed, case.superseded, case.excluded
    )


@named([case for case in ROWS if case.entity != "orders"])
def test_every_row_of_other_entities_is_accounted_for(case: Case, build: Build) -> None:
    """There is one case per entity."""
    rows = build.rows(f"select rejection_reason, is_superseded from staging.stg_{case.entity}")
    assert build.rows(f"select count(*) from raw.{case.entity}") == [(case.rows,)]
    assert len(rows) == case.rows
    assert Counter(reason for reason, _ in rows if reason) == case.reasons()
    assert sum(is_superseded for _, is_superseded in rows) == case.superseded


def test_malformed_lines_are_kept_as_they_were(build: Build) -> None:
    kept = {line for (line,) in build.rows("select malformed_line from staging.quarantined_orders")}
    assert {"cut_off-3,c1,20", 'quote_not_closed-2,"c1,2024-01-05,10.00', "# exported on Monday"} <= kept
    assert max(len(line) for line in kept if line) == 10_000


def test_values_are_kept_as_they_were(build: Build) -> None:
    kept = dict(build.rows("select order_id, amount from staging.quarantined_orders where order_id is not null"))
    assert kept["excel_formulas-1"] == "=1+1"
    assert kept["amounts_with_currency_signs-1"] == "€10.00"
    assert kept["semicolons_declared-3"] == "10.50 (not as declared)"


def test_dates_of_excel_are_dates(build: Build) -> None:
    """Midnight in the time zone of the source would be another day in some reporting time zones."""
    shown = (
        "select order_id, ordered_at from raw.orders where order_id in ('excel_typed-1', 'excel_typed-2') order by 1"
    )
    assert build.rows(shown) == [("excel_typed-1", "2024-01-05T10:30:00"), ("excel_typed-2", "2024-01-05")]


@named(ERRORS)
def test_what_cannot_be_read_is_one_line_that_says_what_to_do(case: Case, tmp_path: Path) -> None:
    if case.name == "unreadable" and os.geteuid() == 0:
        pytest.skip("root may read everything")
    raw, out = case.write(tmp_path / case.name / "raw"), tmp_path / "prepared"
    out.mkdir()
    (out / "orders.parquet").write_text("what the last run has prepared")
    with pytest.raises(IntakeError) as raised:
        prepare(raw, out)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    assert len(message) < 1_200
    for text in case.error:
        assert text in message
    assert (out / "orders.parquet").read_text() == "what the last run has prepared"
    assert list(tmp_path.glob("*.unfinished")) == []


def test_a_raw_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(IntakeError, match=r"raw folder .*file \(STAMMKUNDE_RAW\): is a file, not a folder"):
        prepare(tmp_path / "file", tmp_path / "out")
    with pytest.raises(IntakeError, match=r"raw folder .*nowhere \(STAMMKUNDE_RAW\): does not exist"):
        prepare(tmp_path / "nowhere", tmp_path / "out")


def test_a_full_or_locked_disk_is_an_error(tmp_path: Path) -> None:
    """Here: the folder to write to lies within a file."""
    raw = CASES["cut_off"].write(tmp_path / "raw")
    (tmp_path / "file").write_text("x")
    with pytest.raises(IntakeError, match="file"):
        prepare(raw, tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("too_few_fields", "orders.csv"),
        ("csv_named_parquet", "orders.parquet"),
        ("quote_not_closed_far_down", "orders.csv"),
    ],
)
def test_plain_dbt_build_names_the_file_that_it_cannot_read(name: str, file: str, tmp_path: Path) -> None:
    """Without intake nothing is converted: a file that is not as documented stops the run."""
    raw = CASES[name].write(tmp_path / "raw")
    run = run_dbt(["run", "--select", "+stg_orders"], tmp_path / "build", raw=raw)
    assert run.exit_code != 0
    assert str(raw / file) in run.output
    assert "Traceback" not in run.output


def test_broken_lines_are_in_the_summary(build: Build) -> None:
    """All cases added up; reasons of exclusions are shown too, but the cases do not say them."""
    cases = [case for case in ROWS if case.entity == "orders"]
    reasons = sum((case.reasons() for case in cases), Counter())
    assert reasons["missing_order_id"] >= sum(case.malformed for case in cases) > 0
    query = "select outcome, reason, rows from marts.row_accounting where entity = 'orders'"
    outcomes = [dict(zip(("outcome", "reason", "rows"), row, strict=True)) for row in build.rows(query)]
    lines = (line.rsplit(maxsplit=1) for line in accounting(outcomes))
    said = {label.strip(): int(number.replace(",", "")) for label, number in lines}
    known = {
        "Raw order rows": sum(case.rows + case.left_out for case in cases),
        "counted": sum(len(case.order_ids()) for case in cases),
        "excluded": sum(case.excluded for case in cases),
        "quarantined": reasons.total(),
        "superseded": sum(case.superseded for case in cases),
        **reasons,
    }
    assert {label: said[label] for label in known} == known
    left_out = "select sum(rows) from marts.row_accounting where entity = 'orders' and outcome = 'left_out'"
    assert build.rows(left_out) == [(sum(case.left_out for case in cases),)]
