"""Findings on what an order says: versions that contradict each other, odd days, refunds and amounts."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from stammkunde.database import quoted

from ..converting.tables import minor_units
from ..states import valued
from .findings import Finding, counted, files, value_of
from .values import SAMPLES, masked

# How shops call them, in German and English; as a regular expression.
GIFT_CARD = (
    "(?i)gift[ -]?(card|voucher|certificate)|e-?gift|geschenk(gutschein|karte)|(wert|einkaufs)gutschein|^gutschein( |$)"
)
# Days from which computers count: an order on one of them has no date.
FIRST_DAYS = (
    "0001-01-01",
    "1899-12-30",
    "1899-12-31",
    "1900-01-01",
    "1901-01-01",
    "1904-01-01",
    "1969-12-31",
    "1970-01-01",
)


def what_findings(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """All findings on what orders say."""
    yield from conflicts(connection)
    yield from first_days(connection)
    yield from refunds_above_the_amount(connection)
    yield from zero_amounts(connection)
    yield from negative_amounts(connection)
    yield from gift_cards(connection)
    yield from thousands(connection)


def conflicts(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Rows of one number that differ, and nothing says which is right."""
    lost = "staging.superseded_orders where superseded_reason = 'conflict'"
    number = connection.execute(f"select count(*) from {lost}").fetchall()[0][0]
    if not number:
        return
    examples = connection.execute(
        f"""
        select lost.order_id, kept.amount, kept.currency, kept.order_date, lost.amount, lost.currency, lost.order_date
        from (select * from {lost}) as lost
        inner join intermediate.int_order_versions as kept on lost.order_id = kept.order_id and kept.version_rank = 1
        order by lost.amount desc, lost.order_id limit {SAMPLES}
        """
    ).fetchall()
    shown = "; ".join(
        f"{masked(order_id)}: {kept:,.2f} {kept_in} of {kept_on} counts, {lost:,.2f} {lost_in} of {lost_on} does not"
        for order_id, kept, kept_in, kept_on, lost, lost_in, lost_on in examples
    )
    rows = counted(number, "row has", "rows have")
    yield Finding(
        f"{rows} the number of another order and other values, and nothing says which is right: "
        f"{value_of(connection, lost)} ({shown})",
        "if they are orders of their own, map another column to order_id; if they are versions, map updated_at",
    )


def first_days(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    days = ", ".join(f"date '{day}'" for day in FIRST_DAYS)
    number, found, sources = connection.execute(
        f"""
        select count(*), list_sort(list(distinct order_date)), list(distinct source_file) from staging.stg_orders
        where rejection_reason is null and order_date in ({days})
        """
    ).fetchall()[0]
    if number:
        shown = ", ".join(str(day) for day in found)
        yield Finding(
            f"{counted(number, 'order is', 'orders are')} of {shown} in {files(sources)}: days from which computers "
            "count, so probably no date at all",
            "such orders begin the shop's history and its first cohort. Correct the dates at their source",
        )


def refunds_above_the_amount(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    number, largest, order_id = connection.execute(
        """
        with refunded as (
            select orders.order_id,
                greatest(orders.refunded_amount, coalesce(refunds.refunded_amount, 0)) - orders.amount as above
            from staging.stg_orders as orders
            left join intermediate.int_order_refunds as refunds on orders.order_id = refunds.order_id
            where orders.rejection_reason is null
        )
        select count(*), max(above), arg_max(order_id, above) from refunded where above > 0
        """
    ).fetchall()[0]
    if number:
        yield Finding(
            f"{counted(number, 'refund is', 'refunds are')} above the amount, by up to {largest:,.2f} "
            f"(order {masked(order_id)}): all of the order then counts as refunded",
            "often a refund includes tax or shipping, the amount does not: use scaled_by and at_most (docs/mapping.md)",
        )


def zero_amounts(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    number, customers = connection.execute(
        "select count(*), count(distinct customer_id) from intermediate.int_order_sequence where amount = 0"
    ).fetchall()[0]
    if number:
        yield Finding(
            f"{counted(number, 'order', 'orders')} of {counted(customers, 'customer', 'customers')} at 0.00 "
            f"{'counts as a purchase' if number == 1 else 'count as purchases'} (exchanges, replacements, gifts?)",
            "to leave them out, a rule for orders, with the column of the amount: "
            "leave_out: {exchanges: {column: Subtotal, zero: true}}",
        )


def negative_amounts(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    number, sources = connection.execute(
        """
        select count(*), list(distinct source_file) from staging.quarantined_orders
        where rejection_reason = 'negative_amount'
        """
    ).fetchall()[0]
    if number:
        yield Finding(
            f"{counted(number, 'row', 'rows')} of {files(sources)} with an amount below zero: credit notes or returns?",
            "they are not counted, and not taken off either: map such rows as refunds (docs/mapping.md, Refunds)",
        )


def gift_cards(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Lines of counted orders whose product is called a gift card: sold once and redeemed once, it is revenue once."""
    rows = f"""
        staging.stg_order_lines as lines
        inner join intermediate.int_order_sequence as orders on lines.order_id = orders.order_id
        where lines.rejection_reason is null and not lines.is_superseded
        and regexp_matches(lines.product_name, {quoted(GIFT_CARD)})
    """
    number, example = connection.execute(f"select count(*), min(lines.product_name) from {rows}").fetchall()[0]
    if not number:
        return
    query = f"select orders.currency, sum(lines.amount) from {rows} group by orders.currency"
    value = valued(dict(connection.execute(query).fetchall()))
    yield Finding(
        f"{counted(number, 'line is', 'lines are')} called gift cards ({masked(example)}): {value}, revenue when they "
        "are sold and again when they are redeemed",
        "to leave them out, a rule for orders: see gift_cards in docs/mapping.md",
    )


def thousands(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Amounts such as 1.234, by which a German shop means one thousand two hundred and thirty-four."""
    with_thousandths = ", ".join(f"'{currency}'" for currency in minor_units("minor")[3])
    found = connection.execute(
        f"""
        with fractions as (
            select source_file, order_id, cast(amount as decimal(18, 3)) as amount,
                amount * 100 <> trunc(amount * 100) and amount * 1000 = trunc(amount * 1000) as has_three_digits
            from staging.stg_orders
            where rejection_reason is null and amount <> trunc(amount) and currency not in ({with_thousandths})
        )
        select source_file, count(*) filter (has_three_digits),
            arg_max((order_id, amount), amount) filter (has_three_digits)
        from fractions group by source_file having count(*) filter (has_three_digits) * 2 >= count(*)
        order by source_file
        """
    ).fetchall()
    for source, number, (order_id, amount) in found:
        yield Finding(
            f"{counted(number, 'amount', 'amounts')} of {files([source])} with three digits behind the point, such as "
            f"{amount} of order {masked(order_id)}",
            "if the point groups thousands, say so in a mapping: format: {thousands: '.', decimal: ','}",
        )
