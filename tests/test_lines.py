"""What becomes of the lines of files: each is a row, is folded into one, or is left out under a name. None is lost."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pytest

from intake.errors import IntakeError
from intake.prepare import prepare

Row = Mapping[str, str]


def write(path: Path, rows: Sequence[Row], header: Sequence[str] = ()) -> None:
    """A file with the columns of its rows; what a row does not name is empty."""
    columns = list(header) or list(dict.fromkeys(name for row in rows for name in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def prepared(raw: Path, mapping: str) -> Path:
    raw.mkdir(exist_ok=True)
    (raw / "mapping.yml").write_text(mapping, encoding="utf-8")
    return prepare(raw, raw.parent / "prepared")


def read(folder: Path, entity: str, columns: str) -> list[tuple]:
    with duckdb.connect() as connection:
        query = f"select {columns} from read_parquet('{folder / entity}.parquet') order by all"
        return connection.execute(query).fetchall()


def outcomes(folder: Path, entity: str = "orders") -> dict[tuple[str, str], int]:
    """Lines that are no rows, by outcome and reason."""
    if not (folder / "intake_outcomes.parquet").exists():
        return {}
    with duckdb.connect() as connection:
        query = f"""
            select outcome, reason, sum("rows")::int from read_parquet('{folder}/intake_outcomes.parquet')
            where entity = ? group by all
        """
        return {(outcome, reason): rows for outcome, reason, rows in connection.execute(query, [entity]).fetchall()}


# One line of an order holds its fields ------------------------------------------------------------------------------

FIRST_LINE = """\
entities:
  orders:
    files: "*.csv"
    fold: {kind: first_line, by: Name}
    columns:
      order_id: {column: Name, told_apart_by: Id, optional: [Id]}
      customer_email: Email
      ordered_at: Created
      amount: Subtotal
"""
LINES = """\
  order_lines:
    files: "*.csv"
    columns:
      order_id: {column: Name, told_apart_by: Id, optional: [Id]}
      line_number: {number_within: Name}
      product_id: Item
