"""From raw rows to counted orders and customers, and what became of every row (contract sections 4 and 11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from .identity import Identity, describing_rows, find_identity, winning_rows
from .ranks import Rank, category_rank, line_rank, order_rank, rate_rank, refund_rank, subscription_rank
from .reading import EXACT, is_damaged, read_customer, round_half_away
from .rows import (
    CustomerRow,
    OrderLine,
    OrderVersion,
    RateRow,
    Raw,
    RefundRow,
    SpendRow,
    SubscriptionRow,
    read_customer_row,
    read_order,
    read_order_line,
    read_rate_row,
    read_refund,
    read_spend,
    read_subscription,
)
from .settings import Settings
from .signals import Signals, take_in_signals

Rates = Mapping[tuple[str, date], Decimal]
Accounting = Counter[tuple[str, str, str, str | None]]  # (entity, outcome, reason, file) -> raw rows
AFTER = "after_as_of_date"


class OfFile(Protocol):
    @property
    def source_file(self) -> str | None: ...


Row = TypeVar("Row", bound=OfFile)


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
    updated_at: datetime | None


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


@dataclass(frozen=True)
class Subscription:
    """One counted row of a contract."""

    customer_id: str
    start_date: date
    end_date: date | None
    monthly_amount: Decimal
    """In the reporting currency."""
    cancellation_reason: str | None


@dataclass(frozen=True)
class Refund:
    """One counted row of refunds that has a date, of a counted order."""

    order: Order
    refunded_at: datetime
    day: date
    amount: Decimal
    """In the reporting currency, at the rate of the order."""


@dataclass(frozen=True)
class Spend:
    """One counted row of marketing_spend."""

    spend_date: date
    acquisition_channel: str | None
    amount: Decimal
    """In the reporting currency."""
    purpose: str


@dataclass
class Intake:
    by_file: Accounting = field(default_factory=Counter)
    orders: list[Order] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    spend: list[Spend] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    lines: dict[str, list[OrderLine]] = field(default_factory=dict)
    signals: Signals = field(default_factory=Signals)
    created: dict[str, date | None] = field(default_factory=dict)
    """Of each customer whom a row of customers describes, with orders or without: since when."""
    tiers: dict[str, str | None] = field(default_factory=dict)
    """Of each customer whom a row of customers describes, with orders or without: today's loyalty tier."""
    referrers: dict[str, str] = field(default_factory=dict)
    """Of those who name somebody: the customer who referred them, as resolved."""

    @property
    def accounting(self) -> Counter[tuple[str, str, str]]:
        """(entity, outcome, reason) -> raw rows"""
        found: Counter[tuple[str, str, str]] = Counter()
        for (entity, outcome, reason, _), rows in self.by_file.items():
            found[entity, outcome, reason] += rows
        return found


