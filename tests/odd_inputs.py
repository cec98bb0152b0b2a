"""Odd inputs of the kinds that shops' exports have, a few lines each, and what must come of every line of them.

As in malformed.py `{id}` stands for the name of the input, so that the orders of many inputs can be told apart in one
warehouse; only where the number itself is odd it stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.malformed import Content, Maker, packed, parquet, write_files


@dataclass(frozen=True)
class Odd:
    """A raw folder (file name -> content), and what becomes of its lines or what the one line of the stop says."""

    name: str
    files: Mapping[str, Content]
    net: Mapping[str, str] = field(
        default_factory=dict
    )  # of the orders that count, by number or what follows "<name>-"
    others: Mapping[str, int] = field(default_factory=dict)  # lines of orders by outcome and reason
    further: Mapping[str, int] = field(default_factory=dict)  # lines of other entities: "refunds counted"
    customers: int | None = None  # whom the orders belong to
    error: Sequence[str] = ()
    said: Sequence[str] = ()  # what `check` says to look at
    rows: Mapping[str, int] = field(default_factory=dict)  # of files that are no text

    def write(self, raw: Path) -> Path:
        return write_files(raw, self.files, self.name)

    def orders(self) -> dict[str, str]:
        """The orders that count by their whole numbers."""
        return {
            number.removeprefix("=") if number.startswith("=") else f"{self.name}-{number}": net
            for number, net in self.net.items()
        }


def mapped(
    further: str = "",
    *,
    files: str = "'*.csv'",
    form: str = "",
    number: str = "Nr",
    date: str = '{column: Datum, date_format: "%d.%m.%Y"}',
    amount: str = "Betrag",
    keys: str = "",
    rest: str = "",
) -> str:
    """A mapping of a German export."""
    form = f'delimiter: ";", decimal: ","{", " + form if form else ""}'
    columns = f"order_id: {number}, customer_id: Kunde, ordered_at: {date}, amount: {amount}"
    return (
        f"entities:\n  orders:\n    files: {files}\n    format: {{{form}}}\n{keys}"
        f"    columns: {{{columns}{', ' + further if further else ''}}}\n{rest}"
    )


def export(*rows: str, header: str = "Nr;Kunde;Datum;Betrag", end: str = "\n") -> str:
    """Rows of such an export, each after its number `{id}-1`, `{id}-2`, ..."""
    return end.join((header, *(f"{{id}}-{number};{row}" for number, row in enumerate(rows, start=1)), ""))


def lines(*rows: str, end: str = "\n") -> str:
    return end.join((*rows, ""))


def sheets(**rows: Sequence[Sequence[object]]) -> Maker:
    """A workbook; a sheet whose name ends with _hidden is."""

    def write(path: Path) -> None:
        import openpyxl

        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, written in rows.items():
            sheet = book.create_sheet(name)
            sheet.sheet_state = "hidden" if name.endswith("_hidden") else "visible"
            for row in written:
                sheet.append(
                    [
                        path.parts[path.parts.index("raw") - 1] + cell[4:] if str(cell).startswith("{id}") else cell
                        for cell in row
                    ]
                )
        book.save(path)

    return write


CANONICAL = "order_id,customer_id,ordered_at,amount"
WITH_UPDATES = f"{CANONICAL},updated_at"
DAY = "05.01.2024"
REFUNDS_BY_KIND = """\
  refunds:
    files: '*.csv'
    format: {delimiter: ";", decimal: ","}
    leave_out: {orders: {column: Art, is_not: [Gutschrift, Storno, credit memo]}}
    columns: {order_id: Nr, refunded_at: {column: Datum, date_format: "%d.%m.%Y"}, amount: Betrag}
"""
SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Subtotal,Total,Currency,Created at,Lineitem name,Lineitem quantity,"
    "Lineitem price,Cancelled at,Refunded Amount"
)
OTHER_WORDS = """\
    leave_out: {agents: {column: Kunde, is: 007}, noon: {column: Kunde, is: [12:30, 1_000]}}
"""
OVERLAPPING = """\
    leave_out:
      tests: {column: Kunde, contains: test}
      free: {column: Betrag, zero: true}
      nobody: [{column: Kunde, empty: true}, {column: Betrag, is_not: "9,00"}]
      absent: {column: Gibtsnicht, is: x, optional: true}
"""
OF_LINES = """\
  customers:
    files: '*.csv'
    format: {delimiter: ';', decimal: ','}
    columns: {customer_id: Kunde, country: Land}
  order_lines:
    files: '*.csv'
    format: {delimiter: ';', decimal: ','}
    columns: {order_id: Nr, line_number: {number_within: Nr}, product_name: Artikel, amount: Preis}
"""
REFUNDS_OF_THEIR_OWN = """\
entities:
  orders:
    files: o.csv
    columns: {order_id: order_id, customer_id: customer_id, ordered_at: ordered_at, amount: amount}
  refunds:
    files: 'r*.csv'
    columns: {order_id: order, amount: {column: value, negate: true}}
"""
OF_PARQUET = """\
entities:
  orders:
    files: a.parquet
    columns:
      order_id: id
      customer_id: kunde
      ordered_at: {column: bezahlt, otherwise: erstellt}
      amount: {column: cents, unit: cents}
      status: {column: ok, values: {'false': pending, 'true': ''}}
"""
DOUBLES = """
    select order_id::double as order_id, customer_id::double as customer_id, ordered_at::timestamptz as ordered_at,
        amount::double as amount
    from (values
        ('9000001', '17850', '2024-01-05 23:30:00+01', '0.30000000000000004'),
        ('9000002', 'nan', null, '1'),
        ('9000003', '17850', '2024-01-05 12:00:00+00', 'nan'),
        ('nan', '1', '2024-01-05 12:00:00+00', '1'),
        ('1e15', '1e15', '2024-01-05 12:00:00+00', '1e15'),
        ('9000004.5', null, '2024-01-05 12:00:00+00', '1e-5'),
        ('9000005', null, '2024-01-05 12:00:00+00', 'inf')
    ) as rows (order_id, customer_id, ordered_at, amount)
"""
DECIMALS = """
    select order_id::decimal(38, 2) as order_id, customer_id::enum ('a', 'b') as customer_id,
        ordered_at::timestamp_ns as ordered_at, amount::decimal(18, 6) as amount, is_test
    from (values
        ('9100001', 'a', '2024-01-05 12:00:00.123456789', '1.005', true),
        ('9100002.50', 'b', null, null, false)
    ) as rows (order_id, customer_id, ordered_at, amount, is_test)
