"""Why there is no prediction. Where a model is refused, every figure of it is null."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MIN_CUSTOMERS = 500
MIN_DAYS = 180

Reason = Literal[
    "too_few_customers",
    "too_short_history",
    "no_repeat_orders",
    "one_outcome",
    "no_convergence",
    "optimisers_disagree",
    "no_mean_value",
]


@dataclass(frozen=True)
class Refusal:
    reason: Reason
    explanation: str  # a sentence for people


def too_little(customers: int, history_days: float) -> Refusal | None:
    """A shop that is too small or too young for any model; `history_days`: from its first order to the as-of date."""
    if customers < MIN_CUSTOMERS:
        return Refusal(
            "too_few_customers",
            f"A prediction needs {MIN_CUSTOMERS} customers; the shop has {customers}.",
        )
    if history_days < MIN_DAYS:
        return Refusal(
            "too_short_history",
            f"A prediction needs {MIN_DAYS} days from the first order to the as-of date; there are {history_days:.0f}.",
        )
    return None
