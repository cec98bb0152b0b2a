"""Raw folders that are wrong in one way each, and what must become of them: rows that are accounted for, or one error.

In texts `{id}` stands for the name of the case: all order ids hold it, so that the rows of many cases can be told apart
in one warehouse.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb

HEADER = "order_id,customer_id,ordered_at,amount"
CANONICAL = ("order_id", "customer_id", "ordered_at", "amount")

Maker = Callable[[Path], None]  # writes the file at a path
Content = str | bytes | Maker


def write_files(raw: Path, files: Mapping[str, Content], name: str) -> Path:
    """Make a folder of the files, each `{id}` in them the name of the case."""
    raw.mkdir(parents=True)
    for file, content in files.items():
        path = raw / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_bytes(content.replace("{id}", name).encode())
        elif isinstance(content, bytes):
            path.write_bytes(content.replace(b"{id}", name.encode()))
        else:
            content(path)
    return raw


@dataclass(frozen=True)
class Case:
    """A raw folder (file name -> content) and the outcome: either `error`, or the rows of `entity`."""

    name: str
    files: Mapping[str, Content]
    error: tuple[str, ...] = ()  # texts that the one line must contain
    counted: Sequence[str] = ()  # order ids, or what follows "<name of the case>-" in them; other entities: how many
    quarantined: Mapping[str, int] = field(default_factory=dict)  # rows by reason, besides `malformed`
    malformed: int = 0  # rows that are kept as the line they were, quarantined as missing_order_id
    superseded: int = 0
    excluded: int = 0
    left_out: int = 0  # lines around the table
    entity: str = "orders"

    @property
    def rows(self) -> int:
        return len(self.counted) + self.reasons().total() + self.superseded + self.excluded

    def reasons(self) -> Counter[str]:
        """All quarantined rows by reason."""
        return Counter(self.quarantined) + Counter(missing_order_id=self.malformed)

    def order_ids(self) -> list[str]:
        return sorted(text.format(id=self.name) if "{id}" in text else f"{self.name}-{text}" for text in self.counted)

    def write(self, raw: Path) -> Path:
        """Make the folder."""
        return write_files(raw, self.files, self.name)


def lines(*rows: str, header: str = HEADER, end: str = "\n") -> str:
    return end.join((header, *rows, ""))


def order(number: int | str, amount: str = "10.00", ordered_at: str = "2024-01-05", customer: str = "c1") -> str:
    return f"{{id}}-{number},{customer},{ordered_at},{amount}"


def amounts(*texts: str) -> str:
    return lines(*(order(number, f'"{text}"') for number, text in enumerate(texts, start=1)))


def dates(*texts: str) -> str:
    return lines(*(order(number, ordered_at=text) for number, text in enumerate(texts, start=1)))


GOOD = lines(order(1), order(2))
BROKEN = lines(order(1), "{id}-2,c1", order(3))


def good(name: str) -> bytes:
    return GOOD.replace("{id}", name).encode()


def numbers(count: int, first: int = 1) -> tuple[str, ...]:
    return tuple(str(number) for number in range(first, first + count))


def folder(path: Path) -> None:
    path.mkdir()


def link_to(target: str) -> Maker:
    return lambda path: path.symlink_to(target)


def unreadable(path: Path) -> None:
    path.write_text(GOOD)
    path.chmod(0)


def packed(content: str | bytes) -> bytes:
    return gzip.compress(content.encode() if isinstance(content, str) else content, mtime=0)


def damaged(content: bytes, start: int, end: int) -> bytes:
    return content[:start] + bytes(byte ^ 0x55 for byte in content[start:end]) + content[end:]


def archive(**parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return buffer.getvalue()


def excel(*rows: Sequence[object], sheet: str = "Sheet1", header: Sequence[object] = CANONICAL) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in (header, *rows) if header else rows:
        book.active.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def repacked(book: bytes, part: str, old: str, new: str) -> bytes:
    """A workbook with one of its parts changed, as a program that does not keep to the format writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            target.writestr(name, text.replace(old.encode(), new.encode(), 1) if name == part else text)
    return buffer.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def date_cell(book: bytes, number: int, form: str) -> bytes:
    """A workbook in which the first date is the given number, shown in the given form."""
    import openpyxl

    loaded = openpyxl.load_workbook(io.BytesIO(book))
    loaded.active["C2"].value = number
    loaded.active["C2"].number_format = form
    buffer = io.BytesIO()
    loaded.save(buffer)
    return buffer.getvalue()


def parquet(select: str) -> Maker:
    def write(path: Path) -> None:
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            shown = str(path).replace("'", "''")
            case = path.parts[path.parts.index("raw") - 1]
            connection.execute(f"copy ({select.replace('{id}', case)}) to '{shown}' (format parquet)")

    return write


def then(make: Maker, change: Callable[[bytes], bytes]) -> Maker:
    """A file made and then changed."""

    def write(path: Path) -> None:
        make(path)
        path.write_bytes(change(path.read_bytes()))

    return write


def parquet_orders(rows: int, ordered_at: str, amount: str) -> Maker:
    """Orders with typed columns, by expressions of the number i of the row."""
    return parquet(
        f"select '{{id}}-' || i as order_id, 'c' as customer_id, {ordered_at} as ordered_at, {amount} "
        f"{'' if ' as ' in amount else 'as amount '}from range(1, {rows + 1}) as numbers (i)"
    )


NOON = "timestamptz '2024-01-05 12:00:00+02'"
PARQUET = parquet_orders(5_000, "date '2024-01-05'", "i::decimal(18, 2)")


def mapping(files: str, columns: Sequence[str] = CANONICAL, form: str = "") -> str:
    """A mapping of orders whose columns have their own names."""
    mapped = "".join(f"      {column}: {column}\n" for column in columns)
    written = f"    format: {form}\n" if form else ""
    return f"entities:\n  orders:\n    files: '{files}'\n{written}    columns:\n{mapped}"


MAPPED = mapping("*.csv")

UNUSUAL_TEXT = {
    "emoji": "😀🛒",
    "right_to_left": "لقاء ‏שלום",
    "line_separator": "a\u2028b\u0085c\x0bd",
    "combining": "e\u0301\u200d\ufeff.",
    "escape_sequence": "\x1b[31mred",
}