def take_in(raw: Raw, settings: Settings) -> Intake:
    result = Intake()
    accounting = result.by_file
    rates = usable_rates([read_rate_row(row, settings) for row in raw.get("exchange_rates", ())], settings, accounting)

    rows = [read_order(row, settings) for row in raw["orders"]]
    versions = usable_orders(rows, rates, settings, accounting)
    refunds = usable_refunds(
        [read_refund(row, settings) for row in raw.get("refunds", ())], versions, settings, accounting
    )
    known = {order_id: cut for order_id, cut in versions.items() if cut}  # 4.4 leaves a version
    winners = {order_id: max(rows_of_order, key=order_rank) for order_id, rows_of_order in known.items()}

    customer_rows = usable_customers(
        [read_customer_row(row, settings) for row in raw.get("customers", ())], settings, accounting
    )
    identity = find_identity(winning_rows(customer_rows).values(), winners.values(), settings)
    descriptions = describing_rows(customer_rows, identity)
    count_winners("customers", customer_rows, descriptions.values(), accounting)

    for order_id, winner in winners.items():
        for row in known[order_id]:
            if row is not winner:
                reason = superseded_reason(row, winner, identity)
                accounting["orders", "superseded", reason, row.source_file] += 1
        refunded = refunded_amount(winner, refunds.get(order_id, ()), settings)
        excluded = exclusion_reason(winner, refunded, settings)
        if excluded is not None:
            accounting["orders", "excluded", excluded, winner.source_file] += 1
        else:
            accounting["orders", "counted", "none", winner.source_file] += 1
            customer_id = identity.of(winner.customer_id, winner.email)
            result.orders.append(count_order(winner, customer_id, refunded, rates, settings))

    result.orders.sort(key=lambda order: (order.ordered_at, order.order_id.encode("utf-8")))
    result.refunds = dated_refunds(result.orders, refunds, rates, settings)
    spend_rows = [read_spend(row, settings) for row in raw.get("marketing_spend", ())]
    result.spend = counted_spend(spend_rows, rates, settings, accounting)
    subscription_rows = [read_subscription(row, settings) for row in raw.get("subscriptions", ())]
    result.subscriptions = counted_subscriptions(subscription_rows, rates, identity, settings, accounting)
    result.lines = usable_lines([read_order_line(row, settings) for row in raw.get("order_lines", ())])
    result.customers = gather_customers(result.orders, descriptions, result.lines)
    result.created = {
        customer_id: None if row.created_at is None else settings.local_date(row.created_at)
        for customer_id, row in descriptions.items()
    }
    result.tiers = {customer_id: row.loyalty_tier for customer_id, row in descriptions.items()}
    result.referrers = find_referrers(descriptions, identity, settings)
    result.signals = take_in_signals(raw, identity, settings, accounting)
    return result


def find_referrers(descriptions: Mapping[str, CustomerRow], identity: Identity, settings: Settings) -> dict[str, str]:
    found: dict[str, str] = {}
    for customer_id, row in descriptions.items():
        referrer = identity.of(*read_customer(row.referred_by_customer_id, None, settings.missing_values))
        if referrer is not None:
            found[customer_id] = referrer
    return found


def sort_out(
    entity: str,
    rows: Iterable[Row],
    rejection_reason: Callable[[Row], str | None],
    is_after: Callable[[Row], bool],
    accounting: Accounting,
) -> list[Row]:
    """The rows that are neither rejected nor, judged after that, later than as_of_date."""
    usable: list[Row] = []
    for row in rows:
        reason = rejection_reason(row)
        if reason is not None:
            accounting[entity, "quarantined", reason, row.source_file] += 1
        elif is_after(row):
            accounting[entity, "excluded", AFTER, row.source_file] += 1
        else:
            usable.append(row)
    return usable


def count_winners(entity: str, rows: Iterable[OfFile], winners: Iterable[OfFile], accounting: Accounting) -> None:
    """Of usable rows, those that count, and those for which another one does."""
    counted = {id(row) for row in winners}
    for row in rows:
        accounting[entity, "counted" if id(row) in counted else "superseded", "none", row.source_file] += 1


# --- exchange rates ---------------------------------------------------------------------------------------------


def usable_rates(rows: Iterable[RateRow], settings: Settings, accounting: Accounting) -> Rates:
    largest: dict[tuple[str, date], RateRow] = {}
    entity = "exchange_rates"
    usable = sort_out(entity, rows, rejected_rate, lambda row: settings.is_after_as_of_date(row.rate_date), accounting)
    for row in usable:
        assert row.rate_date is not None and row.currency is not None
        key = (row.currency, settings.local_date(row.rate_date))
        largest[key] = max(largest.get(key, row), row, key=rate_rank)
    count_winners(entity, usable, largest.values(), accounting)
    return {key: row.rate for key, row in largest.items() if row.rate is not None}


def rejected_rate(row: RateRow) -> str | None:
    if row.rate_date is None:
        return "invalid_rate_date"
    if row.currency is None:
        return "missing_currency"
    if row.rate is None:
        return "invalid_rate"
    if row.rate <= 0:
        return "rate_not_positive"
    return None


def rate_on(currency: str, day: date, rates: Rates, settings: Settings) -> Decimal | None:
    if currency == settings.reporting_currency:
        return Decimal(1)
    days = [rate_day for rate_currency, rate_day in rates if rate_currency == currency and rate_day <= day]
    return rates[currency, max(days)] if days else None


