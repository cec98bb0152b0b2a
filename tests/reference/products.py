"""What first purchase brings people back (contract section 22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from .cohorts import Row, interval, ratio, total
from .intake import Customer, Order
from .rows import OrderLine

Lines = Mapping[str, Sequence[OrderLine]]


def first_product_retention(customers: Sequence[Customer], lines: Lines, as_of: date) -> list[Row]:
    began = [customer for customer in customers if bought(customer.orders[0], lines)]
    rows: list[Row] = []
    for level in ("product", "category"):
        held = {customer.customer_id: values(customer.orders[0], level, lines) for customer in began}
        for value in sorted({"all"}.union(*held.values()) if began else ()):
            members = [customer for customer in began if value == "all" or value in held[customer.customer_id]]
            rows.append(
                {"level": level, "value": value, **figures(members, level, value, lines, as_of, len(customers))}
            )
    return rows


def bought(order: Order, lines: Lines) -> list[OrderLine]:
    """Lines of an order with nothing sent back."""
    return [line for line in lines.get(order.order_id, ()) if line.quantity is None or line.quantity > 0]


def values(order: Order, level: str, lines: Lines) -> set[str]:
    named = [line.product_id if level == "product" else line.category for line in bought(order, lines)]
    return {"unknown" if name is None else "all (value)" if name == "all" else name for name in named}


def figures(members: Sequence[Customer], level: str, value: str, lines: Lines, as_of: date, everybody: int) -> Row:
    mature = [c for c in members if c.first_order_date + timedelta(days=90) <= as_of]
    returned = [c for c in mature if len(c.orders) > 1 and days_after(c, c.orders[1]) <= 90]
    known = [c for c in returned if bought(c.orders[1], lines)]
    again = [c for c in known if is_again(c, level, value, lines)]
    year = [c for c in members if c.first_order_date + timedelta(days=365) <= as_of]
    first_year = [[order for order in c.orders if days_after(c, order) <= 365] for c in year]
    revenue = sum((total(orders) for orders in first_year), Decimal(0))
    later = sum((total(orders[1:]) for orders in first_year), Decimal(0))
    is_known = value != "unknown"
    return {
        "first_customers": len(members),
        "share_of_customers": ratio(len(members), everybody),
        "mature_customers": len(mature),
        "returned_customers": len(returned),
        "second_order_rate_90d": ratio(len(returned), len(mature)),
        **interval("second_order_rate_90d", len(returned), len(mature)),
        "has_enough": len(mature) >= 30,
        "returned_with_lines": len(known),
        "same_again_customers": len(again) if is_known else None,
        "same_again_rate": ratio(len(again), len(known)) if is_known else None,
        "mature_customers_365d": len(year),
        "revenue_per_customer_365d": ratio(revenue, len(year)),
        "later_revenue_per_customer_365d": ratio(later, len(year)),
    }


def days_after(customer: Customer, order: Order) -> int:
    return (order.order_date - customer.first_order_date).days


def is_again(customer: Customer, level: str, value: str, lines: Lines) -> bool:
    first, second = (values(order, level, lines) - {"unknown"} for order in customer.orders[:2])
    return bool(first & second) if value == "all" else value in second