ROWS = (
    # Lines that do not have the columns of the header.
    Case("cut_off", {"orders.csv": lines(order(1), order(2)) + "{id}-3,c1,20"}, counted=numbers(2), malformed=1),
    Case("too_few_fields", {"orders.csv": BROKEN}, counted=("1", "3"), malformed=1),
    Case(
        "too_many_fields", {"orders.csv": lines(order(1), order(2, "10,00"), order(3))}, counted=("1", "3"), malformed=1
    ),
    Case(
        "one_line_with_another_separator",
        {"orders.csv": lines(order(1), "{id}-2;c1;2024-01-05;1", order(3))},
        counted=("1", "3"),
        malformed=1,
    ),
    Case("every_line_broken", {"orders.csv": lines("a,b", "c,d,e,f,g", "h")}, malformed=3),
    Case("separator_after_each_row", {"orders.csv": lines(order(1) + ",", order(2) + ",")}, counted=numbers(2)),
    Case(
        "separators_after_some_rows",
        {"orders.csv": lines(order(1) + ",,", order(2), order(3) + ",x")},
        counted=numbers(2),
        malformed=1,
    ),
    Case(
        "separator_after_header_and_rows",
        {"orders.csv": lines(order(1) + ",,", order(2) + ",,", header=HEADER + ",,")},
        counted=numbers(2),
    ),
    Case(
        "separator_after_header_and_broken_line",
        {"orders.csv": lines(order(1) + ",", "x", header=HEADER + ",")},
        counted=("1",),
        malformed=1,
    ),
    Case(
        "columns_shifted_left",
        {"orders.csv": lines(order(1), "{id}-2,2024-01-05,10.00,")},
        counted=("1",),
        quarantined={"invalid_ordered_at": 1},
    ),
    Case(
        "columns_shifted_right",
        {"orders.csv": lines(order(1), "{id}-2,,c1,2024-01-05")},
        counted=("1",),
        quarantined={"invalid_ordered_at": 1},
    ),
    Case(
        "only_separators",
        {"orders.csv": lines(order(1), ",,,", order(2))},
        counted=numbers(2),
        quarantined={"missing_order_id": 1},
    ),
    Case(
        "looks_like_a_comment",
        {"orders.csv": lines(order(1), "#{id}-2,c1,2024-01-05,1", "# exported on Monday")},
        counted=("1", "#{id}-2"),
        malformed=1,
    ),
    # Headers.
    Case(
        "header_twice",
        {"orders.csv": lines(order(1), HEADER, order(2))},
        counted=numbers(2),
        quarantined={"invalid_ordered_at": 1},
    ),
    Case(
        "files_joined_with_their_marks",
        {"orders.csv": "\ufeff" + lines(order(1), "\ufeff" + HEADER, order(2))},
        counted=numbers(2),
        quarantined={"invalid_ordered_at": 1},
    ),
    Case("only_a_header", {"orders.csv": HEADER + "\n"}),
    Case("only_a_header_without_line_end", {"orders.csv": HEADER}),
    Case(
        "header_with_spaces_quotes_and_a_line_end",
        {
            "orders.csv": lines(
                order(1) + ",x",
                order(2) + ",",
                header=' Order_ID ,"CUSTOMER_ID", ordered_at,"amount ","a ""note""\nin two lines"',
            )
        },
        counted=numbers(2),
    ),
    Case(
        "the_same_with_a_broken_line",
        {
            "orders.csv": lines(
                order(1) + ",x", "y", header=' Order_ID ,"CUSTOMER_ID", ordered_at,"amount ","a ""note""\nin two lines"'
            )
        },
        counted=("1",),
        malformed=1,
    ),
    Case(
        "header_with_our_own_names",
        {
            "orders.csv": lines(
                order(1) + ",a,b,c,d",
                "y",
                order(2) + ",,,,",
                header=HEADER + ",source_file,source_line,malformed_line,read_from",
            )
        },
        counted=numbers(2),
        malformed=1,
    ),
    Case(
        "columns_1500",
        {
            "orders.csv": lines(
                order(1) + ",x" * 1_496,
                order(2) + ",x" * 1_496,
                header=HEADER + "".join(f",column_{number}" for number in range(1_496)),
            )
        },
        counted=numbers(2),
    ),
    Case(
        "columns_1500_and_a_broken_line",
        {
            "orders.csv": lines(
                order(1) + ",x" * 1_496,
                order(2) + ",x" * 1_495,
                header=HEADER + "".join(f",column_{number}" for number in range(1_496)),
            )
        },
        counted=("1",),
        malformed=1,
    ),
    # What stands around the table.
    Case("first_line_blank", {"orders.csv": "\n" + GOOD}, counted=numbers(2)),
    Case("title_above_the_header", {"orders.csv": "Orders of May,,,\n\n" + GOOD}, counted=numbers(2), left_out=1),
    Case("separator_named_above", {"orders.csv": "sep=,\n" + GOOD}, counted=numbers(2), left_out=1),
    Case(
        "title_and_a_broken_line",
        {"orders.csv": "Orders of May\n" + BROKEN},
        counted=("1", "3"),
        malformed=1,
        left_out=1,
    ),
    Case("totals_behind_a_blank_line", {"orders.csv": GOOD + "\nRows,2\nSum 20.00\n"}, counted=numbers(2), left_out=2),
    Case("total_below", {"orders.csv": GOOD + "Sum,20.00\n"}, counted=numbers(2), malformed=1),
    Case(
        "total_in_the_columns",
        {"orders.csv": GOOD + "\nSum,,,20.00\n"},
        counted=numbers(2),
        quarantined={"invalid_ordered_at": 1},
    ),
    Case(
        "rows_behind_a_blank_line",
        {"orders.csv": GOOD + "\n{id}-3,c1\n" + order(4) + "\n"},
        counted=("1", "2", "4"),
        malformed=1,
    ),
    Case(
        "most_of_a_row_behind_a_blank_line",
        {"orders.csv": lines(order(1) + ",x", header=HEADER + ",more") + "\n" + order(2) + "\n"},
        counted=("1",),
        malformed=1,
    ),
    Case(
        "another_table_below",
        {"orders.csv": GOOD + "\nproduct,price\n" + "Tea,3\n" * 20},
        counted=numbers(2),
        malformed=21,
    ),
    Case(
        "excel_title_above",
        {
            "orders.xlsx": excel(
                ("Orders of May",), (), CANONICAL, ("excel_title_above-1", "c", "2024-01-05", 1), header=()
            )
        },
        counted=("1",),
        left_out=1,
    ),
    Case(
        "doubled_column_that_nothing_reads",
        {"orders.csv": lines(order(1) + ",a,b", order(2) + ",,", header=HEADER + ",notes,Notes")},
        counted=numbers(2),
    ),
    # Quotes.
    Case("quoted_line_ends", {"orders.csv": lines(order(1, customer='"two\nlines"'), order(2))}, counted=numbers(2)),
    Case(
        "quoted_line_ends_and_a_broken_line",
        {"orders.csv": lines(order(1, customer='"a\r\n\nb"'), "x", order(2))},
        counted=numbers(2),
        malformed=1,
    ),
    Case(
        "quoted_line_end_of_another_kind",
        {"orders.csv": lines(order(1, customer='"a\r\n\nb"'), order(2))},
        counted=numbers(2),
    ),
    Case(
        "quote_not_closed",
        {"orders.csv": lines(order(1), order(2, customer='"c1'), order(3), order(4))},
        counted=("1", "3", "4"),
        malformed=1,
    ),
    Case(
        "quote_not_closed_before_quoted_values",
        {
            "orders.csv": lines(
                order(1), order(2, customer='"c1'), order(3, customer='"Shop, Inc."'), order(4, '"1.00"')
            )
        },
        counted=("1", "3", "4"),
        malformed=1,
    ),
    Case(
        "quote_not_closed_where_all_is_quoted",
        {
            "orders.csv": lines(
                '"{id}-1","c1","2024-01-05","1"', '"{id}-2","c1,"2024-01-05","1"', '"{id}-3","c1","2024-01-05","1'
            )
            + '"{id}-4","c1","2024-01-05","1"\n'
        },
        counted=("1", "4"),
        malformed=2,
    ),
    Case(
        "quote_not_closed_in_the_last_line",
        {"orders.csv": lines(order(1), order(2, '"10.00'))},
        counted=("1",),
        malformed=1,
    ),
    Case(
        "quote_not_closed_far_down",
        {
            "orders.csv": lines(
                *map(order, range(1, 30_001)), order(0, customer='"c1'), *map(order, range(30_001, 40_001))
            )
        },
        counted=numbers(40_000),
        malformed=1,
    ),
    Case(
        "quote_not_closed_in_each_line",
        {"orders.csv": lines(*(order(number, '"1') for number in range(301)))},
        malformed=301,
    ),
    Case(
        "quotes_within_values",
        {"orders.csv": lines(order(1, customer='5" pipe'), order(2, customer='c "x" y'))},
        counted=numbers(2),
    ),
    Case(
        "quotes_within_values_and_a_broken_line",
        {"orders.csv": lines(order(1, customer='5" pipe'), "x", order(2, customer='c "x" y'), order(3))},
        counted=numbers(3),
        malformed=1,
    ),
    Case(
        "quotes_after_a_space",
        {"orders.csv": lines(order(1, customer=' "a,b"'), "x", order(2, customer=' "c,d"'))},
        counted=numbers(2),
        malformed=1,
    ),
    Case(
        "text_after_a_quote",
        {"orders.csv": lines(order(1), order(2, customer='"c" x'), order(3))},
        counted=("1", "3"),
        malformed=1,
    ),
    Case(
        "apostrophes_as_quotes",
        {"orders.csv": lines(order(1), "'{id}-2','c,1','2024-01-05','1'", order(3))},
        counted=("1", "3"),
        malformed=1,
    ),
    # Line ends, blank lines, marks.
    Case("carriage_returns_only", {"orders.csv": lines(order(1), order(2), end="\r")}, counted=numbers(2)),
    Case(
        "carriage_returns_and_a_broken_line",
        {"orders.csv": lines(order(1), "x", order(2), end="\r")},
        counted=numbers(2),
        malformed=1,
    ),
    Case(
        "line_ends_mixed",
        {"orders.csv": f"{HEADER}\r\n{order(1)}\n{order(2)}\r\n{order(3)}\r{order(4)}\n"},
        counted=numbers(4),
    ),
    Case("blank_lines", {"orders.csv": lines(order(1), "", "", order(2), "")}, counted=numbers(2)),
    Case("lines_of_spaces", {"orders.csv": lines(order(1), "   ", order(2), "\t", end="\r\n")}, counted=numbers(2)),
    Case("no_line_end_at_the_end", {"orders.csv": lines(order(1)) + order(2)}, counted=numbers(2)),
    Case("byte_order_mark", {"orders.csv": "\ufeff" + GOOD}, counted=numbers(2)),
    Case("byte_order_mark_and_a_broken_line", {"orders.csv": "\ufeff" + BROKEN}, counted=("1", "3"), malformed=1),
    Case("tabs_and_spaces_around", {"orders.csv": lines("\t{id}-1 , c1\t, 2024-01-05\t,\t10.00 ")}, counted=("1",)),
    # Characters and sizes.
    Case(
        "nul_bytes",
        {"orders.csv": lines(order(1, customer="c\0\0"), order(2, "1\0"), order(3))},
        counted=("1", "3"),
        quarantined={"invalid_amount": 1},
    ),
    Case(
        "nul_bytes_and_a_broken_line",
        {"orders.csv": lines(order(1, customer="c\0\0"), "\0\0\0", order(2))},
        counted=numbers(2),
        malformed=1,
    ),
    Case(
        "unusual_text",
        {"orders.csv": lines(*(order(f"{name} {text}") for name, text in UNUSUAL_TEXT.items()))},
        counted=tuple(f"{name} {text}" for name, text in UNUSUAL_TEXT.items()),
    ),
    Case(
        "unusual_text_and_a_broken_line",
        {
            "orders.csv": lines(
                *(order(f"{name} {text}") for name, text in UNUSUAL_TEXT.items() if name != "line_separator"), "😀"
            )
        },
        counted=tuple(f"{name} {text}" for name, text in UNUSUAL_TEXT.items() if name != "line_separator"),
        malformed=1,
    ),
    Case(
        "separators_of_lines_in_quotes",
        {"orders.csv": lines(order(1, customer='"a\u2028b\n\x0bc"'), "x", order(2))},
        counted=numbers(2),
        malformed=1,
    ),
    Case("field_of_2_mb", {"orders.csv": lines(order(1, customer="x" * 2_000_000), order(2))}, counted=numbers(2)),
    Case("field_of_3_mb", {"orders.csv": lines(order(1, customer="x" * 3_000_000), order(2))}, counted=numbers(2)),
    Case("field_of_5_mb", {"orders.csv": lines(order(1, customer="x" * 5_000_000), order(2))}, counted=numbers(2)),
    Case(
        "line_of_9_mb",
        {"orders.csv": lines(order(1), order(2, customer="x" * 9_000_000), order(3))},
        counted=("1", "3"),
        malformed=1,
    ),
    # Values: staging judges them.
    Case(
        "dates_of_three_formats",
        {"orders.csv": dates("2024-01-05", "05.01.2024", "01/05/2024")},
        counted=("1",),
        quarantined={"invalid_ordered_at": 2},
    ),
    Case(
        "dates_that_do_not_exist",
        {
            "orders.csv": dates(
                "2024-02-30", "2023-02-29", "2024-13-01", "2024-1-5", "20240105", "2024-01-05T24:00", "45296", ""
            )
        },
        quarantined={"invalid_ordered_at": 8},
    ),
    Case(
        "years_at_the_ends",
        {"orders.csv": dates("0001-01-01", "0000-01-01", "9999-12-31", "-0044-03-15", "12024-01-01")},
        counted=("1",),
        quarantined={"invalid_ordered_at": 3, "ordered_in_future": 1},
    ),
    Case(
        "amounts_with_an_exponent",
        {"orders.csv": amounts("1e3", "1E+2", "10.00")},
        counted=("3",),
        quarantined={"invalid_amount": 2},
    ),
    Case(
        "amounts_with_currency_signs",
        {"orders.csv": amounts("€10.00", "$10", "10.00 EUR", "10.00")},
        counted=("4",),
        quarantined={"invalid_amount": 3},
    ),
    Case(
        "amounts_with_other_separators",
        {"orders.csv": amounts("10,50", "1,234.50", "1.234,50", "1 234", "1'234")},
        quarantined={"invalid_amount": 5},
    ),
    Case(
        "amounts_that_are_no_numbers",
        {
            "orders.csv": amounts(
                "NaN",
                "inf",
                "-Infinity",
                "NULL",
                "N/A",
                "-",
                "0x10",
                "1_000",
                "\uff11\uff10",
                "\u0663",
                "(10.00)",
                "\u00a010",
            )
        },
        counted=("12",),
        quarantined={"invalid_amount": 11},
    ),
    Case(
        "amounts_out_of_range",
        {"orders.csv": amounts("9" * 40, "1" + "0" * 17, "-1", "0.00001")},
        counted=("4",),
        quarantined={"invalid_amount": 2, "negative_amount": 1},
    ),
    Case("negative_zero", {"orders.csv": amounts("-0", "-0.00", "0")}, counted=numbers(3)),
    Case(
        "formulas",
        {"orders.csv": lines(order(1, "=1+1"), order(2, customer="=cmd|'/C calc'!A0"), order("=1"))},
        counted=("2", "=1"),
        quarantined={"invalid_amount": 1},
    ),
    Case(
        "refunds_that_cannot_be",
        {
            "orders.csv": lines(
                order(1) + ",11",
                order(2) + ",-1",
                order(3) + ",some",
                order(4) + ",10",
                order(5) + ",",
                header=HEADER + ",refunded_amount",
            )
        },
        counted=("5",),
        quarantined={"invalid_refund": 2},
        excluded=2,
    ),
    Case(
        "currencies_that_are_none",
        {
            "orders.csv": lines(
                order(1) + ", eur ", order(2) + ",€", order(3) + ",EURO", order(4) + ",", header=HEADER + ",currency"
            )
        },
        counted=("1", "4"),
        quarantined={"unknown_currency": 2},
    ),
    Case(
        "rows_repeated",
        {"orders.csv": lines(order(1), order(1), order(1, ordered_at="never"), order(1))},
        counted=("1",),
        superseded=2,
        quarantined={"invalid_ordered_at": 1},
    ),
    Case(
        "only_spaces_as_id",
        {"orders.csv": lines("  ,c1,2024-01-05,1", '"\t\n",c1,2024-01-05,1')},
        quarantined={"missing_order_id": 2},
    ),
    # Declared formats.
    Case(
        "semicolons_declared",
        {
            "mapping.yml": mapping("*.csv", form="{delimiter: ';', decimal: ','}"),
            "shop.csv": lines(
                "{id}-1;c1;2024-01-05;10,50",
                "{id}-2,c1,2024-01-05,1",
                "{id}-3;c1;2024-01-05;10.50",
                header=HEADER.replace(",", ";"),
            ),
        },
        counted=("1",),
        quarantined={"invalid_amount": 1},
        malformed=1,
    ),
    Case(
        "utf_16_declared",
        {
            "mapping.yml": mapping("*.csv", form="{encoding: utf-16}"),
            "shop.csv": BROKEN.replace("{id}", "utf_16_declared").encode("utf-16"),
        },
        counted=("1", "3"),
        malformed=1,
    ),
    Case(
        "latin_1_declared",
        {
            "mapping.yml": mapping("*.csv", form="{encoding: latin-1}"),
            "shop.csv": lines(order("Müller"), "x").replace("{id}", "latin_1_declared").encode("latin-1"),
        },
        counted=("Müller",),
        malformed=1,
    ),
    Case(
        "whitespace_declared",
        {
            "mapping.yml": mapping("*.csv", form="{delimiter: whitespace}"),
            "shop.csv": "\n".join((HEADER.replace(",", "  "), "  {id}-1 c1\t2024-01-05   1 ", "{id}-2 c1 1", "")),
        },
        counted=("1",),
        malformed=1,
    ),
    Case(
        "date_format_declared",
        {
            "mapping.yml": mapping("*.csv").replace(
                "ordered_at: ordered_at", "ordered_at: {column: ordered_at, date_format: '%d.%m.%Y'}"
            ),
            "shop.csv": dates("05.01.2024", "2024-01-05", "01/05/2024", "31.02.2024"),
        },
        counted=("1",),
        quarantined={"invalid_ordered_at": 3},
    ),
    # Compressed files.
    Case(
        "gzip_and_a_broken_line",
        {"orders.csv.gz": packed(BROKEN.replace("{id}", "gzip_and_a_broken_line"))},
        counted=("1", "3"),
        malformed=1,
    ),
    Case("gzip_named_csv", {"orders.csv": packed(good("gzip_named_csv"))}, counted=numbers(2)),
    Case("csv_named_gzip", {"orders.csv.gz": GOOD}, counted=numbers(2)),
    # File names and folders.
    Case(
        "odd_file_names",
        {
            f"orders/{name}.csv": lines(order(number))
            for number, name in enumerate(
                ("it's", 'a "b"', "Müller & Söhne", "[2024] 1", "st*r", "wh?t", "two  spaces", "100%", "ünï\u202e"),
                start=1,
            )
        },
        counted=numbers(9),
    ),
    Case(
        "odd_file_names_and_broken_lines",
        {
            f"orders/{name}.csv": lines(order(number), "x")
            for number, name in enumerate(
                ("it's", 'a "b"', "Müller & Söhne", "[2024] 1", "st*r", "star", "two\nlines"), start=1
            )
        },
        counted=numbers(7),
        malformed=7,
    ),
    Case(
        "endings_in_capitals",
        {"orders/A.CSV": lines(order(1)), "orders/b.Csv": lines(order(2), "x")},
        counted=numbers(2),
        malformed=1,
    ),
    Case(
        "one_part_broken",
        {
            "orders/a.csv": lines(order(1)),
            "orders/b.csv": lines(order(2), "x"),
            "orders/c.csv": lines("{id}-3,2024-01-05,1,c1,x", header="order_id,ordered_at,amount,customer_id,more"),
            "orders/.hidden.csv": "x",
            "orders/notes.md": "not a table",
        },
        counted=numbers(3),
        malformed=1,
    ),
    Case("a_link_to_a_file", {"elsewhere.csv": GOOD, "orders.csv": link_to("elsewhere.csv")}, counted=numbers(2)),
    # Excel.
    Case(
        "excel_typed",
        {
            "orders.xlsx": excel(
                ("excel_typed-1", 7, datetime(2024, 1, 5, 10, 30), 10),
                ("excel_typed-2", "c", date(2024, 1, 5), 10.5),
                ("excel_typed-3", "c", "5 January", 1),
                ("excel_typed-4", "c", date(2024, 1, 5), "ten"),
                ("excel_typed-5", None, date(2024, 1, 5), 1e-4),
                ("excel_typed-6", True, date(2024, 1, 5), -0.0),
            )
        },
        counted=("1", "2", "5", "6"),
        quarantined={"invalid_ordered_at": 1, "invalid_amount": 1},
    ),
    Case(
        "excel_formulas",
        {
            "orders.xlsx": excel(
                ("excel_formulas-1", "c", "2024-01-05", "=1+1"),
                ("excel_formulas-2", "c", "2024-01-05", 2),
                ("excel_formulas-3", "c", "2024-01-05", "#DIV/0!"),
            )
        },
        counted=("2",),
        quarantined={"invalid_amount": 2},
    ),
    Case(
        "excel_beside_the_table",
        {
            "orders.xlsx": excel(
                ("excel_beside_the_table-1", "c", "2024-01-05", 1),
                (),
                ("excel_beside_the_table-2", "c", "2024-01-05", 1, None, "a note"),
                (None, None, None, None, "x"),
            )
        },
        counted=("1",),
        malformed=2,
    ),
    Case(
        "excel_with_a_wrong_size",
        {
            "orders.xlsx": repacked(
                excel(("excel_with_a_wrong_size-1", "c", "2024-01-05", 1)), SHEET, 'ref="A1:D2"', 'ref="A1"'
            )
        },
        counted=("1",),
    ),
    Case("excel_only_a_header", {"orders.xlsx": excel()}),
    Case(
        "excel_date_out_of_range",
        {"orders.xlsx": date_cell(excel(("excel_date_out_of_range-1", "c", "x", 1)), 99_999_999, "yyyy-mm-dd")},
        quarantined={"invalid_ordered_at": 1},
    ),
    # Parquet.
    Case(
        "parquet_without_values",
        {"orders.parquet": parquet_orders(2, "case i when 1 then date '2024-01-05' end", "case i when 1 then 1.5 end")},
        counted=("1",),
        quarantined={"invalid_ordered_at": 1},
    ),
    Case(
        "parquet_no_numbers",
        {"orders.parquet": parquet_orders(5, NOON, "(['1e0', 'nan', 'inf', '1e30', '-1'])[i]::double")},
        counted=("1",),
        quarantined={"invalid_amount": 3, "negative_amount": 1},
    ),
    Case(
        "parquet_beyond_all_dates",
        {
            "orders.parquet": parquet_orders(
                4, "(['infinity', '-infinity', '290000-01-01', '2024-01-05'])[i]::timestamp", "1"
            )
        },
        counted=("4",),
        quarantined={"ordered_in_future": 2, "invalid_ordered_at": 1},
    ),
    Case(
        "parquet_of_other_types",
        {
            "orders.parquet": parquet(
                "select ['{id}', 'x'] as order_id, {'a': 1} as customer_id, 20240105 as ordered_at, true as amount"
            )
        },
        quarantined={"invalid_ordered_at": 1},
    ),
    Case(
        "parquet_with_our_own_names",
        {
            "orders/a.parquet": parquet_orders(
                1, NOON, "1 as amount, 7 as source_line, 'x' as source_file, 'y' as malformed_line, 'z' as read_from"
            ),
            "orders/b.csv": lines(order(2), "x"),
        },
        counted=numbers(2),
        malformed=1,
    ),
    # Other entities.
    Case(
        "customers_broken",
        {
            "orders.csv": HEADER,
            "customers.csv": 'customer_id,email\n{id}-1,a@example.com\n{id}-2,"b\n{id}-3\n,\n{id}-4,\n{id}-4,\n',
        },
        entity="customers",
        counted=numbers(2),
        quarantined={"missing_customer_id": 3},
        superseded=1,
    ),
    Case(
        "exchange_rates_broken",
        {
            "orders.csv": HEADER,
            "exchange_rates.csv": lines(
                *("2024-01-01,XA,1.5", "2024-01-01,XA", "01.01.2024,XA,1", "2024-01-01,,1", "2024-01-01,XA,0"),
                *("2024-01-01,XA,-1", "2024-01-01,XA,1e3", "2024-01-01,XA,1.4"),
                header="rate_date,currency,rate",
            ),
        },
        entity="exchange_rates",
        counted=numbers(1),
        superseded=1,
        quarantined={"invalid_rate_date": 2, "missing_currency": 1, "rate_not_positive": 2, "invalid_rate": 1},
    ),
    Case(
        "order_lines_broken",
        {
            "orders.csv": HEADER,
            "order_lines.csv": lines(
                *("{id}-1,1,p,1,5", "{id}-1,1,p,1,5", "{id}-1,x", "{id}-1,x,p,=1+1,5€", ",,,,"),
                header="order_id,line_number,product_id,quantity,amount",
            ),
        },
        entity="order_lines",
        counted=numbers(1),
        superseded=1,
        quarantined={"missing_order_id": 2, "invalid_line_number": 1},
    ),
)

