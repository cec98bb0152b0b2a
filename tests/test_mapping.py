"""Mappings: what they convert, and that what is not written as declared is never misread."""

from __future__ import annotations

import getpass
import gzip
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from intake.errors import IntakeError
from intake.mapping import load_mapping
from intake.prepare import prepare
from tests.conftest import run_dbt

GERMAN = """\
entities:
  orders:
    files: bestellungen.csv
    format: {delimiter: ";", encoding: latin-1, decimal: ",", thousands: "."}
    columns:
      order_id: Bestellnummer
      customer_id: Kundennummer
      ordered_at: {column: Bestelldatum, date_format: "%d.%m.%Y %H:%M"}
      amount: Warenwert
      discount_amount: Rabatt
      status: {column: Zustand, values: {bezahlt: paid, Storniert: cancelled}}
      sales_channel: {constant: laden}
      is_test: {column: Testbestellung, true_values: [ja, x]}
"""
GERMAN_HEADER = "Bestellnummer;Kundennummer;Bestelldatum;Warenwert;Rabatt;Zustand;Testbestellung"


def shop(tmp_path: Path, mapping: str, **files: str | bytes) -> Path:
    """A raw folder with a mapping and files, named with _ for the dot."""
    raw = tmp_path / "raw"
    raw.mkdir(exist_ok=True)
    (raw / "mapping.yml").write_text(mapping, encoding="utf-8")
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (raw / name.replace("_", ".")).write_bytes(data)
    return raw


def simple(columns: str = "", settings: str = "", files: str = "orders.csv") -> str:
    """A mapping of a file with the columns id, customer, day and value, and more."""
    return (
        f"entities:\n  orders:\n    files: {files}\n{settings}    columns:\n      order_id: id\n"
        f"      customer_id: customer\n      ordered_at: day\n      amount: value\n{columns}"
    )


def orders(raw: Path, columns: str) -> list[tuple]:
    out = prepare(raw, raw.parent / "prepared")
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        query = f"select {columns} from read_parquet('{out / 'orders'}.parquet') order by all"
        return connection.execute(query).fetchall()


Verdict = tuple[str | None, Decimal | None, datetime | None]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Verdict]:
    """Reason, value and time after staging of each order of two shops, whose numbers differ: dbt starts once."""
    directory = tmp_path_factory.mktemp("staged")
    together = directory / "together" / "orders"
    together.mkdir(parents=True)
    for name, write in (("german", shop_with_odd_values), ("typed", shop_in_a_duckdb_file)):
        (directory / name).mkdir()
        prepared = prepare(write(directory / name), directory / name / "prepared")
        (together / f"{name}.parquet").symlink_to(prepared / "orders.parquet")
    build = run_dbt(["run", "--select", "+stg_orders"], directory / "build", raw=together.parent)
    assert build.exit_code == 0, build.output
    found = build.rows("select order_id, rejection_reason, amount, ordered_at from staging.stg_orders order by 1")
    assert len({order_id for order_id, *_ in found}) == len(found) == len(ODD_VALUES) + 1
    return {order_id: tuple(verdict) for order_id, *verdict in found}


def error_of(tmp_path: Path, mapping: str, **files: str | bytes) -> str:
    with pytest.raises(IntakeError) as raised:
        prepare(shop(tmp_path, mapping, **files), tmp_path / "prepared")
    text = str(raised.value)
    assert len(text.splitlines()) == 1
    assert not (tmp_path / "prepared").exists()
    return text


# Files --------------------------------------------------------------------------------------------------------------


def test_a_german_file_is_read_as_it_is_declared(tmp_path: Path) -> None:
    lines = [
        GERMAN_HEADER,
        "A-1;Müller;31.12.2024 23:59;1.234,50;10;bezahlt;nein",
        "A-2;Groß & Söhne;01.02.2024 08:05;0,99;;STORNIERT;Ja",
        'A-3;"Weiß; Anna";29.02.2024 00:00;12.345.678,9;1,5;offen;x',
        "A-4;Jörg;01.03.2024 00:00;-5;0;;",
    ]
    raw = shop(tmp_path, GERMAN, bestellungen_csv="\r\n".join(lines).encode("latin-1"))
    columns = "order_id, customer_id, ordered_at, amount, discount_amount, status, sales_channel, is_test"
    assert orders(raw, columns) == [
        ("A-1", "Müller", "2024-12-31 23:59:00.000000", "1234.50", "10", "paid", "laden", "false"),
        ("A-2", "Groß & Söhne", "2024-02-01 08:05:00.000000", "0.99", None, "cancelled", "laden", "true"),
        ("A-3", "Weiß; Anna", "2024-02-29 00:00:00.000000", "12345678.9", "1.5", "offen", "laden", "true"),
        ("A-4", "Jörg", "2024-03-01 00:00:00.000000", "-5", "0", None, "laden", None),
    ]