"""


def order(name: str, email: str = "a@x.de", amount: str = "10", own_id: str = "", day: str = "2025-01-01") -> Row:
    return {"Name": name, "Email": email, "Created": day, "Subtotal": amount, "Id": own_id, "Item": "tea"}


def item(name: str, email: str = "a@x.de", product: str = "cup") -> Row:
    """A further line of an order: its number, and the columns of the item."""
    return {"Name": name, "Email": email, "Created": "2025-01-01", "Item": product}


def test_the_line_with_the_fields_counts_wherever_it_stands(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.csv", [item("#1"), order("#1"), item("#1"), order("#2"), order("#2")])
    folder = prepared(tmp_path / "raw", FIRST_LINE)
    assert read(folder, "orders", "order_id, customer_email, amount") == [
        ("#1", "a@x.de", "10"),
        ("#2", "a@x.de", "10"),
    ]
    assert outcomes(folder) == {("folded", "none"): 3}


@pytest.mark.parametrize(
    "other",
    [
        order("#1", email="b@x.de"),
        order("#1", day="2025-02-02"),
        order("#1", amount="99"),
        item("#1", email="b@x.de"),  # it has no amount, but another customer
    ],
)
def test_lines_of_one_number_that_differ_are_rows_of_their_own(tmp_path: Path, other: Row) -> None:
    write(tmp_path / "raw" / "a.csv", [order("#1"), other, item("#1")], [*order("")])
    folder = prepared(tmp_path / "raw", FIRST_LINE)
    assert len(read(folder, "orders", "order_id")) == 2
    assert outcomes(folder) == {("folded", "none"): 1}


def test_orders_of_one_number_and_two_ids_have_numbers_that_hold_in_all_files(tmp_path: Path) -> None:
    """January's file has the older one alone; February's has both, and in it the older one once more."""
    january = [order("#1", own_id="99"), item("#1"), order("#2", own_id="100")]
    february = [order("#1", "b@x.de", "60", "501"), item("#1", "b@x.de", "pot"), order("#1", own_id="99"), item("#1")]
    write(tmp_path / "raw" / "january.csv", january)
    folder = prepared(tmp_path / "raw", FIRST_LINE + LINES)
    assert read(folder, "orders", "order_id, customer_email") == [("#1", "a@x.de"), ("#2", "a@x.de")]

    write(tmp_path / "raw" / "february.csv", february)
    folder = prepared(tmp_path / "raw", FIRST_LINE + LINES)
    assert read(folder, "orders", "order_id, customer_email, amount") == [
        ("#1", "a@x.de", "10"),
        ("#1", "a@x.de", "10"),  # a version: the same order in both files
        ("#1 501", "b@x.de", "60"),
        ("#2", "a@x.de", "10"),
    ]
    lines = read(folder, "order_lines", "order_id, product_id, parse_filename(source_file)")
    assert lines == [
        ("#1", "cup", "january.csv"),
        ("#1", "tea", "january.csv"),
        ("#1 501", "pot", "february.csv"),
        ("#1 501", "tea", "february.csv"),
        ("#2", "tea", "january.csv"),
    ]
    assert outcomes(folder, "order_lines") == {("left_out", "in_a_later_file"): 2}


def test_a_file_without_ids_shows_two_orders_of_one_number_as_rows_of_it(tmp_path: Path) -> None:
    rows = [
        {name: value for name, value in row.items() if name != "Id"} for row in (order("#1"), order("#1", "b@x.de"))
    ]
    write(tmp_path / "raw" / "a.csv", rows)
    folder = prepared(tmp_path / "raw", FIRST_LINE)
    assert read(folder, "orders", "order_id, customer_email") == [("#1", "a@x.de"), ("#1", "b@x.de")]


# Lines are added up -------------------------------------------------------------------------------------------------

ADD_LINES = """\
entities:
  orders:
    files: "*.csv"
    fold: {kind: add_lines, by: number, empty_is_zero: {column: state, is: [Cancelled, Pending]}}
    columns:
      order_id: number
      customer_id: who
      ordered_at: day
      amount: {column: price, times: pieces}
      refunded_amount: back
      currency: money
      status: state
"""


def line(number: str, price: str = "5", **values: str) -> Row:
    fields = {"number": number, "who": "c1", "day": "2025-01-01", "pieces": "1", "state": "Shipped", "back": ""}
    return {**fields, "price": price, "money": "EUR", **values}


def test_amounts_of_lines_are_added_up_and_equal_lines_both_count(tmp_path: Path) -> None:
    rows = [
        line("1", "5"), line("1", "5"), line("1", "2.50", pieces="4", back="3", who=""),
        line("2", "", state="Cancelled"), line("2", "", state="Cancelled"),
        line("3", "7"), line("3", ""),  # an item whose value is missing is not worth nothing
        line("4", "7"), line("4", "n/a"),
        line("5", "7"), line("5", "8", who="c2"), line("5", "9", who="c2"),
        line("6", "7"), line("6", "7", money="USD"),
    ]  # fmt: skip
    write(tmp_path / "raw" / "a.csv", rows)
    folder = prepared(tmp_path / "raw", ADD_LINES)
    assert read(folder, "orders", "order_id, customer_id, amount, refunded_amount, currency, status") == [
        ("1", "c1", "20.0000", "3.0000", "EUR", "Shipped"),
        ("2", "c1", "0.0000", None, "EUR", "Cancelled"),
        ("3", "c1", "a line whose value cannot be read: empty", None, "EUR", "Shipped"),
        ("4", "c1", "a line whose value cannot be read: n/a", None, "EUR", "Shipped"),
        ("5", "c1", "7.0000", None, "EUR", "Shipped"),
        ("5", "c2", "17.0000", None, "EUR", "Shipped"),
        ("6", "c1", "7.0000", None, "EUR", "Shipped"),
        ("6", "c1", "7.0000", None, "USD", "Shipped"),
    ]
    assert outcomes(folder) == {("folded", "none"): 6}


def test_items_that_are_mapped_as_orders_are_a_stop(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.csv", [line("1", "5"), line("1", "6"), line("2", "7")])
    plain = ADD_LINES.replace(
        "    fold: {kind: add_lines, by: number, empty_is_zero: {column: state, is: [Cancelled, Pending]}}\n", ""
    )
    with pytest.raises(IntakeError, match=r"entity 'orders', .*1 of 2 order numbers, such as 1, stand in several rows"):
        prepared(tmp_path / "raw", plain)
    versions = plain.replace("    columns:", "    fold: {kind: versions}\n    columns:")
    assert len(read(prepared(tmp_path / "raw", versions), "orders", "order_id")) == 3


# Rows that are left out ---------------------------------------------------------------------------------------------

PLAIN = """\
entities:
  orders:
    files: "*.csv"
    leave_out:
      rule: {rule}
    columns: {{order_id: number, customer_id: who, ordered_at: day, amount: price}}
