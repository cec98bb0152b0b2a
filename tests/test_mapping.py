"""Mappings: what they convert, and that what is not written as declared is never misread."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
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
        ("%d. %b %Y", "2. Mrz 2024", "2024-03-02"),
        ("%d. %B %Y", "2. März 2024", "2024-03-02"),
        ("%d. %B %Y", "2. MÄRZ 2024", "2024-03-02"),
        ("%d. %b %Y", "2. Mär. 2024", "2024-03-02"),
        ("%d. %b. %Y", "2. Okt 2024", "2024-10-02"),
        ("%d.%b.%Y", "02.Dez.2024", "2024-12-02"),
        ("%d-%b-%y", "02-MAI-24", "2024-05-02"),
        ("%B %d %Y", "September 2 2024", "2024-09-02"),
        ("%d %b %Y %I:%M %p", "2 Sept 2024 1:05 PM", "2024-09-02 13:05:00.000000"),
        ("%d. %b %Y", "2. Mrt 2024", "2. Mrt 2024 (not as declared)"),
        ("%d. %b %Y", "31. Feb 2024", "31. Feb 2024 (not as declared)"),
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
        ('decimal: ",", thousands: " "', "1\u202f234,50", "1234.50"),
        ('currency_sign: $, thousands: ","', "$1,234.50", "1234.50"),
        ("currency_sign: $, negative: brackets", "($5.00)", "-5.00"),
        ("currency_sign: $", "-$5.00", "-5.00"),
        ("currency_sign: $", "$-5.00", "-5.00"),
        ("currency_sign: $", "5.00", "5.00"),
        ("currency_sign: $", "($5.00)", "($5.00)"),
        ("currency_sign: $", "€5.00", "€5.00"),
        ("currency_sign: [€, EUR]", "- 5.00 €", "-5.00"),
        ("currency_sign: [€, EUR]", "5 5.00 €", "5 5.00 €"),
        ('currency_sign: [€, EUR], decimal: ",", thousands: "."', "1.234,50\u00a0€", "1234.50"),
        ('currency_sign: [€, EUR], decimal: ",", thousands: "."', "EUR 1.234,50", "1234.50"),
        ('currency_sign: [€, EUR], decimal: ","', "5.00 €", "5.00 €"),
        ('negative: trailing_minus, decimal: ","', "5,00-", "-5.00"),
        ("negative: brackets", "(-5.00)", "(-5.00)"),
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


def test_amounts_in_minor_units_are_read_by_their_currency(tmp_path: Path) -> None:
    """ISK has no decimals in ISO 4217 and two in Stripe, MGA the other way round; of no currency nobody knows."""
    mapping = simple("      currency: money\n      refunded_amount: {column: value, unit: stripe_minor}\n").replace(
        "amount: value", "amount: {column: value, unit: minor}", 1
    )
    rows = [f"{code},c,2024-01-01,5000,{code}" for code in ("EUR", "jpy", "KWD", "ISK", "MGA", "CLF", "XYZ", "")]
    raw = shop(tmp_path, mapping, orders_csv="\n".join(["id,customer,day,value,money", *rows]))
    found = {code: (amount, by_stripe) for code, amount, by_stripe in orders(raw, "currency, amount, refunded_amount")}
    unreadable = "5000 (a column it is computed with cannot be read)"
    assert found == {
        "EUR": ("50.0000", "50.0000"), "jpy": ("5000.0000", "5000.0000"), "KWD": ("5.0000", "5.0000"),
        "ISK": ("5000.0000", "50.0000"), "MGA": ("50.0000", "5000.0000"), "CLF": ("0.5000", "50.0000"),
        "XYZ": ("50.0000", "50.0000"), None: (unreadable, unreadable),
    }  # fmt: skip


def test_a_time_may_stand_in_two_columns_and_name_its_zone(tmp_path: Path) -> None:
    """Summer time counts; a zone that nobody knows makes the time unreadable, and it is said which."""
    mapping = simple().replace(
        "ordered_at: day", 'ordered_at: {column: day, time: hour, time_zone: zone, date_format: "%d.%m.%Y %H:%M"}'
    )
    rows = [
        "1,c,01.02.2024,10:00,Europe/Berlin,5", "2,c,01.07.2024,10:00,Eastern Time (US & Canada),5",
        "3,c,01.07.2024,10:00,Nowhere,5", "4,c,2024-07-01,10:00,Berlin,5", "5,c,01.07.2024,10:00,,5",
    ]  # fmt: skip
    raw = shop(tmp_path, mapping, orders_csv="\n".join(["id,customer,day,hour,zone,value", *rows]))
    assert orders(raw, "order_id, ordered_at") == [
        ("1", "2024-02-01 09:00:00.000000Z"),
        ("2", "2024-07-01 14:00:00.000000Z"),
        ("3", "2024-07-01 10:00:00.000000 (time zone Nowhere is not known)"),
        ("4", "2024-07-01 10:00 (not as declared)"),
        ("5", "2024-07-01 10:00:00.000000 (time zone empty is not known)"),
    ]


def test_blanks_of_every_kind_and_words_for_nothing_are_nothing(tmp_path: Path) -> None:
    columns = "      customer_email: mail\n      discount_amount: {column: off, less: [fee]}\n"
    rows = [
        "1,\u00a0c\u200b,2024-01-01,5,\u2007a@x.de\ufeff,10,NaN", "2,NULL,2024-01-01,5,\\N,#N/A,1",
        "3,#NV,2024-01-01,5,nan,10,n/a", "4,Nullmeier,2024-01-01,5,,10,\u202f",
    ]  # fmt: skip
    raw = shop(tmp_path, simple(columns), orders_csv="\n".join(["id,customer,day,value,mail,off,fee", *rows]))
    unreadable = "10 (a column it is computed with cannot be read)"
    assert orders(raw, "order_id, customer_id, customer_email, discount_amount") == [
        ("1", "c", "a@x.de", "10.0000"),
        ("2", None, None, None),
        ("3", None, None, unreadable),
        ("4", "Nullmeier", None, "10.0000"),
    ]


def test_a_file_may_lack_optional_columns(tmp_path: Path) -> None:
    """In one of two files; other columns that lack are an error as before."""
    columns = (
        "      status: {column: state, optional: true}\n"
        "      sales_channel: {column: where, otherwise: shop, optional: [where]}\n"
        "      discount_amount: {column: value, less: [fee], plus: [tip], optional: [fee, tip]}\n"
    )
    raw = shop(tmp_path, simple(columns, files="part-*.csv"))
    (raw / "part-1.csv").write_text("id,customer,day,value,state,where,shop,fee,tip\n1,c,2024-01-01,5,paid,,web,2,1\n")
    (raw / "part-2.csv").write_text("id,customer,day,value,shop\n2,c,2024-01-01,5,app\n")
    assert orders(raw, "order_id, status, sales_channel, discount_amount::decimal(9, 2)") == [
        ("1", "paid", "web", Decimal("4.00")),
        ("2", None, "app", Decimal("5.00")),
    ]
    (raw / "part-2.csv").write_text("id,customer,day,value\n2,c,2024-01-01,5\n")
    with pytest.raises(IntakeError, match=r"entity 'orders', column 'sales_channel': column 'shop' is not in .*part-2"):
        prepare(raw, tmp_path / "again")


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


def test_a_hidden_sheet_is_not_the_first(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["id", "customer", "day", "value"])
    book.active.append(["old", "c", "2023-01-01", 1])
    book.active.sheet_state = "hidden"
    book.create_sheet("Orders").append(["id", "customer", "day", "value"])
    book["Orders"].append(["new", "c", "2024-01-01", 1])
    raw = shop(tmp_path, simple(files="orders.xlsx"))
    book.save(raw / "orders.xlsx")
    assert orders(raw, "order_id") == [("new",)]


def test_ids_that_are_doubles_keep_their_digits(tmp_path: Path) -> None:
    raw = shop(tmp_path, simple(files="orders.parquet"))
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select i::double as id, (i * 1000)::double as customer, date '2024-01-01' as day, 5 as value
                from (values (17850), (1234567890123), ('nan'::double)) as rows (i)
            ) to '{raw}/orders.parquet' (format parquet)
            """
        )
    assert orders(raw, "order_id, customer_id") == [
        ("1234567890123", "1234567890123000"),
        ("17850", "17850000"),
        ("nan", "nan"),
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
    monkeypatch.setenv("STAMMKUNDE_SOURCE_SHOP", postgres)
    mapping = simple("      is_test: test\n").replace(
        "files: orders.csv", "table: {postgres: STAMMKUNDE_SOURCE_SHOP, name: sales.Orders}"
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
    mapping = simple().replace("files: orders.csv", "table: {postgres: STAMMKUNDE_SOURCE_SHOP, name: nowhere}")
    monkeypatch.delenv("STAMMKUNDE_SOURCE_SHOP", raising=False)
    assert "STAMMKUNDE_SOURCE_SHOP is not set" in error_of(tmp_path, mapping)
    monkeypatch.setenv("STAMMKUNDE_SOURCE_SHOP", postgres)
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
        (
            simple().replace("ordered_at: day", "ordered_at: {column: day, date_format: DD.MM.YYYY hh:mm}"),
            ["column 'ordered_at': date_format 'DD.MM.YYYY hh:mm'", "write '%d.%m.%Y %H:%M'"],
        ),
        (
            simple().replace("amount: value", "amount: {column: value, unit: minor}"),
            ["entity 'orders'", "column 'amount': unit 'minor' needs `currency`"],
        ),
        (
            simple("  order_lines: {files: l.csv, columns: {order_id: {column: o, told_apart_by: id}}}\n"),
            ["entity 'order_lines', column 'order_id': told_apart_by 'id' must be that of orders, in the same files"],
        ),
        (
            simple().replace("amount: value", "amount: {column: value, negate: maybe}"),
            ["column 'amount': `negate` must be true or false"],
        ),
        (
            simple("      status: {column: state, optional: [stat]}\n"),
            ["column 'status': optional 'stat' is no column that the rule names"],
        ),
        (simple(settings="    format: {negative: braces}\n"), ["negative 'braces' does not exist", "'brackets'?"]),
        (simple(settings="    format: {currency_sign: '-'}\n"), ["currency_sign must be signs"]),
        (
            simple(settings="    leave_out: {tests: {column: state, iss: x}}\n"),
            ["entity 'orders', leave_out 'tests': 'iss' does not exist; did you mean 'is'?"],
        ),
        (
            simple(settings="    leave_out: {tests: {column: state, is: x, contains: y}}\n"),
            ["leave_out 'tests': a condition on 'state' needs one of is, is_not, contains, zero, empty"],
        ),
        (simple(settings="    leave_out: {tests: [x]}\n"), ["leave_out 'tests': a condition needs `column`"]),
        (simple(settings="    leave_out: [x]\n"), ["entity 'orders': `leave_out` must hold lines"]),
        (
            simple(settings="    leave_out: {tests: {column: state, is: x}}\n"),
            ["entity 'orders', leave_out 'tests': column 'state' is not in"],
        ),
        (
            simple(settings="    leave_out: {gifts: {column: id, is: x, worth: value}}\n"),
            ["entity 'orders': leave_out: `worth` needs the fold first_line"],
        ),
        (
            simple(settings="    fold: {kind: add_lines, by: id, empty_is_zero: {is: x}}\n"),
            ["entity 'orders': fold 'empty_is_zero' needs 'column'"],
        ),
        ("entities: [orders\n", ["is not valid YAML"]),
        ("", ["must hold `preset:`, `entities:` or `settings:`"]),
        ("# orders.csv: no mapping is needed.\n", ["Where files need no mapping, take it away"]),
    ],
)
def test_a_mistake_in_a_mapping_is_one_line_that_names_it(tmp_path: Path, mapping: str, said: Sequence[str]) -> None:
    text = error_of(tmp_path, mapping, orders_csv=FILE)
    assert [part for part in said if part not in text] == [], text


