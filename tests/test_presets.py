"""The presets on files with the vendors' own headers: every figure is worked out by hand from the rows above it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from intake.prepare import prepare
from tests.conftest import PROJECT, Build, run_dbt

STRIPE_SAMPLE = PROJECT.parent / "shared" / "data" / "connector_samples" / "stripe" / "charge_data.csv"


def names(*lines: str) -> list[str]:
    """A vendor's header, a few names a line."""
    return ",".join(lines).split(",")


SHOPIFY = names(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping",
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name",
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable",
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company",
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street",
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province",
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference",
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source",
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value",
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID",
    "Payment Terms Name,Next Payment Due At,Payment References",
)
WOO_ORDER = names(
    "date,status,shipping_total,shipping_tax_total,fee_total,fee_tax_total,tax_total,discount_total,order_total",
    "refunded_total,order_currency,payment_method,shipping_method,customer_id,billing_first_name,billing_last_name",
    "billing_company,billing_email,billing_phone,billing_address_1,billing_address_2,billing_postcode,billing_city",
    "billing_state,billing_country,shipping_first_name,shipping_last_name,shipping_address_1,shipping_address_2",
    "shipping_postcode,shipping_city,shipping_state,shipping_country,shipping_company,customer_note",
)
WOO = names(
    "order_id,order_number,order_number_formatted",
    *WOO_ORDER,
    "line_items,shipping_items,fee_items,tax_items,coupon_items,refunds,order_notes,download_permissions_granted",
)
WOO_BY_ITEM = names(
    "order_id,order_number",
    *WOO_ORDER,
    "item_id,item_product_id,item_name,item_sku,item_price,item_quantity,item_subtotal,item_subtotal_tax,item_total",
    "item_total_tax,item_refunded,item_refunded_qty,item_meta,shipping_items,fee_items,tax_items,coupon_items",
    "order_notes,download_permissions_granted",
)
STRIPE = names(
    "id,_fivetran_synced,amount,amount_refunded,application,application_fee_amount,balance_transaction_id",
    "bank_account_id,captured,card_id,connected_account_id,created,currency,customer_id,description,destination",
    "failure_code,failure_message,invoice_id,livemode,metadata,paid,payment_intent_id,receipt_email,receipt_number",
    "receipt_url,refunded,status,transfer_id",
)
INVOICE_LINES = names("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country")


def write(path: Path, header: list[str], rows: Iterable[Mapping[str, str]]) -> None:
    """A file with the vendor's whole header; columns that a row does not name are empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="")
        writer.writeheader()
        writer.writerows(rows)


def folder(tmp_path: Path, preset: str, settings: str = "") -> Path:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "mapping.yml").write_text(f"preset: {preset}\n{settings}", encoding="utf-8")
    return raw


def prepared(raw: Path, entity: str, columns: str) -> list[tuple]:
    """Columns of an entity as dbt will read them, in order."""
    out = prepare(raw, raw.parent / "prepared")
    with duckdb.connect() as connection:
        query = f"select {columns} from read_parquet('{out / entity}.parquet') order by all"
        return connection.execute(query).fetchall()


def built(raw: Path, directory: Path, settings: Mapping[str, object] | None = None) -> Build:
    """The shop's orders after dbt: counted, excluded, quarantined, superseded."""
    models = ("excluded_orders", "quarantined_orders", "superseded_orders", "orders", "customers", "row_accounting")
    command = ["build", "--exclude-resource-types", "unit_test", "test", "--select", *(f"+{model}" for model in models)]
    build = run_dbt(command, directory, raw=prepare(raw, directory / "prepared"), settings=settings)
    assert build.exit_code == 0, build.output
    return build


# Shopify ------------------------------------------------------------------------------------------------------------


def shopify_order(name: str, **values: str) -> dict[str, str]:
    """First line of a paid order of 80 of goods, 5 shipping and 15 tax."""
    fields = {
        "Name": name, "Email": "ann@example.com", "Financial Status": "paid", "Paid at": "2024-03-01 10:00:05 +0100",
        "Accepts Marketing": "yes", "Currency": "EUR", "Subtotal": "80.00", "Shipping": "5.00", "Taxes": "15.00",
        "Total": "100.00", "Discount Amount": "0.00", "Created at": "2024-03-01 10:00:00 +0100", "Source": "web",
        "Lineitem quantity": "2", "Lineitem name": "Tea", "Lineitem price": "40.00", "Lineitem sku": "T1",
        "Billing Country": "DE", "Refunded Amount": "0.00",
    }  # fmt: skip
    return {**fields, **{key.replace("_", " "): value for key, value in values.items()}}


