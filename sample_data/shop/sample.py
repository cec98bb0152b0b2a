"""The small shop: puts people, signals, money and edge cases together and writes them as raw files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import md5
from pathlib import Path

from . import money, signals, story
from .dice import below, between, chance
from .edge_cases import EdgeCases
from .files import write_csv, write_parquet
from .orders import DAY, Action, Order, Person, people, prospects, stamp

ORDER_COLUMNS = (
    "order_id", "customer_id", "ordered_at", "amount", "currency", "refunded_amount", "discount_amount", "status",
    "sales_channel", "customer_email", "is_test", "updated_at", "gift_note",
)  # fmt: skip
CUSTOMER_COLUMNS = (
    "customer_id", "email", "created_at", "acquisition_channel", "country", "marketing_consent",
    "referred_by_customer_id", "loyalty_tier", "updated_at",
)  # fmt: skip
ACTIVITY_TYPES = {
    "activity_id": "VARCHAR", "customer_id": "VARCHAR", "occurred_at": "TIMESTAMP WITH TIME ZONE",
    "activity_type": "VARCHAR", "value": "DECIMAL(12,2)", "channel": "VARCHAR",
    "source_system": "VARCHAR", "detail": "VARCHAR",
}  # fmt: skip
LINE_TYPES = {
    "order_id": "VARCHAR", "line_number": "INTEGER", "product_id": "VARCHAR", "product_name": "VARCHAR",
    "category": "VARCHAR", "quantity": "INTEGER", "amount": "DECIMAL(12,2)",
}  # fmt: skip
SUBSCRIPTION_COLUMNS = (
    "subscription_id", "customer_id", "started_at", "ended_at", "monthly_amount", "currency", "cancellation_reason",
)  # fmt: skip
SPEND_COLUMNS = ("spend_date", "acquisition_channel", "amount", "currency", "purpose")
REFUND_COLUMNS = ("refund_id", "order_id", "refunded_at", "amount", "updated_at")
RATE_COLUMNS = ("rate_date", "currency", "rate")
ACTION_COLUMNS = ("customer_id", "rule_id", "taken_at", "arm", "variant")
LAST_NOON = datetime.combine(story.LAST_DAY, time(12))
RATES_FROM = date(2022, 12, 28)

Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Refund:
    """Money given back for an order, in cents of its currency."""

    order_id: str
    at: datetime
    cents: int


def write_sample(folder: Path, edges: EdgeCases) -> dict[str, int]:
    """Write every entity of the sample shop into the folder and return the number of rows by entity."""
    buyers, others = people(), prospects()
    orders = numbered(buyers)
    texts: dict[str, tuple[Sequence[str], Sequence[Row]]] = {
        "orders": (ORDER_COLUMNS, order_rows(orders)),
        "refunds": (REFUND_COLUMNS, refund_rows(orders)),
        "customers": (CUSTOMER_COLUMNS, customer_rows(buyers, others)),
        "subscriptions": (SUBSCRIPTION_COLUMNS, subscription_rows(buyers)),
        "marketing_spend": (SPEND_COLUMNS, [(str(day), *rest) for day, *rest in money.marketing_spend(buyers)]),
        "exchange_rates": (RATE_COLUMNS, rate_rows()),
        "actions_taken": (ACTION_COLUMNS, action_rows(buyers)),
    }
    typed: dict[str, tuple[dict[str, str], Sequence[Row]]] = {
        "order_lines": (LINE_TYPES, line_rows(orders)),
        "activities": (ACTIVITY_TYPES, activity_rows(buyers, others)),
    }
    counts: dict[str, int] = {}
    for entity, (columns, made) in texts.items():
        rows = [*made, *planted_rows(edges, entity, columns)]
        write_csv(folder / f"{entity}.csv", columns, rows)
        counts[entity] = len(rows)
    for entity, (types, made) in typed.items():
        rows = [*made, *planted_rows(edges, entity, list(types))]
        write_parquet(folder / f"{entity}.parquet", types, rows)
        counts[entity] = len(rows)
    return counts


def planted_rows(edges: EdgeCases, entity: str, columns: Sequence[str]) -> list[Row]:
    """Return the planted rows of an entity, which come last in its file."""
    rows = edges.rows_of(entity)
    unknown = {column for row in rows for column in row} - set(columns)
    if unknown:
        raise ValueError(f"edge_cases.yml, {entity}: no such column: {', '.join(sorted(unknown))}")
    return [tuple(row.get(column, "") for column in columns) for row in rows]


def numbered(buyers: list[Person]) -> list[Order]:
    """Return all orders by time, with the numbers a shop would give them."""
    orders = [order for person in buyers for order in person.orders]
    orders.sort(key=lambda order: (order.at, order.person.number))
    for n, order in enumerate(orders, start=1):
        order.order_id = f"H{order.at.year % 100}{n:06d}"
    return orders


def order_rows(orders: list[Order]) -> list[Row]:
    """Return the raw rows of all orders, later versions included, by the time they were written."""
    rows: list[tuple[datetime, Row]] = []
    for order in orders:
        rows += _versions(order)
    for n in range(story.UNATTRIBUTED_SHARE * len(orders) // 1000):
        rows.append(_till(n))
    for n in range(story.TEST_SHARE * len(orders) // 1000):
        rows.append(_test(n))
    return [row for _, row in sorted(rows, key=lambda pair: (pair[0], pair[1][0] or ""))]


def refund_rows(orders: list[Order]) -> list[Row]:
    """Return the credit notes, corrected ones twice, by the time they were written."""
    notes = [note for order in orders for note in _credit_notes(order)]
    notes.sort(key=lambda note: (note.at, note.order_id))
    rows: list[Row] = []
    for n, note in enumerate(notes, start=1):
        refund_id = f"G{note.at.year % 100}{n:05d}"
        if chance(story.CORRECTED_SHARE, "corrected", note.order_id, note.cents):
            wrong = note.cents * 9 // 10
            rows.append((refund_id, note.order_id, iso(note.at), cents(wrong), iso(note.at)))
            rows.append((refund_id, note.order_id, iso(note.at), cents(note.cents), iso(note.at + timedelta(hours=1))))
        else:
            rows.append((refund_id, note.order_id, iso(note.at), cents(note.cents), iso(note.at)))
    return rows


def line_rows(orders: list[Order]) -> list[Row]:
    """Return the lines of all orders."""
    return [
        (order.order_id, str(n), line.product_id, line.name, line.category, str(line.quantity), cents(line.amount))
        for order in orders
        for n, line in enumerate(order.lines, start=1)
    ]


def customer_rows(buyers: list[Person], others: list[Person]) -> list[Row]:
    """Return one row for everybody who registered, and an outdated one for a few who moved."""
    rows: list[tuple[datetime, Row]] = []
    for person in [*buyers, *others]:
        if person.customer_id is None:
            continue
        first = person.acquired if person.prospect else person.orders[person.registered_from_order - 1].day
        at_once = person.prospect or chance(700, "at once", person.number)
        days_open = (first - story.OPENING).days
        ahead = DAY * min(0 if at_once else between(1, 45, "ahead", person.number), days_open)
        created = min(stamp(first, "created", person.number), _first_moment(person)) - timedelta(minutes=15) - ahead
        values = (
            person.customer_id, person.email, iso(created), person.channel, person.country,
            "true" if person.consent else "false", person.referrer.customer_id if person.referrer else None,
            signals.loyalty_tier(person),
        )  # fmt: skip
        if chance(12, "moved", person.number):
            rows.append((created, (*values[:4], "DE", *values[5:7], None, iso(created))))
            rows.append((created, (*values, iso(min(created + DAY * 30, LAST_NOON)))))
        else:
            rows.append((created, (*values, iso(created))))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def activity_rows(buyers: list[Person], others: list[Person]) -> list[Row]:
    """Return the whole stream of activities."""
    return [
        (f"A{n:06d}", one.customer_id, iso(one.at), one.kind, _text(one.value), one.channel, one.source, one.detail)
        for n, one in enumerate(signals.activities(buyers, others), start=1)
    ]


def subscription_rows(buyers: list[Person]) -> list[Row]:
    """Return all subscriptions."""
    return [
        (
            f"S{n:04d}",
            row.person.customer_id,
            str(row.start),
            _text(row.end),
            cents(row.cents),
            row.currency,
            row.reason,
        )
        for n, row in enumerate(money.subscriptions(buyers), start=1)
    ]


def action_rows(buyers: list[Person]) -> list[Row]:
    """Return what the business noted of its playbook."""
    actions = [(action, person) for person in buyers for action in person.actions if _is_noted(action, person)]
    actions.sort(key=lambda pair: (pair[0].taken_on, pair[1].number, pair[0].rule_id))
    return [
        (person.customer_id, action.rule_id, f"{action.taken_on}T07:00:00Z", action.arm, action.variant)
        for action, person in actions
    ]


def _is_noted(action: Action, person: Person) -> bool:
    """Service is withheld from nobody; what needs consent never reaches the universal control, of whom nothing is
    noted. Who of them would have been chosen is in the story only, so that no other file depends on it."""
    if action.rule_id in story.SERVICE_RULES:
        return action.arm == "treatment"
    return action.rule_id in story.RULES_BY_LETTER or not _in_universal_control(str(person.customer_id))


def _in_universal_control(customer_id: str) -> bool:
    drawn = int(md5(f"universal:{customer_id}".encode(), usedforsecurity=False).hexdigest()[:8], 16) / 16**8
    return drawn < story.UNIVERSAL_CONTROL_SHARE


def rate_rows() -> list[Row]:
    """Return the exchange rates, from before the first order on."""
    return [(str(day), currency, rate) for day, currency, rate in money.exchange_rates(RATES_FROM, story.LAST_DAY)]


def iso(moment: datetime) -> str:
    """Return the moment as the shop writes it."""
    return moment.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cents(amount: int) -> str:
    """Return an amount in cents as text."""
    return f"{amount // 100}.{amount % 100:02d}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _first_moment(person: Person) -> datetime:
    if person.prospect:
        return stamp(person.acquired, "created", person.number)
    return person.orders[person.registered_from_order - 1].at


def _versions(order: Order) -> list[tuple[datetime, Row]]:
    """Return the raw rows of one order: mostly one, two after a late refund, sometimes one twice."""
    key = order.order_id
    written = order.at + timedelta(minutes=between(1, 90, "written", key))
    status, refund = _status(order), _refund(order)
    early = _order_row(order, status, 0, written)
    if refund is not None:
        late = _order_row(order, status, refund.cents, refund.at)
        # Some exports hold the history of an order, some only its last state.
        return [(written, early), (refund.at, late)] if chance(500, "history", key) else [(written, late)]
    return [(written, early)] * (2 if chance(4, "twice", key) else 1)


def _status(order: Order) -> str:
    if chance(story.CANCELLED_SHARE, "cancelled", order.order_id):
        return "cancelled"
    if (story.LAST_DAY - order.day).days < 3:
        return "pending" if chance(150, "pending", order.order_id) else "shipped"
    return "completed"


def _refund(order: Order) -> Refund | None:
    """What the shop itself gave back by the last day: all of the order, or a part of it."""
    key = order.order_id
    if _status(order) != "completed" or not chance(story.REFUNDED_SHARE, "refunded", key):
        return None
    refund = order.amount if chance(350, "fully", key) else order.amount * between(15, 70, "part", key) // 100
    at = order.at + DAY * between(3, 24, "refund day", key)
    return Refund(key, at, refund) if refund and at.date() <= story.LAST_DAY else None


def _goodwill(order: Order) -> Refund | None:
    """A small sum after a complaint, which only the accounts know."""
    key = order.order_id
    if _status(order) != "completed" or _refund(order) is not None or not chance(story.GOODWILL_SHARE, "goodwill", key):
        return None
    return Refund(key, order.at + DAY * between(4, 30, "goodwill day", key), order.amount * 15 // 100)


def _credit_notes(order: Order) -> list[Refund]:
    """Return the credit notes for one order: the shop's refund, in one part or two, or goodwill."""
    refund = _refund(order) or _goodwill(order)
    if refund is None or not story.CREDIT_NOTES_FROM <= refund.at.date() <= story.LAST_DAY:
        return []
    first = refund.cents * 2 // 5
    if not first or not chance(story.TWO_PARTS_SHARE, "two parts", order.order_id):
        return [refund]
    return [replace(refund, cents=first), replace(refund, cents=refund.cents - first)]


