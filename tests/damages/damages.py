"""Damaged exports: each says what went wrong in the shop, which kind of error it is, and of which rows a share is hit.
Each is a pure function of the sound export, what was known at the last refresh, a share and seeded dice.

The kinds: 1 known orders changed hands; 2 known orders count otherwise; 3 columns became empty, values are new; 4 new
orders are unlike the old ones; 5 newer versions without end; 6 late orders, near copies, rates; 7 creeping change
(chains.py). Kind 0 is what the gate looked for before, 8
what a careless or malicious exporter may do besides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from random import Random
from typing import NamedTuple
from zlib import crc32

from tests.damages.exports import Export, Row

SHARES = (0.005, 0.03, 0.3)
ALL = (1.0,)  # of damages that hit every row or none
ANY = (*SHARES, *ALL)  # of damages that may come in part, and are seen whole as well
KNOWN, NEW, ORDERS, RATES, CUSTOMERS = "known orders", "new orders", "all orders", "exchange rates", "customers"


@dataclass(frozen=True)
class Given:
    """What a damage is done to: the sound export, the orders that the last refresh knew, and how much is hit."""

    export: Export
    known: frozenset[str]
    day: date
    share: float
    dice: Random

    @cached_property
    def order_ids(self) -> list[str]:
        """All orders in the order of the export."""
        return list(dict.fromkeys(row["order_id"] for row in self.export.orders))

    @cached_property
    def newest(self) -> str:
        """The end of the export, as text: newer than all that the last refresh saw."""
        return f"{self.day}T23:30:00Z"

    def hit(self, of: str, where: Callable[[Row], bool] = lambda row: True) -> frozenset[str]:
        """A share of the known, the new or all orders for which something holds: at least one where there is any."""
        wanted = {row["order_id"] for row in self.export.orders if where(row)}
        found = [order for order in self.order_ids if order in wanted and self.belongs(order, of)]
        return frozenset(self.dice.sample(found, number_of(self.share, len(found))))

    def belongs(self, order: str, of: str) -> bool:
        return of == ORDERS or (order in self.known) == (of == KNOWN)

    def each(
        self, of: str, change: Callable[[Row], Row | None], where: Callable[[Row], bool] = lambda row: True
    ) -> Export:
        """The export with the rows of a share of the orders changed, or taken away where there is no row."""
        hit = self.hit(of, where)
        changed = ((change(row) if row["order_id"] in hit else row) for row in self.export.orders)
        return self.export.with_orders([row for row in changed if row is not None])


def number_of(share: float, there: int) -> int:
    return min(there, max(1, round(share * there)))


class Damage(NamedTuple):
    """One way in which an export is wrong."""

    name: str
    says: str
    kind: int
    of: str
    shares: tuple[float, ...]
    do: Callable[[Given], Export]

    def done_to(self, export: Export, known: Iterable[str], day: date, share: float) -> Export:
        dice = Random(crc32(f"{self.name} {share}".encode()))
        return self.do(Given(export, frozenset(known), day, share, dice))


DAMAGES: dict[str, Damage] = {}


def damage(
    kind: int, of: str, says: str, shares: tuple[float, ...] = SHARES
) -> Callable[[Callable[[Given], Export]], Callable[[Given], Export]]:
    """Enters a function into the list of damages under its own name."""

    def enter(do: Callable[[Given], Export]) -> Callable[[Given], Export]:
        DAMAGES[do.__name__] = Damage(do.__name__, says, kind, of, shares, do)
        return do

    return enter


# Changes of single rows.


def with_values(**values: str) -> Callable[[Row], Row]:
    return lambda row: {**row, **{column: value for column, value in values.items() if column in row}}


def times(factor: float, *columns: str) -> Callable[[Row], Row]:
    """Amounts times a factor; what is no number stays."""
    return lambda row: {
        **row,
        **{column: multiplied(row.get(column, ""), factor) for column in columns if column in row},
    }


def multiplied(text: str, factor: float) -> str:
    try:
        return f"{float(text) * factor:.2f}"
    except ValueError:
        return text


def moved(row: Row, column: str, by: timedelta) -> Row:
    """A timestamp moved, in its own form; what is none stays."""
    try:
        moment = datetime.fromisoformat(row[column]).astimezone(UTC)
    except ValueError:
        return row
    return {**row, column: (moment + by).strftime("%Y-%m-%dT%H:%M:%SZ")}


def of_channel(channel: str) -> Callable[[Row], bool]:
    return lambda row: row.get("sales_channel", "") == channel


def largest_channel(given: Given) -> str:
    """The channel with most orders but one, or the only one."""
    channels = [row.get("sales_channel", "") for row in given.export.orders]
    ranked = sorted(set(channels), key=channels.count, reverse=True)
    return ranked[1 if len(ranked) > 1 else 0]


AMOUNTS = ("amount", "refunded_amount", "discount_amount")


# 1. Known orders that changed hands.


@damage(1, KNOWN, "The shop moved to another system, which numbered these customers anew.")
def customers_renumbered(given: Given) -> Export:
    customers = sorted({row["customer_id"] for row in given.export.orders if row["customer_id"].strip()})
    hit = set(given.dice.sample(customers, number_of(given.share, len(customers))))
    orders = [
        {**row, "customer_id": "9" + row["customer_id"]} if row["customer_id"] in hit else row
        for row in given.export.orders
    ]
    return given.export.with_orders(orders)


@damage(1, KNOWN, "Customers were shuffled between these orders, as after sorting one column of a spreadsheet alone.")
def customers_shuffled(given: Given) -> Export:
    return exchanged(given, ("customer_id", "customer_email"))


@damage(1, KNOWN, "These orders were put to one customer, as a merge of duplicates by the wrong key does.")
def customers_merged_into_one(given: Given) -> Export:
    first = next(row for row in given.export.orders if row["customer_id"].strip())
    owner = {"customer_id": first["customer_id"], "customer_email": first.get("customer_email", "")}
    return given.each(KNOWN, with_values(**owner))


@damage(1, KNOWN, "A join slipped by one row: these orders have the customer of the order before.", ANY)
def customers_slipped_by_one_row(given: Given) -> Export:
    hit = given.hit(KNOWN)
    orders, before = [], given.export.orders[0]
    for row in given.export.orders:
        slipped = {column: before.get(column, "") for column in ("customer_id", "customer_email") if column in row}
        orders.append({**row, **slipped} if row["order_id"] in hit else row)
        before = row
    return given.export.with_orders(orders)


@damage(1, KNOWN, "E-mails of these guests vanished: nobody knows any more whose orders they are.", ANY)
def emails_of_guests_vanished(given: Given) -> Export:
    return given.each(KNOWN, with_values(customer_email=""), where=lambda row: not row["customer_id"].strip())


@damage(1, KNOWN, "The privacy tool put one placeholder in place of these guests' e-mails.", ANY)
def emails_replaced_by_a_placeholder(given: Given) -> Export:
    return given.each(
        KNOWN, with_values(customer_email="anonymous@example.com"), where=lambda row: not row["customer_id"].strip()
    )


@damage(1, KNOWN, "Customer numbers of these orders were lost in the export; only the e-mails of guests are left.")
def customer_ids_lost(given: Given) -> Export:
    return given.each(KNOWN, with_values(customer_id="", customer_email=""))


@damage(1, KNOWN, "Customer numbers went through a spreadsheet that left three digits of them.")
def customer_ids_cut(given: Given) -> Export:
    return given.each(KNOWN, lambda row: {**row, "customer_id": row["customer_id"][:-2]})


@damage(1, KNOWN, "Every one of these orders got a customer number of its own, as guest checkouts of a new shop do.")
def customers_split_by_order(given: Given) -> Export:
    return given.each(KNOWN, lambda row: {**row, "customer_id": "X" + row["order_id"], "customer_email": ""})


def exchanged(given: Given, columns: Sequence[str]) -> Export:
    """Values of a share of the known orders, dealt out anew among them."""
    hit = sorted(given.hit(KNOWN))
    dealt = dict(zip(hit, [*hit[1:], *hit[:1]], strict=True))
    of_order = {
        row["order_id"]: {column: row[column] for column in columns if column in row} for row in given.export.orders
    }
    orders = [
        {**row, **of_order[dealt[row["order_id"]]]} if row["order_id"] in dealt else row for row in given.export.orders
    ]
    return given.export.with_orders(orders)


# 2. Known orders that count and did not, or the other way.


@damage(2, KNOWN, "An update of the shop calls its cancelled orders by a name that no setting knows.", ALL)
def state_cancelled_renamed(given: Given) -> Export:
    return renamed(given, ("cancelled", "canceled", "storniert"), "canceled_by_customer")


@damage(
    2,
    KNOWN,
    "Sound orders of the past came to stand as cancelled, as after a wrong bulk edit; no date of change moved.",
)
def orders_cancelled_without_a_date(given: Given) -> Export:
    return given.each(KNOWN, with_values(status="cancelled"))


@damage(2, KNOWN, "These cancelled orders stand as delivered: the export reads the state of the parcel.", ANY)
def states_all_delivered(given: Given) -> Export:
    return given.each(KNOWN, with_values(status="completed"), where=lambda row: row.get("status") == "cancelled")


@damage(2, ORDERS, "The column of states is gone from the export.", ALL)
def status_column_lost(given: Given) -> Export:
    return without_column(given, "status")


@damage(2, ORDERS, "The column that marks test orders is gone from the export.", ALL)
def test_column_lost(given: Given) -> Export:
    return without_column(given, "is_test")


@damage(2, KNOWN, "Test orders are no longer marked as such.", ALL)
def test_orders_counted(given: Given) -> Export:
    return given.export.with_orders(
        {**row, "is_test": "false"} if "is_test" in row else row for row in given.export.orders
    )


@damage(2, KNOWN, "These sound orders are marked as tests, as when a test account was given the wrong rule.")
def orders_marked_as_tests(given: Given) -> Export:
    return given.each(KNOWN, with_values(is_test="true"))


@damage(2, KNOWN, "Refunds of these orders are forgotten, without a newer version.", ANY)
def refunds_forgotten(given: Given) -> Export:
    return given.each(KNOWN, with_values(refunded_amount="0.00", status="completed"), where=is_refunded)


def renamed(given: Given, states: Sequence[str], name: str) -> Export:
    return given.export.with_orders(
        {**row, "status": name} if row.get("status", "").lower() in states else row for row in given.export.orders
    )


def is_refunded(row: Row) -> bool:
    return row.get("refunded_amount", "").strip() not in ("", "0", "0.00") or row.get("status") == "refunded"


def without_column(given: Given, column: str) -> Export:
    return given.export.with_orders(
        {name: value for name, value in row.items() if name != column} for row in given.export.orders
    )


# 3. Columns that become empty, values never seen.


@damage(3, ORDERS, "States of these orders came empty.", ANY)
def status_emptied(given: Given) -> Export:
    return given.each(ORDERS, with_values(status=""))


@damage(3, ORDERS, "Currencies of these orders came empty, so that francs and zloty count as euros.", ANY)
def currency_emptied(given: Given) -> Export:
    return given.each(ORDERS, with_values(currency=""))


@damage(3, ORDERS, "The column of currencies is gone from the export.", ALL)
def currency_column_lost(given: Given) -> Export:
    return without_column(given, "currency")


@damage(3, ORDERS, "Channels of these orders came empty.", ANY)
def channel_emptied(given: Given) -> Export:
    return given.each(ORDERS, with_values(sales_channel=""))


@damage(3, ORDERS, "The column of channels is gone from the export.", ALL)
def channel_column_lost(given: Given) -> Export:
    return without_column(given, "sales_channel")


@damage(3, ORDERS, "E-mails of these orders came empty.", ANY)
def email_emptied(given: Given) -> Export:
    return given.each(ORDERS, with_values(customer_email=""))


@damage(3, ORDERS, "Discounts of these orders came empty.", ANY)
def discount_emptied(given: Given) -> Export:
    return given.each(ORDERS, with_values(discount_amount=""))


@damage(3, CUSTOMERS, "Consent of these customers came empty, as after a change of the newsletter tool.", ANY)
def consent_emptied(given: Given) -> Export:
    return of_customers(given, with_values(marketing_consent=""))


@damage(3, CUSTOMERS, "Countries of these customers came empty.")
def country_emptied(given: Given) -> Export:
    return of_customers(given, with_values(country=""))


@damage(3, NEW, "New orders come with a state that the shop never had: nobody said whether it counts.", ANY)
def new_state(given: Given) -> Export:
    return given.each(NEW, with_values(status="awaiting_fraud_review"))


@damage(3, NEW, "New orders come with a channel that the shop never had, as after a typing error in a rule.", ANY)
def new_channel(given: Given) -> Export:
    return given.each(NEW, with_values(sales_channel="webb"))


@damage(3, NEW, "New orders come in a currency that the shop never had and that has no rate.")
def new_currency(given: Given) -> Export:
    return given.each(NEW, with_values(currency="SEK"))


@damage(3, ORDERS, "A new state stands in place of the usual one in known orders, too.")
def state_renamed_in_all(given: Given) -> Export:
    return given.each(ORDERS, with_values(status="delivered_ok"), where=lambda row: row.get("status") == "completed")


def of_customers(given: Given, change: Callable[[Row], Row]) -> Export:
    rows = given.export.tables["customers"]
    hit = set(given.dice.sample(range(len(rows)), number_of(given.share, len(rows))))
    return given.export.with_table("customers", [change(row) if i in hit else row for i, row in enumerate(rows)])


# 4. New orders unlike the old ones.


@damage(4, NEW, "New orders have their amounts in cents.", ANY)
def new_amounts_in_cents(given: Given) -> Export:
    return given.each(NEW, times(100, *AMOUNTS))


@damage(4, NEW, "New orders of one channel have their amounts in cents.", ANY)
def amounts_of_a_channel_in_cents(given: Given) -> Export:
    return given.each(NEW, times(100, *AMOUNTS), where=of_channel(largest_channel(given)))


@damage(4, NEW, "New orders have gross amounts for net ones.", ANY)
def new_amounts_gross(given: Given) -> Export:
    return given.each(NEW, times(1.19, *AMOUNTS))


@damage(4, NEW, "New orders of one channel have gross amounts for net ones.", ANY)
def amounts_of_a_channel_gross(given: Given) -> Export:
    return given.each(NEW, times(1.19, *AMOUNTS), where=of_channel(largest_channel(given)))


@damage(4, NEW, "Thousands were lost in new orders: 1,234.56 was read as 1.23.")
def thousands_lost(given: Given) -> Export:
    return given.each(NEW, times(0.001, *AMOUNTS))


@damage(4, NEW, "New orders of one channel are missing.", ANY)
def channel_missing(given: Given) -> Export:
    return given.each(NEW, lambda row: None, where=of_channel(largest_channel(given)))


@damage(4, NEW, "New orders came twice, each once more under another number.", ANY)
def new_orders_twice(given: Given) -> Export:
    return with_copies(given, NEW, timedelta(0))


@damage(4, NEW, "New orders have the wrong sign.")
def signs_turned(given: Given) -> Export:
    return given.each(NEW, times(-1, "amount"))


@damage(4, NEW, "New orders are all guests': the export lost the customer's number, not the e-mail.", ANY)
def new_orders_of_guests(given: Given) -> Export:
    return given.each(NEW, lambda row: {**row, "customer_id": "", "customer_email": f"{row['order_id']}@example.com"})


@damage(4, NEW, "Known customers come with numbers of a new system in these orders, and count as new.", ANY)
def new_orders_renumbered(given: Given) -> Export:
    return given.each(NEW, lambda row: {**row, "customer_id": f"9{row['customer_id']}", "customer_email": ""})


@damage(4, NEW, "New orders are all of known customers: the export joined them to the wrong table.")
def new_orders_of_one_customer(given: Given) -> Export:
    first = next(row for row in given.export.orders if row["customer_id"].strip())
    return given.each(
        NEW, with_values(customer_id=first["customer_id"], customer_email=first.get("customer_email", ""))
    )


@damage(4, NEW, "New orders are free of charge: the amount came as 0.")
def new_amounts_zero(given: Given) -> Export:
    return given.each(NEW, with_values(amount="0.00", refunded_amount="0.00"))


@damage(4, NEW, "New orders stand as cancelled.")
def new_orders_cancelled(given: Given) -> Export:
    return given.each(NEW, with_values(status="cancelled"))


@damage(4, NEW, "New orders stand as wholly refunded.")
def new_orders_refunded(given: Given) -> Export:
    return given.each(NEW, lambda row: {**row, "refunded_amount": row["amount"]})


@damage(4, NEW, "New orders of the last days did not arrive.")
def last_days_missing(given: Given) -> Export:
    return given.export.with_orders(last_part_dropped(given))


def last_part_dropped(given: Given) -> list[Row]:
    """The rows without the latest share of the new orders."""
    new = [order for order in by_date(given) if order not in given.known]
    gone = set(new[len(new) - number_of(given.share, len(new)) :])
    return [row for row in given.export.orders if row["order_id"] not in gone]


def by_date(given: Given) -> list[str]:
    placed = {row["order_id"]: row["ordered_at"] for row in given.export.orders}
    return sorted(placed, key=lambda order: placed[order])


@damage(4, NEW, "One day of the new orders is missing.", ALL)
def a_new_day_missing(given: Given) -> Export:
    gone = str(given.day - timedelta(days=2))
    return given.export.with_orders([row for row in given.export.orders if not row["ordered_at"].startswith(gone)])


# 5. Newer versions are no excuse without end.


def saved_again(given: Given, change: Callable[[Row], Row], where: Callable[[Row], bool] = lambda row: True) -> Export:
    """A share of the known orders with a newer version each, in which something is changed."""
    hit = given.hit(KNOWN, where)
    latest = {row["order_id"]: row for row in given.export.orders if row["order_id"] in hit}
    newer = [{**change(row), "updated_at": given.newest} for row in latest.values()]
    return given.export.with_orders([*given.export.orders, *newer])


@damage(5, KNOWN, "A re-saved export has no refunds in these orders, all with a new date of change.", ANY)
def refunds_zeroed_in_newer_versions(given: Given) -> Export:
    return saved_again(given, with_values(refunded_amount="0.00", status="completed"), is_refunded)


@damage(5, KNOWN, "A re-saved export has these orders wholly refunded, all with a new date of change.", ANY)
def refunds_of_all_in_newer_versions(given: Given) -> Export:
    return saved_again(given, lambda row: {**row, "refunded_amount": row["amount"]})


@damage(5, KNOWN, "A re-saved export has another currency in these orders, with a new date of change.", ANY)
def another_currency_in_newer_versions(given: Given) -> Export:
    return saved_again(given, with_values(currency="CHF" if has_rates(given) else ""))


@damage(5, KNOWN, "A re-saved export has gross amounts in these orders, with a new date of change.", ANY)
def gross_in_newer_versions(given: Given) -> Export:
    return saved_again(given, times(1.19, "amount"))


@damage(5, KNOWN, "A re-saved export has amounts in cents in these orders, with a new date of change.")
def cents_in_newer_versions(given: Given) -> Export:
    return saved_again(given, times(100, *AMOUNTS))


@damage(5, KNOWN, "A re-saved export has these orders cancelled, with a new date of change.")
def cancelled_in_newer_versions(given: Given) -> Export:
    return saved_again(given, with_values(status="cancelled"))


@damage(5, KNOWN, "A re-saved export has these orders with another customer, with a new date of change.")
def customers_shuffled_in_newer_versions(given: Given) -> Export:
    hit = sorted(given.hit(KNOWN))
    latest = {row["order_id"]: row for row in given.export.orders}
    owners = {order: latest[other] for order, other in zip(hit, [*hit[1:], *hit[:1]], strict=True)}
    columns = ("customer_id", "customer_email")
    newer = [
        {**latest[order], **{column: owner[column] for column in columns}, "updated_at": given.newest}
        for order, owner in owners.items()
    ]
    return given.export.with_orders([*given.export.orders, *newer])


@damage(5, KNOWN, "A re-saved export has these orders a month earlier, with a new date of change.")
def dates_moved_in_newer_versions(given: Given) -> Export:
    return saved_again(given, lambda row: moved(row, "ordered_at", timedelta(days=-30)))


def has_rates(given: Given) -> bool:
    return "exchange_rates" in given.export.tables


# 6. Late orders, near copies, rates.


@damage(6, KNOWN, "Orders of another shop were mixed in: more orders in months long closed.")
def late_orders_of_another_shop(given: Given) -> Export:
    hit = given.hit(KNOWN)
    others = [
        {**moved(row, "ordered_at", timedelta(hours=given.dice.randrange(-40, 40))), **foreign(row)}
        for row in given.export.orders
        if row["order_id"] in hit
    ]
    return given.export.with_orders([*given.export.orders, *others])


def foreign(row: Row) -> Row:
    owner = f"Z{crc32(row['order_id'].encode()) % 5000}"
    values = {"order_id": "Z" + row["order_id"], "customer_id": owner, "customer_email": f"{owner}@example.com"}
    return {column: value for column, value in values.items() if column in row}


@damage(
    6,
    ORDERS,
    "A second connector brought these orders once more: same customer and amount minutes later, another number.",
)
def near_copies(given: Given) -> Export:
    return with_copies(given, ORDERS, timedelta(minutes=4))


def with_copies(given: Given, of: str, by: timedelta) -> Export:
    hit = given.hit(of)
    copies = [
        {**moved(row, "ordered_at", by), "order_id": "D" + row["order_id"]}
        for row in given.export.orders
        if row["order_id"] in hit
    ]
    return given.export.with_orders([*given.export.orders, *copies])


def of_rates(given: Given, change: Callable[[Row], Row | None]) -> Export:
    """The latest share of the rates changed: what a provider that went wrong has sent since."""
    rows = sorted(given.export.tables["exchange_rates"], key=dated)
    first = len(rows) - number_of(given.share, len(rows))
    changed = [change(row) if number >= first else row for number, row in enumerate(rows)]
    return given.export.with_table("exchange_rates", [row for row in changed if row is not None])


def rate_times(factor: float) -> Callable[[Row], Row]:
    return lambda row: {**row, "rate": f"{float(row['rate']) * factor:.6f}" if is_number(row["rate"]) else row["rate"]}


def dated(row: Row) -> str:
    """The day of a rate; one that cannot be read comes first."""
    return row["rate_date"] if row["rate_date"][:2] == "20" else ""


def is_number(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False


@damage(6, RATES, "The latest rates are a tenth of what they should be.")
def rates_a_tenth(given: Given) -> Export:
    return of_rates(given, rate_times(0.1))


@damage(6, RATES, "The latest rates are ten times what they should be.")
def rates_ten_times(given: Given) -> Export:
    return of_rates(given, rate_times(10))


@damage(6, RATES, "The latest rates are turned round: units of the currency for one euro.")
def rates_turned_round(given: Given) -> Export:
    return of_rates(
        given, lambda row: {**row, "rate": f"{1 / float(row['rate']):.6f}"} if is_number(row["rate"]) else row
    )


@damage(6, RATES, "The provider of rates stopped: the latest rates are missing, older ones stay in use.")
def rates_stale(given: Given) -> Export:
    return of_rates(given, lambda row: None)


@damage(6, RATES, "A second provider sends rates of the same days that differ by a quarter.")
def rates_of_two_minds(given: Given) -> Export:
    rows = sorted(given.export.tables["exchange_rates"], key=dated)
    latest = rows[len(rows) - number_of(given.share, len(rows)) :]
    return given.export.with_table("exchange_rates", [*rows, *map(rate_times(1.25), latest)])


# 0. What the gate looked for before.


@damage(0, KNOWN, "Times of these orders lie a day later.")
def dates_shifted_by_a_day(given: Given) -> Export:
    return given.each(KNOWN, lambda row: moved(row, "ordered_at", timedelta(days=1)))


@damage(0, KNOWN, "Times of these orders were written in another time zone: seven hours later.", ANY)
def dates_in_another_time_zone(given: Given) -> Export:
    return given.each(KNOWN, lambda row: moved(row, "ordered_at", timedelta(hours=7)))


@damage(0, KNOWN, "Day and month of these orders were swapped where that makes a date.")
def day_and_month_swapped(given: Given) -> Export:
    return given.each(KNOWN, swapped)


def swapped(row: Row) -> Row:
    """The row with day and month of its order swapped, if both can be a month."""
    text = row["ordered_at"]
    year, month, day = text[:4], text[5:7], text[8:10]
    may_be = day.isdigit() and month.isdigit() and 1 <= int(day) <= 12
    return {**row, "ordered_at": f"{year}-{day}-{month}{text[10:]}"} if may_be else row


@damage(0, KNOWN, "Known orders are missing here and there.")
def orders_dropped(given: Given) -> Export:
    return given.each(KNOWN, lambda row: None)


@damage(0, KNOWN, "Known orders of one channel are missing.")
def orders_of_a_channel_dropped(given: Given) -> Export:
    return given.each(KNOWN, lambda row: None, where=of_channel(largest_channel(given)))


@damage(0, ORDERS, "The file was cut off: its last rows are missing.")
def file_truncated(given: Given) -> Export:
    rows = given.export.orders
    return given.export.with_orders(rows[: len(rows) - number_of(given.share, len(rows))])


@damage(0, KNOWN, "Orders were numbered anew: each of these is gone, and another is there in its place.")
def orders_renumbered(given: Given) -> Export:
    return given.each(KNOWN, lambda row: {**row, "order_id": "R" + row["order_id"]})


@damage(0, KNOWN, "Amounts were swapped between these orders.")
def amounts_swapped(given: Given) -> Export:
    return exchanged(given, AMOUNTS)


@damage(0, KNOWN, "Known orders have their amounts in cents.")
def known_amounts_in_cents(given: Given) -> Export:
    return given.each(KNOWN, times(100, *AMOUNTS))


@damage(0, ORDERS, "Amounts of all orders are in cents.", ALL)
def all_amounts_in_cents(given: Given) -> Export:
    return given.export.with_orders(map(times(100, *AMOUNTS), given.export.orders))


def applicable(damaged: Damage, export: Export) -> bool:
    """Whether the export has what the damage breaks."""
    needs = {RATES: "exchange_rates", CUSTOMERS: "customers"}.get(damaged.of, "orders")
    return needs in export.tables


def without_effect(before: Export, after: Export) -> bool:
    return all(list(before.tables[entity]) == list(rows) for entity, rows in after.tables.items())


# Beyond the kinds: what a careless or a malicious exporter may do as well.


@damage(8, NEW, "Shipping is part of the amount of new orders.", ANY)
def shipping_in_new_amounts(given: Given) -> Export:
    return given.each(NEW, lambda row: {**row, "amount": added(row["amount"], 4.9)})


@damage(8, NEW, "The discount was taken off new orders twice.", ANY)
def discount_taken_off_twice(given: Given) -> Export:
    return given.each(
        NEW,
        lambda row: {**row, "amount": added(row["amount"], -number(row.get("discount_amount", "")))},
        where=lambda row: number(row.get("discount_amount", "")) > 0,
    )


@damage(8, NEW, "Refunds come as orders of their own with negative amounts.", ANY)
def refunds_as_negative_orders(given: Given) -> Export:
    hit = given.hit(NEW)
    refunds = [
        {**times(-1, "amount")(row), "order_id": f"{row['order_id']}-R"}
        for row in given.export.orders
        if row["order_id"] in hit
    ]
    return given.export.with_orders([*given.export.orders, *refunds])


@damage(8, NEW, "A bot orders for a cent each, under ever new addresses.", ANY)
def tiny_orders_of_a_bot(given: Given) -> Export:
    hit = given.hit(NEW)
    tiny = [
        {
            **row,
            "order_id": f"{row['order_id']}-B",
            "customer_id": "",
            "customer_email": f"bot{row['order_id']}@example.net",
            "amount": "0.01",
            "refunded_amount": "0.00",
        }
        for row in given.export.orders
        if row["order_id"] in hit
    ]
    return given.export.with_orders([*given.export.orders, *tiny])


@damage(8, NEW, "One new order has its decimal point in the wrong place: a thousand times its value.", ALL)
def one_order_a_thousand_times(given: Given) -> Export:
    one = next(row["order_id"] for row in reversed(given.export.orders) if row["order_id"] not in given.known)
    return given.export.with_orders(
        times(1000, "amount")(row) if row["order_id"] == one else row for row in given.export.orders
    )


@damage(8, NEW, "New orders all have the time of the export.", ANY)
def new_orders_at_one_moment(given: Given) -> Export:
    return given.each(NEW, lambda row: {**row, "ordered_at": f"{given.day}T12:00:00Z"})


@damage(8, NEW, "The shop began to count its orders anew: new ones have numbers of old ones, which they replace.", ANY)
def order_numbers_used_again(given: Given) -> Export:
    hit = sorted(given.hit(NEW))
    dealt = dict(zip(hit, given.order_ids, strict=False))
    return given.export.with_orders(
        {**row, "order_id": dealt.get(row["order_id"], row["order_id"])} for row in given.export.orders
    )


@damage(8, KNOWN, "These orders were moved to the year before, to make last year look better.")
def orders_moved_to_the_year_before(given: Given) -> Export:
    return saved_again(given, lambda row: moved(row, "ordered_at", timedelta(days=-365)))


@damage(8, KNOWN, "Amounts of these orders were rounded up to whole euros.", ANY)
def amounts_rounded_up(given: Given) -> Export:
    return given.each(KNOWN, lambda row: {**row, "amount": added("0", math.ceil(number(row["amount"])))})


@damage(8, NEW, "New orders of one channel are marked as tests.", ANY)
def a_channel_marked_as_tests(given: Given) -> Export:
    return given.each(NEW, with_values(is_test="true"), where=of_channel(largest_channel(given)))


@damage(8, NEW, "New orders were given to customers who had left long ago, so that nobody seems to have gone.")
def lost_customers_revived(given: Given) -> Export:
    old = [row for row in given.export.orders if row["customer_id"].strip()][:400]
    return given.each(NEW, lambda row: {**row, **owner_of(given.dice.choice(old), row)})


def owner_of(other: Row, row: Row) -> Row:
    return {column: other[column] for column in ("customer_id", "customer_email") if column in row}


def number(text: str) -> float:
    """An amount, 0 where it is none."""
    try:
        found = float(text)
    except ValueError:
        return 0.0
    return found if math.isfinite(found) else 0.0


def added(text: str, by: float) -> str:
    try:
        return f"{float(text) + by:.2f}"
    except ValueError:
        return text
