"""Some rows of an entity as a Parquet file holds them: numbers, dates and booleans instead of text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, Decimal
from random import Random

from .random_values import WORDS_FOR_FALSE, WORDS_FOR_TRUE
from .reading import NUMBER

Convert = Callable[[str], object]
NOT_CONVERTED = object()
WHOLE = re.compile(r"[0-9]{1,18}")


def number_as(kind: Callable[[str], object], form: re.Pattern[str]) -> Convert:
    return lambda text: kind(text) if form.fullmatch(text) else NOT_CONVERTED


def decimal(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.0001"), ROUND_DOWN)


def day(text: str) -> object:
    try:
        return date.fromisoformat(text) if len(text) == 10 else NOT_CONVERTED
    except ValueError:
        return NOT_CONVERTED


def moment(*, with_zone: bool) -> Convert:
    def convert(text: str) -> object:
        if len(text) == 10:
            return NOT_CONVERTED
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return NOT_CONVERTED
        if (found.tzinfo is not None) != with_zone:
            return NOT_CONVERTED
        return found.astimezone(UTC) if with_zone else found

    return convert


def boolean(text: str) -> object:
    if text in WORDS_FOR_TRUE:
        return True
    return False if text in WORDS_FOR_FALSE else NOT_CONVERTED


IDS = (number_as(float, WHOLE), number_as(int, WHOLE))
AMOUNTS = (number_as(float, NUMBER), number_as(decimal, NUMBER))
TIMES = (day, moment(with_zone=False), moment(with_zone=True))
BOOLEANS = (boolean, number_as(float, NUMBER), number_as(int, WHOLE))
TYPES: dict[str, dict[str, Sequence[Convert]]] = {
    "orders": {
        "order_id": IDS,
        "customer_id": IDS,
        "ordered_at": TIMES,
        "amount": AMOUNTS,
        "refunded_amount": AMOUNTS,
        "discount_amount": AMOUNTS,
        "is_test": BOOLEANS,
        "updated_at": TIMES,
    },
    "refunds": {"refund_id": IDS, "order_id": IDS, "refunded_at": TIMES, "amount": AMOUNTS, "updated_at": TIMES},
    "customers": {"customer_id": IDS, "created_at": TIMES, "marketing_consent": BOOLEANS, "updated_at": TIMES},
    "subscriptions": {
        "subscription_id": IDS,
        "customer_id": IDS,
        "started_at": TIMES,
        "ended_at": TIMES,
        "monthly_amount": AMOUNTS,
        "updated_at": TIMES,
    },
    "marketing_spend": {"spend_date": TIMES, "amount": AMOUNTS},
    "exchange_rates": {"rate_date": TIMES, "rate": AMOUNTS},
    "order_lines": {"order_id": IDS, "line_number": (*AMOUNTS, *IDS), "quantity": IDS, "amount": AMOUNTS},
}


def with_types(entity: str, rows: Sequence[dict[str, str | None]], random: Random) -> list[dict[str, object]]:
    """The rows, with those in types that fit the types chosen for this shop. A row that does not fit stays text."""
    chosen: dict[str, Convert] = {}
    for name, kinds in TYPES[entity].items():
        convert = random.choice(kinds)
        fitting = sum(convert(value) is not NOT_CONVERTED for row in rows if (value := row.get(name)))
        if fitting > len(rows) / 10 and random.random() < 0.6:
            chosen[name] = convert
    result: list[dict[str, object]] = []
    for row in rows:
        values = {name: typed(row[name], chosen[name], random) for name in chosen if name in row}
        fits = NOT_CONVERTED not in values.values() and any(value is not None for value in values.values())
        result.append({**row, **values} if fits else {**row})
    return result


def typed(value: str | None, convert: Convert, random: Random) -> object:
    if value is None or value == "":
        is_double = isinstance(convert("1"), float)
        return math.nan if is_double and random.random() < 0.3 else None
    return convert(value)