def shopify_line(name: str, **values: str) -> dict[str, str]:
    """A further line of the same order: the number, the e-mail and the line's own columns, nothing else."""
    fields = {"Name": name, "Email": "ann@example.com", "Created at": "2024-03-01 10:00:00 +0100"}
    return {**fields, **{key.replace("_", " "): value for key, value in values.items()}}


def test_shopify_an_order_of_several_lines_is_one_row_with_the_fields_of_its_first(tmp_path: Path) -> None:
    raw = folder(tmp_path, "shopify")
    rows = [
        shopify_order("#1001", Discount_Amount="4.00"),
        shopify_line("#1001", Lineitem_quantity="1", Lineitem_name="Cup", Lineitem_price="9.90", Lineitem_sku="C1"),
        shopify_line("#1001", Lineitem_quantity="3", Lineitem_name="Spoon", Lineitem_price="2.00"),
        shopify_order("#1002", Subtotal="12.50"),
    ]
    write(raw / "orders_export_1.csv", SHOPIFY, rows)
    assert prepared(raw, "orders", "order_id, customer_email, amount, discount_amount, currency, sales_channel") == [
        ("#1001", "ann@example.com", "80.00", "4.00", "EUR", "web"),
        ("#1002", "ann@example.com", "12.50", "0.00", "EUR", "web"),
    ]
    lines = "order_id, line_number, product_id, product_name, quantity, amount::decimal(9, 2)"
    assert prepared(raw, "order_lines", lines) == [
        ("#1001", 1, "T1", "Tea", "2", Decimal("80.00")),
        ("#1001", 2, "C1", "Cup", "1", Decimal("9.90")),
        ("#1001", 3, None, "Spoon", "3", Decimal("6.00")),
        ("#1002", 1, "T1", "Tea", "2", Decimal("80.00")),
    ]


def test_shopify_refunds_are_scaled_to_the_goods_and_capped(tmp_path: Path) -> None:
    """Of 100 in total 80 are goods: of 50 refunded 40 are; all of it is 80, never more. An empty refund is none."""
    raw = folder(tmp_path, "shopify")
    refunds = {"#1": "50.00", "#2": "100.00", "#3": "130.00", "#4": "0.00", "#5": "", "#6": "33.33", "#7": "all"}
    rows = [shopify_order(name, Refunded_Amount=value) for name, value in refunds.items()]
    # Given away: nothing was paid, so nothing can be scaled.
    rows.append(shopify_order("#8", Subtotal="0.00", Shipping="0.00", Taxes="0.00", Total="0.00"))
    write(raw / "orders_export_1.csv", SHOPIFY, rows)
    refunded = "coalesce(try_cast(refunded_amount as decimal(18, 4))::varchar, refunded_amount)"
    assert dict(prepared(raw, "orders", f"order_id, {refunded}")) == {
        "#1": "40.0000", "#2": "80.0000", "#3": "80.0000", "#4": "0.0000", "#5": None,
        "#6": "26.6640",  # 33.33 x 0.8
        "#7": "all",  # unreadable: staging quarantines it
        "#8": "0.0000",
    }  # fmt: skip


def test_shopify_prices_with_tax_can_be_mapped_without_it(tmp_path: Path) -> None:
    """119 with 19 of tax, nothing else: 100 of goods; half of it refunded is 50."""
    own = """
entities:
  orders:
    columns:
      amount: {column: Subtotal, less: [Taxes]}
      refunded_amount: {column: Refunded Amount, scaled_by: ["=amount", Total], at_most: "=amount"}
"""
    raw = folder(tmp_path, "shopify", own)
    prices = {"Subtotal": "119.00", "Shipping": "0.00", "Taxes": "19.00", "Total": "119.00"}
    write(raw / "orders_export_1.csv", SHOPIFY, [shopify_order("#1", **prices, Refunded_Amount="59.50")])
    assert prepared(raw, "orders", "amount, refunded_amount::decimal(18, 4)") == [("100.0000", Decimal(50))]


