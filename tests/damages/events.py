"""What happens in sound shops: each must pass, or be accepted once and then be done with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import NamedTuple
from zlib import crc32

from tests.damages.damages import is_refunded, times
from tests.damages.exports import Export, Row, Shop

DAY, WEEK = timedelta(days=1), timedelta(days=7)
Exports = Callable[[Shop], list[Export]]


class Event(NamedTuple):
    """Exports of refreshes that follow each other; the first is the baseline."""

    name: str
    says: str
    exports: Exports


EVENTS: dict[str, Event] = {}


def event(says: str) -> Callable[[Exports], Exports]:
    def enter(exports: Exports) -> Exports:
        EVENTS[exports.__name__] = Event(exports.__name__, says, exports)
        return exports

    return enter


def weeks(shop: Shop, number: int = 2) -> list[Export]:
    return [shop.export(shop.last_day - WEEK * (number - week)) for week in range(number + 1)]


def orders_where(export: Export, keep: Callable[[Row], bool]) -> Export:
    return export.with_orders([row for row in export.orders if keep(row)])


def new_orders_changed(exports: list[Export], change: Callable[[Row], Row]) -> list[Export]:
    """Every order that the baseline did not know is as `change` makes it."""
    known = ids(exports[0].orders)
    return [
        exports[0],
        *(
            export.with_orders([row if row["order_id"] in known else change(row) for row in export.orders])
            for export in exports[1:]
        ),
    ]


def ids(rows: Iterable[Row]) -> set[str]:
    return {row["order_id"] for row in rows}


@event("Nothing happens but a week's orders.")
def two_usual_weeks(shop: Shop) -> list[Export]:
    return weeks(shop)


@event("The only row that could not be read is mended.")
def the_only_bad_row_mended(shop: Shop) -> list[Export]:
    first, *rest = weeks(shop)
    bad = first.orders[len(first.orders) // 2]["order_id"]
    return [
        first.with_orders([{**row, "amount": "?"} if row["order_id"] == bad else row for row in first.orders]),
        *rest,
    ]


@event("Orders are refunded, in a shop whose export has one row per order and whose date of change never moves.")
def refunds_without_a_new_date(shop: Shop) -> list[Export]:
    return [frozen_dates(export) for export in weeks(shop)]


def frozen_dates(export: Export) -> Export:
    latest = {row["order_id"]: row for row in export.orders}
    return export.with_orders([{**row, "updated_at": row["ordered_at"]} for row in latest.values()])


@event("The latest order was deleted, and nobody has ordered since.")
def the_latest_order_deleted(shop: Shop) -> list[Export]:
    first, second = weeks(shop, 1)
    latest = max(first.orders, key=lambda row: row["ordered_at"] if row["ordered_at"][:1].isdigit() else "")
    return [first, orders_where(first, lambda row: row["order_id"] != latest["order_id"]), second]


@event("One channel's orders arrive a day late, every day.")
def a_channel_a_day_late(shop: Shop) -> list[Export]:
    channel = shop.export(shop.last_day).orders[-1].get("sales_channel", "")
    days = [shop.last_day - DAY * (3 - number) for number in range(4)]
    return [
        orders_where(
            shop.export(day),
            lambda row, today=str(day): row.get("sales_channel") != channel or row["ordered_at"][:10] < today,  # type: ignore[misc]
        )
        for day in days
    ]


@event("A marketplace stands as one customer, and tells the dates of its orders without a time.")
def a_marketplace_as_one_customer(shop: Shop) -> list[Export]:
    return [
        export.with_orders([
            {**row, "customer_id": "MARKETPLACE", "customer_email": "", "ordered_at": row["ordered_at"][:10],
             "amount": price(row)}
            if is_of_marketplace(row) else row
            for row in export.orders
        ])
        for export in weeks(shop)
    ]  # fmt: skip


def is_of_marketplace(row: Row) -> bool:
    return crc32(row["order_id"].encode()) % 5 == 0


def price(row: Row) -> str:
    """A marketplace sells few articles at few prices."""
    return ("19.90", "29.90", "49.90")[crc32(row["order_id"].encode()) % 3]


@event("Years of history are imported at once: the baseline had six months.")
def years_of_history_imported(shop: Shop) -> list[Export]:
    first, *rest = weeks(shop)
    since = str(shop.last_day - timedelta(days=183))
    return [orders_where(first, lambda row: row["ordered_at"][:10] >= since), *rest]


@event("Black Friday, day by day.")
def black_friday(shop: Shop) -> list[Export]:
    return [shop.export(date(2025, 11, 26) + DAY * number) for number in range(5)]


@event("A new channel opens and takes a fifth of the orders.")
def a_new_channel(shop: Shop) -> list[Export]:
    return new_orders_changed(
        weeks(shop), lambda row: {**row, "sales_channel": "social"} if is_of_marketplace(row) else row
    )


@event("All prices rise by a tenth.")
def a_price_rise(shop: Shop) -> list[Export]:
    return new_orders_changed(weeks(shop), times(1.1, "amount", "refunded_amount", "discount_amount"))


@event("Refunds begin: the shop never had any, and a twentieth of two months' orders is refunded at once.")
def a_first_wave_of_refunds(shop: Shop) -> list[Export]:
    exports = [
        export.with_orders([{**row, "refunded_amount": "0.00"} for row in export.orders if row["status"] != "refunded"])
        for export in weeks(shop)
    ]
    since = str(shop.last_day - timedelta(days=70))
    first, *rest = exports
    known = ids(first.orders)
    return [first, *(export.with_orders([*export.orders, *refunds(export, known, since)]) for export in rest)]


def refunds(export: Export, known: set[str], since: str) -> list[Row]:
    latest = {row["order_id"]: row for row in export.orders if row["order_id"] in known and row["ordered_at"] > since}
    end = max(row["updated_at"] for row in export.orders)
    return [
        {**row, "refunded_amount": row["amount"], "updated_at": end}
        for row in latest.values()
        if crc32(row["order_id"].encode()) % 20 == 0
    ]


@event("Nobody orders for a week; then it goes on.")
def a_week_without_orders(shop: Shop) -> list[Export]:
    first, second, third = weeks(shop)
    quiet = ids(second.orders) - ids(first.orders)
    return [
        first,
        orders_where(second, lambda row: row["order_id"] not in quiet),
        orders_where(third, lambda row: row["order_id"] not in quiet),
    ]


@event("A customer was erased: the source does not send any row of the person.")
def an_erased_customer(shop: Shop) -> list[Export]:
    first, *rest = weeks(shop)
    person = next(row for row in first.orders if row["customer_id"].strip())
    return [first, *(without(export, person["customer_id"]) for export in rest)]


def without(export: Export, customer: str) -> Export:
    erased = orders_where(export, lambda row: row["customer_id"] != customer)
    return erased.with_table("customers", [row for row in export.tables["customers"] if row["customer_id"] != customer])


@event("The shop purged its first year.")
def a_purged_year(shop: Shop) -> list[Export]:
    first, *rest = weeks(shop)
    begun = min(row["ordered_at"] for row in first.orders if row["ordered_at"][:2] == "20")
    until = f"{int(begun[:4]) + 1}{begun[4:10]}"
    return [first, *(orders_where(export, lambda row: row["ordered_at"][:10] >= until) for export in rest)]


@event("Every export holds the last 13 months.")
def a_rolling_export(shop: Shop) -> list[Export]:
    days = [shop.last_day - WEEK * (3 - number) for number in range(4)]
    return [
        orders_where(
            shop.export(day), lambda row, since=str(day - timedelta(days=395)): row["ordered_at"][:10] >= since  # type: ignore[misc]
        )
        for day in days
    ]  # fmt: skip


@event("Guests registered: their orders are now those of customers.")
def guests_registered(shop: Shop) -> list[Export]:
    first, *rest = weeks(shop)
    return [first, *(registered(export) for export in rest)]


def registered(export: Export) -> Export:
    """One in ten guests has a number now, in every order."""
    return export.with_orders(
        [
            {**row, "customer_id": "G" + row["customer_email"].partition("@")[0]}
            if not row["customer_id"].strip()
            and crc32(row["customer_email"].encode()) % 10 == 0
            and row["customer_email"]
            else row
            for row in export.orders
        ]
    )


@event("The customer service refunded what is usual: one in a hundred of the orders of the last months.")
def usual_refunds(shop: Shop) -> list[Export]:
    first, *rest = weeks(shop)
    end = max(row["updated_at"] for row in rest[0].orders)
    latest = {row["order_id"]: row for row in first.orders if not is_refunded(row)}
    newer = [
        {**row, "refunded_amount": row["amount"], "updated_at": end}
        for row in latest.values()
        if crc32(row["order_id"].encode()) % 100 == 0 and row["ordered_at"] > str(shop.last_day - timedelta(days=120))
    ]
    return [first, *(export.with_orders([*export.orders, *newer]) for export in rest)]