# --- orders -----------------------------------------------------------------------------------------------------


def usable_orders(
    rows: Iterable[OrderVersion], rates: Rates, settings: Settings, accounting: Accounting
) -> dict[str, list[OrderVersion]]:
    """order_id -> its versions. An order of which as_of_date cuts every version is there, without any."""
    versions: dict[str, list[OrderVersion]] = {}
    for row in rows:
        reason = rejected_order(row, rates, settings)
        if reason is not None:
            accounting["orders", "quarantined", reason, row.source_file] += 1
            continue
        assert row.order_id is not None
        own = versions.setdefault(row.order_id, [])
        if settings.is_after_as_of_date(row.ordered_at) or settings.is_after_as_of_date(row.updated_at):
            accounting["orders", "excluded", AFTER, row.source_file] += 1
        else:
            own.append(row)
    return versions


def rejected_order(row: OrderVersion, rates: Rates, settings: Settings) -> str | None:
    if row.order_id is None:
        return "missing_order_id"
    if is_damaged(row.order_id) or is_damaged(row.customer_id):
        return "damaged_id"
    if row.ordered_at is None:
        return "invalid_ordered_at"
    if settings.is_in_future(row.ordered_at):
        return "ordered_in_future"
    if row.amount is None:
        return "invalid_amount"
    if row.amount < 0:
        return "negative_amount"
    if row.refunded_amount is None or row.refunded_amount < 0:
        return "invalid_refund"
    if rate_on(row.currency, settings.local_date(row.ordered_at), rates, settings) is None:
        return "unknown_currency"
    return None


def superseded_reason(row: OrderVersion, winner: OrderVersion, identity: Identity) -> str:
    def state(version: OrderVersion) -> tuple[object, ...]:
        customer = identity.of(version.customer_id, version.email)
        money = (version.amount, version.refunded_amount, version.currency)
        return (customer, version.ordered_at, *money, version.status)

    if state(row) == state(winner):
        return "duplicate"
    if winner.updated_at is not None and (row.updated_at is None or winner.updated_at > row.updated_at):
        return "older_version"
    return "conflict"


def exclusion_reason(row: OrderVersion, refunded: Decimal, settings: Settings) -> str | None:
    assert row.amount is not None
    if row.is_test:
        return "test_order"
    if row.status is not None and row.status.lower() in settings.excluded_statuses:
        return "status"
    if refunded == row.amount > 0 and not settings.count_fully_refunded:
        return "fully_refunded"
    return None


def count_order(
    row: OrderVersion, customer_id: str | None, refunded: Decimal, rates: Rates, settings: Settings
) -> Order:
    assert row.order_id is not None and row.ordered_at is not None and row.amount is not None
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
        refunded_amount=refunded,
        discount_amount=row.discount_amount,
        net_amount=round_half_away(EXACT.multiply(row.amount - refunded, rate), 2),
        updated_at=row.updated_at,
    )


# --- refunds ----------------------------------------------------------------------------------------------------


def usable_refunds(
    rows: Iterable[RefundRow],
    versions: Mapping[str, Sequence[OrderVersion]],
    settings: Settings,
    accounting: Accounting,
) -> dict[str, list[RefundRow]]:
    """order_id -> its counted refunds."""

    def is_after(row: RefundRow) -> bool:
        return settings.is_after_as_of_date(row.refunded_at) or not versions[row.order_id or ""]

    def rejected(row: RefundRow) -> str | None:
        return rejected_refund(row, versions.keys(), settings)

    usable = sort_out("refunds", rows, rejected, is_after, accounting)
    counted = [row for row in usable if row.refund_id is None]
    winners: dict[tuple[str | None, str], RefundRow] = {}
    for row in usable:
        if row.refund_id is not None:
            key = (row.order_id, row.refund_id)
            winners[key] = max(winners.get(key, row), row, key=refund_rank)
    counted += winners.values()
    count_winners("refunds", usable, counted, accounting)
    by_order: dict[str, list[RefundRow]] = {}
    for row in counted:
        by_order.setdefault(row.order_id or "", []).append(row)
    return by_order