DAY = "01.02.2024 08:05"
ODD_VALUES = {
    "A-1": (DAY, "1.234"), "A-2": (DAY, "12.34"), "A-3": (DAY, "1,234.50"), "A-4": (DAY, "1234.5"),
    "A-5": (DAY, "5 EUR"), "A-6": ("2024-02-01 08:05", "5,00"), "A-7": ("02/28/2024 08:05", "5,00"),
    "A-8": ("31.02.2024 08:05", "5,00"), "A-9": (DAY, "1e3"),
}  # fmt: skip


def shop_with_odd_values(directory: Path) -> Path:
    lines = [GERMAN_HEADER, *(f"{key};c;{when};{value};;;" for key, (when, value) in ODD_VALUES.items())]
    return shop(directory, GERMAN, bestellungen_csv="\n".join(lines))


def test_what_is_not_written_as_declared_is_quarantined_and_never_misread(verdicts: Mapping[str, Verdict]) -> None:
    """1.234 is 1234 where the point groups thousands, and 12.34 is nothing: neither 1234 nor 12.34."""
    assert [(key, *verdicts[key][:2]) for key in ODD_VALUES] == [
        ("A-1", None, Decimal(1234)),
        ("A-2", "invalid_amount", None),
        ("A-3", "invalid_amount", None),
        ("A-4", "invalid_amount", None),
        ("A-5", "invalid_amount", None),
        ("A-6", "invalid_ordered_at", Decimal(5)),
        ("A-7", "invalid_ordered_at", Decimal(5)),
        ("A-8", "invalid_ordered_at", Decimal(5)),
        ("A-9", "invalid_amount", None),
    ]


@pytest.mark.parametrize(
    ("date_format", "written", "read"),
    [
        ("%d.%m.%Y", "05.04.2024", "2024-04-05"),
        ("%m/%d/%Y", "05/04/2024", "2024-05-04"),
        ("%m/%d/%Y %I:%M %p", "5/4/2024 12:30 AM", "2024-05-04 00:30:00.000000"),
        ("%Y%m%d", "20240405", "2024-04-05"),
        ("%Y-%m-%d %H:%M:%S %z", "2024-04-05 00:30:00 +0200", "2024-04-04 22:30:00.000000Z"),
        ("%d %b %Y", "5 Apr 2024", "2024-04-05"),
        ("%d.%m.%Y", "2024-04-05", "2024-04-05 (not as declared)"),
        ("%d.%m.%Y", "05.13.2024", "05.13.2024 (not as declared)"),
    ],
)
def test_a_date_is_read_by_its_declared_format_only(tmp_path: Path, date_format: str, written: str, read: str) -> None:
    mapping = simple().replace("ordered_at: day", f'ordered_at: {{column: day, date_format: "{date_format}"}}')
    raw = shop(tmp_path, mapping, orders_csv=f"id,customer,day,value\n1,c,{written},5\n")
    assert orders(raw, "ordered_at") == [(read,)]