"""
INSTANTS = """
    select id, kunde, bezahlt::timestamptz as bezahlt, erstellt::timestamptz as erstellt, cents, ok from (values
        ('{id}-1', 1, null, '2024-01-05 23:30:00+01', 1000, true),
        ('{id}-2', 1, '2024-01-05 23:30:00.5+01', null, 2050, null),
        ('{id}-3', 2, '2024-01-05 00:00:00+00', null, 5, false),
        ('{id}-4', 2, null, null, 5, true)
    ) as rows (id, kunde, bezahlt, erstellt, cents, ok)
"""
PAID = "2024-01-05 10:00:00 +0100"

ODD = (
    # Numbers of orders, and lines of one order.
    Odd(
        "two_ids_of_one_number_in_two_files",
        {
            "mapping.yml": mapped(number="{column: Nr, told_apart_by: Id}"),
            "a.csv": lines("Nr;Id;Kunde;Datum;Betrag", f"{{id}}-1;9;a;{DAY};10,00", f"{{id}}-2;11;b;{DAY};20,00"),
            "b.csv": lines("Nr;Id;Kunde;Datum;Betrag", f"{{id}}-1;10;c;{DAY};30,00", f"{{id}}-2;11;b;{DAY};20,00"),
        },
        {"1": "10", "1 10": "30", "2": "20"},
        {"superseded duplicate": 1},
        customers=3,
    ),
    Odd(
        "lines_out_of_order",
        {
            "mapping.yml": mapped(keys="    fold: {kind: first_line, by: Nr}\n"),
            "a.csv": lines(
                "Artikel;Nr;Kunde;Datum;Betrag",
                "x;{id}-2;;;",
                "y;{id}-1;;;",
                f"z;{{id}}-2;b;{DAY};20,00",
                f"x;{{id}}-1;a;{DAY};10,00",
                "z;{id}-1;a;;",
            ),
        },
        {"1": "10", "2": "20"},
        {"folded": 3},
    ),
    Odd(
        "lines_that_differ_are_no_lines",
        {
            "mapping.yml": mapped(keys="    fold: {kind: first_line, by: Nr}\n"),
            "a.csv": lines("Nr;Kunde;Datum;Betrag", f"{{id}}-1;a;{DAY};10,00", f"{{id}}-1;b;{DAY};30,00", "{id}-1;b;;"),
        },
        {"1": "30"},
        {"folded": 1, "superseded conflict": 1},
        said=("1 row has the number of another order", "30.00 EUR of 2024-01-05 counts, 10.00 EUR of 2024-01-05"),
    ),
    Odd(
        "items_added_up",
        {
            "mapping.yml": mapped(keys="    fold: {kind: add_lines, by: Nr}\n"),
            "a.csv": lines(
                "Nr;Kunde;Datum;Betrag",
                f"{{id}}-1;a;{DAY};10,00",
                f"{{id}}-2;b;{DAY};1,00",
                "{id}-1;;;2,50",
                f"{{id}}-2;b;{DAY};k.A.",
                f";c;{DAY};7,00",
                f"{{id}}-3;c;{DAY};1,00",
                f"{{id}}-3;d;{DAY};2,00",
            ),
        },
        {"1": "12.5", "3": "2"},
        {"folded": 2, "quarantined invalid_amount": 1, "quarantined missing_order_id": 1, "superseded conflict": 1},
    ),
    Odd(
        "items_in_two_files",
        {
            "mapping.yml": mapped("updated_at: Stand", keys="    fold: {kind: add_lines, by: Nr}\n"),
            "januar.csv": export(
                f"a;{DAY};10,00;2024-01-06", f"b;{DAY};20,00;2024-01-06", header="Nr;Kunde;Datum;Betrag;Stand"
            ),
            "februar.csv": lines(
                "Nr;Kunde;Datum;Betrag;Stand",
                f"{{id}}-1;a;{DAY};4,00;2024-02-06",
                f"{{id}}-1;a;{DAY};5,00;2024-02-06",
                f"{{id}}-2;b;{DAY};5,00;2024-01-06",
            ),
        },
        {"1": "9", "2": "20"},
        {"folded": 1, "superseded older_version": 1, "superseded conflict": 1},
    ),
    Odd(
        "invoices_in_two_files",
        {
            "mapping.yml": "preset: invoice_lines\nentities: {orders: {files: '*.csv'}, customers: null}\n",
            "a.csv": lines(
                "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
                "{id}-1,x,X,2,2024-01-05 10:00:00,5.00,17850.0,France",
                "{id}-1,y,Y,1,2024-01-05 10:00:00,5.00,17850.0,France",
                "{id}-2,x,X,1,2024-01-06 10:00:00,5.00,17850.0,France",
            ),
            "b.csv": lines(
                "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
                "{id}-1,x,X,2,2024-01-05 10:00:00,5.00,17850.0,France",
                "{id}-1,y,Y,1,2024-01-05 10:00:00,5.00,17850.0,France",
                "C{id}-9,y,Y,-1,2024-01-07 10:00:00,5.00,17850,France",
            ),
        },
        {"1": "10", "2": "5"},
        {"left_out in_a_later_file": 2, "folded": 1, "superseded older_version": 1},
    ),
    Odd(
        "rows_numbered_in_two_files",
        {
            "mapping.yml": mapped(number="{row_number: rows_numbered_in_two_files-}"),
            "januar.csv": lines("Kunde;Datum;Betrag", f"a;{DAY};10,00", f"b;{DAY};20,00"),
            "februar.csv": lines("Kunde;Datum;Betrag", "a;05.02.2024;30,00", "b;05.02.2024;40,00"),
        },
        {"1": "30", "2": "40", "3": "10", "4": "20"},
    ),
    # The same export twice, and exports that overlap.
    Odd(
        "the_same_export_twice",
        {
            "mapping.yml": "preset: shopify\nentities: {customers: null, order_lines: null}\n",
            **{
                f"orders_export_{number}.csv": lines(
                    SHOPIFY,
                    f"{{id}}-1,a@x.de,paid,{PAID},10.00,12.00,EUR,{PAID},Mug,1,5.00,,0.00",
                    "{id}-1,a@x.de,,,,,,,Cup,1,5.00,,",
                    f"{{id}}-2,b@x.de,paid,{PAID},20.00,24.00,EUR,{PAID},Mug,4,5.00,,12.00",
                )
                for number in (1, 2)
            },
        },
        {"1": "10", "2": "10"},
        {"folded": 2, "superseded duplicate": 2},
    ),
    Odd(
        "preset_without_its_optional_columns",
        {
            "mapping.yml": "preset: shopify\nentities: {customers: null, order_lines: null}\n",
            "orders_export.csv": lines(
                SHOPIFY,
                f"{{id}}-1,,voided,,10.00,12.00,EUR,{PAID},Mug,1,5.00,,",
                f"{{id}}-2,,paid,,10.00,12.00,EUR,{PAID},Mug,1,5.00,,",
            ),
        },
        {"2": "10"},
        {"excluded status": 1},
        customers=0,
    ),
    # Refunds as rows.
    Odd(
        "credit_notes_among_the_orders",
        {
            "mapping.yml": mapped(
                keys="    leave_out: {refunds: {column: Art, is: [gutschrift, STORNO, credit memo]}}\n",
                rest=REFUNDS_BY_KIND,
            ),
            "a.csv": lines(
                "Nr;Art;Kunde;Datum;Betrag",
                f"{{id}}-1;Rechnung;a;{DAY};10,00",
                f"{{id}}-1;Gutschrift;a;{DAY};4,00",
                f"{{id}}-2;Rechnung;b;{DAY};20,00",
                f"{{id}}-2;Credit Memo;b;{DAY};15,00",
                f"{{id}}-2;Storno;b;{DAY};15,00",
                f"{{id}}-9;Storno;b;{DAY};1,00",
                f"{{id}}-1;\u00a0Gutschrift ;a;{DAY};-1,00",
            ),
        },
        {"1": "6"},
        {"excluded fully_refunded": 1, "left_out refunds": 5},
        {
            "refunds counted": 3,
            "refunds quarantined unknown_order": 1,
            "refunds quarantined negative_amount": 1,
            "refunds left_out orders": 2,
        },
    ),
    Odd(
        "credit_notes_known_by_their_parent",
        {
            "mapping.yml": mapped(
                keys="    leave_out: {refunds: {column: Zu Beleg, filled: true}}\n",
                rest="  refunds:\n    files: '*.csv'\n    format: {delimiter: ';', decimal: ','}\n"
                "    leave_out: {orders: {column: Zu Beleg, empty: true}}\n"
                "    columns: {refund_id: Nr, order_id: Zu Beleg, amount: {column: Betrag, negate: true}}\n",
            ),
            "a.csv": export(
                f"a;{DAY};10,00;",
                f"a;{DAY};-4,00;{{id}}-1",
                f"b;{DAY};20,00;\u00a0",
                f"b;{DAY};-5,00;{{id}}-8",
                header="Nr;Kunde;Datum;Betrag;Zu Beleg",
            ),
        },
        {"1": "6", "3": "20"},
        {"left_out refunds": 2},
        {"refunds counted": 1, "refunds quarantined unknown_order": 1, "refunds left_out orders": 2},
    ),
    Odd(
        "refunds_in_overlapping_exports",
        {
            "mapping.yml": REFUNDS_OF_THEIR_OWN,
            "o.csv": lines(CANONICAL, "{id}-1,a,2024-01-05,100.00"),
            "r1.csv": lines("order,value", "{id}-1,-5.00", "{id}-1,-5.00", "{id}-1,-7.00"),
            "r2.csv": lines("order,value", "{id}-1,-5.00", "{id}-1,-7.00", "{id}-1,8.00"),
        },
        {"1": "83"},
        {},
        {"refunds counted": 3, "refunds left_out in_a_later_file": 2, "refunds quarantined negative_amount": 1},
    ),
    Odd(
        "negative_quantities",
        {
            "mapping.yml": mapped(amount="{column: Preis, times: Menge}"),
            "a.csv": export(
                f"a;{DAY};10,00;2",
                f"a;{DAY};10,00;-1",
                f"b;{DAY};-3,00;-1",
                f"b;{DAY};3,00;",
                header="Nr;Kunde;Datum;Preis;Menge",
            ),
        },
        {"1": "20", "3": "3"},
        {"quarantined negative_amount": 1, "quarantined invalid_amount": 1},
    ),
    Odd(
        "refunds_above_the_amount",
        {
            "orders.csv": lines(
                f"{CANONICAL},refunded_amount", "{id}-1,a,2024-01-05,10.00,11.90", "{id}-2,a,2024-01-05,10.00,NULL"
            )
        },
        {"2": "10"},
        {"excluded fully_refunded": 1},
        said=("1 refund is above the amount",),
    ),
    Odd(
        "credit_notes_that_nothing_tells",
        {
            "mapping.yml": mapped(),
            "a.csv": export(
                f"a;{DAY};10,00;Rechnung",
                f"b;{DAY};20,00;Rechnung",
                f"b;{DAY};20,00;Gutschrift",
                header="Nr;Kunde;Datum;Betrag;Belegart",
            ),
        },
        {"1": "10", "2": "20", "3": "20"},
        said=("are refunds by column 'Belegart' (gutschrift), but are read as orders",),
    ),
    Odd(
        "kinds_of_rows_that_a_rule_forgets",
        {
            "mapping.yml": mapped(keys="    leave_out: {refunds: {column: Belegart, is: Gutschrift}}\n"),
            "a.csv": export(
                f"a;{DAY};10,00;Rechnung",
                f"b;{DAY};20,00;Gutschrift",
                f"b;{DAY};5,00;Teilgutschrift",
                f"b;{DAY};5,00;Stornorechnung",
                header="Nr;Kunde;Datum;Betrag;Belegart",
            ),
        },
        {"1": "10", "3": "5", "4": "5"},
        {"left_out refunds": 1},
        said=("by column 'Belegart' (stornorechnung, teilgutschrift)",),
    ),
    Odd(
        "a_condition_on_nothing",
        {
            "mapping.yml": mapped(keys="    leave_out: {refunds: {column: Zu Beleg, is_not: ''}}\n"),
            "a.csv": export(f"a;{DAY};10,00;", header="Nr;Kunde;Datum;Betrag;Zu Beleg"),
        },
        error=("entity 'orders', leave_out 'refunds'", "`empty: true`", "`filled: true`"),
    ),
    # Amounts.
    Odd(
        "minor_units_in_mixed_currencies",
        {
            "mapping.yml": mapped(
                "currency: Währung",
                amount="{column: Betrag, unit: minor}",
                rest="  exchange_rates: {files: r.txt, columns: {rate_date: d, currency: c, rate: r}}\n",
            ),
            "a.csv": export(
                f"a;{DAY};1000;eur",
                f"a;{DAY};5000;JPY",
                f"b;{DAY};5000; kwd",
                f"b;{DAY};5000;BHD",
                f"b;{DAY};5000;",
                header="Nr;Kunde;Datum;Betrag;Währung",
            ),
            "r.txt": lines("d,c,r", "2024-01-01,JPY,0.0064", "2024-01-05,KWD,2.97"),
        },
        {"1": "10", "2": "32", "3": "14.85"},
        {"quarantined unknown_currency": 1, "quarantined invalid_amount": 1},
        {"exchange_rates counted": 2},
    ),
    Odd(
        "currency_codes_behind_amounts",
        {
            "mapping.yml": mapped(form='currency_sign: ["€", EUR]'),
            "a.csv": export(
                *(
                    f"a;{DAY};{text}"
                    for text in ("10,00 EUR", "12,50\u00a0€", "EUR 3,00", "€4", "5,00 USD", "5,00 EURO", "EUR", "1.5 €")
                )
            ),
        },
        {"1": "10", "2": "12.5", "3": "3", "4": "4"},
        {"quarantined invalid_amount": 4},
    ),
    Odd(
        "two_currencies_as_signs_alone",
        {
            "mapping.yml": mapped(form='currency_sign: ["€", $]'),
            "a.csv": export(f"a;{DAY};10,00 €", f"a;{DAY};$ 10,00"),
        },
        error=("entity 'orders', column 'amount': has amounts with $ and €", "Map `currency`"),
    ),
    Odd(
        "trailing_minus",
        {
            "mapping.yml": mapped(
                "refunded_amount: {column: Retoure, negate: true}",
                form='currency_sign: "€", negative: trailing_minus, thousands: "."',
            ),
            "a.csv": export(
                f"a;{DAY};10,00 €;1,00-",
                f"a;{DAY};1.234,50;2,00- €",
                f"b;{DAY};3,00 -;",
                f"b;{DAY};20,00;5,00-€",
                f"b;{DAY};20,00;-€ 4,00",
                f"b;{DAY};20,00;4,00",
                header="Nr;Kunde;Datum;Betrag;Retoure",
            ),
        },
        {"1": "9", "2": "1232.5", "4": "15", "5": "16"},
        {"quarantined negative_amount": 1, "quarantined invalid_refund": 1},
    ),
    Odd(
        "brackets_with_signs",
        {
            "mapping.yml": mapped(
                "refunded_amount: {column: Retoure, negate: true}",
                form='currency_sign: [CHF, "€"], negative: brackets',
            ).replace("columns: {", "columns: {currency: Code, "),
            "a.csv": export(
                f"a;{DAY};10,00 €;(1,00 €);EUR",
                f"a;{DAY};€ 10,00;€ (2,00);EUR",
                f"b;{DAY};10,00;(€3,00);",
                f"b;{DAY};(1,00);;",
                f"b;{DAY};1,00 CHF;;CHF",
                header="Nr;Kunde;Datum;Betrag;Retoure;Code",
            ),
        },
        {"1": "9", "2": "8", "3": "7"},
        {"quarantined negative_amount": 1, "quarantined unknown_currency": 1},
    ),
    Odd(
        "apostrophe_thousands",
        {
            "mapping.yml": mapped(form='thousands: "\'"').replace('decimal: ","', 'decimal: "."'),
            "a.csv": export(
                *(f"a;{DAY};{text}" for text in ("1'234.50", "12.50", "1'2345.00", "12'34.50", "1\u2019234.50", "1,50"))
            ),
        },
        {"1": "1234.5", "2": "12.5"},
        {"quarantined invalid_amount": 4},
    ),
    Odd(
        "blanks_as_thousands",
        {
            "mapping.yml": mapped(form='thousands: " "'),
            "a.csv": export(
                *(f"a;{DAY};{text}" for text in ("1 234,50", "1\u00a0234,50", "1\u202f234", "12 34,50", "1.234"))
            ),
        },
        {"1": "1234.5", "2": "1234.5", "3": "1234"},
        {"quarantined invalid_amount": 2},
    ),
    Odd(
        "amounts_almost_numbers",
        {
            "mapping.yml": mapped(),
            "a.csv": export(
                *(
                    f"a;{DAY};{text}"
                    for text in (
                        "+5,00",
                        ",50",
                        "5,",
                        "\u22125,00",
                        "\uff11\uff12,00",
                        "5,--",
                        "1e2",
                        "\u00a05,00\u200b",
                        "#DIV/0!",
                    )
                )
            ),
        },
        {"8": "5"},
        {"quarantined invalid_amount": 8},
    ),
    Odd(
        "thousands_that_nobody_declared",
        {
            "orders.csv": lines(
                CANONICAL, "{id}-1,a,2024-01-05,1.234", "{id}-2,a,2024-01-05,950", "{id}-3,b,2024-01-05,2.950"
            )
        },
        {"1": "1.23", "2": "950", "3": "2.95"},
        said=("three digits behind the point",),
    ),
    Odd(
        "amounts_in_one_of_two_columns",
        {
            "mapping.yml": mapped(form='thousands: "."', amount="{column: Betrag, otherwise: Bar}"),
            "a.csv": export(
                f"a;{DAY};10,00;9,00",
                f"a;{DAY};;1.234",
                f"a;{DAY};;1.234,50",
                f"a;{DAY};;12.34",
                f"a;{DAY};k.A.;9,00",
                f"a;{DAY};;",
                header="Nr;Kunde;Datum;Betrag;Bar",
            ),
        },
        {"1": "10", "2": "1234", "3": "1234.5"},
        {"quarantined invalid_amount": 3},
    ),
    Odd(
        "cents_in_every_column",
        {
            "mapping.yml": mapped(
                "refunded_amount: {column: Retoure, unit: cents, negate: true, at_most: Betrag, otherwise: Gutschrift}",
                amount="{column: Betrag, unit: cents, less: [Porto], plus: [Tüte]}",
            ),
            "a.csv": export(
                f"a;{DAY};1000;190;;-100;",
                f"a;{DAY};1000;;5;;-200",
                f"a;{DAY};1000;;;-2000;",
                f"a;{DAY};1000;x;;;",
                header="Nr;Kunde;Datum;Betrag;Porto;Tüte;Retoure;Gutschrift",
            ),
        },
        {"1": "7.1", "2": "8.05"},
        {"excluded fully_refunded": 1, "quarantined invalid_amount": 1},
    ),
    # Times.
    Odd(
        "names_of_months",
        {
            "mapping.yml": mapped(date='{column: Datum, date_format: "%d. %b %Y"}'),
            "a.csv": export(
                *(
                    f"a;{text};1,00"
                    for text in (
                        "3. März 2024",
                        "03. Mär. 2024",
                        "3. sept. 2024",
                        "24. DEZ 2023",
                        "1. Maerz 2024",
                        "2. Jänner 2024",
                        "5. May 2024",
                        "3. Ma\u0308rz 2024",
                        "5. janv. 2024",
                        "31. Februar 2024",
                        "3. Sonntag 2024",
                        "3 März 2024",
                    )
                )
            ),
        },
        {str(number): "1" for number in (1, 2, 3, 4, 5, 6, 7, 8)},
        {"quarantined invalid_ordered_at": 4},
    ),
    Odd(
        "twelve_hours",
        {
            "mapping.yml": mapped(date='{column: Datum, date_format: "%m/%d/%Y %I:%M %p"}'),
            "a.csv": export(
                *(
                    f"a;{text};1,00"
                    for text in (
                        "1/31/2024 12:30 AM",
                        "1/31/2024 1:30 pm",
                        "1/31/2024 13:30 PM",
                        "1/31/2024 0:30 AM",
                        "1/31/2024 1:30",
                        "31/1/2024 1:30 PM",
                    )
                )
            ),
        },
        {"1": "1", "2": "1"},
        {"quarantined invalid_ordered_at": 4},
    ),
    Odd(
        "twelve_hours_without_a_half",
        {
            "mapping.yml": mapped(date='{column: Datum, date_format: "%m/%d/%Y %I:%M"}'),
            "a.csv": export("a;1/31/2024 1:30;1,00"),
        },
        error=("mapping.yml: entity 'orders', column 'ordered_at'", "%I", "%p", "%H"),
    ),
    Odd(
        "dates_without_a_year",
        {"mapping.yml": mapped(date='{column: Datum, date_format: "%d.%m."}'), "a.csv": export("a;31.01.;1,00")},
        error=("mapping.yml: entity 'orders', column 'ordered_at'", "%d.%m.", "year"),
    ),
    Odd(
        "years_of_two_digits",
        {
            "mapping.yml": mapped(),
            "a.csv": export(
                "a;05.01.2024;1,00", "a;05.01.24;1,00", "a;05.01.0024;1,00", "a;5.1.2024;1,00", "a;05.01.20245;1,00"
            ),
        },
        {"1": "1", "4": "1"},
        {"quarantined invalid_ordered_at": 3},
    ),
    Odd(
        "date_and_time_in_two_columns",
        {
            "mapping.yml": mapped(date='{column: Datum, time: Zeit, date_format: "%d.%m.%Y %H:%M"}'),
            "a.csv": export(
                f"a;{DAY};1,00;09:30",
                f"a;{DAY};1,00;9:30",
                f"a;{DAY};1,00;",
                f"a;{DAY};1,00;24:10",
                "a;;1,00;09:30",
                header="Nr;Kunde;Datum;Betrag;Zeit",
            ),
        },
        {"1": "1", "2": "1"},
        {"quarantined invalid_ordered_at": 3},
    ),
    Odd(
        "serial_dates",
        {
            "orders.csv": lines(
                CANONICAL,
                "{id}-1,a,45296,1.00",
                "{id}-2,a,45296.5,1.00",
                "{id}-3,a,1704412800,1.00",
                "{id}-4,a,20240105,1.00",
                "{id}-5,a,2024-01-05,1.00",
                "{id}-6,a,0000-00-00 00:00:00,1.00",
            )
        },
        {"5": "1"},
        {"quarantined invalid_ordered_at": 5},
    ),
    Odd(
        "first_days_of_computers",
        {
            "orders.csv": lines(
                CANONICAL, "{id}-1,a,1970-01-01,1.00", "{id}-2,a,1899-12-30,1.00", "{id}-3,a,2024-01-05,1.00"
            )
        },
        {"1": "1", "2": "1", "3": "1"},
        said=("2 orders are of 1899-12-30, 1970-01-01",),
    ),
    Odd(
        "unreadable_updates",
        {
            "orders.csv": lines(
                WITH_UPDATES,
                "{id}-1,a,2024-01-05,1.00,gestern",
                "{id}-1,a,2024-01-05,2.00,0000-00-00 00:00:00",
                "{id}-2,a,2024-01-05,3.00,gestern",
                "{id}-2,a,2024-01-05,1.00,2024-01-06",
                "{id}-3,a,2024-01-05,1.00,x",
                "{id}-3,a,2024-01-05,1.00,y",
            )
        },
        {"1": "2", "2": "1", "3": "1"},
        {"superseded conflict": 1, "superseded older_version": 1, "superseded duplicate": 1},
    ),
    Odd(
        "time_zones_of_rows",
        {
            "mapping.yml": mapped(date="{column: Datum, time_zone: Zone}"),
            "a.csv": export(
                "a;2024-01-05 23:30;1,00;Europe/Berlin",
                "a;2024-01-05 23:30;1,00;Mitteleuropa",
                "a;2024-01-05;1,00;",
                "a;x;1,00;UTC",
                header="Nr;Kunde;Datum;Betrag;Zone",
            ),
        },
        {"1": "1"},
        {"quarantined invalid_ordered_at": 3},
    ),
    Odd(
        "times_in_one_of_two_columns",
        {
            "mapping.yml": mapped(
                "is_test: {column: Test, true_values: [x], otherwise: Probe}",
                date='{column: Datum, date_format: "%d.%m.%Y %H:%M", time_zone: Zone, otherwise: Bezahlt}',
            )
            + 'settings: {reporting_timezone: Europe/Berlin, as_of_date: "2024-01-05"}\n',
            "a.csv": export(
                "a;05.01.2024 10:00;1,00;;America/New_York;;",
                "a;;1,00;05.01.2024 17:30;America/New_York;;",
                "a;;1,00;05.01.2024 18:30;America/New_York;;",
                "a;;1,00;2024-01-05;America/New_York;;",
                f"a;{DAY} 10:00;1,00;;UTC;;x",
                header="Nr;Kunde;Datum;Betrag;Bezahlt;Zone;Test;Probe",
            ),
        },
        {"1": "1", "2": "1"},
        {"excluded after_as_of_date": 1, "excluded test_order": 1, "quarantined invalid_ordered_at": 1},
    ),
    Odd(
        "one_word_with_two_meanings",
        {
            "mapping.yml": mapped("status: {column: Nr, values: {No: cancelled, NO: paid}}"),
            "a.csv": export(f"a;{DAY};1,00"),
        },
        error=("entity 'orders', column 'status'", "`values` has 'no' twice"),
    ),
    # What stands around the table.
    Odd(
        "preamble_of_several_lines",
        {
            "mapping.yml": mapped(),
            "a.csv": "Bericht;Bestellungen\nvon;01.01.2024\n\nErstellt von;Anna;am;06.01.2024;13:00\n"
            + export(f"a;{DAY};1,00", f"b;{DAY};2,00"),
        },
        {"1": "1", "2": "2"},
        {"left_out above_header": 3},
    ),
    Odd(
        "separator_line_with_a_tab",
        {
            "mapping.yml": mapped().replace('delimiter: ";"', "delimiter: tab"),
            "a.csv": "sep=\t\n" + export(f"a;{DAY};1,00").replace(";", "\t"),
        },
        {"1": "1"},
        {"left_out above_header": 1},
    ),
    Odd(
        "separator_line_with_a_tab_and_a_column_missing",
        {
            "mapping.yml": mapped().replace('delimiter: ";"', "delimiter: tab"),
            "a.csv": "sep=\t\n" + export(f"a;{DAY}", header="Nr;Kunde;Datum").replace(";", "\t"),
        },
        error=("entity 'orders'", "'Betrag'", "a.csv"),
    ),
    Odd(
        "totals_below",
        {
            "mapping.yml": mapped(),
            "a.csv": export(f"a;{DAY};1,00", f"b;{DAY};2,00") + "Summe;;;3,00\n\nAnzahl;2\nStand 06.01.2024\n",
        },
        {"1": "1", "2": "2"},
        {"quarantined invalid_ordered_at": 1, "left_out below_table": 2},
    ),
    Odd(
        "doubled_columns",
        {
            "mapping.yml": mapped(),
            "a.csv": export(f"a;{DAY};1,00;x;y;", f"b;{DAY};2,00;x;;", header="Nr;Kunde;Datum;Betrag;Notiz;Notiz;"),
        },
        {"1": "1", "2": "2"},
    ),
    Odd(
        "doubled_column_that_is_mapped",
        {"mapping.yml": mapped(), "a.csv": export(f"a;{DAY};1,00;9,00", header="Nr;Kunde;Datum;Betrag;BETRAG")},
        error=("a.csv, line 1: column 'BETRAG' is there twice. Rename one of them",),
    ),
    Odd(
        "header_of_another_spelling_in_each_file",
        {
            "mapping.yml": mapped(number="Bestell-Nr.", amount="Käuferpreis"),
            "a.csv": lines("Bestell-Nr.;Kunde;Datum;Käuferpreis", f"{{id}}-1;a;{DAY};1,00"),
            "b.csv": lines("KUNDE;bestell nr;Datum;Ka\u0308uferpreis;x", f"b;{{id}}-2;{DAY};2,00;"),
        },
        {"1": "1", "2": "2"},
    ),
    # Excel.
    Odd(
        "two_sheets_of_orders",
        {
            "mapping.yml": mapped(files="a.xlsx").replace(', decimal: ","', ""),
            "a.xlsx": sheets(
                Januar=[["Nr", "Kunde", "Datum", "Betrag"], ["{id}-1", "a", DAY, 1]],
                Februar=[["Nr", "Kunde", "Datum", "Betrag"], ["{id}-2", "a", DAY, 2]],
            ),
        },
        error=("a.xlsx: sheet 'Februar' has the columns", "first sheet 'Januar'", "a file of its own"),
    ),
    Odd(
        "one_of_two_sheets_by_name",
        {
            "mapping.yml": mapped(files="a.xlsx", form="sheet: Februar").replace('decimal: ","', 'decimal: "."'),
            "a.xlsx": sheets(
                Januar=[["Nr", "Kunde", "Datum", "Betrag"], ["{id}-1", "a", DAY, 1]],
                Februar=[["Nr", "Kunde", "Datum", "Betrag"], ["{id}-2", "a", DAY, 2.5]],
            ),
        },
        {"2": "2.5"},
        rows={"a.xlsx": 1},
    ),
    Odd(
        "header_in_the_second_sheet",
        {
            "mapping.yml": mapped(files="a.xlsx"),
            "a.xlsx": sheets(
                Info=[["Shop", "X"], ["Stand", DAY]],
                Daten=[["Nr", "Kunde", "Datum", "Betrag"], ["{id}-1", "a", DAY, 1]],
            ),
        },
        error=("a.xlsx: sheet 'Daten' has the columns", "first sheet 'Info'", "format: {sheet: Daten}"),
    ),
    Odd(
        "hidden_sheet_first",
        {
            "mapping.yml": mapped(files="a.xlsx").replace('decimal: ","', 'decimal: "."'),
            "a.xlsx": sheets(
                Alt_hidden=[["Nr", "Kunde", "Datum", "Betrag"], ["{id}-9", "a", DAY, 9]],
                Neu=[
                    ["Export"],
                    [],
                    ["Nr", "Kunde", "Datum", "Betrag"],
                    ["{id}-1", 17850, DAY, 1.5],
                    ["{id}-2", 17850.0, DAY, True],
                    ["{id}-3", "#N/A", 45296, 1],
                ],
            ),
        },
        {"1": "1.5"},
        {"left_out above_header": 1, "quarantined invalid_amount": 1, "quarantined invalid_ordered_at": 1},
        rows={"a.xlsx": 4},
    ),
    # Files.
    Odd(
        "an_ending_in_capitals_beside",
        {"mapping.yml": mapped(), "a.csv": export(f"a;{DAY};1,00"), "B.CSV": export(f"b;{DAY};2,00")},
        error=("B.CSV would not be read", "upper and lower case"),
    ),
    Odd(
        "an_older_export_beside_a_pattern",
        {
            "mapping.yml": mapped(files="'export_2*.csv'"),
            "export_2024.csv": export(f"a;{DAY};1,00"),
            "alt.csv": lines("Nr;Kunde;Datum;Betrag", f"{{id}}-9;a;{DAY};1,00"),
            "notiz.txt": "x\n",
        },
        {"1": "1"},
        said=("alt.csv",),
    ),
    Odd(
        "what_programs_leave_beside",
        {
            "mapping.yml": mapped(),
            "a.csv": export(f"a;{DAY};1,00"),
            "._a.csv": b"\0\5\x16\7\0\2\0\0Mac OS X",
            "~$b.csv": b"\5Anna",
        },
        {"1": "1"},
    ),
    Odd(
        "packed_and_plain_files",
        {
            "mapping.yml": mapped(files="[a.csv, B.CSV.GZ]"),
            "a.csv": export(f"a;{DAY};1,00"),
            "B.CSV.GZ": packed(f"Nr;Kunde;Datum;Betrag\npacked_and_plain_files-2;b;{DAY};2,00\n"),
        },
        {"1": "1", "2": "2"},
        rows={"B.CSV.GZ": 1},
    ),
    Odd(
        "an_empty_file_among_others",
        {"mapping.yml": mapped(), "a.csv": export(f"a;{DAY};1,00"), "b.csv": b""},
        error=("b.csv: is empty. Export it again",),
    ),
    Odd(
        "only_a_header_among_others",
        {"mapping.yml": mapped(), "a.csv": export(f"a;{DAY};1,00"), "b.csv": "\ufeffNr;Kunde;Datum;Betrag\r\n"},
        {"1": "1"},
    ),
    Odd(
        "one_column",
        {"orders.csv": "order_id\n1\n2\n"},
        error=("entity 'orders': column 'customer_id' is missing", "make map"),
    ),
    Odd(
        "utf_16_of_two_kinds",
        {
            "mapping.yml": mapped(form="encoding: utf-16"),
            "a.csv": f"Nr;Kunde;Datum;Betrag\r\nutf_16_of_two_kinds-1;ä;{DAY};1,00\r\n".encode("utf-16"),
            "b.csv": b"\xfe\xff" + f"Nr;Kunde;Datum;Betrag\nutf_16_of_two_kinds-2;ä;{DAY};2,00\n".encode("utf-16-be"),
        },
        {"1": "1", "2": "2"},
        customers=1,
        rows={"a.csv": 1, "b.csv": 1},
    ),
    Odd(
        "utf_8_declared_as_latin_1",
        {
            "mapping.yml": mapped("status: Zustand", form="encoding: latin-1"),
            "a.csv": export(f"a;{DAY};1,00;rückerstattet", header="Nr;Kunde;Datum;Betrag;Zustand"),
        },
        error=("a.csv: is UTF-8, not latin-1",),
    ),
    Odd(
        "line_ends_and_marks_mixed",
        {
            "mapping.yml": mapped(),
            "a.csv": "\ufeff\ufeffNr;Kunde;Datum;Betrag\r\n{id}-1;a;05.01.2024;1,00\n{id}-2;a\0;05.01.2024;2,00\r\n\r\n"
            '{id}-3;"b;c\r\nd";05.01.2024;3,00\r\n{id}-4;e\r\n',
        },
        {"1": "1", "2": "2", "3": "3"},
        {"quarantined missing_order_id": 1},
        rows={"a.csv": 4},
    ),
    # What YAML makes of words.
    Odd(
        "words_that_yaml_takes_for_others",
        {
            "mapping.yml": mapped(
                "status: {column: Ok, values: {NO: cancelled, on: null, 007: cancelled}}, "
                "is_test: {column: Probe, true_values: [on, yes]}, sales_channel: {constant: 007}",
                keys=OTHER_WORDS,
            ),
            "a.csv": export(
                f"007;{DAY};1,00;;",
                f"7;{DAY};2,00;no;",
                f"7;{DAY};3,00;On;",
                f"7;{DAY};4,00;;Yes",
                f"12:30;{DAY};5,00;;",
                f"1_000;{DAY};6,00;;",
                f"7;{DAY};7,00;007;",
                f"1000;{DAY};8,00;7;no",
                header="Nr;Kunde;Datum;Betrag;Ok;Probe",
            ),
        },
        {"3": "3", "8": "8"},
        {"left_out agents": 1, "left_out noon": 2, "excluded status": 2, "excluded test_order": 1},
    ),
    Odd(
        "missing_values_as_numbers",
        {
            "mapping.yml": "settings: {missing_values: [0, 00000, 007]}\n",
            "orders.csv": lines(
                f"{CANONICAL},customer_email",
                "{id}-1,007,2024-01-05,1.00,p@x.de",
                "{id}-2,00000,2024-01-05,1.00,p@x.de",
                "{id}-3,7,2024-01-05,1.00,q@x.de",
                "{id}-4,7,2024-01-05,1.00,r@x.de",
            ),
        },
        {str(number): "1" for number in range(1, 5)},
        customers=2,
    ),
    # Ids and e-mails.
    Odd(
        "ids_of_every_form",
        {
            "orders.csv": lines(
                CANONICAL,
                *(
                    f"{number},{customer},2024-01-05,1.00"
                    for number, customer in (
                        ("1E5", "a"),
                        ("1e+05", "a"),
                        ("1.5E9", "a"),
                        ("12E5", '"4,5e7"'),
                        ("80123.0", "a"),
                        ("80123", "a"),
                        ("0080123", "a"),
                        ("#N/A", "a"),
                        ("null", "a"),
                        ("\u00a0B80\u200b", "a"),
                        ("B80", "a"),
                        ("80124.00", "17850.0"),
                        ("80125.50", "17850"),
                        ("-1", "a"),
                        ("'80126", "a"),
                        ("Ä80", "a"),
                    )
                ),
            )
        },
        {
            "=1E5": "1",
            "=80123": "1",
            "=0080123": "1",
            "=B80": "1",
            "=80124": "1",
            "=80125.50": "1",
            "='80126": "1",
            "=Ä80": "1",
        },
        {"quarantined damaged_id": 3, "quarantined missing_order_id": 3, "superseded duplicate": 2},
        customers=2,
    ),
    Odd(
        "emails_that_look_alike",
        {
            "orders.csv": lines(
                f"{CANONICAL},customer_email",
                *(
                    f"{{id}}-{number},,2024-01-05,1.00,{email}"
                    for number, email in enumerate(
                        (
                            "jürgen@oe.de",
                            "JU\u0308RGEN@oe.de",
                            "\u00a0jürgen@oe.de\u200b",
                            "jürgen@oe.de@",
                            "k.A.",
                            "NULL",
                            "@",
                            "jurgen@oe.de",
                        ),
                        start=1,
                    )
                ),
            )
        },
        {str(number): "1" for number in range(1, 9)},
        customers=2,
        said=("3 rows have an e-mail that is none",),
    ),
    Odd(
        "placeholders",
        {
            "orders.csv": lines(
                f"{CANONICAL},customer_email",
                *(
                    f"{{id}}-{number},{customer},2024-01-05,1.00,{email}"
                    for number, (customer, email) in enumerate(
                        (
                            ("GAST", "p1@x.de"),
                            ("GAST", "p2@x.de"),
                            ("GAST", "p3@x.de"),
                            ("", "noreply@shop.de"),
                            ("", "noreply@shop.de"),
                            ("", "noreply@shop.de"),
                            ("-", ""),
                            ("0", "p4@x.de"),
                        ),
                        start=1,
                    )
                ),
            )
        },
        {str(number): "1" for number in range(1, 9)},
        customers=3,
        said=("customer_id 'GAST' stands beside 3 different e-mails", "one e-mail ...@shop.de stands in 3 rows"),
    ),
    Odd(
        "a_mailbox_that_customers_share",
        {
            "mapping.yml": "settings: {identity_by: email}\n",
            "orders.csv": lines(
                f"{CANONICAL},customer_email",
                *(f"{{id}}-{number},s{number},2024-01-05,1.00,info@firm.de" for number in range(1, 6)),
                "{id}-6,s1,2024-01-05,1.00,",
            ),
        },
        {str(number): "1" for number in range(1, 7)},
        customers=1,
        said=("one e-mail ...@firm.de stands in 5 rows beside 5 different customer_ids",),
    ),
    # Rules that leave rows out.
    Odd(
        "rules_that_overlap",
        {
            "mapping.yml": mapped(keys=OVERLAPPING),
            "a.csv": export(
                f"Testkunde;{DAY};0,00",
                f"a;{DAY};0",
                f";{DAY};-0,00",
                f";{DAY};2,00",
                f";{DAY};9,00",
                f"b;{DAY};",
                f"contest;{DAY};1,00",
            ),
        },
        {"5": "9"},
        {"left_out tests": 2, "left_out free": 2, "left_out nobody": 1, "quarantined invalid_amount": 1},
    ),
    Odd(
        "a_rule_that_meets_everything",
        {
            "mapping.yml": mapped(keys="    leave_out: {all: {column: Nr, is_not: x}}\n"),
            "a.csv": export(f"a;{DAY};1,00", f"b;{DAY};2,00"),
        },
        {},
        {"left_out all": 2},
    ),
    # States.
    Odd(
        "states_in_odd_blanks_and_cases",
        {
            "orders.csv": lines(
                f"{CANONICAL},status",
                *(
                    f"{{id}}-{number},a,2024-01-05,1.00,{status}"
                    for number, status in enumerate(
                        (
                            "\u00a0Storniert\u2007",
                            "CANCELLED\u200b",
                            "\ufeffErstattet",
                            "Wc-Failed ",
                            "storniert?",
                            "\u3000",
                            "NULL",
                            "zahlung  ausstehend",
                            "RU\u0308CKERSTATTET",
                        ),
                        start=1,
                    )
                ),
            )
        },
        {"5": "1", "6": "1", "7": "1", "8": "1", "9": "1"},
        {"excluded status": 3, "excluded fully_refunded": 1},
        said=("storniert?",),
    ),
    # Rates.
    Odd(
        "odd_rates",
        {
            "orders.csv": lines(
                f"{CANONICAL},currency",
                "{id}-1,a,2024-01-05,10.00,USD",
                "{id}-2,a,2024-06-05,10.00,usd ",
                "{id}-3,a,2024-01-05,10.00,GBP",
                "{id}-4,a,2024-01-04,10.00,GBP",
                "{id}-5,a,2024-01-05,10.00,XXX",
                "{id}-6,a,2024-01-05,10.00,EUR",
            ),
            "exchange_rates.csv": lines(
                "rate_date,currency,rate",
                "2024-01-05,USD,1.09",
                "2024-01-05,GBP,1.16",
                "2024-01-05,GBP,1.46",
                "2024-01-05,EUR,2",
                "2024-01-05,SEK,8.9",
                "2024-01-05,CHF,n/a",
                "05.01.2024,CHF,1.07",
            ),
        },
        {"1": "10.9", "2": "10.9", "3": "14.6", "6": "10"},
        {"quarantined unknown_currency": 2},
        {
            "exchange_rates counted": 4,
            "exchange_rates superseded": 1,
            "exchange_rates quarantined invalid_rate": 1,
            "exchange_rates quarantined invalid_rate_date": 1,
        },
        said=(
            "of USD probably the wrong way round",
            "1 rate of SEK probably for a hundred units",
            "older than 35 days",
            "two rates of one currency",
        ),
    ),
    # Typed columns.
    Odd(
        "parquet_of_doubles",
        {"orders.parquet": parquet(DOUBLES)},
        {"=9000001": "0.3", "=9000004.5": "0"},
        {"quarantined invalid_ordered_at": 1, "quarantined invalid_amount": 3, "quarantined missing_order_id": 1},
        customers=1,
        rows={"orders.parquet": 7},
    ),
    Odd(
        "parquet_of_decimals_and_words",
        {"orders.parquet": parquet(DECIMALS)},
        {},
        {"excluded test_order": 1, "quarantined invalid_ordered_at": 1},
        rows={"orders.parquet": 2},
    ),
    Odd(
        "parquet_by_a_mapping",
        {"mapping.yml": OF_PARQUET, "a.parquet": parquet(INSTANTS)},
        {"1": "10", "2": "20.5"},
        {"excluded status": 1, "quarantined invalid_ordered_at": 1},
        rows={"a.parquet": 4},
    ),
    # Other entities of the same file.
    Odd(
        "customers_and_lines_of_one_file",
        {
            "mapping.yml": mapped(keys="    fold: {kind: first_line, by: Nr}\n", rest=OF_LINES),
            "a.csv": lines(
                "Nr;Kunde;Land;Datum;Betrag;Artikel;Preis",
                f"{{id}}-1;{{id}}a;DE;{DAY};3,00;x;1,00",
                "{id}-1;{id}a;DE;;;y;2,00",
                f"{{id}}-2;{{id}}a;AT;{DAY};1,00;x;k.A.",
                f"{{id}}-3;;;{DAY};1,00;x;1,00",
            ),
        },
        {"1": "3", "2": "1", "3": "1"},
        {"folded": 1},
        {
            "customers counted": 1,
            "customers folded": 1,
            "customers superseded": 1,
            "customers quarantined missing_customer_id": 1,
            "order_lines counted": 3,
            "order_lines quarantined invalid_amount": 1,
        },
        customers=1,
    ),
    Odd(
        "quotes_and_separators_in_names",
        {
            "mapping.yml": mapped(),
            "a.csv": export(
                f'"Müller; ""Söhne""";{DAY};1,00',
                f'"Maier\n; GmbH";{DAY};2,00',
                f'5" Rohr;{DAY};3,00',
                f'a;{DAY};"1,00";;',
            ),
        },
        {"1": "1", "2": "2", "3": "3", "4": "1"},
        rows={"a.csv": 4},
    ),
)