DOES_NOT_FIT = "is not utf-8. Say how the file is written in a mapping"
NO_HEADER = "line 1: has no header"
NOT_EXCEL = "orders.xlsx: is not a readable Excel file"
NOT_PARQUET = "orders.parquet: is not a readable Parquet file"
NOT_YAML = "is not valid YAML"

ERRORS = (
    # Files that hold no table.
    Case("empty", {"orders.csv": b""}, error=("orders.csv: is empty. Export it again",)),
    Case("only_line_ends", {"orders.csv": "\n\n\n"}, error=("orders.csv", NO_HEADER)),
    Case("header_of_separators", {"orders.csv": lines(order(1), header=",,,")}, error=("orders.csv", NO_HEADER)),
    Case(
        "row_above_the_header",
        {"orders.csv": lines(HEADER, order(2), header=order(1))},
        error=("orders.csv, line 2: names the columns, but line 1 above it looks like a row",),
    ),
    Case(
        "two_headers_below_a_title",
        {"orders.csv": "Orders of May\n" + GOOD + GOOD},
        error=("entity 'orders': column 'order_id' is missing in", "orders.csv", "Columns found: orders of may"),
    ),
    Case("image", {"orders.csv": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"}, error=("orders.csv: is an image, not text",)),
    Case("random_bytes", {"orders.csv": bytes(range(256)) * 40}, error=("orders.csv",)),
    Case(
        "zip_named_csv", {"orders.csv": archive(**{"orders.csv": GOOD})}, error=("orders.csv: is a zip or Excel file",)
    ),
    Case("pdf_named_csv", {"orders.csv": b"%PDF-1.7\n"}, error=("orders.csv: is a PDF file, not text",)),
    Case("web_page", {"orders.csv": "<!DOCTYPE html><title>Log in</title>"}, error=("orders.csv: is a web page",)),
    Case("json_named_csv", {"orders.csv": '{"orders": []}\n'}, error=("column 'order_id' is missing", "orders.csv")),
    Case("folder_named_csv", {"orders.csv": folder}, error=("orders.csv: is a folder, not a file",)),
    Case(
        "link_to_nothing", {"orders.csv": link_to("nowhere.csv")}, error=("orders.csv: is a link that leads nowhere",)
    ),
    Case("link_to_itself", {"orders.csv": link_to("orders.csv")}, error=("orders.csv: is a link that leads nowhere",)),
    Case("folder_linked_to_itself", {"orders": link_to("orders")}, error=("orders: is a link that leads nowhere",)),
    Case("unreadable", {"orders.csv": unreadable}, error=("orders.csv: cannot be read: permission denied",)),
    Case(
        "backslash_in_the_name", {"orders/a\\b.csv": GOOD}, error=("a\\b.csv: has a backslash in its name. Rename it",)
    ),
    # Headers.
    Case(
        "columns_twice",
        {"orders.csv": lines(order(1) + ",2", header=HEADER + ",amount")},
        error=("orders.csv, line 1: column 'amount' is there twice. Rename one of them",),
    ),
    Case(
        "columns_twice_but_for_case",
        {"orders.csv": lines(order(1) + ",2", header=HEADER + ', " AMOUNT"')},
        error=("orders.csv, line 1: column 'AMOUNT' is there twice",),
    ),
    Case(
        "columns_10000",
        {"orders.csv": HEADER + "".join(f",c{number}" for number in range(9_996)) + "\n"},
        error=("orders.csv, line 1: has 10,000 columns", "Leave out what is not needed"),
    ),
    Case(
        "column_missing",
        {"orders.csv": "order_id,customer_id,ordered_at,total\n"},
        error=(
            "column 'amount' is missing in",
            "orders.csv",
            "Columns found: order_id, customer_id, ordered_at, total",
        ),
    ),
    Case(
        "column_missing_in_one_part",
        {"orders/a.csv": GOOD, "orders/b.csv": "order_id,customer_id,amount\n"},
        error=("column 'ordered_at' is missing in", "b.csv"),
    ),
    Case("no_header", {"orders.csv": lines(order(2), header=order(1))}, error=("column 'order_id' is missing",)),
    Case(
        "semicolons",
        {"orders.csv": GOOD.replace(",", ";")},
        error=("column 'order_id' is missing", "orders.csv", "in a mapping (format: {delimiter: ';'})"),
    ),
    Case("tabs", {"orders.csv": GOOD.replace(",", "\t")}, error=("orders.csv", "(format: {delimiter: 'tab'})")),
    Case(
        "another_separator_named_above",
        {"orders.csv": "sep=;\n" + GOOD.replace(",", ";")},
        error=("orders.csv, line 1: says that columns are separated by ;.", "(format: {delimiter: ';'})"),
    ),
    Case(
        "quote_in_the_header_not_closed",
        {"orders.csv": GOOD.replace("customer_id", '"customer_id')},
        error=("orders.csv, line 1: a quote in the header is not closed",),
    ),
    Case(
        "header_with_line_ends_and_colours",
        {"orders.csv": '"order\nid",\x1b[31mred,"' + "x" * 3_000 + '"\n'},
        error=("Columns found: order id, \ufffd[31mred, xxx", "xx..."),
    ),
    # Encodings.
    Case(
        "latin_1",
        {"orders.csv": lines(order(1), order(2, customer="Müller")).encode("latin-1")},
        error=("orders.csv, line 3: " + DOES_NOT_FIT, "format: {encoding: latin-1}"),
    ),
    Case(
        "encodings_mixed",
        {"orders.csv": lines(order(1, customer="Müller")).encode() + order(2, customer="Müller").encode("latin-1")},
        error=("orders.csv, line 3: " + DOES_NOT_FIT, "mixes encodings"),
    ),
    Case(
        "latin_1_in_a_header",
        {"orders.csv": lines(order(1) + ",x", header=HEADER + ",größe").encode("latin-1")},
        error=("orders.csv, line 1: " + DOES_NOT_FIT,),
    ),
    Case(
        "utf_16", {"orders.csv": GOOD.encode("utf-16")}, error=("orders.csv, line 1: is UTF-16. Say so in a mapping",)
    ),
    Case("utf_16_without_a_mark", {"orders.csv": GOOD.encode("utf-16-le")}, error=("orders.csv, line 1: is UTF-16",)),
    Case(
        "utf_16_cut_off",
        {"mapping.yml": mapping("*.csv", form="{encoding: utf-16}"), "shop.csv": GOOD.encode("utf-16")[:-1]},
        error=("shop.csv: is not utf-16", "cut off"),
    ),
    Case(
        "declared_ascii",
        {
            "mapping.yml": mapping("*.csv", form="{encoding: ascii}"),
            "shop.csv": lines(order(1), order(2, customer="Müller")),
        },
        error=("shop.csv, line 3: is not ascii",),
    ),
    # Compressed files.
    Case(
        "gzip_cut_off",
        {"orders.csv.gz": packed(GOOD * 100)[:-20]},
        error=("orders.csv.gz: is packed with gzip but damaged or cut off", "Export it again"),
    ),
    Case(
        "gzip_damaged",
        {"orders.csv.gz": damaged(packed(GOOD * 100), 20, 60)},
        error=("orders.csv.gz: is packed with gzip but damaged or cut off",),
    ),
    Case("gzip_of_nothing", {"orders.csv.gz": packed("")}, error=("orders.csv.gz", NO_HEADER)),
    Case("gzip_empty", {"orders.csv.gz": b""}, error=("orders.csv.gz: is empty",)),
    Case("gzip_twice", {"orders.csv.gz": packed(packed(GOOD))}, error=("orders.csv.gz: is packed with gzip twice",)),
    Case("gzip_of_an_image", {"orders.csv.gz": packed(b"\x89PNG\r\n\x1a\n")}, error=("orders.csv.gz: is an image",)),
    Case(
        "gzip_latin_1",
        {"orders.csv.gz": packed(lines(order(1, customer="Müller")).encode("latin-1"))},
        error=("orders.csv.gz, line 2: " + DOES_NOT_FIT,),
    ),
    # Excel.
    Case(
        "excel_cut_off", {"orders.xlsx": excel(("x", "c", "2024-01-05", 1))[:-500]}, error=(NOT_EXCEL, "Save it again")
    ),
    Case(
        "excel_damaged",
        {"orders.xlsx": repacked(excel(("x", "c", "2024-01-05", 1)), SHEET, "</sheetData>", "<")},
        error=(NOT_EXCEL,),
    ),
    Case("csv_named_excel", {"orders.xlsx": GOOD}, error=(NOT_EXCEL,)),
    Case("zip_named_excel", {"orders.xlsx": archive(**{"orders.csv": GOOD})}, error=(NOT_EXCEL,)),
    Case(
        "excel_with_a_password",
        {"orders.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)},
        error=("orders.xlsx: is an old Excel file, or one with a password",),
    ),
    Case("excel_without_rows", {"orders.xlsx": excel(header=())}, error=("orders.xlsx", NO_HEADER)),
    Case("excel_named_csv", {"orders.csv": excel()}, error=("orders.csv: is a zip or Excel file",)),
    Case(
        "excel_without_the_sheet",
        {"shop.xlsx": excel(), "mapping.yml": mapping("*.xlsx", form="{sheet: Orders}")},
        error=("shop.xlsx: has no sheet 'Orders'; there is Sheet1",),
    ),
    Case(
        "excel_columns_twice",
        {"orders.xlsx": excel(header=(*CANONICAL, "Amount"))},
        error=("orders.xlsx, line 1: column 'Amount' is there twice",),
    ),
    # Parquet.
    Case(
        "parquet_cut_off",
        {"orders.parquet": then(PARQUET, lambda content: content[:-20])},
        error=(NOT_PARQUET,),
    ),
    Case(
        "parquet_damaged",
        {"orders.parquet": then(PARQUET, lambda content: damaged(content, 100, 2_000))},
        error=("orders.parquet: is a damaged Parquet file", "Export it again"),
    ),
    Case("csv_named_parquet", {"orders.parquet": GOOD}, error=(NOT_PARQUET,)),
    Case("parquet_named_csv", {"orders.csv": PARQUET}, error=("orders.csv: is a Parquet file, not text",)),
    Case(
        "parquet_without_a_column",
        {"orders.parquet": parquet("select 1 as order_id")},
        error=("column 'customer_id' is missing in", "orders.parquet"),
    ),
    Case(
        "parquet_columns_twice",
        {"orders.parquet": parquet('select 1 as order_id, 2 as " Order_ID"')},
        error=("orders.parquet", "is there twice"),
    ),
    # What lies in the folder.
    Case("nothing_there", {}, error=("no orders in the raw folder", "(found: nothing)")),
    Case(
        "other_files_only",
        {"sales.csv": GOOD, "notes.txt": "x"},
        error=("sales.csv: has the columns of orders, but would not be read. Either call it orders.csv",),
    ),
    Case(
        "notes_only",
        {"prices.csv": "product,price\nTea,3\n", "notes.txt": "x"},
        error=("no orders in the raw folder", "(found: notes.txt, prices.csv)"),
    ),
    Case(
        "given_twice",
        {"orders.csv": GOOD, "orders.parquet": PARQUET},
        error=("raw entity 'orders' is there more than once", "Keep one file"),
    ),
    Case(
        "given_twice_but_for_case",
        {"orders.csv": GOOD, "orders.CSV": GOOD},
        error=("'orders' is there more than once",),
    ),
    Case(
        "folder_in_a_folder",
        {"orders/a.csv": GOOD, "orders/2023/b.csv": GOOD},
        error=("2023: is a folder within", "files: 'orders/**/*.csv'"),
    ),
    Case(
        "part_of_another_kind",
        {"orders/a.csv": GOOD, "orders/b.csv.zip": b"PK\x03\x04"},
        error=("b.csv.zip: such files are not read",),
    ),
    Case(
        "entity_of_another_kind",
        {"orders.csv": GOOD, "customers.xml": "<customers/>"},
        error=("customers.xml: such files are not read. Export it as CSV",),
    ),
    Case(
        "entity_without_rows_in_json",
        {"orders.csv": GOOD, "customers.json": "[]"},
        error=("column 'customer_id' is missing in", "customers.json"),
    ),
    # Other entities.
    Case(
        "customers_without_their_number",
        {"orders.csv": GOOD, "customers.csv": "id,email\n1,a@example.com\n"},
        error=("column 'customer_id' is missing in", "customers.csv"),
    ),
    Case(
        "rates_columns_twice",
        {"orders.csv": GOOD, "exchange_rates.csv": "rate_date,currency,rate,Rate\n"},
        error=("exchange_rates.csv, line 1: column 'Rate' is there twice",),
    ),
    Case(
        "order_lines_no_text",
        {"orders.csv": GOOD, "order_lines.csv": b"\xff\xd8\xff\xe0"},
        error=("order_lines.csv: is an image",),
    ),
    Case(
        "spend_in_semicolons",
        {"orders.csv": GOOD, "marketing_spend.csv": "spend_date;acquisition_channel;amount\n"},
        error=("is missing in", "marketing_spend.csv", "{delimiter: ';'}"),
    ),
    # Mappings.
    Case(
        "yaml_broken",
        {"mapping.yml": "entities:\n  orders: [a\n", "a.csv": GOOD},
        error=("mapping.yml, line 3: " + NOT_YAML,),
    ),
    Case(
        "yaml_with_tabs",
        {"mapping.yml": "entities:\n\torders:\n", "a.csv": GOOD},
        error=("mapping.yml, line 2: " + NOT_YAML,),
    ),
    Case("yaml_with_nul", {"mapping.yml": "entities:\0\n", "a.csv": GOOD}, error=("mapping.yml", NOT_YAML)),
    Case(
        "yaml_key_that_is_none",
        {"mapping.yml": "{[a]: b}\n", "a.csv": GOOD},
        error=("mapping.yml, line 1: " + NOT_YAML,),
    ),
    Case("yaml_nested_deeply", {"mapping.yml": "[" * 5_000, "a.csv": GOOD}, error=("mapping.yml", NOT_YAML)),
    Case(
        "yaml_with_python",
        {"mapping.yml": "preset: !!python/object/apply:os.getcwd []\n"},
        error=("mapping.yml, line 1: " + NOT_YAML,),
    ),
    Case(
        "yaml_key_twice",
        {"mapping.yml": mapping("*.csv") + "      amount: total\n", "a.csv": GOOD},
        error=("mapping.yml, line 9: " + NOT_YAML, "'amount' is given twice"),
    ),
    Case("mapping_not_utf_8", {"mapping.yml": "# für\n".encode("latin-1")}, error=("mapping.yml: is not UTF-8 text",)),
    Case("mapping_empty", {"mapping.yml": b""}, error=("mapping.yml: must hold `preset:`, `entities:` or",)),
    Case("mapping_a_folder", {"mapping.yml": folder, "orders.csv": GOOD}, error=("mapping.yml: cannot be read",)),
    Case(
        "mapping_a_link_to_nothing",
        {"mapping.yml": link_to("x"), "orders.csv": GOOD},
        error=("mapping.yml: cannot be read",),
    ),
    Case(
        "mapping_named_yaml",
        {"mapping.yaml": MAPPED, "orders.csv": GOOD},
        error=("mapping.yaml: is not read. Rename it",),
    ),
    Case(
        "mapping_key_unknown",
        {"mapping.yml": MAPPED.replace("files:", "file:"), "a.csv": GOOD},
        error=("mapping.yml: entity 'orders': 'file' does not exist; did you mean 'files'?",),
    ),
    Case(
        "mapping_format_key_unknown",
        {"mapping.yml": mapping("*.csv", form="{delimeter: ';'}"), "a.csv": GOOD},
        error=("mapping.yml: entity 'orders', format: 'delimeter' does not exist; did you mean 'delimiter'?",),
    ),
    Case(
        "mapping_entity_unknown",
        {"mapping.yml": MAPPED.replace("orders:", "order:"), "a.csv": GOOD},
        error=("mapping.yml: entity 'order' does not exist; did you mean 'orders'?",),
    ),
    Case(
        "mapping_target_unknown",
        {"mapping.yml": MAPPED + "      total: x\n", "a.csv": GOOD},
        error=("mapping.yml: entity 'orders' has no column 'total'",),
    ),
    Case(
        "mapping_targets_that_are_numbers",
        {"mapping.yml": MAPPED + "      1: x\n", "a.csv": GOOD},
        error=("no column '1'",),
    ),
    Case(
        "mapping_column_not_there",
        {"mapping.yml": MAPPED.replace("amount: amount", "amount: total"), "a.csv": GOOD},
        error=("entity 'orders', column 'amount': column 'total' is not in", "a.csv; there is order_id"),
    ),
    Case(
        "mapping_column_missing",
        {"mapping.yml": mapping("*.csv", CANONICAL[:3]), "a.csv": GOOD},
        error=("column 'amount' is required and mapped to nothing",),
    ),
    Case(
        "mapping_columns_a_list",
        {"mapping.yml": "entities: {orders: {files: a.csv, columns: [a, b]}}\n", "a.csv": GOOD},
        error=("mapping.yml: entity 'orders': `columns` must hold lines",),
    ),
    Case(
        "mapping_format_a_text",
        {"mapping.yml": mapping("*.csv", form="utf-16"), "a.csv": GOOD},
        error=("mapping.yml: entity 'orders': `format` must hold lines",),
    ),
    Case(
        "mapping_values_a_list",
        {"mapping.yml": MAPPED + "      status: {column: amount, values: [a, b]}\n", "a.csv": GOOD},
        error=("column 'status': `values` must hold lines",),
    ),
    Case(
        "mapping_circle",
        {
            "mapping.yml": MAPPED.replace(
                "amount: amount",
                "amount: {column: amount, at_most: =refunded_amount}\n"
                "      refunded_amount: {column: amount, at_most: =amount}",
            ),
            "a.csv": GOOD,
        },
        error=("mapping.yml: entity 'orders': columns refer to each other in a circle",),
    ),
    Case(
        "mapping_of_a_column_not_mapped",
        {
            "mapping.yml": MAPPED.replace("amount: amount", "amount: {column: amount, at_most: =refunded_amount}"),
            "a.csv": GOOD,
        },
        error=(
            "mapping.yml: entity 'orders': column 'amount': '=refunded_amount' must name another column that is mapped",
        ),
    ),
    Case(
        "mapping_preset_unknown",
        {"mapping.yml": "preset: shopifi\n", "a.csv": GOOD},
        error=("mapping.yml: preset 'shopifi' does not exist; did you mean 'shopify'?",),
    ),
    Case(
        "mapping_without_orders",
        {"mapping.yml": "entities: {customers: {files: a.csv, columns: {customer_id: a}}}\n", "a.csv": GOOD},
        error=("mapping.yml: maps no orders",),
    ),
    Case(
        "mapping_matches_nothing",
        {"mapping.yml": mapping("2024-*.csv"), "a.csv": GOOD},
        error=("mapping.yml: entity 'orders': no file in", "matches 2024-*.csv"),
    ),
    Case(
        "mapping_files_elsewhere",
        {"mapping.yml": mapping("/tmp/*.csv"), "a.csv": GOOD},
        error=("mapping.yml: entity 'orders': files '/tmp/*.csv' lead out of the raw folder",),
    ),
    Case("mapping_files_no_pattern", {"mapping.yml": mapping("**.csv"), "a.csv": GOOD}, error=("files '**.csv'",)),
    Case(
        "mapping_files_and_table",
        {"mapping.yml": MAPPED + "    table: {name: orders, duckdb: shop.duckdb}\n", "a.csv": GOOD},
        error=("mapping.yml: entity 'orders': needs either `files` or `table`",),
    ),
    Case("mapping_neither_files_nor_table", {"mapping.yml": mapping(""), "a.csv": GOOD}, error=("'orders'",)),
    Case(
        "mapping_table_not_there",
        {"mapping.yml": mapping("x").replace("files: 'x'", "table: {name: o, duckdb: no.duckdb}")},
        error=("no.duckdb: does not exist (table 'o' is to be read from it)",),
    ),
    Case(
        "mapping_table_no_database",
        {"a.csv": GOOD, "mapping.yml": mapping("x").replace("files: 'x'", "table: {name: o, duckdb: a.csv}")},
        error=("a.csv: cannot be opened as a DuckDB file",),
    ),
    Case(
        "mapping_delimiter",
        {"mapping.yml": mapping("*.csv", form="{delimiter: ;;}"), "a.csv": GOOD},
        error=("delimiter must be one character",),
    ),
    Case(
        "mapping_quote",
        {"mapping.yml": mapping("*.csv", form="{quote: ''}"), "a.csv": GOOD},
        error=("quote must be one character",),
    ),
    Case(
        "mapping_quote_is_delimiter",
        {"mapping.yml": mapping("*.csv", form="{quote: ','}"), "a.csv": GOOD},
        error=("quote must be one character that is not the delimiter",),
    ),
    Case(
        "mapping_decimal",
        {"mapping.yml": mapping("*.csv", form="{decimal: ',', thousands: ','}"), "a.csv": GOOD},
        error=("decimal must be '.' or ',' and differ from thousands",),
    ),
    Case(
        "mapping_thousands",
        {"mapping.yml": mapping("*.csv", form="{thousands: none}"), "a.csv": GOOD},
        error=("thousands must be one character",),
    ),
    Case(
        "mapping_header_empty",
        {"mapping.yml": mapping("*.csv", form="{header: []}"), "a.csv": GOOD},
        error=("header must name the columns",),
    ),
    Case(
        "mapping_encoding",
        {"mapping.yml": mapping("*.csv", form="{encoding: utf-88}"), "a.csv": GOOD},
        error=("encoding 'utf-88' does not exist; try utf-8 or latin-1",),
    ),
    Case(
        "mapping_encoding_no_text",
        {"mapping.yml": mapping("*.csv", form="{encoding: undefined}"), "a.csv": GOOD},
        error=("encoding 'undefined' does not exist",),
    ),
    Case(
        "mapping_date_format",
        {
            "mapping.yml": MAPPED.replace(
                "ordered_at: ordered_at", "ordered_at: {column: ordered_at, date_format: '%Q'}"
            ),
            "a.csv": GOOD,
        },
        error=("mapping.yml: entity 'orders', column 'ordered_at': date_format '%Q': '%Q' means nothing",),
    ),
    Case(
        "mapping_setting_unknown",
        {"mapping.yml": MAPPED + "settings: {reporting_curency: EUR}\n", "a.csv": GOOD},
        error=("settings: 'reporting_curency' does not exist; did you mean 'reporting_currency'?",),
    ),
)
