"""The part of the report about the states of orders: what each is worth, and whether it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from ..states import Meaning, does_not_count, meaning
from .findings import LOOK, Finding, valued
from .values import masked

MOST_STATES = 40
LARGE_SHARE = 0.1  # of all value: so much in one excluded state is worth a look
WORST, ODD, USUAL = 0, 1, 2  # how much of a surprise a state is


@dataclass(frozen=True)
class State:
    """A state with its orders, their value by currency, and what becomes of them."""

    text: str | None  # None where an order has no state
    orders: int
    values: Mapping[str, Decimal]
    counts: bool
    is_refunded: bool
    means: Meaning | None

    @property
    def value(self) -> float:
        return float(sum(self.values.values()))

    @property
    def surprise(self) -> int:
        """A state that counts though it means no purchase is worst, then an unknown one, then the usual."""
        if self.text is None:
            return USUAL
        if self.counts and not self.is_refunded and self.means and self.means.is_no_purchase:
            return WORST
        if self.means is None or (not self.counts and not self.means.is_no_purchase):
            return ODD
        return USUAL

    @property
    def verdict(self) -> str:
        if not self.counts:
            return "does not count" + (", though it means a purchase" if self.surprise == ODD and self.means else "")
        if self.is_refunded:
            return "refunded in full, where no refund stands beside it"
        if self.surprise == WORST and self.means:
            return f"counts, though it {'means' if self.means.is_known else 'sounds like'} {self.means.word}"
        return "counts; a word not known here" if self.surprise == ODD else "counts"


def states_of(connection: duckdb.DuckDBPyConnection, settings: Mapping[str, object]) -> list[State]:
    """The states of all orders that are usable, in their latest version; the worst surprise first."""
    rows = connection.execute(
        """
        select status, currency, count(*), coalesce(sum(amount), 0) from intermediate.int_current_orders
        group by status, currency
        """
    ).fetchall()
    excluded, refunded = (list(settings.get(name) or ()) for name in ("excluded_statuses", "refunded_statuses"))  # type: ignore[call-overload]
    found: dict[str | None, tuple[int, dict[str, Decimal]]] = {}
    for status, currency, orders, amount in rows:
        number, values = found.get(status, (0, {}))
        found[status] = (number + orders, {**values, currency: amount})
    states = [
        State(
            text, orders, values,
            counts=text is None or not does_not_count(text, excluded),
            is_refunded=text is not None and does_not_count(text, refunded),
            means=meaning(text) if text else None,
        )
        for text, (orders, values) in found.items()
    ]  # fmt: skip
    return sorted(states, key=lambda state: (state.surprise, not state.counts, -state.value, state.text or ""))


def states_report(states: Iterable[State]) -> Iterator[str]:
    """Each state in a line."""
    states = list(states)
    if not any(state.text for state in states):
        return
    yield "States of the orders"
    for state in states[:MOST_STATES]:
        name = "(empty)" if state.text is None else masked(state.text)
        mark = LOOK if state.surprise == WORST else "  "
        yield f"{mark} {name:<28} {state.orders:>9,}  {valued(state.values):>20}  {state.verdict}"
    if further := states[MOST_STATES:]:
        yield f"   and {len(further):,} more with {sum(state.orders for state in further):,} orders"
    yield ""


def states_findings(states: Iterable[State]) -> Iterator[Finding]:
    """What to do about the states that surprise."""
    states = list(states)
    worst = [state for state in states if state.surprise == WORST]
    if worst:
        words = ", ".join(f"{masked(state.text)}: {state.means.word}" for state in worst if state.means)
        yield Finding(
            f"orders count in states that mean no purchase: {', '.join(masked(state.text) for state in worst)}",
            f"if so, translate them in the mapping: status: {{column: ..., values: {{{words}}}}}",
        )
    unknown = [state for state in states if state.surprise == ODD and state.counts]
    if unknown:
        listed = ", ".join(masked(state.text) for state in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        yield Finding(
            f"orders count in states that are not known here: {listed}",
            "if one means no purchase, translate it (values) or name it in excluded_statuses",
        )
    everything = sum(state.value for state in states)
    for state in states:
        if not state.counts and state.value > LARGE_SHARE * everything:
            yield Finding(
                f"state {masked(state.text)} does not count: {state.orders:,} orders, {valued(state.values)}, "
                f"{state.value / everything:.0%} of all",
                "if they are purchases, set excluded_statuses without it (docs/settings.md)",
            )