"""


@pytest.mark.parametrize(
    ("rule", "left_out"),
    [
        ("{column: state, is: shipped}", {"1", "2"}),
        ("{column: state, is_not: [Shipped, TEST]}", {"4"}),
        ("{column: state, is: [false, NO]}", set()),
        ("{column: state, contains: [es, xyz]}", {"3"}),
        ("{column: state, empty: true}", {"4"}),
        ("{column: price, zero: true}", {"2"}),
        ("[{column: state, is: shipped}, {column: price, zero: true}]", {"2"}),
        ("{column: livemode, is: false, optional: true}", set()),
    ],
)
def test_a_rule_leaves_out_the_rows_that_meet_it(tmp_path: Path, rule: str, left_out: set[str]) -> None:
    rows = [line("1"), line("2", "0.00"), line("3", state=" Test "), line("4", state="NULL")]
    write(tmp_path / "raw" / "a.csv", rows)
    folder = prepared(tmp_path / "raw", PLAIN.format(rule=rule))
    assert {number for (number,) in read(folder, "orders", "order_id")} == {"1", "2", "3", "4"} - left_out
    assert outcomes(folder) == ({("left_out", "rule"): len(left_out)} if left_out else {})


GIFT_CARDS = """\
    leave_out:
      gift_cards: {column: Item, contains: gift card, worth: {column: Price, times: Pieces}}
      tests: {column: Tags, contains: test}
    columns:
      order_id: {column: Name, told_apart_by: Id, optional: [Id]}
"""


def test_gift_cards_are_taken_off_orders_and_orders_of_nothing_else_are_left_out(tmp_path: Path) -> None:
    def gift(row: Row, price: str = "30") -> Row:
        return {**row, "Item": "Gift Card 30", "Price": price, "Pieces": "2"}

    rows = [
        gift(order("#1", amount="60")),
        gift(order("#2", amount="160")), item("#2"),  # the card's line holds the order's fields
        order("#3", amount="160"), gift(item("#3")), item("#3"),
        order("#4", amount="160"), gift(item("#4"), "much"),
        {**order("#5"), "Tags": "a test"}, item("#5"),
        gift(order("#6", amount="60")), gift(item("#6")),
    ]  # fmt: skip
    write(tmp_path / "raw" / "a.csv", rows, [*order(""), "Price", "Pieces", "Tags"])
    head, _, tail = FIRST_LINE.partition(
        "    columns:\n      order_id: {column: Name, told_apart_by: Id, optional: [Id]}\n"
    )
    folder = prepared(tmp_path / "raw", head + GIFT_CARDS + tail)
    assert read(folder, "orders", "order_id, amount") == [
        ("#2", "100.0000"),
        ("#3", "100.0000"),
        ("#4", "160 (a column it is computed with cannot be read)"),
    ]
    assert outcomes(folder) == {
        ("folded", "none"): 3,  # a line of #2, one of #3 and one of #5
        ("left_out", "gift_cards"): 5,  # #1, both lines of #6, and lines of #3 and #4
        ("left_out", "tests"): 1,
    }


def test_rows_of_one_file_are_orders_and_refunds(tmp_path: Path) -> None:
    mapping = """\
