"""Damages that come in several refreshes: each change is small, or is seen only beside the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import NamedTuple
from zlib import crc32

from tests.damages.damages import DAMAGES, is_refunded, times, with_values
from tests.damages.exports import Export, Row, Shop

WEEK = timedelta(days=7)


class Chain(NamedTuple):
    """Refreshes that follow the baseline, each from its export, and what of it is wrong."""

    name: str
    says: str
    exports: Callable[[Shop], Iterator[tuple[date, Export]]]  # the first is the sound baseline


CHAINS: dict[str, Chain] = {}
Exports = Callable[[Shop], Iterator[tuple[date, Export]]]


def chain(says: str) -> Callable[[Exports], Exports]:
    def enter(exports: Exports) -> Exports:
        CHAINS[exports.__name__] = Chain(exports.__name__, says, exports)
        return exports

    return enter


def sound(shop: Shop, refreshes: int, between: timedelta = WEEK) -> list[tuple[date, Export]]:
    """The baseline and so many refreshes, up to the last day of the shop."""
    days = [shop.last_day - between * (refreshes - number) for number in range(refreshes + 1)]
    return [(day, shop.export(day)) for day in days]


def is_hit(row: Row, share: float, salt: str) -> bool:
    """Whether an order is among a share of them: whoever is hit by a small share is hit by a larger one, too."""
    return crc32(f"{salt} {row['order_id']}".encode()) % 10_000 < share * 10_000


def growing(
    shop: Shop, refreshes: int, each: float, change: Callable[[Row], Row | None], salt: str
) -> Iterator[tuple[date, Export]]:
    """Every refresh changes so much more of the orders that the baseline knew."""
    (first, baseline), *rest = sound(shop, refreshes)
    known = {row["order_id"] for row in baseline.orders}
    yield first, baseline
    for number, (day, export) in enumerate(rest, start=1):
        hit = [row["order_id"] in known and is_hit(row, each * number, salt) for row in export.orders]
        changed = [change(row) if it_is else row for row, it_is in zip(export.orders, hit, strict=True)]
        yield day, export.with_orders([row for row in changed if row is not None])


@chain("Amounts of all closed months grow by 0.4 % in each of ten refreshes: each time too little to be noticed.")
def creeping_amounts(shop: Shop) -> Iterator[tuple[date, Export]]:
    (first, baseline), *rest = sound(shop, 10)
    known = {row["order_id"] for row in baseline.orders}
    yield first, baseline
    for number, (day, export) in enumerate(rest, start=1):
        grown = times(1.004**number, "amount", "refunded_amount")
        yield day, export.with_orders([grown(row) if row["order_id"] in known else row for row in export.orders])


@chain("Each of ten refreshes gives 0.4 % more of the known orders to one customer.")
def creeping_customers(shop: Shop) -> Iterator[tuple[date, Export]]:
    return growing(shop, 10, 0.004, with_values(customer_id="C00001", customer_email="one@example.com"), "customers")


@chain("Each of ten refreshes has 0.4 % fewer of the known orders.")
def creeping_loss(shop: Shop) -> Iterator[tuple[date, Export]]:
    return growing(shop, 10, 0.004, lambda row: None, "loss")


@chain("Each of ten refreshes has 0.4 % more of the known orders cancelled, with a new date of change.")
def creeping_cancellations(shop: Shop) -> Iterator[tuple[date, Export]]:
    (first, baseline), *rest = sound(shop, 10)
    yield first, baseline
    latest = {row["order_id"]: row for row in baseline.orders}
    newer: list[Row] = []
    for number, (day, export) in enumerate(rest, start=1):
        now_hit = [row for row in latest.values() if is_hit(row, 0.004 * number, "cancellations")]
        done = {row["order_id"] for row in newer}
        changed = {"status": "cancelled", "updated_at": f"{day}T23:30:00Z"}
        newer += [{**row, **changed} for row in now_hit if row["order_id"] not in done]
        yield day, export.with_orders([*export.orders, *newer])


@chain("New orders of one channel come in cents for a week; the next refresh has them right again.")
def comes_and_is_repaired(shop: Shop) -> Iterator[tuple[date, Export]]:
    (first, baseline), (day, export), *rest = sound(shop, 3)
    yield first, baseline
    known = {row["order_id"] for row in baseline.orders}
    yield day, DAMAGES["amounts_of_a_channel_in_cents"].done_to(export, known, day, 1.0)
    yield from rest


@chain("One order of each week cannot be read, and is mended a week later.")
def one_bad_row_mended(shop: Shop) -> Iterator[tuple[date, Export]]:
    first, *rest = sound(shop, 3)
    yield first
    for day, export in rest:
        last = export.orders[-1]["order_id"]
        rows = [{**row, "amount": "n/a"} if row["order_id"] == last else row for row in export.orders]
        yield day, export.with_orders(rows)


@chain("Each refresh has one column less: discount, e-mail, test, currency, channel, state.")
def columns_lost_step_by_step(shop: Shop) -> Iterator[tuple[date, Export]]:
    columns = ("discount_amount", "customer_email", "is_test", "currency", "sales_channel", "status")
    first, *rest = sound(shop, len(columns))
    yield first
    for number, (day, export) in enumerate(rest, start=1):
        gone = set(columns[:number])
        yield day, export.with_orders([{k: v for k, v in row.items() if k not in gone} for row in export.orders])


@chain("New orders change to cents little by little: 2, 5, 10, 30 and 100 % of them, week by week.")
def slowly_to_cents(shop: Shop) -> Iterator[tuple[date, Export]]:
    yield from slowly(shop, (0.02, 0.05, 0.1, 0.3, 1.0), times(100, "amount", "refunded_amount", "discount_amount"))


@chain("New orders change to gross amounts little by little: 2, 5, 10, 30 and 100 % of them, week by week.")
def slowly_to_gross(shop: Shop) -> Iterator[tuple[date, Export]]:
    yield from slowly(shop, (0.02, 0.05, 0.1, 0.3, 1.0), times(1.19, "amount", "refunded_amount", "discount_amount"))


def slowly(shop: Shop, shares: tuple[float, ...], change: Callable[[Row], Row]) -> Iterator[tuple[date, Export]]:
    """Of the orders of each week the share that was changed when they were new."""
    first, *rest = sound(shop, len(shares))
    yield first
    for day, export in rest:
        rows = []
        for row in export.orders:
            weeks = [
                share for (until, _), share in zip(rest, shares, strict=True) if row["ordered_at"][:10] <= str(until)
            ]
            is_new = row["ordered_at"][:10] > str(first[0])
            rows.append(change(row) if is_new and weeks and is_hit(row, weeks[0], "slowly") else row)
        yield day, export.with_orders(rows)


@chain(
    "Refunds are forgotten little by little: of a tenth more of the refunded orders in each refresh, in newer versions."
)
def refunds_forgotten_step_by_step(shop: Shop) -> Iterator[tuple[date, Export]]:
    for number, (day, export) in enumerate(sound(shop, 6)):
        refunded = {row["order_id"] for row in export.orders if is_refunded(row)}
        latest = {row["order_id"]: row for row in export.orders if row["order_id"] in refunded}
        newer = [
            {**row, "refunded_amount": "0.00", "status": "completed", "updated_at": f"{day}T23:30:00Z"}
            for row in latest.values()
            if is_hit(row, 0.1 * number, "refunds")
        ]
        yield day, export.with_orders([*export.orders, *newer])