def test_words_that_yaml_takes_for_booleans_are_words(tmp_path: Path) -> None:
    columns = (
        "      status: {column: state, values: {NO: cancelled, yes: paid, 007: agent}}\n"
        "      is_test: {column: test, true_values: [yes, on]}\n"
    )
    rows = ["1,c,2024-01-01,5,no,Yes", "2,c,2024-01-01,5,YES,on", "3,c,2024-01-01,5,007,true", "4,c,2024-01-01,5,7,"]
    raw = shop(tmp_path, simple(columns), orders_csv="\n".join(["id,customer,day,value,state,test", *rows]))
    assert orders(raw, "order_id, status, is_test") == [
        ("1", "cancelled", "true"),
        ("2", "paid", "true"),
        ("3", "agent", "false"),
        ("4", "7", None),
    ]


def test_settings_may_stand_alone_beside_files_that_need_no_mapping(tmp_path: Path) -> None:
    raw = shop(
        tmp_path,
        "settings: {count_fully_refunded: true, active_window_days: 90, segment_dimensions: [gender]}\n",
        orders_csv="order_id,customer_id,ordered_at,amount\n1,c,2024-01-01,5\n",
        customers_csv="customer_id,gender\nc,f\n",
    )
    settings = load_mapping(raw / "mapping.yml").settings
    assert settings == {"count_fully_refunded": True, "active_window_days": 90, "segment_dimensions": ["gender"]}
    assert prepare(raw, tmp_path / "prepared") == raw  # as it is
    (raw / "mapping.yml").write_text("{}\n")
    with pytest.raises(IntakeError, match=r"mapping.yml: maps nothing. Name a preset .* entities or settings"):
        prepare(raw, tmp_path / "prepared")


@pytest.mark.parametrize(
    ("files", "name", "content", "said"),
    [
        ("part-*.csv", "Part-2.CSV", "x", "its name differs from `files` in upper and lower case"),
        ("part-1.csv", "part-2.csv", FILE, "has all columns that are read of part-1.csv. Name it in `files` as well"),
    ],
)
def test_a_file_that_a_mapping_probably_misses_is_an_error(
    tmp_path: Path, files: str, name: str, content: str, said: str
) -> None:
    raw = shop(tmp_path, simple(files=files))
    (raw / "part-1.csv").write_text(FILE)
    (raw / "prices.csv").write_text("product,price\n")
    assert len(orders(raw, "*")) == 1
    (raw / name).write_text(content)
    with pytest.raises(IntakeError) as raised:
        prepare(raw, tmp_path / "again")
    assert "entity 'orders'" in str(raised.value)
    assert str(raw / name) in str(raised.value)
    assert said in str(raised.value)


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
    assert columns["refunded_amount"].unit == "stripe_minor"
    assert mapping.entities["orders"].leave_out.keys() == {"test_mode"}
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
