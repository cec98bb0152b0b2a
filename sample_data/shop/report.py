"""The tables that the generator writes into the README."""

from __future__ import annotations

from collections import Counter

from .edge_cases import EdgeCases, OrderCase, PlantedRow, Values


def edge_tables(edges: EdgeCases) -> str:
    """Return the README's tables of edge cases."""
    blocks = [
        _table(title, "order", [(_code(case.name), case.what, _outcome(case)) for case in cases])
        for title, cases in edges.sections.items()
    ]
    others = [(f"`{case.entity}`", case.what, case.becomes) for case in edges.others]
    return "\n\n".join([*blocks, _table("In the other entities", "entity", others)])


def _table(title: str, first: str, rows: list[tuple[str, str, str]]) -> str:
    lines = [f"### {title}", "", f"| {first} | what it is | what becomes of it |", "|---|---|---|"]
    return "\n".join(lines + [f"| {name} | {_cell(what)} | {_cell(becomes)} |" for name, what, becomes in rows])


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


def _outcome(case: OrderCase) -> str:
    """Say in a line what becomes of the rows, equal outcomes once."""
    orders = _together([_order_outcome(row, several=len(case.rows) > 1) for row in case.rows])
    refunds = _together([_plain_outcome(row.becomes) for row in case.refunds])
    said = [orders, f"refunds: {refunds}" if refunds else ""]
    return f"{'; '.join(text for text in said if text)}. {case.why}".strip()


def _together(outcomes: list[str]) -> str:
    return "; ".join(f"{count} x {text}" if count > 1 else text for text, count in Counter(outcomes).items())


def _plain_outcome(becomes: Values) -> str:
    return f"{becomes['outcome']}: `{becomes['reason']}`" if "reason" in becomes else becomes["outcome"]


def _order_outcome(row: PlantedRow, *, several: bool) -> str:
    becomes = row.becomes
    if becomes["outcome"] != "counted":
        return _plain_outcome(becomes)
    text = f"counted, {becomes['net_amount']} EUR"
    if not several:
        text += f" on {becomes['order_date']}"
    customer_id = becomes["customer_id"]
    if not customer_id:
        return f"{text}, for nobody"
    on_the_row = row.values.get("customer_id", "").strip()
    return text if customer_id == on_the_row else f"{text}, for `{_shortened(customer_id)}`"


def _shortened(customer_id: str) -> str:
    return customer_id if not customer_id.startswith("guest:") else f"{customer_id[:14]}..."


def _code(name: str) -> str:
    return name if name.startswith("(") else f"`{name}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
