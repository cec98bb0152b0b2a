"""A mapping: which file or table is which raw entity, and which of its columns is what. Read from YAML and judged.

`rules.py` says what a mapping may hold (see docs/mapping.md), with a module for each part; `load.py` reads one with its
preset.
"""

from .columns import ColumnRule
from .conditions import Condition, LeaveOut, Worth
from .folds import AddLines, FirstLine, InvoiceLines
from .load import Mapping, load_mapping, load_preset, presets
from .rules import EntityRule
from .sources import Format, Table

__all__ = [
    "AddLines", "ColumnRule", "Condition", "EntityRule", "FirstLine", "Format", "InvoiceLines", "LeaveOut", "Mapping",
    "Table", "Worth",
    "load_mapping", "load_preset", "presets",
]  # fmt: skip
