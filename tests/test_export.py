"""The export: KPIs and lists as files for spreadsheets, with the figures of the marts."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from typer.testing import CliRunner

from cli.app import app
from orchestration.copies import renew as renewing
from orchestration.copies.renew import renew
from reports.excel import write_workbook
from reports.export import write_export
from reports.language import Language
from reports.tables import Column, Table
from stammkunde.errors import StammkundeError
from stammkunde.places import Places
from tests.conftest import Build
from tests.published import published_copy

KPIS = ("customer_retention_rate", "customer_churn_rate", "net_revenue", "orders", "clv_by_lifespan")
SHEETS = {
    "about", "at_risk", "best", "cohorts", "glossary", "kpis_month", "kpis_quarter", "kpis_week", "kpis_year", "lost",
    "segments_month", "segments_quarter", "segments_year", "windows",
}  # fmt: skip


@pytest.fixture(scope="module")
def published(sample: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published_copy(sample.warehouse, tmp_path_factory.mktemp("published") / "retention.duckdb")


@pytest.fixture(scope="module")
def exported(published: Path) -> dict[str, Path]:
    """The folder of each language."""
    folders = {code: published.with_name(f"retention_{code}") for code in ("de", "en")}
    for code, folder in folders.items():
        write_export(published, folder, code)
    return folders


def asked(published: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(published), read_only=True) as connection:
        return connection.execute(query).fetchall()


def names(published: Path, language: str) -> dict[str, str]:
    """What the glossary calls the KPIs."""
    return dict(asked(published, f"select kpi, name_{language} from marts.kpi_glossary where mart = 'retention_kpis'"))


def read(folder: Path, sheet: str, language: str) -> list[dict[str, str]]:
    with (folder / f"{sheet}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";" if language == "de" else ","))


def number(text: str, language: str) -> float | None:
    return float(text.replace(",", ".") if language == "de" else text) if text else None


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("grain", ["week", "month", "quarter", "year"])
def test_kpis_are_those_of_the_marts(published: Path, exported: dict[str, Path], language: str, grain: str) -> None:
    known = names(published, language)
    columns = ", ".join(f"cast({kpi} as double)" for kpi in KPIS)
    marts = asked(
        published,
        f"select period_start, {columns} from marts.retention_kpis where period_grain = '{grain}' order by 1 desc",
    )
    rows = read(exported[language], f"kpis_{grain}", language)
    head = {"de": "Erster Tag", "en": "First day"}[language]
    found = [(date.fromisoformat(row[head]), *(number(row[known[kpi]], language) for kpi in KPIS)) for row in rows]
    assert found == marts


def test_each_list_has_the_customers_that_the_marts_have(published: Path, exported: dict[str, Path]) -> None:
    conditions = {"at_risk": "lifecycle_stage = 'at_risk'", "lost": "lifecycle_stage = 'lost'", "best": "m_score = 5"}
    for sheet, condition in conditions.items():
        rows = read(exported["en"], sheet, "en")
        marts = asked(published, f"select customer_id, net_revenue from marts.customers where {condition}")
        assert {(row["Customer"], row["Net revenue to date"]) for row in rows} == {
            (one, str(two)) for one, two in marts
        }
        assert len(rows) == len(marts) > 10
    by_value = [float(row["Net revenue to date"]) for row in read(exported["en"], "at_risk", "en")]
    assert by_value == sorted(by_value, reverse=True)


def test_excel_holds_the_same_tables_as_numbers_and_dates(published: Path, exported: dict[str, Path]) -> None:
    workbook = openpyxl.load_workbook(exported["de"] / "retention_de.xlsx")
    assert len(workbook.sheetnames) == len(SHEETS)
    sheet = workbook["Kennzahlen je Monat"]
    head = [cell.value for cell in sheet[1]]
    known = names(published, "de")
    place = head.index(known["customer_retention_rate"])
    found = [(row[1].value.date(), row[place].value) for row in sheet.iter_rows(min_row=2)]
    marts = asked(
        published,
        "select period_start, customer_retention_rate from marts.retention_kpis "
        "where period_grain = 'month' order by 1 desc",
    )
    assert found == [(start, pytest.approx(rate) if rate is not None else None) for start, rate in marts]
    assert sheet.cell(2, place + 1).number_format == "0.0%"
    assert sheet.cell(2, head.index(known["net_revenue"]) + 1).number_format == '#,##0.00\\ "EUR"'
    assert (sheet.cell(2, 1).value, sheet.cell(2, 2).number_format) == ("Januar 2026", "dd.mm.yyyy")
    assert sheet.auto_filter.ref and sheet.auto_filter.ref.startswith("A1:")


def test_a_cell_of_excel_is_no_formula(tmp_path: Path) -> None:
    file = tmp_path / "t.xlsx"
    write_workbook({"T": Table([Column("a", "=A")], [{"a": "=1+1"}, {"a": "@SUM(A1)"}])}, file, Language("en"), "EUR")
    cells = [cell for (cell,) in openpyxl.load_workbook(file)["T"].iter_rows()]
    assert [(cell.value, cell.data_type) for cell in cells] == [("'=A", "s"), ("'=1+1", "s"), ("'@SUM(A1)", "s")]


def test_a_folder_of_somebody_else_is_left_alone(published: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StammkundeError, match=r"holds mine\.txt, which is no part of an export"):
        write_export(published, tmp_path, "de")
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_what_was_exported_once_is_made_anew_with_each_publish(
    sample: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMKUNDE_REPORT_LANGUAGES", "none")
    places = Places(None, None, tmp_path / "w.duckdb", published_copy(sample.warehouse, tmp_path / "retention.duckdb"))
    assert renew(places, print) == []
    assert not places.export("de").exists()
    write_export(places.published, places.export("de"), "de")
    with duckdb.connect(str(places.published)) as connection:  # as an erasure or a rollback changes it
        connection.execute("update marts.customers set customer_id = 'somebody' where m_score = 5")
    said: list[str] = []
    assert renew(places, said.append) == []
    assert [line.partition(" (")[0] for line in said] == [f"  exported: {places.export('de')}"]
    assert {row["Kunde"] for row in read(places.export("de"), "best", "de")} == {"somebody"}
    assert not places.export("en").exists()


def test_a_report_that_was_printed_once_is_printed_with_each_publish(
    sample: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAMMKUNDE_REPORT_LANGUAGES", "none")
    places = Places(None, None, tmp_path / "w.duckdb", published_copy(sample.warehouse, tmp_path / "retention.duckdb"))
    printed = places.report("en").with_suffix(".pdf")
    printed.write_text("of an earlier build")
    pages: list[str] = []
    monkeypatch.setattr(renewing, "write_pdf", lambda page, target: pages.append(page.read_text(encoding="utf-8")))
    said: list[str] = []
    assert renew(places, said.append) == []
    assert [line.partition(" (")[0] for line in said] == [f"  printed: {printed}"]
    assert len(pages) == 1 and '<html lang="en">' in pages[0]


def test_the_command_says_what_it_wrote(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAMMKUNDE_PUBLISHED", str(published))
    monkeypatch.setenv("STAMMKUNDE_WAREHOUSE", str(tmp_path / "w.duckdb"))
    folder = tmp_path / "for_the_boss"
    done = CliRunner().invoke(app, ["export", "--language", "en", "--to", str(folder)], catch_exceptions=False)
    assert done.exit_code == 0
    written = {Path(line) for line in done.output.split("\n") if line}
    assert {path.name for path in written} == {f"{name}.csv" for name in SHEETS} | {"for_the_boss.xlsx"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    wrong = CliRunner().invoke(app, ["export", "--language", "fr"])
    assert str(wrong.exception) == "--language is 'fr': it must be de or en"


def test_a_shop_without_orders_has_files_without_rows(published: Path, tmp_path: Path) -> None:
    file = tmp_path / "empty.duckdb"
    file.write_bytes(published.read_bytes())
    with duckdb.connect(str(file)) as connection:
        for mart in ("retention_kpis", "retention_kpis_by_segment", "cohort_retention", "cohort_windows", "customers"):
            connection.execute(f"delete from marts.{mart}")
        connection.execute("drop table marts.cohort_windows")  # of an earlier version
    written = {path.stem for path in write_export(file, tmp_path / "empty", "de") if path.suffix == ".csv"}
    assert written == SHEETS - {"windows"}
    assert read(tmp_path / "empty", "at_risk", "de") == []