def _order_row(order: Order, status: str, refund: int, written: datetime) -> Row:
    person, key = order.person, order.order_id
    known = not person.guest and order.number >= person.registered_from_order
    email: str | None = _typed(person.email, key)
    if known and (order.sales_channel == "store" or chance(60, "no mail", key)):
        email = None
    discount = None if order.sales_channel == "store" and chance(150, "no discount", key) else cents(order.discount)
    note = "Bitte als Geschenk einpacken" if chance(15, "note", key) else None
    return (
        key, person.customer_id if known else None, iso(order.at), cents(order.amount), order.currency, cents(refund),
        discount, status, order.sales_channel, email, "false", iso(written), note,
    )  # fmt: skip


def _typed(email: str, key: str) -> str:
    """Addresses as people type them at checkout."""
    return email.capitalize() if chance(25, "capital", key) else email + " " if chance(5, "blank", key) else email


def _till(n: int) -> tuple[datetime, Row]:
    """Return a sale at the till to somebody who gave no name."""
    values = {"amount": cents(between(490, 4900, "till amount", n)), "sales_channel": "store", "is_test": "false"}
    return _anonymous(f"H-K{n + 1:04d}", values)


def _test(n: int) -> tuple[datetime, Row]:
    """Return an order the shop placed to try itself out."""
    values = {"customer_id": "K-TEST", "amount": "1.00", "sales_channel": "web", "is_test": "true"}
    return _anonymous(f"H-T{n + 1:04d}", values | {"customer_email": "test@example.com"})


def _anonymous(order_id: str, values: dict[str, str]) -> tuple[datetime, Row]:
    at = stamp(story.OPENING + DAY * below((story.LAST_DAY - story.OPENING).days, order_id), order_id)
    usual = {"currency": "EUR", "refunded_amount": "0.00", "discount_amount": "0.00", "status": "completed"}
    row = usual | {"order_id": order_id, "ordered_at": iso(at), "updated_at": iso(at)} | values
    return at, tuple(row.get(column) for column in ORDER_COLUMNS)
