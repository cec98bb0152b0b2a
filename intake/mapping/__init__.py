"""A mapping: which file or table is which raw entity, and which of its columns is what. Read from YAML and judged.

`rules.py` says what a mapping may hold (see docs/mapping.md), with a module for each part; `load.py` reads one with its
preset.
"""

from .columns import ColumnRule
from .conditions import Condition, LeaveOut, Worth
from .folds import AddLines, Earliest, FirstLine, InvoiceLines, LastFile, Newest
from .joins import Join, Lookup
from .load import Mapping, SourceRules, load_mapping, load_preset, presets
from .per_month import PerMonth
from .rules import RULE, EntityRule, entity_part
from .sources import Format, Schema, Table

__all__ = [
    "RULE", "AddLines", "ColumnRule", "Condition", "Earliest", "EntityRule", "FirstLine", "Format", "InvoiceLines",
    "Join", "LastFile", "LeaveOut", "Lookup", "Mapping", "Newest", "PerMonth", "Schema", "SourceRules", "Table",
    "Worth", "entity_part", "load_mapping", "load_preset", "presets",
]  # fmt: skip
