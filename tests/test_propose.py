"""`make map` proposes a mapping that can be used as it is, with a reason for each guess."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from intake.errors import IntakeError
from intake.guessing.dates import fitting, zone_of
from intake.guessing.numbers import find_number_form
from intake.mapping import load_mapping
from intake.prepare import prepare
from intake.propose import propose
from intake.states import known as known_states
from intake.states import meaning, spelled
from tests.conftest import PROJECT

CASES = PROJECT.parent / "shared" / "data" / "field_cases"
GERMAN = (
    "Bestellnummer;Kundennummer;Bestelldatum;Warenwert;Währung;E-Mail\n"
    "A1;7;25.01.2024 14:30;1.234,50;EUR;ann@example.com\n"
    "A2;8;26.02.2024 09:00;12,5;EUR;\n"
)


def proposed(folder: Path, **files: str | bytes) -> str:
    """The proposal for files, named with _ for the dot."""
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content.encode() if isinstance(content, str) else content)
    return "\n".join(propose(folder)) + "\n"


def used(folder: Path, text: str) -> Path:
    """The folder that dbt reads, prepared by a proposal as it stands."""
    (folder / "mapping.yml").write_text(text, encoding="utf-8")
    return prepare(folder, folder.parent / f"{folder.name}_prepared")


def read(path: Path, columns: str) -> list[tuple]:
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(f"select {columns} from '{path}' order by all").fetchall()


# Whole files --------------------------------------------------------------------------------------------------------


def test_a_proposal_for_a_german_file_can_be_used_as_it_is(tmp_path: Path) -> None:
    out = used(tmp_path, proposed(tmp_path, bestellungen_csv=GERMAN.encode("cp1252")))
    orders = load_mapping(tmp_path / "mapping.yml").entities["orders"]
    assert (orders.format.delimiter, orders.format.decimal, orders.format.thousands) == (";", ",", ".")
    assert orders.columns["ordered_at"].date_format == "%d.%m.%Y %H:%M"
    assert read(out / "orders.parquet", "order_id, customer_id, ordered_at, amount, customer_email") == [
        ("A1", "7", "2024-01-25 14:30:00.000000", "1234.50", "ann@example.com"),
        ("A2", "8", "2024-02-26 09:00:00.000000", "12.5", None),
    ]


def test_a_proposal_says_why_and_shows_no_mail(tmp_path: Path) -> None:
    text = proposed(tmp_path, bestellungen_csv=GERMAN.encode("cp1252"))
    for reason in (
        "encoding: line 1 is not UTF-8", "separator:", "decimal comma: values such as", "by its name",
        "# settings:\n#   source_timezone: Europe/Berlin  # German column names",
    ):  # fmt: skip
        assert reason in text
    assert "ann@" not in text


SQUARE_LIKE = (
    "Datum,Uhrzeit,Zeitzone,Netto,Beleg,Vorgang,Kundennummer\n"
    "2025-01-10,10:00:00,Berlin,€20.00,t1,Verkauf,C1\n"
    '2025-02-10,23:30:00,Berlin,"€1,250.00",t2,Verkauf,C2\n'
    "2025-02-12,10:00:00,Berlin,(€5.00),t1,Erstattung,C1\n"
).replace("Beleg", "Belegnummer")


def test_refunds_among_orders_signs_brackets_and_two_columns_of_time(tmp_path: Path) -> None:
    text = proposed(tmp_path, kasse_csv=SQUARE_LIKE)
    out = used(tmp_path, text)
    assert read(out / "orders.parquet", "order_id, customer_id, ordered_at, amount") == [
        ("t1", "C1", "2025-01-10 09:00:00.000000Z", "20.00"),
        ("t2", "C2", "2025-02-10 22:30:00.000000Z", "1250.00"),
    ]
    assert read(out / "refunds.parquet", "order_id, refunded_at, amount") == [
        ("t1", "2025-02-12 09:00:00.000000Z", "5.0000")
    ]
    assert "settings:\n  reporting_timezone: Europe/Berlin  # Zeitzone says Berlin" in text


def test_a_folder_of_orders_refunds_and_rates(tmp_path: Path) -> None:
    orders = "Auftragsnummer;Kundennummer;Auftragsdatum;Gesamt Netto;Auftragsstatus\n{};7;25.01.2024;{};{}\n"
    text = proposed(
        tmp_path,
        export_2023_csv=orders.format("A1", "10,50", "Versendet"),
        export_2024_csv=orders.format("A2", "20,50", "Komplett storniert"),
        gutschriften_csv="Gutschriftnr;Auftragsnummer;Gutschriftdatum;Betrag\nG1;A1;01.02.2024;-5,00\n",
        kurse_csv="Datum;Waehrung;Kurs\n01.02.2024;USD;0,93\n",
    )
    out = used(tmp_path, text)
    assert read(out / "orders.parquet", "order_id, amount, status") == [
        ("A1", "10.50", "Versendet"), ("A2", "20.50", "cancelled"),
    ]  # fmt: skip
    assert read(out / "refunds.parquet", "refund_id, order_id, refunded_at, amount") == [
        ("G1", "A1", "2024-02-01", "5.0000")
    ]
    assert read(out / "exchange_rates.parquet", "rate_date, currency, rate") == [("2024-02-01", "USD", "0.93")]


def test_lines_of_orders_are_added_up(tmp_path: Path) -> None:
    rows = "1,7,2024-01-01,A,5\n1,7,2024-01-01,B,6\n2,8,2024-01-02,A,5\n"
    text = proposed(tmp_path, items_csv=f"order number,customer,date,sku,item price\n{rows}")
    orders = load_mapping_of(tmp_path, text).entities["orders"]
    assert (orders.fold.kind, orders.fold.by) == ("add_lines", "order number")  # type: ignore[union-attr]
    assert "order number 1 stands in 2 rows, each with an amount of its own" in text


def test_fields_of_an_order_on_one_of_its_lines(tmp_path: Path) -> None:
    rows = "1,7,2024-01-01,A,11\n1,,,B,\n2,8,2024-01-02,A,5\n"
    text = proposed(tmp_path, sales_csv=f"order number,customer,date,sku,total\n{rows}")
    assert load_mapping_of(tmp_path, text).entities["orders"].fold.kind == "first_line"  # type: ignore[union-attr]


def test_a_total_with_tax_and_shipping_is_proposed_without(tmp_path: Path) -> None:
    rows = "1,7,2024-01-01,119,19,5\n"
    text = proposed(tmp_path, o_csv=f"order number,customer,date,total,tax,shipping\n{rows}")
    assert load_mapping_of(tmp_path, text).entities["orders"].columns["amount"].less == ("tax", "shipping")


def load_mapping_of(folder: Path, text: str):
    (folder / "mapping.yml").write_text(text, encoding="utf-8")
    return load_mapping(folder / "mapping.yml")


def test_a_title_above_the_header_and_sep_are_no_header(tmp_path: Path) -> None:
    text = proposed(
        tmp_path, a_csv='"Report","in UTC"\n\nOrder Number,Buyer Email,Sale Date,Sold For\n1,a@b.de,2024-01-01,5\n'
    )
    assert "order_id: Order Number" in text
    assert "amount: Sold For" in text
    (tmp_path / "a.csv").write_text("sep=;\nid;customer;date;total\n1;2;2024-01-01;5\n")
    assert "delimiter: ;" in "\n".join(propose(tmp_path / "a.csv"))


def test_a_sheet_with_a_title_above_its_header(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["Umsatzbericht"], [], ["Bestellnr", "Kunde", "Datum", "Betrag"], [1, "K1", date(2025, 1, 2), 12.5]):
        book.active.append(row)
    book.save(tmp_path / "verkauf.xlsx")
    out = used(tmp_path, "\n".join(propose(tmp_path)) + "\n")
    assert read(out / "orders.parquet", "order_id, customer_id, ordered_at, amount") == [
        ("1", "K1", "2025-01-02", "12.5")
    ]


def test_a_date_that_can_be_read_in_two_ways_is_named(tmp_path: Path) -> None:
    text = proposed(tmp_path, o_csv="id,customer,date,total\n1,2,03/04/2024,5\n2,2,05/06/2024,6\n")
    assert "%m/%d/%Y would fit as well" in text


def test_orders_with_a_column_of_refunds_are_orders(tmp_path: Path) -> None:
    text = proposed(
        tmp_path,
        export_csv="Bestellnr;Kunde;Bestelldatum;Gesamtbetrag;Erstattet am;Erstattungsbetrag\n"
        "1;7;25.01.2024;20,00;;\n2;7;26.01.2024;30,00;28.01.2024;10,00\n",
    )
    used(tmp_path, text)
    columns = load_mapping(tmp_path / "mapping.yml").entities["orders"].columns
    assert (columns["amount"].column, columns["refunded_amount"].column) == ("Gesamtbetrag", "Erstattungsbetrag")
    assert "refunds" not in load_mapping(tmp_path / "mapping.yml").entities


def test_that_no_file_holds_orders_is_said(tmp_path: Path) -> None:
    text = proposed(tmp_path, e_csv="Erstattungsnr;Bestellnr;Erstattet am;Erstattungsbetrag\n1;7;25.01.2024;20,00\n")
    assert "  refunds:\n" in text
    assert "#   orders: no file looks like them" in text


def test_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    text = proposed(tmp_path, o_csv="order_number,customer,date,paid\n1,2,2024-01-01,5\n")
    assert "orders.amount: which of paid is it?" in text


def test_what_looks_like_refunds_is_said(tmp_path: Path) -> None:
    header = "order_number,customer,date,total,refund_eur_gross"
    assert "looks like refunds: refund_eur_gross" in proposed(tmp_path, o_csv=f"{header}\n1,2,2024-01-01,5,1\n")


def test_a_second_file_of_orders_with_other_columns_is_named(tmp_path: Path) -> None:
    text = proposed(
        tmp_path,
        orders_2023_csv="order number,customer,date,total\n1,2,2024-01-01,5\n",
        orders_2024_csv="order number,customer,date,net amount,status\n2,2,2024-01-01,5,paid\n",
    )
    assert "orders.2024.csv: looks like orders too, with other columns" in text


def test_rates_in_columns_are_named(tmp_path: Path) -> None:
    assert "a column for each currency" in proposed(tmp_path, r_csv="Date,USD,JPY\n2024-01-01,1.1,160\n")


def test_nothing_to_propose_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("just text without any separator\nmore of it\n")
    with pytest.raises(IntakeError, match=r"o\.csv, line 1: no separator found"):
        list(propose(tmp_path / "o.csv"))


def test_notes_that_lie_beside_the_files_are_no_table_and_stop_nothing(tmp_path: Path) -> None:
    text = proposed(tmp_path, notes_txt="exported on Monday\nask Anna\n", bestellungen_csv=GERMAN.encode("cp1252"))
    assert "order_id: Bestellnummer" in text
    assert "#   notes.txt, line 1: no separator found" in text
    used(tmp_path, text)


def test_a_folder_with_its_own_columns_needs_no_mapping_and_one_with_others_does(tmp_path: Path) -> None:
    assert "no mapping is needed" in proposed(
        tmp_path, orders_csv="order_id,customer_id,ordered_at,amount\n1,2,2024-01-01,5\n"
    )
    text = proposed(tmp_path, orders_csv="Bestellnummer,Kunde,Datum,Netto\n1,2,2024-01-01,5\n")
    assert "no mapping is needed" not in text
    assert "order_id: Bestellnummer" in text


# Presets ------------------------------------------------------------------------------------------------------------


def test_a_file_of_a_preset_is_recognised(tmp_path: Path) -> None:
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    text = proposed(tmp_path, lines_csv=header + "1,A,Mug,2,2011-01-01 10:00,1.5,7,France\n")
    assert "preset: invoice_lines" in text
    assert "entities:" not in text


SHOPIFY_HEADER = (
    "Name;Email;Financial Status;Paid at;Accepts Marketing;Currency;Subtotal;Shipping;Taxes;Total;Discount Amount;"
    "Created at;Lineitem quantity;Lineitem name;Lineitem price;Lineitem sku;Billing Country;Cancelled at;"
    "Refunded Amount;Id;Source"
)
SHOPIFY_ROW = (
    "#1;a@b.de;paid;2025-01-10 10:00:00 +0100;no;EUR;80.00;0;0;80.00;0;2025-01-10 10:00:00 +0100;1;Tea;80.00;T;DE;;0;1;"
    "web"
)


def test_a_preset_is_recognised_under_another_name_and_with_another_separator(tmp_path: Path) -> None:
    text = proposed(tmp_path, verkauf_csv=f"{SHOPIFY_HEADER}\n{SHOPIFY_ROW}\n")
    out = used(tmp_path, text)
    assert "preset: shopify" in text
    assert read(out / "orders.parquet", "order_id, amount, status") == [("#1", "80.00", "paid")]
    assert "#   paid                                 1             80.00 EUR  counts" in text


@pytest.mark.skipif(not CASES.exists(), reason="no field cases in ../shared/data")
@pytest.mark.parametrize(
    ("case", "preset"),
    [
        ("amazon_item_rows", "amazon"), ("magento_grid", "magento"), ("square_dollar_amounts", "square"),
        ("woo_orders_table", "woocommerce_orders_table"), ("woo_checkout_draft", "woocommerce"),
        ("stripe_test_mode", "stripe"),
        ("shopify_exchange_zero", "shopify"),
    ],
)  # fmt: skip
def test_files_of_the_field_cases_are_recognised(case: str, preset: str) -> None:
    assert f"preset: {preset}  #" in "\n".join(propose(CASES / case))


# States -------------------------------------------------------------------------------------------------------------


def test_states_are_listed_worst_surprise_first_and_translated(tmp_path: Path) -> None:
    states = ["Storniert", "offen", "Rückläufer", "sonstiges", "Komplett storniert", "erstattet", "offen"]
    rows = "".join(f"{number},7,2024-01-01,10,{state}\n" for number, state in enumerate(states))
    text = proposed(tmp_path, o_csv=f"Bestellnummer,Kundennummer,Datum,Netto,Status\n{rows}")
    mapping = load_mapping_of(tmp_path, text)
    assert mapping.entities["orders"].columns["status"].values == {
        "Komplett storniert": "cancelled", "Storniert": "cancelled", "erstattet": "refunded",
    }  # fmt: skip
    listed = [line.strip("# ").split("  ")[0] for line in text.partition("States of the orders")[2].splitlines()[1:]]
    assert listed == ["Rückläufer", "sonstiges", "Komplett storniert", "Storniert", "offen", "erstattet"]


@pytest.mark.parametrize(
    ("state", "columns", "word"),
    [
        ("wc-cancelled", (), "cancelled"), ("wc-on-hold", (), "counts"), ("Zahlung ausstehend", (), "pending"),
        ("partially_refunded", (), "counts"), ("checkout-draft", (), "draft"), ("closed", ("incrementid",), "refunded"),
        ("6", ("currentstate",), "cancelled"), ("-1", ("cstatus",), "cancelled"),
        ("Komplett storniert", (), "cancelled"),
        ("annulé", (), "cancelled"), ("Payment error", (), "failed"), ("canceled", (), "cancelled"),
    ],
)  # fmt: skip
def test_states_are_known_by_system_and_language(state: str, columns: tuple[str, ...], word: str) -> None:
    found = meaning(state, columns)
    assert found is not None
    assert (found.word, found.is_known) == (word, True)


@pytest.mark.parametrize("state", ["closed", "6", "whatever"])
def test_what_only_some_systems_mean_is_not_known_elsewhere(state: str) -> None:
    assert meaning(state) is None


def test_the_table_of_states_is_written_as_it_is_compared_and_says_one_thing_of_each() -> None:
    found: dict[str, set[str]] = {}
    for system in known_states()["systems"]:
        for word, states in system["states"].items():
            for state in states:
                assert isinstance(state, str), (system["system"], state)
                assert spelled(state) == state, (system["system"], state)
                if "columns" not in system:
                    found.setdefault(state, set()).add(word)
    assert {state: words for state, words in found.items() if len(words) > 1} == {}


def test_the_names_of_columns_are_written_as_they_are_compared() -> None:
    names = yaml.safe_load((PROJECT / "intake" / "guessing" / "names.yml").read_text(encoding="utf-8"))
    for entity, columns in names.items():
        for column, known in columns.items():
            assert len(set(known)) == len(known), (entity, column)
            assert all(name == "".join(filter(str.isalnum, name.lower())) for name in known), (entity, column)


# Values -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["1.234,50", "12,5"], {"decimal": ",", "thousands": "."}),
        (["1,234.50", "12.50"], {"thousands": ","}),
        (["$1,250.00", "($5.00)"], {"thousands": ",", "currency_sign": ["$"], "negative": "brackets"}),
        (["12,00 €", "5,00 €"], {"decimal": ",", "currency_sign": ["€"]}),
        (["1'234.50", "CHF 5.00"], {"thousands": "'", "currency_sign": ["CHF"]}),
        (["1 234,50", "5,00-"], {"decimal": ",", "thousands": " ", "negative": "trailing_minus"}),
        (["10.00", "1234.567"], {}),
        (["25.01.2024", "26.01.2024"], {}),
    ],
)  # fmt: skip
def test_how_amounts_are_written(values: list[str], form: dict[str, object]) -> None:
    found: dict[str, object] = {}
    find_number_form([values], found, [])
    assert found == form


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["25.01.2024 14:30", "01.02.2024 09:00"], "%d.%m.%Y %H:%M"),
        (["15. Jan 2025", "2. Mrz 2025", "24. Dez 2024"], "%d. %b %Y"),
        (["15. Januar 2025", "2. März 2025"], "%d. %b %Y"),
        (["Jan 13, 2025 10:00:00 AM", "Feb 2, 2025 1:00:00 PM"], "%b %d, %Y %I:%M:%S %p"),
        (["13/01/2025", "02/02/2025"], "%d/%m/%Y"),
        (["Jan-10-25", "Feb-11-25"], "%b-%d-%y"),
        (["01/13/2025", "02/02/2025"], "%m/%d/%Y"),
        (["2025-01-10 10:00:00 +0100", "2025-07-10 10:00:00 +0200"], "%Y-%m-%d %H:%M:%S %z"),
    ],
)
def test_how_dates_are_written(values: list[str], form: str) -> None:
    forms, fit = fitting(values)
    assert (forms[0], fit) == (form, len(values))


def test_offsets_of_a_year_name_a_zone() -> None:
    assert zone_of({60, 120}) == "Europe/Berlin"
    assert zone_of({-300, -240}) == "America/New_York"
    assert zone_of({0}) is None
