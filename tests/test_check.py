"""`make check` says what a run would do; `make map` proposes a mapping that can be used as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from intake.errors import IntakeError
from intake.mapping import load_mapping
from intake.prepare import prepare
from intake.propose import propose
from tests.conftest import PROJECT, SAMPLE, Build

GERMAN = (
    "Bestellnummer;Kundennummer;Bestelldatum;Warenwert;Währung;E-Mail\n"
    "A1;7;25.01.2024 14:30;1.234,50;EUR;ann@example.com\n"
    "A2;8;26.02.2024 09:00;12,5;EUR;\n"
)


def run_check(raw: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", "check", "--raw", str(raw)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def report() -> subprocess.CompletedProcess[str]:
    return run_check(SAMPLE)


def test_the_outcomes_are_those_of_a_run(report: subprocess.CompletedProcess[str], sample: Build) -> None:
    assert report.returncode == 0, report.stderr
    for entity, outcome, reason, rows in sample.rows("select entity, outcome, reason, rows from marts.row_accounting"):
        shown = outcome if reason == "none" else f"{outcome}: {reason}"
        assert re.search(rf"^  {entity} +{re.escape(shown)} +{rows:,}$", report.stdout, re.MULTILINE), (entity, shown)


def test_every_reason_has_up_to_three_examples(report: subprocess.CompletedProcess[str]) -> None:
    lines = report.stdout.splitlines()
    for position, line in enumerate(lines):
        if match := re.match(r"  orders +(?:quarantined|excluded): \w+ +([\d,]+)$", line):
            rows = int(match[1].replace(",", ""))
            examples = [shown for shown in lines[position + 1 : position + 4] if shown.startswith("      order ")]
            assert len(examples) == min(rows, 3), line


def test_what_maps_to_what_is_shown_with_values_and_masked_mails(report: subprocess.CompletedProcess[str]) -> None:
    assert re.search(r"^    currency +<- currency +CHF, DKK, EUR$", report.stdout, re.MULTILINE)
    assert "not used: gift_note" in report.stdout
    assert "...@example.com" in report.stdout.lower()
    assert not re.search(r"[\w.]+(?<!\.\.\.)@", report.stdout)


@pytest.fixture(scope="module")
def unusable(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """The report on two orders that do not count: one at no time, one in a currency without a rate."""
    raw = tmp_path_factory.mktemp("unusable")
    rows = "o1,c1,never,10,EUR\no2,c1,2024-01-01,10,usd\n"
    (raw / "orders.csv").write_text(f"order_id,customer_id,ordered_at,amount,currency\n{rows}")
    return run_check(raw)


def test_a_folder_without_usable_orders_would_not_work(unusable: subprocess.CompletedProcess[str]) -> None:
    assert unusable.returncode == 1
    assert "quarantined: invalid_ordered_at" in unusable.stdout
    assert "order o1: 'never' in orders.csv" in unusable.stdout
    assert "no order would count" in unusable.stderr
    assert "Traceback" not in unusable.stderr


def test_a_shop_in_another_currency_is_told_the_setting(unusable: subprocess.CompletedProcess[str]) -> None:
    assert "if USD is the shop's currency, set reporting_currency to it" in unusable.stderr


def test_a_proposal_for_a_german_file_can_be_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "bestellungen.csv").write_bytes(GERMAN.encode("cp1252"))
    (tmp_path / "mapping.yml").write_text("\n".join(propose(tmp_path / "bestellungen.csv")) + "\n", encoding="utf-8")
    orders = load_mapping(tmp_path / "mapping.yml").entities["orders"]
    assert (orders.format.delimiter, orders.format.decimal, orders.format.thousands) == (";", ",", ".")
    assert orders.columns["ordered_at"].date_format == "%d.%m.%Y %H:%M"
    prepare(tmp_path, tmp_path / "out")
    rows = read(tmp_path / "out" / "orders.parquet", "order_id, customer_id, ordered_at, amount, customer_email")
    assert rows == [
        ("A1", "7", "2024-01-25 14:30:00.000000", "1234.50", "ann@example.com"),
        ("A2", "8", "2024-02-26 09:00:00.000000", "12.5", None),
    ]


def test_a_proposal_says_why_and_shows_no_mail(tmp_path: Path) -> None:
    (tmp_path / "bestellungen.csv").write_bytes(GERMAN.encode("cp1252"))
    text = "\n".join(propose(tmp_path / "bestellungen.csv"))
    for reason in (
        "encoding: line 1 is not UTF-8",
        "separator:",
        "decimal comma: values such as 1.234,50",
        "by its name",
    ):
        assert reason in text
    assert "ann@" not in text


def test_a_date_that_can_be_read_in_two_ways_is_named(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("id,customer,date,total\n1,2,03/04/2024,5\n2,2,05/06/2024,6\n")
    assert "%m/%d/%Y would fit as well" in "\n".join(propose(tmp_path / "o.csv"))


def test_a_file_of_a_preset_is_recognised(tmp_path: Path) -> None:
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    (tmp_path / "lines.csv").write_text(header + "1,A,Mug,2,2011-01-01 10:00,1.5,7,France\n")
    assert "preset: invoice_lines" in "\n".join(propose(tmp_path / "lines.csv"))


def test_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("order_number,customer,date,paid\n1,2,2024-01-01,5\n")
    assert "orders.amount: which of paid is it?" in "\n".join(propose(tmp_path / "o.csv"))


def test_nothing_to_propose_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("just text without any separator\nmore of it\n")
    with pytest.raises(IntakeError, match=r"o\.csv, line 1: no separator found"):
        list(propose(tmp_path / "o.csv"))


def read(path: Path, columns: str) -> list[tuple]:
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(f"select {columns} from '{path}' order by 1").fetchall()