@pytest.mark.parametrize(
    ("settings", "written", "read"),
    [
        ('decimal: ",", thousands: "."', "1.234.567,5", "1234567.5"),
        ('decimal: ",", thousands: " "', "-1 234,50", "-1234.50"),
        ('thousands: "\'"', "12'345.60", "12345.60"),
        ('thousands: ","', "1,234.50", "1234.50"),
        ('thousands: ","', "1,23", "1,23"),
        ('decimal: ","', "1234,5", "1234.5"),
        ('decimal: ","', "1.234,5", "1.234,5"),
        ('decimal: ","', "1234.5", "1234.5 (not as declared)"),
    ],
)
def test_a_number_is_read_with_its_declared_signs_only(tmp_path: Path, settings: str, written: str, read: str) -> None:
    mapping = simple(settings=f"    format: {{delimiter: tab, {settings}}}\n", files="orders.tsv")
    content = f"id\tcustomer\tday\tvalue\n1\tc\t2024-01-01\t{written}\n"
    assert orders(shop(tmp_path, mapping, orders_tsv=content), "amount") == [(read,)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_in_its_declared_encoding(tmp_path: Path, encoding: str) -> None:
    mapping = simple(settings=f"    format: {{encoding: {encoding}}}\n")
    raw = shop(tmp_path, mapping, orders_csv="id,customer,day,value\n1,Jörg €,2024-01-01,5\n".encode(encoding))
    assert orders(raw, "order_id, customer_id, amount") == [("1", "Jörg €", "5")]


def test_cents_become_units_and_blanks_stay_blank(tmp_path: Path) -> None:
    mapping = simple("      refunded_amount: {column: back, unit: cents}\n")
    mapping = mapping.replace("amount: value", "amount: {column: value, unit: cents}")
    rows = ["1,c,2024-01-01,1999,", "2,c,2024-01-01,5,1", "3,c,2024-01-01,n/a,x", "4,c,2024-01-01,,"]
    raw = shop(tmp_path, mapping, orders_csv="\n".join(["id,customer,day,value,back", *rows]))
    assert orders(raw, "order_id, amount, refunded_amount") == [
        ("1", "19.9900", None),
        ("2", "0.0500", "0.0100"),
        ("3", "n/a", "x"),
        ("4", None, None),
    ]


def test_amounts_are_computed_from_several_columns_or_not_at_all(tmp_path: Path) -> None:
    """An empty deduction is none; one that cannot be read makes the whole amount unreadable."""
    mapping = simple().replace("amount: value", "amount: {column: value, less: [tax, shipping]}")
    rows = ["1,c,2024-01-01,119,19,", "2,c,2024-01-01,119,19,4.90", "3,c,2024-01-01,119,19 %,", "4,c,2024-01-01,,19,"]
    raw = shop(tmp_path, mapping, orders_csv="\n".join(["id,customer,day,value,tax,shipping", *rows]))
    assert orders(raw, "order_id, amount") == [
        ("1", "100.0000"),
        ("2", "95.1000"),
        ("3", "119 (a column it is computed with cannot be read)"),
        ("4", None),
    ]


def test_values_are_translated_whatever_their_case_and_others_stay(tmp_path: Path) -> None:
    columns = '      status: {column: state, values: {"3": cancelled, Done: "", open: pending}, otherwise: remark}\n'
    content = "id,customer,day,value,state,remark\n1,c,2024-01-01,5,3,\n2,c,2024-01-01,5, DONE ,paid\n"
    raw = shop(tmp_path, simple(columns), orders_csv=content + "3,c,2024-01-01,5,Else,x\n4,c,2024-01-01,5,,x\n")
    assert orders(raw, "order_id, status") == [("1", "cancelled"), ("2", "paid"), ("3", "Else"), ("4", "x")]


def test_a_file_without_header_and_without_order_numbers(tmp_path: Path) -> None:
    """Blanks as delimiter; two lines that say the same are two orders."""
    mapping = (
        "entities:\n  orders:\n    files: log.txt\n"
        "    format: {delimiter: whitespace, header: [customer, day, pieces, value]}\n"
        "    columns:\n      order_id: {row_number: line-}\n      customer_id: customer\n"
        '      ordered_at: {column: day, date_format: "%Y%m%d"}\n      amount: value\n'
    )
    raw = shop(tmp_path, mapping, log_txt=" 0001 19970101  1   11.77\n 0002 19970112 1 12.00\n 0002 19970112 1 12.00\n")
    assert orders(raw, "order_id, customer_id, ordered_at, amount") == [
        ("line-1", "0001", "1997-01-01", "11.77"),
        ("line-2", "0002", "1997-01-12", "12.00"),
        ("line-3", "0002", "1997-01-12", "12.00"),
    ]


def test_packed_files_and_tabs(tmp_path: Path) -> None:
    packed = gzip.compress("id\tcustomer\tday\tvalue\n1\tÄnne\t2024-01-01\t5.00\n".encode())
    mapping = simple(settings="    format: {delimiter: tab}\n", files="orders.csv.gz")
    assert orders(shop(tmp_path, mapping, orders_csv_gz=packed), "order_id, customer_id") == [("1", "Änne")]


def test_an_excel_sheet_keeps_its_types_without_exponents_and_rounding(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["not this one"])
    sheet = book.create_sheet("Orders")
    for row in (
        ["ID", "Customer", "Day", "Value"],
        [1, 17850, datetime(2024, 1, 2, 3, 4, 5), 0.1],
        ["A-2", "00017", date(2024, 1, 3), 1234567.89],
        [3, None, "2024-01-04", "12.50"],
    ):
        sheet.append(row)
    raw = shop(tmp_path, simple(settings="    format: {sheet: Orders}\n", files="orders.xlsx"))
    book.save(raw / "orders.xlsx")
    found = orders(raw, "order_id, customer_id, substr(replace(ordered_at, 'T', ' '), 1, 19), amount")
    assert found == [
        ("1", "17850", "2024-01-02 03:04:05", "0.1"),
        ("3", None, "2024-01-04", "12.50"),
        ("A-2", "00017", "2024-01-03", "1234567.89"),
    ]


def test_several_files_with_their_columns_in_any_order(tmp_path: Path) -> None:
    raw = shop(tmp_path, simple(files="part-*.csv"))
    (raw / "part-1.csv").write_text("id,customer,day,value\n1,c,2024-01-01,5\n")
    (raw / "part-2.csv").write_text("VALUE,Day,ID,Customer,extra\n7,2024-01-02,2,d,x\n")
    assert orders(raw, "order_id, customer_id, ordered_at, amount, parse_filename(source_file)") == [
        ("1", "c", "2024-01-01", "5", "part-1.csv"),
        ("2", "d", "2024-01-02", "7", "part-2.csv"),
    ]


# Tables -------------------------------------------------------------------------------------------------------------


def shop_in_a_duckdb_file(directory: Path) -> Path:
    raw = shop(directory, simple().replace("files: orders.csv", "table: {duckdb: shop.duckdb, name: sales.orders}"))
    with duckdb.connect(str(raw / "shop.duckdb")) as database:
        database.execute("create schema sales")
        database.execute(
            "create table sales.orders as select 7 as id, 'c' as customer, "
            "timestamptz '2024-01-01 10:00:00+02' as day, 1.005::decimal(9, 3) as value"
        )
    return raw


def test_orders_from_a_duckdb_file_keep_their_types(tmp_path: Path, verdicts: Mapping[str, Verdict]) -> None:
    raw = shop_in_a_duckdb_file(tmp_path)
    assert orders(raw, "order_id::varchar, customer_id, ordered_at::varchar, amount, typeof(amount)") == [
        ("7", "c", "2024-01-01 08:00:00+00", Decimal("1.005"), "DECIMAL(9,3)")
    ]
    assert verdicts["7"] == (None, Decimal("1.0050"), datetime(2024, 1, 1, 8))


def postgres_program(name: str) -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which(name)
    return found[-1] if found else Path(on_path) if on_path else None


def unprivileged_user() -> str | None:
    """PostgreSQL does not run as root: None where this already is another user."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((user for user in ("postgres", "nobody") if user in known), None)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of its own, gone afterwards."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    initdb, pg_ctl = postgres_program("initdb"), postgres_program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    user = unprivileged_user()
    if os.geteuid() == 0 and user is None:
        pytest.skip("PostgreSQL does not run as root, and there is no other user")
    data = tmp_path_factory.mktemp("postgres")
    if user:
        shutil.chown(data, user)
        for parent in [data, *data.parents][:-1]:
            if parent.owner() == getpass.getuser():
                parent.chmod(parent.stat().st_mode | 0o011)

    def run(*command: object) -> None:
        finished = subprocess.run([str(part) for part in command], capture_output=True, text=True, user=user, cwd=data)
        assert finished.returncode == 0, finished.stdout + finished.stderr

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run(initdb, "--pgdata", data / "db", "--username", "shop", "--auth", "trust", "--no-sync")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off"
    run(pg_ctl, "start", "--pgdata", data / "db", "--wait", "--log", data / "log", "--options", options)
    try:
        yield f"host=127.0.0.1 port={port} user=shop dbname=postgres"
    finally:
        run(pg_ctl, "stop", "--pgdata", data / "db", "--mode", "immediate")


def test_orders_from_a_postgresql_table_keep_their_types(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    with psycopg.connect(postgres) as database:
        database.execute("create schema sales")
        database.execute(
            'create table sales."Orders" '
            "(id integer, customer text, day timestamptz, value numeric(10, 3), test boolean)"
        )
        database.execute(
            """
            insert into sales."Orders" values
            (1, 'Ä "quoted", \n two lines', '2024-01-01 10:00:00+02', 1.005, true), (2, null, null, null, false),
            (3, '', '2024-06-30 23:59:59.123456Z', 99999.5, null)
            """
        )
    monkeypatch.setenv("SHOP_DATABASE", postgres)
    mapping = simple("      is_test: test\n").replace(
        "files: orders.csv", "table: {postgres: SHOP_DATABASE, name: sales.Orders}"
    )
    columns = "order_id::integer, customer_id, ordered_at, amount::decimal(18, 4), is_test"
    found = orders(shop(tmp_path, mapping), columns)
    assert [(*row[:2], row[2].astimezone(UTC) if row[2] else None, *row[3:]) for row in found] == [
        (1, 'Ä "quoted", \n two lines', datetime(2024, 1, 1, 8, tzinfo=UTC), Decimal("1.0050"), True),
        (2, None, None, None, False),
        (3, None, datetime(2024, 6, 30, 23, 59, 59, 123456, tzinfo=UTC), Decimal("99999.5000"), None),
    ]


def test_an_unknown_table_and_an_unset_address_are_named(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = simple().replace("files: orders.csv", "table: {postgres: SHOP_DATABASE, name: nowhere}")
    monkeypatch.delenv("SHOP_DATABASE", raising=False)
    assert "SHOP_DATABASE is not set" in error_of(tmp_path, mapping)
    monkeypatch.setenv("SHOP_DATABASE", postgres)
    assert "table 'nowhere'" in error_of(tmp_path, mapping)


# Mistakes -----------------------------------------------------------------------------------------------------------

FILE = "id,customer,day,value\n1,c,2024-01-01,5\n"


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (simple().replace("amount: value", "amount: valeu"), ["column 'valeu' is not in", "did you mean 'value'?"]),
        (simple().replace("amount: value", "amonut: value"), ["has no column 'amonut'", "did you mean 'amount'?"]),
        (simple("      amount: id\n"), ["line 9", "'amount' is given twice"]),
        (simple().replace("      amount: value\n", ""), ["column 'amount' is required and mapped to nothing"]),
        ("preset: shoppify\n", ["preset 'shoppify' does not exist", "did you mean 'shopify'?"]),
        ("entities: {order: {files: a.csv}}\n", ["entity 'order' does not exist", "did you mean 'orders'?"]),
        (simple(files="other.csv"), ["no file in", "matches other.csv"]),
        (simple(settings="    format: {encoding: latin-15x}\n"), ["encoding 'latin-15x' does not exist"]),
        (simple(settings="    format: {decimal: ';'}\n"), ["decimal must be '.' or ','"]),
        (simple(settings="    format: {delimiter: '||'}\n"), ["delimiter must be one character"]),
        (simple("settings: {active_window: 90}\n"), ["'active_window' does not exist", "active_window_days"]),
        (simple().replace("amount: value", "amount: {column: value, unit: pence}"), ["unit 'pence' does not exist"]),
        (
            simple().replace("amount: value", "amount: {column: [value]}"),
            ["entity 'orders', column 'amount': `column` must be one text"],
        ),
        (simple().replace("amount: value", "amount: {colum: value}"), ["column 'amount': 'colum'", "'column'?"]),
        (
            simple(settings="    fold: {kind: first_lines, by: id}\n"),
            ["fold 'first_lines' does not exist", "'first_line'?"],
        ),
        (simple(settings="    fold: {kind: first_line}\n"), ["entity 'orders': fold 'first_line' needs 'by'"]),
        (
            simple(settings="    fold: {kind: first_line, bye: id}\n"),
            ["entity 'orders', fold: 'bye' does not exist", "'by'?"],
        ),
        (simple().replace("files: orders.csv", "table: {nam: o}"), ["entity 'orders', table: 'nam'", "'name'?"]),
        (
            simple().replace("files: orders.csv", "table: {name: o}"),
            ["entity 'orders': table needs `name` and `duckdb`"],
        ),
        (simple("settings: [90]\n"), ["mapping.yml: `settings` must name settings"]),
        ("entities: [orders\n", ["is not valid YAML"]),
        ("", ["must hold `preset:` or `entities:`"]),
    ],
)
def test_a_mistake_in_a_mapping_is_one_line_that_names_it(tmp_path: Path, mapping: str, said: Sequence[str]) -> None:
    text = error_of(tmp_path, mapping, orders_csv=FILE)
    assert [part for part in said if part not in text] == [], text


def test_what_yaml_reads_as_a_number_is_meant_as_a_text(tmp_path: Path) -> None:
    settings = "    format: {delimiter: 5, thousands: null}\n"
    columns = "      status: {column: state, values: {1: paid, 2: 3}}\n"
    content = "id5customer5day5value5state\n15c52024-01-01575 1\n25c52024-01-01575 2\n"
    raw = shop(tmp_path, simple(columns, settings), orders_csv=content)
    assert orders(raw, "order_id, amount, status") == [("1", "7", "paid"), ("2", "7", "3")]


def test_a_column_of_customers_that_the_settings_name_as_a_dimension_can_be_mapped(tmp_path: Path) -> None:
    mapping = (
        simple()
        + "  customers: {files: people.csv, columns: {customer_id: id, gender: sex}}\n"
        + "settings: {segment_dimensions: [country, gender]}\n"
    )
    raw = shop(tmp_path, mapping, orders_csv="id,customer,day,value\no1,c1,2024-01-01,5\n", people_csv="id,sex\nc1,f\n")
    prepared = prepare(raw, tmp_path / "prepared")
    with duckdb.connect() as connection:
        found = connection.execute(f"select customer_id, gender from '{prepared}/customers.parquet'")
        assert found.fetchall() == [("c1", "f")]
    (raw / "mapping.yml").write_text(mapping.replace("gender]", "age]"), encoding="utf-8")
    with pytest.raises(IntakeError, match="entity 'customers' has no column 'gender'"):
        load_mapping(raw / "mapping.yml")


def test_a_mapping_of_ones_own_changes_single_columns_of_a_preset(tmp_path: Path) -> None:
    own = "preset: stripe\nentities:\n  orders:\n    columns: {amount: {column: amount}, customer_email: null}\n"
    mapping = load_mapping(shop(tmp_path, own) / "mapping.yml")
    columns = mapping.entities["orders"].columns
    assert columns["amount"].unit is None
    assert columns["refunded_amount"].unit == "cents"
    assert "customer_email" not in columns


def test_settings_of_a_preset_hold_unless_the_mapping_sets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from intake.mapping import load

    preset = tmp_path / "presets" / "vendor.yml"
    preset.parent.mkdir()
    columns = "{order_id: id, customer_id: who, ordered_at: day, amount: sum}"
    settings = "{source_timezone: Europe/Berlin, reporting_currency: CHF}"
    preset.write_text(f"settings: {settings}\nentities: {{orders: {{files: sales.csv, columns: {columns}}}}}\n")
    monkeypatch.setattr(load, "PRESETS", preset.parent)
    mapping = tmp_path / "mapping.yml"
    mapping.write_text("preset: vendor\n")
    assert load.load_mapping(mapping).settings == {"source_timezone": "Europe/Berlin", "reporting_currency": "CHF"}
    mapping.write_text("preset: vendor\nsettings: {reporting_currency: EUR}\n")
    assert load.load_mapping(mapping).settings == {"source_timezone": "Europe/Berlin", "reporting_currency": "EUR"}


def test_a_file_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    from intake.propose import propose

    with pytest.raises(IntakeError, match=r"nope.csv: does not exist"):
        list(propose(tmp_path / "nope.csv"))
