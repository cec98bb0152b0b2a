"""Everything that is planted into the sample shop, as edge_cases.yml says it.

The file holds text alone (1.00 stays 1.00), so it is read with YAML's base loader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

EDGE_CASES = Path(__file__).resolve().parent.parent / "edge_cases.yml"

Values = Mapping[str, str]  # a raw row: what each named column holds; the others are empty


@dataclass(frozen=True)
class OrderRow:
    """One raw row of orders, and where it ends: outcome, reason, and for a counted one as what."""

    values: Values
    becomes: Values


@dataclass(frozen=True)
class OrderCase:
    """One edge case of the orders: what it is, why it ends as it does, and its raw rows."""

    name: str
    what: str
    why: str
    rows: Sequence[OrderRow]


@dataclass(frozen=True)
class OtherCase:
    """One edge case of another entity, with its raw rows."""

    entity: str
    what: str
    becomes: str
    rows: Sequence[Values]


@dataclass(frozen=True)
class EdgeCases:
    """All planted rows: the orders by what they try, the other entities in their order."""

    sections: Mapping[str, Sequence[OrderCase]]
    others: Sequence[OtherCase]

    def order_rows(self) -> Iterator[tuple[OrderCase, OrderRow]]:
        """Every planted order row with its case, in the order of the raw file."""
        for cases in self.sections.values():
            for case in cases:
                for row in case.rows:
                    yield case, row

    def rows_of(self, entity: str) -> list[Values]:
        """The planted rows of an entity."""
        if entity == "orders":
            return [row.values for _, row in self.order_rows()]
        return [row for case in self.others if case.entity == entity for row in case.rows]


def edge_cases() -> EdgeCases:
    """Return everything that is planted into the sample shop."""
    with EDGE_CASES.open(encoding="utf-8") as file:
        written = yaml.load(file, yaml.BaseLoader)
    usual, sections = written.pop("usual"), written.pop("orders")
    return EdgeCases(
        sections={section["title"]: _order_cases(section, usual["orders"]) for section in sections},
        others=[
            OtherCase(entity, case["what"], case["becomes"], [usual.get(entity, {}) | row for row in case["rows"]])
            for entity, cases in written.items()
            for case in cases
        ],
    )


def _order_cases(section: Mapping[str, Any], usual: Values) -> list[OrderCase]:
    return [
        OrderCase(
            case["order"],
            case["what"],
            case.get("why", ""),
            [
                OrderRow({**usual, **section["usual"], "order_id": case["order"], **row["raw"]}, row["becomes"])
                for row in case["rows"]
            ],
        )
        for case in section["cases"]
    ]