def rejected_refund(row: RefundRow, order_ids: Iterable[str], settings: Settings) -> str | None:
    if row.order_id is None:
        return "missing_order_id"
    if row.amount is None:
        return "invalid_amount"
    if row.amount < 0:
        return "negative_amount"
    if row.is_refunded_at_given and row.refunded_at is None:
        return "invalid_refunded_at"
    if row.refunded_at is not None and settings.is_in_future(row.refunded_at):
        return "refunded_in_future"
    if row.order_id not in order_ids:
        return "unknown_order"
    return None


def dated_refunds(
    orders: Iterable[Order], refunds: Mapping[str, Sequence[RefundRow]], rates: Rates, settings: Settings
) -> list[Refund]:
    found: list[Refund] = []
    for order in orders:
        rate = rate_on(order.currency, order.order_date, rates, settings)
        for row in refunds.get(order.order_id, ()):
            if row.refunded_at is not None:
                assert rate is not None and row.amount is not None
                amount = round_half_away(EXACT.multiply(row.amount, rate), 2)
                found.append(Refund(order, row.refunded_at, settings.local_date(row.refunded_at), amount))
    return found


def refunded_amount(winner: OrderVersion, refunds: Sequence[RefundRow], settings: Settings) -> Decimal:
    """What was given back of an order: a figure, even a part, goes before the word of its status."""
    assert winner.amount is not None and winner.refunded_amount is not None
    of_rows = sum((row.amount for row in refunds if row.amount is not None), Decimal(0))
    refunded = min(max(winner.refunded_amount, of_rows), winner.amount)
    if refunded == 0 and winner.status is not None and winner.status.lower() in settings.refunded_statuses:
        return winner.amount
    return refunded


# --- marketing spend --------------------------------------------------------------------------------------------


def counted_spend(rows: Iterable[SpendRow], rates: Rates, settings: Settings, accounting: Accounting) -> list[Spend]:
    """Rows add up: none is a version of another."""
    found: list[Spend] = []
    for row in sort_out(
        "marketing_spend",
        rows,
        lambda row: rejected_spend(row, rates, settings),
        lambda row: settings.is_after_as_of_date(row.spent_at),
        accounting,
    ):
        assert row.spent_at is not None and row.amount is not None
        day = settings.local_date(row.spent_at)
        rate = rate_on(row.currency, day, rates, settings)
        assert rate is not None
        amount = round_half_away(EXACT.multiply(row.amount, rate), 2)
        found.append(Spend(day, row.acquisition_channel, amount, row.purpose))
        accounting["marketing_spend", "counted", "none", row.source_file] += 1
    return found


def rejected_spend(row: SpendRow, rates: Rates, settings: Settings) -> str | None:
    if row.spent_at is None:
        return "invalid_spend_date"
    if settings.is_in_future(row.spent_at):
        return "spent_in_future"
    if row.amount is None:
        return "invalid_amount"
    if row.amount < 0:
        return "negative_amount"
    if rate_on(row.currency, settings.local_date(row.spent_at), rates, settings) is None:
        return "unknown_currency"
    return None if row.purpose in ("acquisition", "retention") else "unknown_purpose"


# --- contracts --------------------------------------------------------------------------------------------------


def counted_subscriptions(
    rows: Iterable[SubscriptionRow], rates: Rates, identity: Identity, settings: Settings, accounting: Accounting
) -> list[Subscription]:
    def rank(row: SubscriptionRow) -> Rank:
        return subscription_rank(row, identity.of(row.customer_id, row.email))

    usable = sort_out(
        "subscriptions",
        rows,
        lambda row: rejected_subscription(row, rates, settings),
        lambda row: settings.is_after_as_of_date(row.started_at),
        accounting,
    )
    versions: dict[tuple[str, date], list[SubscriptionRow]] = {}
    for row in usable:
        assert row.subscription_id is not None and row.started_at is not None
        versions.setdefault((row.subscription_id, settings.local_date(row.started_at)), []).append(row)
    winners = [max(of_one, key=rank) for of_one in versions.values()]
    count_winners("subscriptions", usable, winners, accounting)
    return [count_subscription(row, rates, identity, settings) for row in winners]


