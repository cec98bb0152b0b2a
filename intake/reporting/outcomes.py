"""The part of the report about what becomes of the rows, from a warehouse in which dbt has run the staging models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from stammkunde.database import quoted

from ..converting.outcomes import FOLDED, LEFT_OUT
from ..find import CANONICAL
from .findings import counted, files
from .values import SAMPLES, masked

# The raw column that an example of each reason shows; of any other reason it is the number of the order alone.
SHOWN_COLUMN = {
    "missing_order_id": "coalesce(malformed_line, ordered_at)",
    "damaged_id": "order_id || ' of customer ' || coalesce(customer_id, '')",
    "invalid_ordered_at": "ordered_at",
    "ordered_in_future": "ordered_at",
    "invalid_amount": "amount",
    "negative_amount": "amount",
    "invalid_refund": "refunded_amount || ' of ' || amount",
    "unknown_currency": "currency",
    "test_order": "is_test",
    "status": "status",
    "fully_refunded": "refunded_amount",
    "after_as_of_date": "order_date",
}
# What each further entity or column of orders adds to the marts.
FEEDS = (
    ("customers", None, "attributes of customers"),
    ("order_lines", "category", "categories"),
    ("orders", "sales_channel", "sales channels"),
    ("orders", "discount_amount", "discounts"),
    ("orders", "updated_at", "times of changes (which version is the latest)"),
    ("orders", "customer_email", "e-mails (orders without a customer number belong to nobody)"),
)
BEFORE_RAW_ROWS = (FOLDED, LEFT_OUT)  # outcomes of lines that were no rows of their own
REASONS = {
    "quarantined": ("quarantined_orders", "rejection_reason"),
    "excluded": ("excluded_orders", "exclusion_reason"),
}


def outcome_report(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """The span of the orders, and for each entity the rows that were read and what becomes of them."""
    first, last, currencies = connection.execute(
        """
        select min(order_date), max(order_date), string_agg(distinct currency, ', ' order by currency)
        from staging.stg_orders where rejection_reason is null
        """
    ).fetchall()[0]
    outcomes = connection.execute(
        """
        select entity, outcome, reason, rows from marts.row_accounting
        order by entity, outcome <> 'counted', outcome, rows desc, reason
        """
    ).fetchall()
    of_orders = [row for entity, *row in outcomes if entity == "orders"]
    yield "What becomes of the rows"
    span = f", from {first} to {last} in {currencies}" if first else "; none is usable"
    yield f"  orders {sum(rows for *_, rows in of_orders):,} read{span}"
    for outcome, reason, rows in of_orders:
        shown = outcome if reason == "none" else f"{outcome}: {reason}"
        yield f"    {rows:>10,} {shown:<32} {examples(connection, outcome, reason)}".rstrip()
    for entity in dict.fromkeys(entity for entity, *_ in outcomes if entity != "orders"):
        parts = [
            f"{rows:,} {outcome if reason == 'none' else f'{outcome}: {reason}'}"
            for name, outcome, reason, rows in outcomes
            if name == entity
        ]
        total = sum(rows for name, *_, rows in outcomes if name == entity)
        yield f"  {entity} {total:,} read: {', '.join(parts)}"


def outcomes_by_source(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """For each source the rows that were read of its files, how many were handed on, and what becomes of them."""
    found = connection.execute(
        """
        select source, entity, outcome, reason, rows from marts.source_accounting
        order by source, entity, outcome <> 'counted', outcome, rows desc, reason
        """
    ).fetchall()
    yield ""
    yield "By source"
    for source in dict.fromkeys(name for name, *_ in found):
        of_source = [row for name, *row in found if name == source]
        read = sum(rows for *_, rows in of_source)
        handed_on = sum(rows for _, outcome, _, rows in of_source if outcome not in BEFORE_RAW_ROWS)
        called = f"{source} (files under the entities' own names)" if source == CANONICAL else source
        yield f"  {called}: {counted(read, 'row', 'rows')} read, {handed_on:,} handed on"
        for entity in dict.fromkeys(entity for entity, *_ in of_source):
            parts = [
                f"{rows:,} {outcome if reason == 'none' else f'{outcome}: {reason}'}"
                for name, outcome, reason, rows in of_source
                if name == entity
            ]
            yield f"    {entity}: {', '.join(parts)}"


def examples(connection: duckdb.DuckDBPyConnection, outcome: str, reason: str) -> str:
    """A few orders that did not count for a reason, and the files that they are from."""
    if outcome not in REASONS:
        return ""
    table, column = REASONS[outcome]
    found = connection.execute(
        f"select order_id, cast({SHOWN_COLUMN.get(reason, 'order_id')} as varchar), source_file from staging.{table} "
        f"where {column} = ? order by all limit {SAMPLES}",
        [reason],
    ).fetchall()
    shown = [
        f"{masked(order_id or '').strip() or '(no number)'} {'empty' if value is None else quoted(masked(value))}"
        for order_id, value, _ in found
    ]
    return f"{', '.join(shown)} ({files(file for *_, file in found)})"


def reasons_of_quarantine(connection: duckdb.DuckDBPyConnection) -> str:
    """How many order rows of which file cannot be used and why, the most first."""
    found = connection.execute(
        """
        select rejection_reason, source_file, count(*) as rows from staging.quarantined_orders
        group by rejection_reason, source_file order by rows desc, rejection_reason, source_file
        """
    ).fetchall()
    listed = [f"{reason} {rows:,} in {Path(file or '').name or 'a table'}" for reason, file, rows in found]
    more = f" and {len(listed) - SAMPLES} more" if len(listed) > SAMPLES else ""
    return ", ".join(listed[:SAMPLES]) + more


def marts_report(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """How much the marts will hold, and what the folder has nothing of."""
    orders, customers, attributed = connection.execute(
        "select count(*), count(distinct customer_id), count(customer_id) from intermediate.int_order_sequence"
    ).fetchall()[0]
    held = f"{counted(orders, 'order', 'orders')} of {counted(customers, 'customer', 'customers')}"
    if attributed < orders:
        held += f", {orders - attributed:,} of them of nobody (neither customer_id nor e-mail)"
    yield f"What the marts will hold: {held}"
    nothing_of = [what for entity, column, what in FEEDS if not filled(connection, entity, column)]
    if not knows_refunds(connection):
        nothing_of.append("refunds (revenue is gross)")
    if nothing_of:
        yield f"  There is nothing of: {', '.join(nothing_of)}"


def filled(connection: duckdb.DuckDBPyConnection, entity: str, column: str | None) -> int:
    return connection.execute(f"select count({column or '*'}) from staging.stg_{entity}").fetchall()[0][0]


def knows_refunds(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether any refund is known, by a figure, a row of its own or the state of an order."""
    query = "select count(*) from intermediate.int_current_orders where refunded_amount > 0"
    return connection.execute(query).fetchall()[0][0] > 0


def counted_orders(connection: duckdb.DuckDBPyConnection) -> int:
    return connection.execute("select count(*) from intermediate.int_order_sequence").fetchall()[0][0]


def shops_currency(connection: duckdb.DuckDBPyConnection, currency: str) -> str | None:
    """The currency that most rows without a rate have, where it is that of more rows than are usable, or no usable
    order is in the reporting currency."""
    found = connection.execute(
        """
        select upper(quarantined.currency), count(*) > any_value(usable.orders) or any_value(usable.own) = 0
        from staging.quarantined_orders as quarantined
        cross join (
            select count(*) as orders, count(*) filter (where upper(currency) = ?) as own
            from staging.stg_orders where rejection_reason is null
        ) as usable
        where quarantined.rejection_reason = 'unknown_currency'
        group by 1 order by count(*) desc, 1 limit 1
        """,
        [currency],
    ).fetchall()
    return found[0][0] if found and found[0][1] else None
