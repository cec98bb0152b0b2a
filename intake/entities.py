"""The raw entities and their columns, read from models/raw/raw.yml: the one place that defines them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import yaml

from stammkunde.places import PROJECT

DEFINITION = PROJECT / "models" / "raw" / "raw.yml"


@dataclass(frozen=True)
class Column:
    """One canonical column; `kind` is string, timestamp, boolean or decimal."""

    name: str
    kind: str
    required: bool


@dataclass(frozen=True)
class Entity:
    """One raw entity with its canonical columns by name, in their order."""

    name: str
    columns: dict[str, Column]
    required: bool


@cache
def entities() -> dict[str, Entity]:
    """All raw entities by name."""
    tables = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))["sources"][0]["tables"]
    return {table["name"]: read_entity(table) for table in tables}


def read_entity(table: dict) -> Entity:
    columns = {
        column["name"]: Column(column["name"], column["data_type"].split("(")[0], is_required(column))
        for column in table["columns"]
    }
    return Entity(table["name"], columns, is_required(table))


def is_required(node: dict) -> bool:
    return bool(node.get("config", {}).get("meta", {}).get("required", False))
