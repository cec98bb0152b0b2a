"""Which of several rows of one thing goes before the others: the one that compares larger, column by column.

Of equal rows it is that of the larger file: whatever their order, as many rows of each file count.
"""

from __future__ import annotations

from decimal import Decimal

from .rows import CustomerRow, OrderLine, OrderVersion, RateRow, RefundRow, SubscriptionRow

Rank = tuple[tuple[int, object], ...]


def null_smallest(*values: object) -> Rank:
    """A sort key: null before everything, text by its UTF-8 bytes."""
    return tuple(
        (0, 0) if value is None else (1, value.encode("utf-8") if isinstance(value, str) else value) for value in values
    )


def order_rank(row: OrderVersion) -> Rank:
    return null_smallest(
        row.updated_at,
        row.ordered_at,
        row.amount,
        row.refunded_amount,
        row.status,
        row.customer_id,
        row.currency,
        row.discount_amount,
        row.sales_channel,
        row.email,
        row.is_test,
        row.source_file,
    )


def refund_rank(row: RefundRow) -> Rank:
    return null_smallest(row.updated_at, row.amount, row.refunded_at, row.source_file)


def rate_rank(row: RateRow) -> Rank:
    return null_smallest(row.rate, row.source_file)


def subscription_rank(row: SubscriptionRow, customer_id: str | None) -> Rank:
    return null_smallest(
        row.updated_at,
        row.ended_at,
        row.monthly_amount,
        row.currency,
        customer_id,
        row.cancellation_reason,
        row.source_file,
    )


def customer_rank(row: CustomerRow) -> Rank:
    return null_smallest(
        row.updated_at,
        row.customer_id,
        row.email,
        row.created_at,
        row.acquisition_channel,
        row.country,
        row.marketing_consent,
        row.referred_by_customer_id,
        *row.described_by.values(),
        row.loyalty_tier,
        row.source_file,
    )


def line_rank(row: OrderLine) -> Rank:
    return null_smallest(row.amount, row.quantity, row.product_id, row.category, row.product_name)


def category_rank(row: OrderLine) -> tuple[bool, Decimal, Rank]:
    """The smallest goes first: the lowest number, lines without one last, then the smaller category."""
    return (row.line_number is None, row.line_number or Decimal(0), null_smallest(row.category))
