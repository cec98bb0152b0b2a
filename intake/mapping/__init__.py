"""A mapping: which file or table is which raw entity, and which of its columns is what. Read from YAML and judged.

`rules.py` says what a mapping may hold (see docs/mapping.md), `load.py` reads one with its preset.
"""

from .load import Mapping, load_mapping, load_preset, presets
from .rules import ColumnRule, EntityRule, FirstLine, Format, InvoiceLines, Table

__all__ = [
    "ColumnRule", "EntityRule", "FirstLine", "Format", "InvoiceLines", "Mapping", "Table",
    "load_mapping", "load_preset", "presets",
]  # fmt: skip
