"""Problems with real exports that people reported in public, each as a small input: what becomes of it.

The inputs and their answers lie in ../shared/data/field_cases; their mapping is used as it stands, and in a second form
where a preset or a key gives the answer that the first one can only stop before.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from intake.errors import IntakeError
from intake.find import discover, mapping_of
from intake.prepare import prepare
from tests.conftest import PROJECT, Build, run_dbt

CASES = PROJECT.parent / "shared" / "data" / "field_cases"
pytestmark = pytest.mark.skipif(not CASES.exists(), reason="no field cases in ../shared/data")
MODELS = ("+row_accounting", "+int_order_sequence", "+superseded_orders", "+quarantined_refunds")

Outcomes = Mapping[tuple[str, str], int]  # rows of orders by outcome and reason


@dataclass(frozen=True)
class Case:
    """A field case under a mapping, and its orders: net value by number, how many customers, and what did not count."""

    name: str
    orders: Mapping[str, str]  # number -> net amount
    customers: int
    others: Outcomes = field(default_factory=dict)
    mapping: str | None = None  # None: as it stands
    label: str = "as it stands"
    each: tuple[int, ...] = ()  # orders of each customer, where that is told

    @property
    def id(self) -> str:
        return f"{self.name}, {self.label}"


PRESET_SQUARE = "preset: square\nsettings: {reporting_timezone: America/New_York}\n"
WITHOUT_GIFT_CARDS = """\
preset: shopify
entities:
  orders:
    leave_out:
      gift_cards:
        column: Lineitem name
        contains: gift card
        worth: {column: Lineitem price, times: Lineitem quantity}
"""
WITHOUT_EXCHANGES = """\
preset: shopify
entities:
  orders:
    leave_out:
      exchanges: [{column: Tags, contains: exchange}, {column: Subtotal, zero: true}]
