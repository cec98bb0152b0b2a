"""Targets: every measure that may have one against a second calculation, and that a wrong one is named first."""

from __future__ import annotations

import csv
import shutil
from itertools import product
from pathlib import Path

import duckdb
import pytest
import yaml

from reports import targets
from reports.glossary import Glossary
from reports.language import Language
from tests.conftest import PROJECT, WAREHOUSE, Build, run_dbt
from tests.reference.check_warehouse import read_mart
from tests.reference.comparison import beyond, compare
from tests.reference.targets import HOME, target_attainment

GRAINS = {"retention_kpis": ["month", "quarter", "year"], "nps": ["month", "quarter"]}
COLUMNS = ("measure", "grain", "value", "direction", "valid_from", "owner")
OF_YEARS = ("net_revenue_retention", "gross_revenue_retention", "revenue_churn_rate")
SELECTED = ["--select", "targets", "int_targets", "target_attainment", "--exclude-resource-type", "unit_test"]


def grains_of(measure: str) -> list[str]:
    return ["year"] if measure in OF_YEARS else GRAINS.get(HOME[measure], ["month"])


def every_target() -> list[dict[str, str]]:
    """For each measure and grain two, the second from the middle of a month on; at_most and at_least in turn."""
    found = []
    for number, measure in enumerate(HOME):
        for grain, (value, day) in product(grains_of(measure), (("0.9", "2020-01-01"), ("0.05", "2024-03-15"))):
            direction = "at_least" if number % 2 else "at_most"
            row = {"measure": measure, "grain": grain, "value": value, "direction": direction}
            found.append({**row, "valid_from": day, "owner": "shop"})
    return found


