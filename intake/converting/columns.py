"""SQL of one canonical column."""

from __future__ import annotations

from stammkunde.database import quoted

from ..entities import Column
from ..errors import IntakeError
from ..mapping import ColumnRule, EntityRule
from .amounts import decimal_text, lowered_by_lines, of_the_other_column
from .moments import time_text, typed_time
from .source import Source, SourceColumn
from .told_apart import TOLD_APART, is_told_apart
from .values import as_digits, translated, truth_text, without_beginnings, written

NEEDED_KINDS = {
    "minutes_since": ("decimal", "a number"),
    "per_month": ("decimal", "a number"),
    "plus_minutes": ("timestamp", "a time"),
}


def expression(source: Source, entity_rule: EntityRule, column: Column, where: str) -> str:
    """The value of a column by its rule. Raises IntakeError where a key gives what the column cannot hold."""
    for key, (kind, shown) in NEEDED_KINDS.items():
        if getattr(entity_rule.columns[column.name], key) is not None and column.kind != kind:
            raise IntakeError(f"{where}, column '{column.name}': `{key}` gives {shown}, and this column is none")
    return expression_of(source, entity_rule, column.name, column.kind, where)


def expression_of(source: Source, entity_rule: EntityRule, name: str, kind: str, where: str) -> str:
    rule = entity_rule.columns[name]
    where = f"{where}, column '{name}'"
    if rule.constant is not None:
        return quoted(rule.constant)
    if rule.row_number is not None:
        return f"{quoted(rule.row_number)} || source_line"
    if rule.number_within is not None:
        within = source.find(rule.number_within, where).sql
        return f"row_number() over (partition by source_file, {within} order by source_line)"
    return value_of_column(source, entity_rule, name, kind, where)


def value_of_column(source: Source, entity_rule: EntityRule, name: str, kind: str, where: str) -> str:
    """The value of a column of the source: as it is where it is typed and nothing is declared, else as text."""
    rule = entity_rule.columns[name]
    if rule.is_plain() and not lowered_by_lines(entity_rule, name):
        found = source.find(rule.column or "", where)
        if not found.is_text:
            return typed_value(found, entity_rule, kind)
    return text_of_column(source, entity_rule, name, kind, where)


def typed_value(found: SourceColumn, entity_rule: EntityRule, kind: str) -> str:
    if kind == "string":
        return as_digits(found)
    return typed_time(found, entity_rule.format) if kind == "timestamp" else found.sql


def text_of_column(source: Source, entity_rule: EntityRule, name: str, kind: str, where: str) -> str:
    """A value as text, through the keys of its rule in their order (docs/mapping.md)."""
    rule = entity_rule.columns[name]
    if kind == "decimal":
        text = decimal_text(source, entity_rule, name, written(source, rule, where), where)
    elif is_time(rule, kind):
        text = time_text(source, entity_rule, rule, where)
    elif kind == "boolean" and rule.true_values:
        text = truth_text(written(source, rule, where), rule.true_values)
    else:
        text = written(source, rule, where)
    if rule.told_apart_by is not None and is_told_apart(source):
        text = f"coalesce({TOLD_APART}, {text})"
    if rule.unless_begins:
        text = without_beginnings(text, rule.unless_begins)
    if rule.values and not is_time(rule, kind):  # words for no time are translated before it is read
        text = translated(text, rule.values, rule.others)
    if rule.present is not None:
        text = f"case when {text} is not null then {quoted(rule.present)} end"
    if rule.otherwise:
        instead = text_of_column(source, of_the_other_column(entity_rule, name), name, kind, where)
        text = f"coalesce({text}, {instead})"
    return text


def is_time(rule: ColumnRule, kind: str) -> bool:
    """Whether the value is a time, or the minutes between two."""
    if kind == "decimal":
        return rule.minutes_since is not None
    return kind == "timestamp" or bool(rule.date_format or rule.time or rule.time_zone)