"""
COUNTED = (
    Case(
        "amazon_item_rows",
        {"302-0000001-0000001": "55", "302-0000002-0000002": "40", "302-0000004-0000004": "30"},
        2,
        {("excluded", "status"): 1, ("folded", "none"): 2},
        "preset: amazon\n",
        "preset amazon",
    ),
    Case("email_invisible_spaces", {"1": "10", "2": "20", "3": "30", "4": "40", "5": "50"}, 2),
    Case("german_month_names", {"D1": "10", "D2": "20", "D3": "30", "D4": "40"}, 2),
    Case(
        "magento_grid",
        {"000000011": "100", "000000013": "60"},
        2,
        {("excluded", "fully_refunded"): 1, ("excluded", "status"): 1},
        "preset: magento\n",
        "preset magento",
    ),
    Case(
        "preamble_and_footer",
        {"11-1": "10", "11-2": "20"},
        2,
        {("left_out", "above_header"): 1, ("left_out", "below_table"): 2},
    ),
    Case("sep_line", {"A1": "10", "A2": "20"}, 2, {("left_out", "above_header"): 1}),
    Case(
        "shopify_exchange_zero",
        {"#3001": "80", "#3003": "50"},
        2,
        {("left_out", "exchanges"): 1},
        WITHOUT_EXCHANGES,
        "with a rule",
    ),
    Case(
        "shopify_gift_card",
        {"#2002": "100", "#2003": "40"},
        2,
        {("left_out", "gift_cards"): 1},
        WITHOUT_GIFT_CARDS,
        "with a rule",
    ),
    Case("shopify_same_name_one_file", {"#1001": "100", "#1001 777": "60", "#1002": "20"}, 3),
    Case(
        "square_dollar_amounts",
        {"t1": "15", "t2": "1250"},
        2,
        {("left_out", "refunds"): 1},
        PRESET_SQUARE,
        "preset square",
    ),
    Case("stripe_test_mode", {"ch_1": "50", "ch_2": "25"}, 1, {("left_out", "test_mode"): 2}),
    Case("stripe_zero_decimal_mixed", {"ch_1": "50", "ch_2": "32.50", "ch_3": "16.25"}, 3),
    Case("woo_checkout_draft", {"101": "100"}, 1, {("excluded", "status"): 4}),
    Case(
        "woo_orders_table",
        {"101": "119", "103": "50", "105": "40", "106": "50"},
        4,
        {("excluded", "status"): 2, ("left_out", "refunds"): 1},
        "preset: woocommerce_orders_table\n",
        "preset woocommerce_orders_table",
    ),
    Case("woo_refunded_by_status", {"201": "100"}, 1, {("excluded", "fully_refunded"): 2}),
    # Ids and placeholders, which the staging models judge.
    Case(
        "guest_placeholder_ids",
        {str(number): str(number * 10) for number in range(1, 9)},
        8,
    ),
    Case("float_customer_ids", {"1": "10", "2": "5", "3": "20", "4": "30", "5": "40"}, 2, each=(2, 2)),
    # As they stand, these say what is wrong: rows are quarantined under its name.
    Case("excel_scientific_ids", {}, 0, {("quarantined", "damaged_id"): 5}),
    Case("square_dollar_amounts", {}, 0, {("quarantined", "invalid_amount"): 3}),
    Case(
        "woo_orders_table",
        {"101": "119", "103": "80", "105": "40", "106": "50"},
        4,
        {("excluded", "status"): 2, ("quarantined", "negative_amount"): 1},
    ),
)


def folder(case: Case, directory: Path) -> Path:
    """The case, with another mapping where it is tried under one."""
    raw = directory / "raw"
    shutil.copytree(CASES / case.name, raw, copy_function=shutil.copyfile)
    raw.chmod(0o755)
    if case.mapping is not None:
        (raw / "mapping.yml").unlink(missing_ok=True)
        (raw / "mapping.yml").write_text(case.mapping, encoding="utf-8")
    return raw


def built(raw: Path, directory: Path) -> Build:
    """The staging models and what they stand on, with the settings of the mapping."""
    chosen = mapping_of(raw)
    prepared = prepare(raw, directory / "prepared")
    settings = dict(chosen.settings) if chosen else None
    build = run_dbt(["run", "--select", *MODELS], directory / "build", raw=prepared, settings=settings)
    assert build.exit_code == 0, build.output
    return build


@pytest.mark.parametrize("case", COUNTED, ids=[case.id for case in COUNTED])
def test_a_field_case_gives_the_right_answer_or_says_why_not(case: Case, tmp_path: Path) -> None:
    raw = folder(case, tmp_path)
    build = built(raw, tmp_path)
    orders = build.rows("select order_id, net_amount, customer_id from intermediate.int_order_sequence")
    assert {order_id: net for order_id, net, _ in orders} == {
        order_id: Decimal(net) for order_id, net in case.orders.items()
    }
    per_customer = Counter(customer for *_, customer in orders if customer)
    assert len(per_customer) == case.customers
    assert not case.each or tuple(sorted(per_customer.values())) == case.each
    accounted = build.rows(
        "select outcome, reason, rows from marts.row_accounting where entity = 'orders' and rows > 0"
    )
    others = {(outcome, reason): rows for outcome, reason, rows in accounted if outcome != "counted"}
    assert others == dict(case.others)
    assert sum(rows for *_, rows in accounted) == lines_of_orders(raw)


def lines_of_orders(raw: Path) -> int:
    """The lines of the files of orders that are neither blank nor their header: what all outcomes add up to."""
    (found,) = (item for item in discover(raw) if item.entity.name == "orders")
    texts = [file.read_text(encoding=found.rule.format.encoding) for file in found.files]
    return sum(sum(bool(line.strip()) for line in text.splitlines()) - 1 for text in texts)


def test_rows_that_are_items_of_orders_are_a_stop_that_names_the_fold(tmp_path: Path) -> None:
    raw = folder(Case("amazon_item_rows", {}, 0), tmp_path)
    with pytest.raises(IntakeError) as raised:
        prepare(raw, tmp_path / "prepared")
    said = "fold: {kind: add_lines, by: amazon-order-id}"
    assert "entity 'orders'" in str(raised.value)
    assert said in str(raised.value)


def test_every_field_case_is_tried() -> None:
    tried = {case.name for case in COUNTED} | {"amazon_item_rows"}
    assert {path.name for path in CASES.iterdir() if path.is_dir()} == tried
