"""SQL of one canonical column."""

from __future__ import annotations

from stammkunde.database import quoted

from ..entities import Column
from ..mapping import ColumnRule, EntityRule
from .amounts import decimal_text
from .source import Source
from .values import cleaned, timestamp_text, translated, truth_text


def expression(source: Source, entity_rule: EntityRule, column: Column, where: str) -> str:
    """The value of a column by its rule."""
    rule = entity_rule.columns[column.name]
    where = f"{where}, column '{column.name}'"
    if rule.constant is not None:
        return quoted(rule.constant)
    if rule.row_number is not None:
        return f"{quoted(rule.row_number)} || source_line"
    if rule.number_within is not None:
        within = source.find(rule.number_within, where).sql
        return f"row_number() over (partition by source_file, {within} order by source_line)"
    return value_of_column(source, entity_rule, column, rule, where)


def value_of_column(source: Source, entity_rule: EntityRule, column: Column, rule: ColumnRule, where: str) -> str:
    """The value of a column of the source: as it is where it is typed and nothing is declared, else as text, through
    the keys of its rule in their order (docs/mapping.md)."""
    found = source.find(rule.column or "", where)
    if not found.is_text and rule == ColumnRule(column=rule.column):
        return found.sql
    text = cleaned(found)
    if column.kind == "decimal":
        text = decimal_text(source, entity_rule, rule, text, where)
    elif rule.date_format is not None:
        text = timestamp_text(text, rule.date_format)
    elif column.kind == "boolean" and rule.true_values:
        text = truth_text(text, rule.true_values)
    if rule.values:
        text = translated(text, rule.values)
    if rule.present is not None:
        text = f"case when {text} is not null then {quoted(rule.present)} end"
    if rule.otherwise is not None:
        other = source.find(rule.otherwise, where)
        instead = cleaned(other)
        if rule.date_format is not None and other.is_text:
            instead = timestamp_text(instead, rule.date_format)
        text = f"coalesce({text}, {instead})"
    return text
