"""The raw entities and their columns, read from models/raw/raw.yml: the one place that defines them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import yaml

from stammkunde.places import PROJECT
from stammkunde.settings import defaults

DEFINITION = PROJECT / "models" / "raw" / "raw.yml"
# What databases and spreadsheets write for nothing, in lower case: it means nothing in every column.
WORDS_FOR_NOTHING = (r"\n", "null", "nan", "#n/a", "#nv")
# Dimensions that are calculated from the orders.
NO_COLUMNS = ("first_sales_channel", "first_category", "first_order_discounted")


@dataclass(frozen=True)
class Column:
    """One canonical column; `kind` is string, timestamp, boolean or decimal."""

    name: str
    kind: str
    required: bool
    few_values: bool = False


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


def entity_of(name: str, settings: Mapping[str, object]) -> Entity:
    """One raw entity; `customers` with the further columns that the setting segment_dimensions names."""
    entity = entities()[name]
    dimensions = {**defaults(), **settings}["segment_dimensions"]
    if name != "customers" or not isinstance(dimensions, list):
        return entity
    further = [str(dimension) for dimension in dimensions if dimension not in (*entity.columns, *NO_COLUMNS)]
    return replace(entity, columns={**entity.columns, **{name: Column(name, "string", False) for name in further}})


def read_entity(table: dict) -> Entity:
    columns = {
        column["name"]: Column(
            column["name"], column["data_type"].split("(")[0], is_required(column), says(column, "few_values")
        )
        for column in table["columns"]
    }
    return Entity(table["name"], columns, is_required(table))


def is_required(node: dict) -> bool:
    return says(node, "required")


def says(node: dict, mark: str) -> bool:
    return bool(node.get("config", {}).get("meta", {}).get(mark, False))
