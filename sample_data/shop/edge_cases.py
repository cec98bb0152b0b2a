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
class PlantedRow:
    """One raw row of orders or refunds, and where it ends: outcome, reason, and for a counted order as what."""

    values: Values
    becomes: Values


@dataclass(frozen=True)
class OrderCase:
    """One edge case of the orders: what it is, why it ends as it does, its raw rows, and refunds that belong to it."""

    name: str
    what: str
    why: str
    rows: Sequence[PlantedRow]
    refunds: Sequence[PlantedRow]


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

    def order_rows(self) -> Iterator[PlantedRow]:
        """Every planted order row, in the order of the raw file."""
        for case in self._order_cases():
            yield from case.rows

    def refund_rows(self) -> Iterator[PlantedRow]:
        """Every planted row of refunds, in the order of the raw file."""
        for case in self._order_cases():
            yield from case.refunds

    def rows_of(self, entity: str) -> list[Values]:
        """The planted rows of an entity."""
        if entity == "orders":
            return [row.values for row in self.order_rows()]
        if entity == "refunds":
            return [row.values for row in self.refund_rows()]
        return [row for case in self.others if case.entity == entity for row in case.rows]

    def _order_cases(self) -> Iterator[OrderCase]:
        for cases in self.sections.values():
            yield from cases


def edge_cases() -> EdgeCases:
    """Return everything that is planted into the sample shop."""
    with EDGE_CASES.open(encoding="utf-8") as file:
        written = yaml.load(file, yaml.BaseLoader)
    usual, sections = written.pop("usual"), written.pop("orders")
    return EdgeCases(
        sections={section["title"]: _order_cases(section, usual) for section in sections},
        others=[
            OtherCase(entity, case["what"], case["becomes"], [usual.get(entity, {}) | row for row in case["rows"]])
            for entity, cases in written.items()
            for case in cases
        ],
    )


def _order_cases(section: Mapping[str, Any], usual: Mapping[str, Values]) -> list[OrderCase]:
    found = []
    for case in section["cases"]:
        name = {"order_id": case["order"]}
        rows = _planted(case.get("rows", []), {**usual["orders"], **section["usual"], **name})
        refunds = _planted(case.get("refunds", []), {**usual["refunds"], **name})
        found.append(OrderCase(case["order"], case["what"], case.get("why", ""), rows, refunds))
    return found


def _planted(rows: Sequence[Mapping[str, Values]], usual: Values) -> list[PlantedRow]:
    return [PlantedRow({**usual, **row["raw"]}, row["becomes"]) for row in rows]
