"""The part of the report about the states of orders: what each is worth, and whether it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import duckdb
import yaml

from ..states import ODD, WORST, State, states_of, valued
from .findings import LOOK, Finding, counted
from .values import masked

MOST_STATES = 40
ODD_BLANK = re.compile(r"[^\S ]|[\u200b-\u200d\u2060\ufeff]")
# Of all value: so much in one excluded state is worth a look, of one that means no purchase only more.
LARGE_SHARE, LARGE_SHARE_IF_KNOWN = 0.1, 0.3


def staged_states(connection: duckdb.DuckDBPyConnection, settings: Mapping[str, object]) -> list[State]:
    """The states of all orders that are usable, in their latest version."""
    rows = connection.execute(
        """
        select status, currency, count(*), coalesce(sum(amount), 0) from intermediate.int_current_orders
        group by status, currency
        """
    ).fetchall()
    return states_of(rows, settings, {})


def states_report(states: Sequence[State]) -> Iterator[str]:
    """Each state in a line."""
    if not any(state.text for state in states):
        return
    yield "States of the orders"
    for state in states[:MOST_STATES]:
        name = "(empty)" if state.text is None else masked(with_visible_blanks(state.text))
        mark = LOOK if state.surprise == WORST else "  "
        yield f"{mark} {name:<28} {state.orders:>9,}  {valued(state.values):>20}  {state.verdict}"
    if further := states[MOST_STATES:]:
        yield f"   and {len(further):,} more with {sum(state.orders for state in further):,} orders"
    yield ""


def with_visible_blanks(text: str) -> str:
    """A blank that is no space looks like one, and makes another state."""
    return ODD_BLANK.sub(lambda blank: f"<U+{ord(blank[0]):04X}>", text)


def states_findings(states: Sequence[State]) -> Iterator[Finding]:
    """What to do about the states that surprise."""
    worst = [state for state in states if state.surprise == WORST]
    if worst:
        translations = {state.text: state.means.word for state in worst if state.means}
        words = yaml.safe_dump(translations, default_flow_style=True, allow_unicode=True, width=10_000).strip()
        listed = ", ".join(masked(with_visible_blanks(state.text or "")) for state in worst)
        yield Finding(
            f"orders count in states that mean no purchase: {listed}",
            f"if so, translate them in the mapping: status: {{column: ..., values: {words}}}",
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
        is_known = state.means is not None and state.means.is_no_purchase
        share = LARGE_SHARE_IF_KNOWN if is_known else LARGE_SHARE
        if not state.counts and state.value > share * everything:
            yield Finding(
                f"state {masked(state.text)} does not count: {counted(state.orders, 'order', 'orders')}, "
                f"{valued(state.values)}, {state.value / everything:.0%} of all",
                "if they are purchases, set excluded_statuses without it (docs/settings.md)",
            )
