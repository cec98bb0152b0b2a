"""Who a row belongs to (contract section 4.5)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .ranks import customer_rank, null_smallest
from .rows import CustomerRow, OrderVersion
from .settings import Settings


@dataclass(frozen=True)
class Identity:
    number_of_email: Mapping[str, str]  # e-mail in lower case -> the smallest number that shares it
    email_of_number: Mapping[str, str]
    email_comes_first: bool
    salt: str

    def of(self, customer_id: str | None, email: str | None) -> str | None:
        """The customer of a row with this number and this e-mail; None: unattributed."""
        if self.email_comes_first:
            email = email or self.email_of_number.get(customer_id or "")
            return customer_id if email is None else self.of_email(email)
        if customer_id is not None:
            return customer_id
        return None if email is None else self.of_email(email)

    def of_email(self, email: str) -> str:
        same = email.lower()
        guest = hashlib.md5((self.salt + same).encode("utf-8"), usedforsecurity=False).hexdigest()
        return self.number_of_email.get(same, f"guest:{guest}")


def find_identity(customers: Iterable[CustomerRow], orders: Iterable[OrderVersion], settings: Settings) -> Identity:
    """`customers`: the winning row of each number; `orders`: the winning versions, counted or excluded."""
    number_of_email: dict[str, str] = {}
    email_of_number: dict[str, str] = {}
    by_time = sorted(orders, key=lambda row: null_smallest(row.ordered_at, row.order_id))
    # `customers` come last: their e-mail goes before that of the latest order.
    for row in (*by_time, *customers):
        if row.customer_id is not None and row.email is not None:
            same = row.email.lower()
            number_of_email[same] = min(number_of_email.get(same, row.customer_id), row.customer_id, key=null_smallest)
            email_of_number[row.customer_id] = row.email
    return Identity(number_of_email, email_of_number, settings.identity_by == "email", settings.identity_salt)


def winning_rows(rows: Iterable[CustomerRow]) -> dict[str, CustomerRow]:
    """The winning row of each number."""
    winners: dict[str, CustomerRow] = {}
    for row in rows:
        if row.customer_id is not None:
            winners[row.customer_id] = max(winners.get(row.customer_id, row), row, key=customer_rank)
    return winners


def describing_rows(rows: Iterable[CustomerRow], identity: Identity) -> dict[str, CustomerRow]:
    """The row of `customers` that describes each customer. Rows that only carry an e-mail describe whoever it belongs
    to, unless that customer has a row with a number."""
    with_number: dict[str, CustomerRow] = {}
    with_email: dict[str, CustomerRow] = {}
    without_number = [row for row in rows if row.customer_id is None]
    for group, candidates in ((with_number, winning_rows(rows).values()), (with_email, without_number)):
        for row in candidates:
            customer = identity.of(row.customer_id, row.email)
            if customer is not None:
                group[customer] = max(group.get(customer, row), row, key=customer_rank)
    return {**with_email, **with_number}
