"""What a file or a column is, by the names of its columns and of the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

from ..converting.source import letters
from ..entities import entities
from ..refund_words import is_refund

NAMES = Path(__file__).with_name("names.yml")
# Words in the names of files, the more exact ones first.
WORDS_OF_FILES = {
    "refunds": r"refund|credit[-_ ]?(memo|note)|erstattung|gutschrift|retoure",
    "exchange_rates": r"rates?\b|exchange|kurse?\b|wechselkurs|fx\b",
    "order_lines": r"lines?\b|items?\b|position|artikel",
    "marketing_spend": r"spend|cost|kosten|werbung|ads?\b",
    "subscriptions": r"subscription|abo|vertr[aä]ge",
    "customers": r"customer|kunde|client|users?\b",
    "orders": r"order|bestellung|auftr[aä]g|sales|verk[aä]uf|charge|transaction|invoice|rechnung",
}
UNIT = re.compile(r"(in)?(eur|euro|usd|gbp|chf|utc|gmt|brutto|inclvat|inkl\w*)$")
# Names that say of themselves that a row is an order, or a refund; `id` or `date` do not.
SAYS_NOTHING = (
    "id",
    "name",
    "number",
    "nummer",
    "reference",
    "order",
    "date",
    "created",
    "createdat",
    "datum",
    "total",
    "value",
)


@cache
def known_names() -> dict[str, dict[str, list[str]]]:
    """Entity -> canonical column -> the names that shops use for it, the likeliest first."""
    return yaml.safe_load(NAMES.read_text(encoding="utf-8"))


def likeliest_entity(file: str, header: Sequence[str]) -> str | None:
    """Refunds and rates where their columns say so, else what the file is called, else orders if it has what orders
    need, else the entity most of whose columns have known names; None where hardly any has."""
    words = re.sub(r"[\W_]+", " ", Path(file).name.split(".")[0].lower())
    by_name = next((entity for entity, pattern in WORDS_OF_FILES.items() if re.search(pattern, words)), None)

    def found(entity: str, *targets: str) -> list[str]:
        columns = (named(target, entity, header) for target in targets or entities()[entity].columns)
        return [column for column in columns if column is not None]

    def has_required(entity: str, all_but: int = 0) -> bool:
        required = [column.name for column in entities()[entity].columns.values() if column.required]
        return len(found(entity, *required)) >= max(len(required) - all_but, 1)

    says_refund = by_name == "refunds" or any(
        is_refund(column) and says(column) for column in found("refunds", "refund_id", "refunded_at")
    )
    says_order = any(says(column) for column in found("orders", "order_id", "customer_id"))
    # A refund's day and amount beside an order's own day and amount: a row is an order, which may have been refunded.
    is_order_with_refund = (
        by_name != "refunds"
        and not found("refunds", "refund_id")
        and any(says(column) and not is_refund(column) for column in found("orders", "ordered_at"))
        and found("orders", "amount") not in ([], found("refunds", "amount"))
    )
    if says_refund and not is_order_with_refund and len(found("refunds", "order_id", "amount")) == 2:
        return "refunds"
    if len(found("exchange_rates", "rate_date", "currency", "rate")) == 3 and not says_order:
        return "exchange_rates"
    if by_name == "order_lines" and has_required("orders"):  # lines that tell customer and day as well
        return "orders"
    if by_name and has_required(by_name):
        return by_name
    if has_required("orders", all_but=1):
        return "orders"
    likeliest = max(entities(), key=lambda entity: len(found(entity)))
    return likeliest if len(found(likeliest)) > 1 else None


def is_table_of_rates(header: Sequence[str]) -> bool:
    """Whether there is a column for each currency beside one of dates."""
    currencies = [column for column in header if re.fullmatch(r"[A-Z]{3}", column.strip())]
    return len(currencies) >= 2 and named("rate_date", "exchange_rates", header) is not None


def says(column: str) -> bool:
    """Whether a name says more than `id` or `date` do."""
    return letters(column) not in SAYS_NOTHING


def named(target: str, entity: str, free: Sequence[str]) -> str | None:
    """The column whose name is known for the target; names are tried in their order."""
    exact = {letters(column): column for column in reversed(free)}
    # A column may say its unit: Total (EUR), Created (UTC).
    without_unit = {UNIT.sub("", name): column for name, column in exact.items()}
    wanted = (target.replace("_", ""), *known_names().get(entity, {}).get(target, ()))
    return next((by_name[name] for by_name in (exact, without_unit) for name in wanted if name in by_name), None)