entities:
  orders:
    files: sales.csv
    leave_out: {refunds: {column: kind, is: refund}}
    columns: {order_id: id, customer_id: who, ordered_at: day, amount: {column: total, less: [tax]}}
  refunds:
    files: sales.csv
    leave_out: {sales: {column: kind, is_not: refund}}
    columns:
      refund_id: id
      order_id: parent
      refunded_at: day
      amount: {column: total, less: [tax], negate: true}
"""
    rows = [
        {"id": "1", "kind": "sale", "who": "c", "day": "2025-01-01", "total": "119", "tax": "19", "parent": ""},
        {"id": "2", "kind": "Refund", "who": "", "day": "2025-01-03", "total": "-59.50", "tax": "-9.50", "parent": "1"},
        {"id": "3", "kind": "", "who": "c", "day": "2025-01-03", "total": "5", "tax": "", "parent": ""},
    ]
    write(tmp_path / "raw" / "sales.csv", rows)
    folder = prepared(tmp_path / "raw", mapping)
    assert read(folder, "orders", "order_id, amount") == [("1", "100.0000"), ("3", "5.0000")]
    assert read(folder, "refunds", "refund_id, order_id, amount") == [("2", "1", "50.0000")]
    assert outcomes(folder) == {("left_out", "refunds"): 1}
    assert outcomes(folder, "refunds") == {("left_out", "sales"): 2}


def test_equal_refunds_without_a_number_in_files_that_overlap_count_once(tmp_path: Path) -> None:
    """Two equal ones of one day in one file are two; the same two in a second file are no more."""
    mapping = """\
entities:
  orders:
    files: sales.csv
    columns: {order_id: id, customer_id: who, ordered_at: day, amount: total}
  refunds:
    files: "back*.csv"
    columns: {order_id: id, refunded_at: day, amount: total}
