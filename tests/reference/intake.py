"""From raw rows to counted orders and customers (contract sections 2 to 5)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from .reading import EXACT, read_amount, read_boolean, read_email, read_rate, read_text, round_half_away
from .settings import Settings

RawRow = Mapping[str, str | None]
Raw = Mapping[str, Sequence[RawRow]]
Rates = Mapping[tuple[str, date], Decimal]


@dataclass(frozen=True)
class OrderVersion:
    """One raw row of `orders`, read."""

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


@dataclass(frozen=True)
class CustomerRow:
    """One raw row of `customers`, read."""

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


@dataclass(frozen=True)
class Order:
    """One counted order (a row of marts.orders)."""

    order_id: str
    customer_id: str | None
    ordered_at: datetime
    order_date: date
    sales_channel: str | None
    currency: str
    amount: Decimal
    refunded_amount: Decimal
    discount_amount: Decimal | None
    net_amount: Decimal


@dataclass(frozen=True)
class Customer:
    """One customer with at least one counted order; `orders` stand in the order of their order_number."""

    customer_id: str
    orders: tuple[Order, ...]
    acquisition_channel: str | None
    country: str | None
    marketing_consent: bool | None
    first_category: str | None
    described_by: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def first_order_date(self) -> date:
        return self.orders[0].order_date

    @property
    def last_order_date(self) -> date:
        return self.orders[-1].order_date

    @property
    def net_revenue(self) -> Decimal:
        return sum((order.net_amount for order in self.orders), Decimal(0))


@dataclass
class Intake:
    accounting: Counter[tuple[str, str]] = field(default_factory=Counter)  # (outcome, reason) -> raw rows
    orders: list[Order] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)


def split_id_and_email(raw_id: str | None, raw_email: str | None) -> tuple[str | None, str | None]:
    """A customer_id with an @ is no id but an e-mail; a column meant for the e-mail goes before it."""
    customer_id, email = read_text(raw_id), read_text(raw_email)
    if customer_id is not None and "@" in customer_id:
        return None, email or customer_id
    return customer_id, email


def read_currency(value: str | None, settings: Settings) -> str:
    return (read_text(value) or settings.reporting_currency).upper()


def read_order(row: RawRow, settings: Settings) -> OrderVersion:
    customer_id, email = split_id_and_email(row.get("customer_id"), row.get("customer_email"))
    refund_text = read_text(row.get("refunded_amount"))
    return OrderVersion(
        order_id=read_text(row.get("order_id")),
        customer_id=customer_id,
        email=email,
        ordered_at=settings.read_timestamp(row.get("ordered_at")),
        amount=read_amount(row.get("amount")),
        currency=read_currency(row.get("currency"), settings),
        refunded_amount=Decimal(0) if refund_text is None else read_amount(refund_text),
        discount_amount=read_amount(row.get("discount_amount")),
        status=read_text(row.get("status")),
        sales_channel=read_text(row.get("sales_channel")),
        is_test=read_boolean(row.get("is_test")) or False,
        updated_at=settings.read_timestamp(row.get("updated_at")),
    )


# Columns of `customers` and dimensions that the contract names.
KNOWN = (
    "acquisition_channel",
    "country",
    "first_sales_channel",
    "first_category",
    "first_order_discounted",
    "loyalty_tier",
)


def read_customer(row: RawRow, settings: Settings) -> CustomerRow:
    customer_id, email = split_id_and_email(row.get("customer_id"), row.get("email"))
    return CustomerRow(
        customer_id=customer_id,
        email=email,
        created_at=settings.read_timestamp(row.get("created_at")),
        acquisition_channel=read_text(row.get("acquisition_channel")),
        country=read_text(row.get("country")),
        marketing_consent=read_boolean(row.get("marketing_consent")),
        referred_by_customer_id=read_text(row.get("referred_by_customer_id")),
        loyalty_tier=read_text(row.get("loyalty_tier")),
        updated_at=settings.read_timestamp(row.get("updated_at")),
        described_by={name: read_text(row.get(name)) for name in settings.segment_dimensions if name not in KNOWN},
    )


# --- exchange rates ---------------------------------------------------------------------------------------------


def read_rates(rows: Iterable[RawRow], settings: Settings) -> dict[tuple[str, date], Decimal]:
    rates: dict[tuple[str, date], Decimal] = {}
    for row in rows:
        instant = settings.read_timestamp(row.get("rate_date"))
        rate = read_rate(row.get("rate"))
        if instant is None or rate is None or rate <= 0:
            continue
        key = (read_currency(row.get("currency"), settings), settings.local_date(instant))
        rates[key] = max(rate, rates.get(key, rate))
    return rates


def rate_on(currency: str, day: date, rates: Rates, settings: Settings) -> Decimal | None:
    if currency == settings.reporting_currency:
        return Decimal(1)
    days = [rate_day for rate_currency, rate_day in rates if rate_currency == currency and rate_day <= day]
    return rates[currency, max(days)] if days else None


# --- rejection, exclusion, versions -----------------------------------------------------------------------------


def rejection_reason(row: OrderVersion, rates: Rates, settings: Settings) -> str | None:
    if row.order_id is None:
        return "missing_order_id"
    if row.ordered_at is None:
        return "invalid_ordered_at"
    order_date = settings.local_date(row.ordered_at)
    if order_date > settings.local_date(settings.run_at):
        return "ordered_in_future"
    if row.amount is None:
        return "invalid_amount"
    if row.amount < 0:
        return "negative_amount"
    if row.refunded_amount is None or row.refunded_amount < 0 or row.refunded_amount > row.amount:
        return "invalid_refund"
    if rate_on(row.currency, order_date, rates, settings) is None:
        return "unknown_currency"
    return None


def is_after_as_of_date(row: OrderVersion, settings: Settings) -> bool:
    if settings.as_of_date is None:
        return False
    known_by = [settings.local_date(instant) for instant in (row.ordered_at, row.updated_at) if instant is not None]
    return any(day > settings.as_of_date for day in known_by)


def null_smallest(value: object) -> tuple[int, object]:
    """A sort key: null before everything, text by its UTF-8 bytes."""
    if value is None:
        return (0, 0)
    return (1, value.encode("utf-8") if isinstance(value, str) else value)


def version_rank(row: OrderVersion) -> tuple[tuple[int, object], ...]:
    values = (
        row.updated_at,
        row.ordered_at,
        row.amount,
        row.refunded_amount,
        row.status,
        # the remaining columns as listed
        row.customer_id,
        row.currency,
        row.discount_amount,
        row.sales_channel,
        row.email,
        row.is_test,
    )
    return tuple(null_smallest(value) for value in values)


def customer_rank(row: CustomerRow) -> tuple[tuple[int, object], ...]:
    values = (
        row.updated_at,
        row.email,
        row.created_at,
        row.acquisition_channel,
        row.country,
        row.marketing_consent,
        row.referred_by_customer_id,
        *row.described_by.values(),
        row.loyalty_tier,
    )
    return tuple(null_smallest(value) for value in values)


def exclusion_reason(row: OrderVersion, settings: Settings) -> str | None:
    if row.is_test:
        return "test_order"
    if row.status is not None and row.status.lower() in settings.excluded_statuses:
        return "status"
    fully_refunded = row.amount is not None and row.amount > 0 and row.refunded_amount == row.amount
    if fully_refunded and not settings.count_fully_refunded:
        return "fully_refunded"
    return None


# --- identity ---------------------------------------------------------------------------------------------------


def known_customers(customers: Iterable[CustomerRow], orders: Iterable[OrderVersion]) -> dict[str, str]:
    """e-mail -> smallest customer_id that carries it, over both sources together."""
    known: dict[str, str] = {}
    pairs = [(row.customer_id, read_email(row.email)) for row in customers]
    pairs += [(row.customer_id, read_email(row.email)) for row in orders]
    for customer_id, email in pairs:
        if customer_id is not None and email is not None:
            known[email] = min(known.get(email, customer_id), customer_id, key=lambda text: text.encode("utf-8"))
    return known


def resolve(customer_id: str | None, raw_email: str | None, known: Mapping[str, str], salt: str) -> str | None:
    if customer_id is not None:
        return customer_id
    email = read_email(raw_email)
    if email is None:
        return None
    if email in known:
        return known[email]
    return "guest:" + hashlib.md5((salt + email).encode("utf-8"), usedforsecurity=False).hexdigest()


def winning_customer_rows(rows: Iterable[CustomerRow]) -> dict[str, CustomerRow]:
    winners: dict[str, CustomerRow] = {}
    for row in rows:
        if row.customer_id is not None:
            current = winners.get(row.customer_id, row)
            winners[row.customer_id] = max(current, row, key=customer_rank)
    return winners


def attributes_by_identity(rows: Sequence[CustomerRow], known: Mapping[str, str], salt: str) -> dict[str, CustomerRow]:
    """The row of `customers` whose attributes a customer has. Rows that only carry an e-mail speak for whoever that
    e-mail resolves to, unless that customer has a row of its own."""
    by_email: dict[str, CustomerRow] = {}
    for row in rows:
        identity = resolve(None, row.email, known, salt) if row.customer_id is None else None
        if identity is not None:
            by_email[identity] = max(by_email.get(identity, row), row, key=customer_rank)
    return {**by_email, **winning_customer_rows(rows)}


# --- categories -------------------------------------------------------------------------------------------------


def category_of(order_id: str, lines: Iterable[RawRow]) -> str | None:
    """The category of the lowest line_number that has one; lines without a readable number come last."""
    candidates: list[tuple[bool, Decimal, bytes, str]] = []
    for line in lines:
        category = read_text(line.get("category"))
        if read_text(line.get("order_id")) == order_id and category is not None:
            number = read_amount(line.get("line_number"))
            candidates.append((number is None, number or Decimal(0), category.encode("utf-8"), category))
    return min(candidates)[-1] if candidates else None


# --- all of it --------------------------------------------------------------------------------------------------


def count_order(row: OrderVersion, customer_id: str | None, rates: Rates, settings: Settings) -> Order:
    assert row.order_id is not None and row.ordered_at is not None
    assert row.amount is not None and row.refunded_amount is not None
    order_date = settings.local_date(row.ordered_at)
    rate = rate_on(row.currency, order_date, rates, settings)
    assert rate is not None
    return Order(
        order_id=row.order_id,
        customer_id=customer_id,
        ordered_at=row.ordered_at,
        order_date=order_date,
        sales_channel=row.sales_channel,
        currency=row.currency,
        amount=row.amount,
        refunded_amount=row.refunded_amount,
        discount_amount=row.discount_amount,
        net_amount=round_half_away(EXACT.multiply(row.amount - row.refunded_amount, rate), 2),
    )


def take_in(raw: Raw, settings: Settings) -> Intake:
    result = Intake()
    rates = read_rates(raw.get("exchange_rates", ()), settings)

    versions: dict[str, list[OrderVersion]] = {}
    for raw_row in raw["orders"]:
        row = read_order(raw_row, settings)
        rejected = rejection_reason(row, rates, settings)
        if rejected is not None:
            result.accounting["quarantined", rejected] += 1
        elif is_after_as_of_date(row, settings):
            result.accounting["excluded", "after_as_of_date"] += 1
        else:
            assert row.order_id is not None
            versions.setdefault(row.order_id, []).append(row)

    winners: list[OrderVersion] = []
    for rows in versions.values():
        winners.append(max(rows, key=version_rank))
        result.accounting["superseded", "none"] += len(rows) - 1

    customer_rows = [read_customer(row, settings) for row in raw.get("customers", ())]
    known = known_customers(winning_customer_rows(customer_rows).values(), winners)

    for row in winners:
        excluded = exclusion_reason(row, settings)
        if excluded is not None:
            result.accounting["excluded", excluded] += 1
        else:
            result.accounting["counted", "none"] += 1
            customer_id = resolve(row.customer_id, row.email, known, settings.identity_salt)
            result.orders.append(count_order(row, customer_id, rates, settings))

    result.orders.sort(key=lambda order: (order.ordered_at, order.order_id.encode("utf-8")))
    result.customers = gather_customers(
        result.orders,
        attributes_by_identity(customer_rows, known, settings.identity_salt),
        raw.get("order_lines", ()),
    )
    result.accounting += Counter()  # drops zero counts
    return result


def gather_customers(
    orders: Sequence[Order], attributes: Mapping[str, CustomerRow], lines: Sequence[RawRow]
) -> list[Customer]:
    """`orders` come sorted by (ordered_at, order_id)."""
    customers: list[Customer] = []
    for customer_id in {order.customer_id for order in orders if order.customer_id is not None}:
        own = tuple(order for order in orders if order.customer_id == customer_id)
        row = attributes.get(customer_id)
        customers.append(
            Customer(
                customer_id=customer_id,
                orders=own,
                acquisition_channel=row.acquisition_channel if row else None,
                country=row.country if row else None,
                marketing_consent=row.marketing_consent if row else None,
                first_category=category_of(own[0].order_id, lines),
                described_by={**row.described_by, "loyalty_tier": row.loyalty_tier} if row else {},
            )
        )
    return sorted(customers, key=lambda customer: customer.customer_id.encode("utf-8"))
