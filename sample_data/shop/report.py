"""What the generator says about the planted edge cases: a table for tests, and the tables of the README."""

from __future__ import annotations

from collections.abc import Sequence

from .edge_cases import EdgeCases
from .edge_orders import Case, OrderRow

EXPECTED_COLUMNS = ("case", "order_id", "outcome", "reason", "customer_id", "order_date", "net_amount")


def expected_rows(edges: EdgeCases) -> list[tuple[str, ...]]:
    """Return where each planted order row ends, under the default settings, in the order of the raw file."""
    return [
        (case.name, row.values["order_id"].strip(), row.becomes.outcome, row.becomes.reason, *_as_counted(row))
        for case, row in edges.rows()
    ]


def edge_tables(edges: EdgeCases) -> str:
    """Return the README's tables of edge cases."""
    blocks = []
    for title, cases in edges.sections.items():
        lines = [f"### {title}", "", "| order | what it is | what becomes of it |", "|---|---|---|"]
        lines += [f"| {_code(case.name)} | {_cell(case.what)} | {_cell(_outcome(case))} |" for case in cases]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def count_table(rows: dict[str, int]) -> str:
    """Return the README's table of row counts."""
    lines = ["| entity | rows |", "|---|---:|"]
    return "\n".join(lines + [f"| `{entity}` | {count:,} |" for entity, count in rows.items()])


def replace_block(text: str, name: str, block: str) -> str:
    """Put the block between the two comments that bear its name."""
    start, end = f"<!-- {name}: written by generate.py -->", f"<!-- end of {name} -->"
    head, _, rest = text.partition(start)
    _, found, tail = rest.partition(end)
    if not found:
        raise ValueError(f"README.md: the comments around '{name}' are missing")
    return f"{head}{start}\n\n{block}\n\n{end}{tail}"


def _as_counted(row: OrderRow) -> Sequence[str]:
    if row.becomes.outcome != "counted":
        return ("", "", "")
    return (_customer(row), row.becomes.order_date or row.values["ordered_at"][:10], row.becomes.net_amount)


def _customer(row: OrderRow) -> str:
    return row.values["customer_id"].strip() if row.becomes.customer_id is None else row.becomes.customer_id


def _outcome(case: Case) -> str:
    """Say in a line what becomes of the rows, equal outcomes once."""
    said: dict[str, int] = {}
    for row in case.rows:
        text = _one_outcome(row, several=len(case.rows) > 1)
        said[text] = said.get(text, 0) + 1
    text = "; ".join(f"{count} x {text}" if count > 1 else text for text, count in said.items())
    return f"{text}. {case.why}".strip()


def _one_outcome(row: OrderRow, *, several: bool) -> str:
    becomes = row.becomes
    if becomes.outcome != "counted":
        return becomes.outcome if becomes.reason == "none" else f"{becomes.outcome}: `{becomes.reason}`"
    _, day, net = _as_counted(row)
    text = f"counted, {net} EUR" if several else f"counted, {net} EUR on {day}"
    if becomes.customer_id is None:
        return text
    return f"{text}, for `{_shortened(becomes.customer_id)}`" if becomes.customer_id else f"{text}, for nobody"


def _shortened(customer_id: str) -> str:
    return customer_id if not customer_id.startswith("guest:") else f"{customer_id[:14]}..."


def _code(name: str) -> str:
    return name if name.startswith("(") else f"`{name}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