"""
    back = {"id": "1", "day": "2025-01-03", "total": "5"}
    write(tmp_path / "raw" / "sales.csv", [{"id": "1", "who": "c", "day": "2025-01-01", "total": "100"}])
    write(tmp_path / "raw" / "back1.csv", [back, back, {**back, "total": "1"}])
    write(tmp_path / "raw" / "back2.csv", [back, back, {**back, "total": "2"}])
    folder = prepared(tmp_path / "raw", mapping)
    assert read(folder, "refunds", "order_id, amount") == [("1", "1"), ("1", "2"), ("1", "5"), ("1", "5")]
    assert outcomes(folder, "refunds") == {("left_out", "in_a_later_file"): 2}


def test_a_rule_on_orders_that_reads_a_column_of_their_lines_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.csv", [order("#1"), item("#1")], [*order("")])
    mapping = FIRST_LINE.replace("    columns:", "    leave_out: {teas: {column: Item, is: tea}}\n    columns:", 1)
    with pytest.raises(
        IntakeError, match=r"'orders', leave_out 'teas': column 'Item' differs between the lines of one"
    ):
        prepared(tmp_path / "raw", mapping)


# All of them --------------------------------------------------------------------------------------------------------

KINDS = {
    "first_line": FIRST_LINE + LINES,
    "gift_cards": FIRST_LINE.replace(
        "    columns:", "    leave_out: {gifts: {column: Item, is: gift, worth: Subtotal}}\n    columns:"
    ),
    "add_lines": FIRST_LINE.replace("first_line", "add_lines").replace(
        "    columns:", "    leave_out: {gifts: {column: Item, is: gift}}\n    columns:"
    ),
    "no_fold": FIRST_LINE.replace("first_line, by: Name", "versions")
    + "  customers: {files: '*.csv', columns: {customer_id: Email}}\n",
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_and_outcomes_add_up_to_the_lines_of_each_file(kind: str, tmp_path: Path) -> None:
    """Numbers, ids, customers and amounts at random, with holes and lines that are no rows."""
    for seed in range(12):
        chance = random.Random(f"{kind} {seed}")
        raw = tmp_path / str(seed) / "raw"
        raw.mkdir(parents=True)
        lines: dict[str, int] = {}
        for file in ("a.csv", "b.csv")[: chance.randint(1, 2)]:
            written = ["Name,Email,Created,Subtotal,Id,Item"]
            for _ in range(chance.randint(1, 40)):
                if chance.random() < 0.05:
                    written.append("broken")
                    continue
                fields = (
                    chance.choice(["#1", "#2", "#3", "#4", ""]), chance.choice(["a@x.de", "b@x.de", ""]),
                    chance.choice(["2025-01-01", "2025-01-02", ""]), chance.choice(["10", "20", "x", ""]),
                    chance.choice(["501", "777", "", ""]), chance.choice(["tea", "gift"]),
                )  # fmt: skip
                written.append(",".join(fields))
            above = chance.choice([[], ["Orders of May"], ["sep=,"], ["", "Orders, all of them", ""]])
            below = chance.choice(
                [[], ["", "Sum 3"], ["", "Rows,2", "by me"], ["Sum,3"], ["", "#5,a@x.de,2025-01-01,5"]]
            )
            text = [*above, *written, *below]
            (raw / file).write_text("\n".join(text) + "\n", encoding="utf-8")
            lines[file] = sum(bool(line) for line in text) - 1
        folder = prepared(raw, KINDS[kind])
        entities = [path.stem for path in folder.glob("*.parquet") if not path.stem.startswith("intake_")]
        assert "orders" in entities
        for entity in entities:
            found = Counter(file for (file,) in read(folder, entity, "parse_filename(source_file)"))
            for file, rows in others_of(folder, entity):
                assert rows > 0
                found[file] += rows
            assert found == lines, (seed, entity)


def others_of(folder: Path, entity: str) -> list[tuple[str, int]]:
    """Lines that are no rows: file and number, for each outcome."""
    if not (folder / "intake_outcomes.parquet").exists():
        return []
    columns = 'parse_filename(source_file), "rows"::int, entity'
    return [(file, rows) for file, rows, name in read(folder, "intake_outcomes", columns) if name == entity]


def test_rows_and_outcomes_of_invoices_add_up_to_their_lines(tmp_path: Path) -> None:
    """Lines that cancel more than was sold, or what was never sold, are rows too: never more than there are lines."""
    for seed in range(20):
        chance = random.Random(f"invoices {seed}")
        raw = tmp_path / str(seed) / "raw"
        count = 0
        for file in ("a.csv", "b.csv")[: chance.randint(1, 2)]:
            rows = [
                {
                    "InvoiceNo": chance.choice([f"{file[0]}1", f"{file[0]}2", "C1", "C2"]),
                    "StockCode": chance.choice("PQ"), "Quantity": chance.choice(["1", "2", "-1", "-3", "x"]),
                    "InvoiceDate": f"2024-01-{chance.randint(10, 20)}", "UnitPrice": "5",
                    "CustomerID": chance.choice(["7", "8", ""]), "Country": "DE",
                }
                for _ in range(chance.randint(1, 8))
            ]  # fmt: skip
            write(raw / file, rows)
            count += len(rows)
        folder = prepared(raw, "preset: invoice_lines\n")
        others = [rows for _, rows in others_of(folder, "orders")]
        assert len(read(folder, "orders", "order_id")) + sum(others) == count, seed
        assert min(others, default=1) > 0