def write(rows: list[dict[str, str]], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def with_targets(rows: list[dict[str, str]], folder: Path, sample: Build) -> Build:
    """The sample's warehouse with other targets."""
    (folder / "seeds").mkdir()
    write(rows, folder / "seeds" / "targets.csv")
    shutil.copy(sample.warehouse, folder / WAREHOUSE)
    return run_dbt(["build", *SELECTED], folder, seeds=folder / "seeds")


def test_every_measure_is_held_against_its_target_as_a_second_calculation_does(sample: Build, tmp_path: Path) -> None:
    build = with_targets(every_target(), tmp_path, sample)
    assert build.exit_code == 0, build.output
    with (tmp_path / "seeds" / "targets.csv").open(encoding="utf-8", newline="") as seed:
        assert list(csv.DictReader(seed)) == every_target(), "what is read is not written to"
    with duckdb.connect(str(build.warehouse), read_only=True) as connection:
        marts = {mart: read_mart(connection, "marts", mart) for mart in set(HOME.values())}
        got = read_mart(connection, "marts", "target_attainment")
    want = target_attainment(marts, {"targets": every_target()})
    assert compare("target_attainment", got, want) + beyond("target_attainment", got, want) == []
    assert {(row["measure"], row["period_grain"]) for row in got} == {
        (measure, grain) for measure in HOME for grain in grains_of(measure)
    }
    assert {row["not_judged_because"] for row in got} >= {None, "still_running", "start_unknown", "no_share"}
    assert {(row["is_met"], row["is_beyond_chance"]) for row in got} >= {
        *product((True, False), (True, False, None)),
        (None, None),
    }


def test_a_wrong_target_is_one_line_that_names_target_and_field(sample: Build, tmp_path: Path) -> None:
    wrong = {"measure": "csat_score", "grain": "month", "value": "80", "direction": "at_least", "owner": "shop"}
    build = with_targets([*every_target()[:3], {**wrong, "valid_from": "2025-01-01"}], tmp_path, sample)
    assert build.exit_code != 0
    said = (
        "int_targets has faults: target csat_score by month from 2025-01-01: value 80 is more than the measure can be"
    )
    assert [line for line in build.output.splitlines() if "has faults" in line] == [
        f"intermediate.{said} (a rate is a share: 0.8 and not 80)"
    ]
    assert "Traceback" not in build.output


def test_without_targets_nothing_is_held_against_anything(sample: Build, tmp_path: Path) -> None:
    build = with_targets([], tmp_path, sample)
    assert build.exit_code == 0, build.output
    assert build.rows("select count(*) from marts.target_attainment") == [(0,)]


def test_who_takes_targets_away_is_not_held_up_by_the_gate() -> None:
    query = (PROJECT / "orchestration" / "quality" / "sql" / "drift" / "mart_rows.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute("create table erased_orders (order_id varchar)")
        connection.execute("create table refusals (model varchar, explanation varchar)")
        connection.execute(
            "create table marts_before as from (values ('nps', 60), ('target_attainment', 60)) as t(mart, rows)"
        )
        connection.execute("create table marts as from (values ('nps', 30)) as t(mart, rows)")
        assert [row[0] for row in connection.execute(query).fetchall()] == ["nps"]


def test_the_page_lists_what_may_have_a_target() -> None:
    """And each is a measure of the glossary, with a unit in which a target is shown."""
    text = (PROJECT / "docs" / "targets.md").read_text(encoding="utf-8")
    table = text.partition("| measure | month | quarter | year | beyond chance |")[2].partition("\n\n")[0]
    listed: dict[str, list[str]] = {}
    for line in table.splitlines()[2:]:
        _, measure, *cells = (cell.strip(" `") for cell in line.split("|"))
        listed[measure] = [grain for grain, cell in zip(("month", "quarter", "year"), cells, strict=False) if cell]
    assert listed == {measure: grains_of(measure) for measure in HOME}
    with (PROJECT / "seeds" / "kpi_definitions.csv").open(encoding="utf-8", newline="") as file:
        assert {row["kpi"] for row in csv.DictReader(file)} >= set(HOME)


def test_the_shipped_examples_show_each_verdict_on_the_sample(sample: Build) -> None:
    found = sample.rows(
        "select measure, is_met, is_beyond_chance from marts.target_attainment where is_complete "
        "and period_start + case period_grain when 'month' then interval 1 month when 'quarter' then interval 3 month "
        "else interval 1 year end = date '2026-01-01'"
    )
    assert {measure: (met, beyond) for measure, met, beyond in found} == {
        "customer_churn_rate": (False, False),
        "average_order_value": (True, None),
        "replied_within_target_rate": (False, True),
        "retained_customer_rate": (False, True),
        "nps": (False, False),
        "customer_retention_rate": (False, None),
        "repeat_customer_rate": (True, True),
        "purchase_frequency": (True, None),
        "clv_by_lifespan": (True, None),
    }


SAID = {
    "de": "Abwanderungsrate, Dezember 2025: 8,8\xa0%, Ziel höchstens 8,0\xa0%, verfehlt (Abstand +0,8\xa0Pp.); "
    "kann Zufall sein.",
    "en": "Churn rate, December 2025: 8.8%, target at most 8.0%, missed (distance +0.8\xa0pp); can be chance.",
}


@pytest.mark.parametrize("code", SAID)
def test_a_missed_target_is_said_in_words(code: str, sample: Build) -> None:
    language = Language(code)
    row = as_rows(sample, "target_attainment where measure = 'customer_churn_rate' and period_start = '2025-12-01'")[0]
    glossary = Glossary(as_rows(sample, "kpi_glossary"), language)
    first, *others = targets.sentences([row], glossary, language, "EUR")
    assert first.startswith("1 ") and len(others) == 1
    assert others[0].startswith(SAID[code])
    met = [{**row, "is_met": True}]
    assert list(targets.sentences(met, glossary, language, "EUR")) == [language.say("targets.none_missed", judged="1")]
    assert list(targets.sentences([], glossary, language, "EUR")) == [language.say("targets.none_judged")]


def test_each_reason_has_its_words() -> None:
    described = yaml.safe_load((PROJECT / "models/marts/targets/target_attainment.yml").read_text(encoding="utf-8"))
    (column,) = [one for one in described["models"][0]["columns"] if one["name"] == "not_judged_because"]
    for reason in column["config"]["meta"]["rules"][0]["values"]:
        for code in ("de", "en"):
            row = {"is_beyond_chance": None, "not_judged_because": reason}
            assert len(targets.chance(row, Language(code))) > 10


def as_rows(build: Build, table: str) -> list[dict[str, object]]:
    with duckdb.connect(str(build.warehouse), read_only=True) as connection:
        found = connection.execute(f"select * from marts.{table}")
        return [dict(zip([one[0] for one in found.description], row, strict=True)) for row in found.fetchall()]