def rejected_subscription(row: SubscriptionRow, rates: Rates, settings: Settings) -> str | None:
    if row.subscription_id is None:
        return "missing_subscription_id"
    if row.customer_id is None and row.email is None:
        return "missing_customer_id"
    if is_damaged(row.subscription_id) or is_damaged(row.customer_id):
        return "damaged_id"
    if row.started_at is None:
        return "invalid_started_at"
    if settings.is_in_future(row.started_at):
        return "started_in_future"
    if row.ended_at is None and row.is_ended_at_given:
        return "invalid_ended_at"
    start_date = settings.local_date(row.started_at)
    if row.ended_at is not None and settings.local_date(row.ended_at) < start_date:
        return "ended_before_start"
    if row.monthly_amount is None:
        return "invalid_amount"
    if row.monthly_amount < 0:
        return "negative_amount"
    if rate_on(row.currency, start_date, rates, settings) is None:
        return "unknown_currency"
    return None


def count_subscription(row: SubscriptionRow, rates: Rates, identity: Identity, settings: Settings) -> Subscription:
    assert row.started_at is not None and row.monthly_amount is not None
    customer_id = identity.of(row.customer_id, row.email)
    start_date = settings.local_date(row.started_at)
    rate = rate_on(row.currency, start_date, rates, settings)
    assert customer_id is not None and rate is not None
    return Subscription(
        customer_id=customer_id,
        start_date=start_date,
        end_date=None if row.ended_at is None else settings.local_date(row.ended_at),
        monthly_amount=round_half_away(EXACT.multiply(row.monthly_amount, rate), 2),
        cancellation_reason=row.cancellation_reason,
    )


# --- customers and their first category -------------------------------------------------------------------------


def usable_customers(rows: Iterable[CustomerRow], settings: Settings, accounting: Accounting) -> list[CustomerRow]:
    return sort_out(
        "customers", rows, rejected_customer, lambda row: settings.is_after_as_of_date(row.created_at), accounting
    )


def rejected_customer(row: CustomerRow) -> str | None:
    if row.customer_id is None and row.email is None:
        return "missing_customer_id"
    if is_damaged(row.customer_id):
        return "damaged_id"
    return None


def usable_lines(rows: Iterable[OrderLine]) -> dict[str, list[OrderLine]]:
    """order_id -> its lines: the winning one of each number, and all without a number."""
    by_order: dict[str, list[OrderLine]] = {}
    winners: dict[tuple[str, Decimal], OrderLine] = {}
    for row in rows:
        if row.order_id is None or not row.is_readable:
            continue
        if row.line_number is None:
            by_order.setdefault(row.order_id, []).append(row)
        else:
            key = (row.order_id, row.line_number)
            winners[key] = max(winners.get(key, row), row, key=line_rank)
    for (order_id, _), row in winners.items():
        by_order.setdefault(order_id, []).append(row)
    return by_order


def first_category(lines: Iterable[OrderLine]) -> str | None:
    candidates = [line for line in lines if line.category is not None]
    return min(candidates, key=category_rank).category if candidates else None


def gather_customers(
    orders: Sequence[Order], descriptions: Mapping[str, CustomerRow], lines: Mapping[str, Sequence[OrderLine]]
) -> list[Customer]:
    """`orders` come sorted by (ordered_at, order_id)."""
    customers: list[Customer] = []
    for customer_id in {order.customer_id for order in orders if order.customer_id is not None}:
        own = tuple(order for order in orders if order.customer_id == customer_id)
        row = descriptions.get(customer_id)
        customers.append(
            Customer(
                customer_id=customer_id,
                orders=own,
                acquisition_channel=row.acquisition_channel if row else None,
                country=row.country if row else None,
                marketing_consent=row.marketing_consent if row else None,
                first_category=first_category(lines.get(own[0].order_id, ())),
                described_by={**row.described_by, "loyalty_tier": row.loyalty_tier} if row else {},
            )
        )
    return sorted(customers, key=lambda customer: customer.customer_id.encode("utf-8"))