def test_shopify_times_carry_their_offset(tmp_path: Path) -> None:
    raw = folder(tmp_path, "shopify")
    rows = [
        shopify_order("#1", **{"Created at": "2024-03-31 23:30:00 -0400", "Paid at": ""}),
        shopify_order("#2", **{"Created at": "2024-03-31 01:15:30 +0530", "Paid at": "2024-03-31 01:20:00 +0530"}),
        shopify_order("#3", **{"Created at": "31.03.2024", "Paid at": ""}),
    ]
    write(raw / "orders_export_1.csv", SHOPIFY, rows)
    assert prepared(raw, "orders", "order_id, ordered_at, updated_at") == [
        ("#1", "2024-04-01 03:30:00.000000Z", None),
        ("#2", "2024-03-30 19:45:30.000000Z", "2024-03-30 19:50:00.000000Z"),
        ("#3", "31.03.2024 (not as declared)", None),
    ]


@pytest.fixture(scope="module")
def shopify(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Two exports that overlap: #1, #2, #3 and #4 are in both, as they were in April and as they were in May."""
    directory = tmp_path_factory.mktemp("shopify")
    raw = folder(directory, "shopify")
    cup = {"Lineitem_quantity": "1", "Lineitem_name": "Cup", "Lineitem_price": "9.90"}
    april = [
        shopify_order("#1"),
        shopify_line("#1", **cup),
        shopify_order("#2", **{"Financial Status": "pending", "Paid at": ""}),
        shopify_order("#3"),
        shopify_order("#4", Email="bob@example.com"),
    ]
    may = [
        shopify_order("#1"),
        shopify_line("#1", **cup),
        shopify_order("#2", **{"Paid at": "2024-04-20 08:00:00 +0200"}),
        shopify_order("#3", **{"Financial Status": "partially_refunded", "Refunded Amount": "50.00"}),
        shopify_order("#4", Email="bob@example.com", **{"Cancelled at": "2024-04-21 08:00:00 +0200"}),
        shopify_order("#5", Email="", **{"Created at": "2024-05-01 00:30:00 +0200", "Paid at": ""}),
        shopify_order("#6", **{"Financial Status": "refunded", "Refunded Amount": "100.00"}),
        shopify_order("#7", Subtotal="eighty"),
    ]
    write(raw / "orders_export_april.csv", SHOPIFY, april)
    write(raw / "orders_export_may.csv", SHOPIFY, may)
    return built(raw, directory, {"reporting_timezone": "Europe/Berlin"})


def test_shopify_an_order_in_two_exports_counts_once_as_it_last_was(shopify: Build) -> None:
    """#2 was paid in between, #3 refunded by 50 of 100 (40 of its 80 of goods); #4 was cancelled."""
    assert shopify.rows("select order_id, net_amount, order_date::varchar from marts.orders order by order_id") == [
        ("#1", Decimal("80.00"), "2024-03-01"),
        ("#2", Decimal("80.00"), "2024-03-01"),
        ("#3", Decimal("40.00"), "2024-03-01"),
        ("#5", Decimal("80.00"), "2024-05-01"),
    ]
    outcomes = "select outcome, reason, rows from marts.row_accounting where entity = 'orders' and rows > 0"
    assert shopify.rows(f"{outcomes} order by all") == [
        ("counted", "none", 4),
        ("excluded", "fully_refunded", 1),
        ("excluded", "status", 1),
        ("folded", "none", 2),
        ("quarantined", "invalid_amount", 1),
        ("superseded", "conflict", 1),  # #3: its refund leaves no later time in the file
        ("superseded", "duplicate", 1),
        ("superseded", "older_version", 2),
    ]


def test_shopify_a_cancellation_date_is_a_status(shopify: Build) -> None:
    excluded = shopify.rows("select order_id, exclusion_reason, status from staging.excluded_orders order by order_id")
    assert excluded == [("#4", "status", "cancelled"), ("#6", "fully_refunded", "refunded")]


def test_shopify_customers_are_known_by_email_and_keep_country_and_consent(shopify: Build) -> None:
    orders = "select count(distinct customer_id), count(*) - count(customer_id) from marts.orders"
    assert shopify.rows(orders) == [(1, 1)]
    assert shopify.rows("select orders, country, marketing_consent from marts.customers") == [(3, "DE", True)]


def test_shopify_lines_of_overlapping_exports_are_not_doubled(shopify: Build) -> None:
    lines = "select order_id, count(*), sum(amount) from staging.stg_order_lines group by 1 order by 1"
    assert shopify.rows(lines)[:2] == [("#1", 2, Decimal("89.9000")), ("#2", 1, Decimal("80.0000"))]


# WooCommerce --------------------------------------------------------------------------------------------------------


def woo_order(order_id: str, **values: str) -> dict[str, str]:
    """100 of goods, 10 shipping, 5 fee, 19 % tax on all of it: 21.85, of which 1.90 on shipping and 0.95 on the fee."""
    fields = {
        "order_id": order_id, "order_number": order_id, "date": "2024-03-01 10:00:00", "status": "completed",
        "shipping_total": "10.00", "shipping_tax_total": "1.90", "fee_total": "5.00", "fee_tax_total": "0.95",
        "tax_total": "21.85", "discount_total": "20.00", "order_total": "136.85", "refunded_total": "0.00",
        "order_currency": "EUR", "customer_id": "7", "billing_email": "ann@example.com", "billing_country": "AT",
    }  # fmt: skip
    return {**fields, **values}


def test_woocommerce_the_goods_are_the_total_less_shipping_fees_and_all_taxes(tmp_path: Path) -> None:
    """Of 136.85, 100 are goods; a refund of a half is 50 of goods, and all of it 100. An empty fee is none."""
    raw = folder(tmp_path, "woocommerce")
    rows = [
        woo_order("1"),
        woo_order("2", refunded_total="68.425"),
        woo_order("3", refunded_total="136.85"),
        woo_order("4", fee_total="", fee_tax_total="", tax_total="20.90", order_total="130.90"),
        woo_order("5", tax_total="n/a"),
    ]
    write(raw / "orders-export.csv", WOO, rows)
    numbers = "try_cast(amount as decimal(18, 4)), try_cast(refunded_amount as decimal(18, 4)), discount_amount"
    assert prepared(raw, "orders", f"order_id, {numbers}") == [
        ("1", Decimal(100), Decimal(0), "20.00"),
        ("2", Decimal(100), Decimal(50), "20.00"),
        ("3", Decimal(100), Decimal(100), "20.00"),
        ("4", Decimal(100), Decimal(0), "20.00"),
        ("5", None, Decimal(0), "20.00"),  # a total whose tax cannot be read is not taken for the goods
    ]


@pytest.fixture(scope="module")
def woocommerce(tmp_path_factory: pytest.TempPathFactory) -> Build:
    directory = tmp_path_factory.mktemp("woocommerce")
    raw = folder(directory, "woocommerce")
    rows = [
        woo_order("1"),
        woo_order("2", customer_id="0", billing_email="ANN@example.com "),
        woo_order("3", customer_id="0", billing_email="guest@example.com", billing_country="CH"),
        woo_order("4", customer_id="0", billing_email="guest@example.com", billing_country="CH"),
        woo_order("5", customer_id="0", billing_email=""),
        woo_order("6", status="failed"),
        woo_order("7", date="2024-03-01 23:30:00"),
    ]
    by_item = [{**row, "item_id": str(item)} for item, row in enumerate((rows[0], rows[0], rows[6]))]
    write(raw / "orders-export-march.csv", WOO, rows[:6])
    write(raw / "orders-export-by-item.csv", WOO_BY_ITEM, by_item)
    return built(raw, directory, {"source_timezone": "Europe/Berlin", "reporting_timezone": "Europe/Berlin"})


def test_woocommerce_guests_have_the_number_0_and_are_known_by_email(woocommerce: Build) -> None:
    """Order 2 is Ann's, who has number 7; 3 and 4 are one guest; 5 is nobody's."""
    customers = "select customer_id like 'guest:%', orders, country from marts.customers order by 1"
    assert woocommerce.rows(customers) == [(False, 3, "AT"), (True, 2, "CH")]
    orders = "select order_id from marts.orders where customer_id = '7' order by 1"
    assert woocommerce.rows(orders) == [("1",), ("2",), ("7",)]
    assert woocommerce.rows("select order_id from marts.orders where customer_id is null") == [("5",)]


def test_woocommerce_dates_are_local_and_rows_per_item_are_one_order(woocommerce: Build) -> None:
    """Order 1 is in both exports, in one of them with two items: two versions, one order."""
    orders = "select order_id, ordered_at::varchar, order_date::varchar from marts.orders where order_id in ('1', '7')"
    assert woocommerce.rows(f"{orders} order by 1") == [
        ("1", "2024-03-01 09:00:00", "2024-03-01"),
        ("7", "2024-03-01 22:30:00", "2024-03-01"),
    ]
    assert woocommerce.rows("select count(*) from staging.superseded_orders") == [(1,)]
    assert woocommerce.rows("select order_id, status from staging.excluded_orders") == [("6", "failed")]


# Stripe -------------------------------------------------------------------------------------------------------------


def test_stripe_amounts_are_cents_and_only_captured_charges_count(tmp_path: Path) -> None:
    raw = folder(tmp_path, "stripe")
    charge = {"created": "2024-02-18 14:07:57", "currency": "eur", "customer_id": "cus_1", "amount_refunded": "0"}
    rows = [
        {**charge, "id": "ch_1", "amount": "1999", "captured": "TRUE", "status": "succeeded"},
        {**charge, "id": "ch_2", "amount": "5", "amount_refunded": "2", "captured": "true", "status": "succeeded"},
        {**charge, "id": "ch_3", "amount": "1000", "captured": "FALSE", "status": "failed"},
        {**charge, "id": "ch_4", "amount": "1000", "captured": "FALSE", "status": "succeeded"},
        {**charge, "id": "ch_5", "amount": "10.5.0", "captured": "TRUE", "status": "succeeded"},
        {**charge, "id": "ch_6", "amount": "1e3", "captured": "", "status": "pending"},
    ]
    write(raw / "charge_data.csv", STRIPE, rows)
    assert prepared(raw, "orders", "order_id, amount, refunded_amount, status, ordered_at") == [
        ("ch_1", "19.9900", "0.0000", "succeeded", "2024-02-18 14:07:57"),
        ("ch_2", "0.0500", "0.0200", "succeeded", "2024-02-18 14:07:57"),
        ("ch_3", "10.0000", "0.0000", "pending", "2024-02-18 14:07:57"),
        ("ch_4", "10.0000", "0.0000", "pending", "2024-02-18 14:07:57"),
        ("ch_5", "10.5.0", "0.0000", "succeeded", "2024-02-18 14:07:57"),
        ("ch_6", "1e3", "0.0000", "pending", "2024-02-18 14:07:57"),
    ]


@pytest.mark.skipif(not STRIPE_SAMPLE.exists(), reason="no connector samples in ../shared/data")
def test_stripe_the_charges_of_a_loader_are_read_as_they_are(tmp_path: Path) -> None:
    """The sample holds 16 charges, all declined: 66,776.96 USD that nobody paid."""
    raw = folder(tmp_path, "stripe")
    (raw / "charge_data.csv").write_bytes(STRIPE_SAMPLE.read_bytes())
    found = prepared(raw, "orders", "amount::decimal(18, 2), currency, status, customer_id, ordered_at")
    assert len(found) == 16
    assert {row[1:3] for row in found} == {("usd", "pending")}
    assert sum(row[0] for row in found) == Decimal("66776.96")
    assert all(row[3].startswith("cus_") and row[4].startswith("2021-02-") for row in found)


# Invoice lines ------------------------------------------------------------------------------------------------------


Row = dict[str, str]


def line(invoice: str, product: str, quantity: int, day: int, price: str = "2.50", customer: str = "17850") -> Row:
    return {
        "InvoiceNo": invoice, "StockCode": product, "Description": "HEART", "Quantity": str(quantity),
        "InvoiceDate": f"2011-01-{day:02} 08:26:00", "UnitPrice": price, "CustomerID": customer, "Country": "France",
    }  # fmt: skip


@pytest.fixture(scope="module")
def invoices(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Two exports: January's first half, and its second half with the invoice of the 14th once more."""
    directory = tmp_path_factory.mktemp("invoices")
    raw = folder(directory, "invoice_lines", "settings: {reporting_currency: GBP}\n")
    first = [
        line("500", "A", 10, 1), line("500", "B", 4, 1, "5.00"),  # 25 + 20
        line("501", "A", 6, 2),  # 15
        line("502", "A", 2, 3, customer="17851"),  # 5
        line("503", "A", 8, 4, customer=""),  # 20, nobody's
        line("C504", "A", -2, 5),  # 2 of invoice 501's 6, the latest purchase of A
        line("C505", "B", -4, 6, "5.00"),  # all B of invoice 500
        line("C506", "A", -2, 7, customer="17851"),  # invoice 502, whole
        line("507", "D", 3, 8, "4.00"),  # 12
        line("C508", "D", -5, 9, "4.00"),  # 2 more than were bought
        line("C509", "E", -1, 10),  # never bought
        line("510", "F", 0, 11),  # worth nothing
        line("511", "G", 1, 14), line("511", "G", 2, 14),  # 7.50
    ]  # fmt: skip
    second = [
        line("511", "G", 1, 14), line("511", "G", 2, 14),
        line("C512", "A", -1, 20),  # of invoice 501 in the other file, on top of C504
        line("513", "A", 1, 21) | {"UnitPrice": "2,50"},
    ]  # fmt: skip
    write(raw / "january-1.csv", INVOICE_LINES, first)
    write(raw / "january-2.csv", INVOICE_LINES, second)
    return built(raw, directory, {"reporting_currency": "GBP"})


def test_invoice_lines_add_up_and_cancellations_are_refunds_of_what_they_cancel(invoices: Build) -> None:
    orders = "select order_id, amount, refunded_amount, net_amount from marts.orders order by order_id"
    assert invoices.rows(orders) == [
        ("500", Decimal("45.0000"), Decimal("20.0000"), Decimal("25.00")),
        ("501", Decimal("15.0000"), Decimal("7.5000"), Decimal("7.50")),  # 2 and 1 of 6 came back
        ("503", Decimal("20.0000"), Decimal("0.0000"), Decimal("20.00")),
        ("510", Decimal("0.0000"), Decimal("0.0000"), Decimal("0.00")),
        ("511", Decimal("7.5000"), Decimal("0.0000"), Decimal("7.50")),  # in both files, once
    ]
    excluded = "select order_id, exclusion_reason, refunded_amount from staging.excluded_orders order by order_id"
    assert invoices.rows(excluded) == [
        ("502", "fully_refunded", Decimal("5.0000")),
        ("507", "fully_refunded", Decimal("12.0000")),  # never more than was sold
    ]


def test_invoice_lines_that_cancel_nothing_are_quarantined_with_their_value(invoices: Build) -> None:
    """C508 cancels 2 more than were bought (-8.00), C509 something never bought; 2,50 is no price in this file."""
    quarantined = "select order_id, rejection_reason, amount from staging.quarantined_orders order by order_id"
    assert invoices.rows(quarantined) == [
        ("513", "invalid_amount", "a line without a readable quantity or price"),
        ("C508", "negative_amount", "-8.0000"),
        ("C509", "negative_amount", "-2.5000"),
    ]


def test_invoice_lines_know_the_country_and_leave_lines_without_customer_to_nobody(invoices: Build) -> None:
    assert invoices.rows("select customer_id, orders, country from marts.customers") == [("17850", 4, "France")]
    assert invoices.rows("select order_id from marts.orders where customer_id is null") == [("503",)]


# Shops whose figures stand in one row per order --------------------------------------------------------------------


def test_woocommerce_refunds_in_the_table_of_orders_are_refunds_of_their_orders(tmp_path: Path) -> None:
    raw = folder(tmp_path, "woocommerce_orders_table")
    header = names(
        "id,status,currency,type,tax_amount,total_amount,customer_id,billing_email,date_created_gmt,date_updated_gmt",
        "parent_order_id,payment_method,payment_method_title,transaction_id,ip_address,user_agent,customer_note",
    )
    row = {
        "status": "wc-completed", "currency": "EUR", "type": "shop_order", "customer_id": "0", "parent_order_id": "0",
        "billing_email": "ann@example.com", "date_created_gmt": "2025-01-10 10:00:00",
    }  # fmt: skip
    rows = [
        {**row, "id": "1", "total_amount": "119.00", "tax_amount": "19.00"},
        {**row, "id": "2", "total_amount": "-59.50", "tax_amount": "-9.50", "type": "shop_order_refund",
         "parent_order_id": "1", "billing_email": ""},
        {**row, "id": "3", "total_amount": "30.00", "tax_amount": "0.00", "type": "shop_subscription"},
    ]  # fmt: skip
    write(raw / "wp_wc_orders.csv", header, rows)
    assert prepared(raw, "orders", "order_id, customer_id, amount") == [("1", None, "100.0000")]
    assert prepared(raw, "refunds", "refund_id, order_id, amount") == [("2", "1", "50.0000")]
    outcomes = prepared(raw, "intake_outcomes", 'entity, outcome, reason, "rows"')
    assert outcomes == [
        ("orders", "left_out", "other_types", 1),
        ("orders", "left_out", "refunds", 1),
        ("refunds", "left_out", "no_refunds", 2),
    ]


def test_square_amounts_times_and_refunds(tmp_path: Path) -> None:
    raw = folder(tmp_path, "square")
    header = names(
        "Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds",
        "Total Collected,Source,Card,Card Entry Methods,Cash,Square Gift Card,Other Tender,Other Tender Type",
        "Tender Note,Fees,Net Total,Transaction ID,Payment ID,Card Brand,PAN Suffix,Device Name,Staff Name,Staff ID",
        "Details,Description,Event Type,Location,Dining Option,Customer ID,Customer Name,Customer Reference ID",
    )
    row = {"Date": "2026-07-01", "Time": "23:30:00", "Time Zone": "Pacific Time (US & Canada)", "Event Type": "Payment",
           "Transaction ID": "T1", "Payment ID": "P1", "Customer ID": "C1", "Source": "Point of Sale"}  # fmt: skip
    rows = [
        {**row, "Net Sales": "$1,027.00", "Discounts": "-$3.00"},
        {**row, "Net Sales": "-$27.00", "Discounts": "$0.00", "Event Type": "Refund", "Payment ID": "P2"},
    ]
    write(raw / "transactions-2026.csv", header, rows)
    columns = "order_id, customer_id, ordered_at, amount, discount_amount, sales_channel"
    assert prepared(raw, "orders", columns) == [
        ("T1", "C1", "2026-07-02 06:30:00.000000Z", "1027.00", "3.0000", "Point of Sale")
    ]
    assert prepared(raw, "refunds", "refund_id, order_id, amount") == [("P2", "T1", "27.0000")]


def test_amazon_items_are_added_up_less_promotions(tmp_path: Path) -> None:
    raw = folder(tmp_path, "amazon")
    header = names(
        "amazon-order-id,merchant-order-id,purchase-date,last-updated-date,order-status,fulfillment-channel",
        "sales-channel,order-channel,url,ship-service-level,product-name,sku,asin,item-status,quantity,currency",
        "item-price,item-tax,shipping-price,shipping-tax,gift-wrap-price,gift-wrap-tax,item-promotion-discount",
        "ship-promotion-discount,ship-city,ship-state,ship-postal-code,ship-country,promotion-ids",
    )
    row = {
        "amazon-order-id": "1", "purchase-date": "2025-01-10T10:00:00+00:00", "order-status": "Shipped",
        "last-updated-date": "2025-01-12T10:00:00+00:00", "currency": "EUR", "quantity": "1", "sku": "CUP",
    }  # fmt: skip
    rows = [
        {**row, "item-price": "20.00", "item-promotion-discount": "2.00"},
        {**row, "item-price": "20.00"},
        {**row, "amazon-order-id": "2", "order-status": "Pending"},
        {**row, "amazon-order-id": "3"},
    ]
    path = raw / "all-orders.txt"
    path.write_text(
        "\n".join(
            "\t".join(each.get(name, "") for name in header) for each in [dict(zip(header, header, strict=True)), *rows]
        )
    )
    assert prepared(raw, "orders", "order_id, customer_id, amount, discount_amount, status") == [
        ("1", None, "38.0000", "2.0000", "Shipped"),
        ("2", None, "0.0000", None, "Pending"),
        ("3", None, "a line whose value cannot be read: empty", None, "Shipped"),
    ]


def test_stripe_charges_of_the_test_mode_are_left_out_where_the_file_says_which_they_are(tmp_path: Path) -> None:
    raw = folder(tmp_path, "stripe")
    charge = {"created": "2024-02-18 14:07:57", "currency": "jpy", "amount": "500", "captured": "TRUE"}
    rows = [{**charge, "id": "ch_1", "livemode": "TRUE"}, {**charge, "id": "ch_2", "livemode": "FALSE"}]
    write(raw / "charge_data.csv", STRIPE, rows)
    assert prepared(raw, "orders", "order_id, amount") == [("ch_1", "500.0000")]
    write(raw / "charge_data.csv", [name for name in STRIPE if name != "livemode"], [{**charge, "id": "ch_2"}])
    assert prepared(raw, "orders", "order_id") == [("ch_2",)]


@pytest.mark.parametrize(
    ("preset", "file", "header", "row", "expected"),
    [
        (
            "magento",
            "export.csv",
            "ID,Purchase Point,Purchase Date,Grand Total (Purchased),Status,Customer Email,Subtotal,Total Refunded",
            "000000011,Main Website,2025-01-10 10:00:00,125.0000,closed,a@x.de,100.0000,62.5",
            ("000000011", "a@x.de", "100.0000", "50.0000", "refunded"),
        ),
        (
            "magento_api",
            "sales_order.csv",
            "increment_id,customer_id,customer_email,created_at,updated_at,subtotal,discount_amount,grand_total,"
            "total_refunded,order_currency_code,status",
            "11,,a@x.de,2025-01-10 10:00:00,2025-01-10 10:00:00,120.0000,-20.0000,125.0000,62.5000,EUR,canceled",
            ("11", "a@x.de", "100.0000", "50.0000", "cancelled"),
        ),
        (
            "shopware5",
            "orders.csv",
            "orderId;orderNumber;invoiceAmount;invoiceAmountNet;invoiceShipping;invoiceShippingNet;orderStatus;currency;"
            "orderTime;email;customerNumber;billingCountry",
            "57;20001;119.00;105.00;5.95;5.00;cancelled_rejected;EUR;2025-01-10 10:00:00;a@x.de;7;DE",
            ("20001", "a@x.de", "100.0000", None, "cancelled"),
        ),
        (
            "shopware6",
            "orders.csv",
            "id;order_number;sales_channel_id;customer_email;amount_total;order_state_id;order_date_time",
            "0190;10001;98432;a@x.de;100.00;01ab;2025-01-10 10:00:00.000",
            ("10001", "a@x.de", "100.00", None, None),
        ),
        (
            "prestashop",
            "ps_orders.csv",
            "id_order,reference,id_customer,current_state,total_products,total_discounts_tax_excl,date_add,date_upd",
            "5,KHWLILZLL,7,7,120.000000,20.000000,2025-01-10 10:00:00,2025-01-11 10:00:00",
            ("5", None, "100.0000", None, "refunded"),
        ),
        (
            "jtl",
            "auftraege.csv",
            "Auftragsnummer;Kundennummer;Auftragsdatum;Artikelnummer;Menge;VK Netto;Auftragsstatus",
            "AU1;7;10.01.2025;TEA;4;25,00;Storniert",
            ("AU1", None, "100.0000", None, "cancelled"),
        ),
    ],
)
def test_other_shops(tmp_path: Path, preset: str, file: str, header: str, row: str, expected: tuple) -> None:
    raw = folder(tmp_path, preset)
    (raw / file).write_text(f"{header}\n{row}\n", encoding="utf-8")
    (found,) = prepared(raw, "orders", "*")
    with duckdb.connect() as connection:
        described = connection.execute(f"describe select * from '{tmp_path}/prepared/orders.parquet'").fetchall()
    values = dict(zip((name for name, *_ in described), found, strict=True))
    shown = ("order_id", "customer_email", "amount", "refunded_amount", "status")
    assert tuple(values.get(name) for name in shown) == expected
