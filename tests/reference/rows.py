"""One raw row of each entity, read (contract section 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .reading import (
    read_amount,
    read_boolean,
    read_customer,
    read_id_or_email,
    read_rate,
    read_text,
    read_undamaged_id,
)
from .settings import Settings

RawRow = Mapping[str, object]  # values by column; `source_file`, where given, is the file of the row
Raw = Mapping[str, Sequence[RawRow]]


@dataclass(frozen=True)
class OrderVersion:
    order_id: str | None
    customer_id: str | None
    email: str | None
    ordered_at: datetime | None
    amount: Decimal | None
    currency: str
    refunded_amount: Decimal | None  # None: a text that does not parse; an empty one is 0
    discount_amount: Decimal | None
    status: str | None
    sales_channel: str | None
    is_test: bool
    updated_at: datetime | None
    source_file: str | None = None


@dataclass(frozen=True)
class RefundRow:
    refund_id: str | None
    order_id: str | None
    is_refunded_at_given: bool
    refunded_at: datetime | None
    amount: Decimal | None
    updated_at: datetime | None
    source_file: str | None = None


@dataclass(frozen=True)
class SubscriptionRow:
    subscription_id: str | None
    customer_id: str | None
    email: str | None
    started_at: datetime | None
    is_ended_at_given: bool
    ended_at: datetime | None
    monthly_amount: Decimal | None
    currency: str
    cancellation_reason: str | None
    updated_at: datetime | None
    source_file: str | None = None


@dataclass(frozen=True)
class SpendRow:
    spent_at: datetime | None
    acquisition_channel: str | None
    amount: Decimal | None
    currency: str
    purpose: str
    source_file: str | None = None


@dataclass(frozen=True)
class CustomerRow:
    customer_id: str | None
    email: str | None
    created_at: datetime | None
    acquisition_channel: str | None
    country: str | None
    marketing_consent: bool | None
    referred_by_customer_id: str | None
    loyalty_tier: str | None
    updated_at: datetime | None
    described_by: Mapping[str, str | None]
    """Columns that segment_dimensions names and the contract does not, by their name."""
    source_file: str | None = None


@dataclass(frozen=True)
class RateRow:
    rate_date: datetime | None
    currency: str | None
    rate: Decimal | None
    source_file: str | None = None


@dataclass(frozen=True)
class OrderLine:
    order_id: str | None
    line_number: Decimal | None
    product_id: str | None
    product_name: str | None
    category: str | None
    quantity: Decimal | None
    amount: Decimal | None
    is_readable: bool
    """Line number, quantity and amount are numbers or empty."""
    source_file: str | None = None


# Columns of `customers` and dimensions that the contract names.
KNOWN = (
    "acquisition_channel",
    "country",
    "first_sales_channel",
    "first_category",
    "first_order_discounted",
    "loyalty_tier",
)


def file_of(row: RawRow) -> str | None:
    return None if row.get("source_file") is None else str(row["source_file"])


def read_order(row: RawRow, settings: Settings) -> OrderVersion:
    customer_id, email = read_customer(row.get("customer_id"), row.get("customer_email"), settings.missing_values)
    has_refund = read_text(row.get("refunded_amount")) is not None
    return OrderVersion(
        order_id=read_id_or_email(row.get("order_id"), settings.missing_values),
        customer_id=customer_id,
        email=email,
        ordered_at=settings.read_timestamp(row.get("ordered_at")),
        amount=read_amount(row.get("amount")),
        currency=(read_text(row.get("currency")) or settings.reporting_currency).upper(),
        refunded_amount=read_amount(row.get("refunded_amount")) if has_refund else Decimal(0),
        discount_amount=read_amount(row.get("discount_amount")),
        status=read_text(row.get("status")),
        sales_channel=read_text(row.get("sales_channel")),
        is_test=read_boolean(row.get("is_test")) or False,
        updated_at=settings.read_timestamp(row.get("updated_at")),
        source_file=file_of(row),
    )


def read_refund(row: RawRow, settings: Settings) -> RefundRow:
    refunded_at = row.get("refunded_at")
    return RefundRow(
        refund_id=read_undamaged_id(row.get("refund_id"), settings.missing_values),
        order_id=read_id_or_email(row.get("order_id"), settings.missing_values),
        is_refunded_at_given=read_text(refunded_at) is not None,
        refunded_at=settings.read_timestamp(refunded_at),
        amount=read_amount(row.get("amount")),
        updated_at=settings.read_timestamp(row.get("updated_at")),
        source_file=file_of(row),
    )


def read_subscription(row: RawRow, settings: Settings) -> SubscriptionRow:
    customer_id, email = read_customer(row.get("customer_id"), None, settings.missing_values)
    return SubscriptionRow(
        subscription_id=read_id_or_email(row.get("subscription_id"), settings.missing_values),
        customer_id=customer_id,
        email=email,
        started_at=settings.read_timestamp(row.get("started_at")),
        is_ended_at_given=read_text(row.get("ended_at")) is not None,
        ended_at=settings.read_timestamp(row.get("ended_at")),
        monthly_amount=read_amount(row.get("monthly_amount")),
        currency=(read_text(row.get("currency")) or settings.reporting_currency).upper(),
        cancellation_reason=read_text(row.get("cancellation_reason")),
        updated_at=settings.read_timestamp(row.get("updated_at")),
        source_file=file_of(row),
    )


def read_spend(row: RawRow, settings: Settings) -> SpendRow:
    return SpendRow(
        spent_at=settings.read_timestamp(row.get("spend_date")),
        acquisition_channel=read_text(row.get("acquisition_channel")),
        amount=read_amount(row.get("amount")),
        currency=(read_text(row.get("currency")) or settings.reporting_currency).upper(),
        purpose=(read_text(row.get("purpose")) or "acquisition").lower(),
        source_file=file_of(row),
    )


def read_customer_row(row: RawRow, settings: Settings) -> CustomerRow:
    customer_id, email = read_customer(row.get("customer_id"), row.get("email"), settings.missing_values)
    return CustomerRow(
        customer_id=customer_id,
        email=email,
        created_at=settings.read_timestamp(row.get("created_at")),
        acquisition_channel=read_text(row.get("acquisition_channel")),
        country=read_text(row.get("country")),
        marketing_consent=read_boolean(row.get("marketing_consent")),
        referred_by_customer_id=read_undamaged_id(row.get("referred_by_customer_id"), settings.missing_values),
        loyalty_tier=read_text(row.get("loyalty_tier")),
        updated_at=settings.read_timestamp(row.get("updated_at")),
        described_by={name: read_text(row.get(name)) for name in settings.segment_dimensions if name not in KNOWN},
        source_file=file_of(row),
    )


def read_rate_row(row: RawRow, settings: Settings) -> RateRow:
    currency = read_text(row.get("currency"))
    return RateRow(
        rate_date=settings.read_timestamp(row.get("rate_date")),
        currency=None if currency is None else currency.upper(),
        rate=read_rate(row.get("rate")),
        source_file=file_of(row),
    )


def read_order_line(row: RawRow, settings: Settings) -> OrderLine:
    numbers = {column: read_amount(row.get(column)) for column in ("line_number", "quantity", "amount")}
    return OrderLine(
        order_id=read_id_or_email(row.get("order_id"), settings.missing_values),
        line_number=numbers["line_number"],
        product_id=read_text(row.get("product_id")),
        product_name=read_text(row.get("product_name")),
        category=read_text(row.get("category")),
        quantity=numbers["quantity"],
        amount=numbers["amount"],
        is_readable=all(number is not None or read_text(row.get(name)) is None for name, number in numbers.items()),
        source_file=file_of(row),
    )
