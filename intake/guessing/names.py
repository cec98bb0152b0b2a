"""What a file or a column is, by the names of its columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

import yaml

from ..converting.source import letters
from ..entities import entities
from ..mapping import load_preset, presets

NAMES = Path(__file__).with_name("names.yml")


@cache
def known_names() -> dict[str, dict[str, list[str]]]:
    """Entity -> canonical column -> the names that shops use for it, the likeliest first."""
    return yaml.safe_load(NAMES.read_text(encoding="utf-8"))


def preset_of(header: Sequence[str]) -> str | None:
    """The preset all of whose columns of orders are in the header."""
    there = {letters(column) for column in header}
    for preset in presets():
        orders = load_preset(preset).entities["orders"]
        wanted = [column for rule in orders.columns.values() for column in rule.source_columns()]
        wanted += orders.fold.source_columns() if orders.fold else []
        if {letters(column) for column in wanted} <= there:
            return preset
    return None


def likeliest_entity(header: Sequence[str], taken: Collection[str]) -> str:
    """Orders if it has what orders need, else the entity most of whose columns have known names."""

    def score(entity: str) -> int:
        return sum(named(target, entity, header) is not None for target in entities()[entity].columns)

    required = [name for name, column in entities()["orders"].columns.items() if column.required]
    hits = sum(named(name, "orders", header) is not None for name in required)
    if "orders" not in taken and hits >= 3:
        return "orders"
    return max((entity for entity in entities() if entity not in taken), key=score)


def named(target: str, entity: str, free: Sequence[str]) -> str | None:
    """The column whose name is known for the target; names are tried in their order."""
    by_letters = {re.sub(r"[\W_]", "", column.lower()): column for column in free}
    wanted = (target.replace("_", ""), *known_names().get(entity, {}).get(target, ()))
    return next((by_letters[name] for name in wanted if name in by_letters), None)
