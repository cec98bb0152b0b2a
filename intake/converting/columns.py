"""SQL of one canonical column."""

from __future__ import annotations

from stammkunde.database import quoted

from ..entities import Column
from ..mapping import ColumnRule, EntityRule
from .amounts import decimal_text, lowered_by_lines, of_the_other_column
from .source import Source
from .times import in_time_zone, timestamp_text
from .told_apart import TOLD_APART, is_told_apart
from .values import as_digits, cleaned, translated, truth_text


def expression(source: Source, entity_rule: EntityRule, column: Column, where: str) -> str:
    """The value of a column by its rule."""
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
    """The value of a column of the source: as it is where it is typed and nothing is declared, else as text, through
    the keys of its rule in their order (docs/mapping.md)."""
    rule = entity_rule.columns[name]
    found = source.find(rule.column or "", where)
    is_plain = rule.model_copy(update={"optional": ()}) == ColumnRule(column=rule.column)
    if not found.is_text and is_plain and not lowered_by_lines(entity_rule, name):
        return found.sql if kind != "string" else as_digits(found)
    text = cleaned(found)
    if kind == "decimal":
        text = decimal_text(source, entity_rule, name, text, where)
    elif rule.date_format or rule.time or rule.time_zone:
        text = time_text(source, rule, text, where)
    elif kind == "boolean" and rule.true_values:
        text = truth_text(text, rule.true_values)
    if rule.told_apart_by is not None and is_told_apart(source):
        text = f"coalesce({TOLD_APART}, {text})"
    if rule.values:
        text = translated(text, rule.values)
    if rule.present is not None:
        text = f"case when {text} is not null then {quoted(rule.present)} end"
    if rule.otherwise is not None:
        instead = value_instead(source, entity_rule, name, kind, where)
        text = f"coalesce({text}, {instead})"
    return text


def value_instead(source: Source, entity_rule: EntityRule, name: str, kind: str, where: str) -> str:
    """The column that counts where the first one is empty, written in the same way."""
    rule = entity_rule.columns[name]
    other = source.find(rule.otherwise or "", where)
    text = cleaned(other)
    if kind == "decimal":
        return decimal_text(source, of_the_other_column(entity_rule, name), name, text, where)
    if kind == "boolean" and rule.true_values:
        return truth_text(text, rule.true_values)
    if other.is_text and (rule.date_format or rule.time_zone):
        return time_text(source, rule.model_copy(update={"time": None}), text, where)
    return text


def time_text(source: Source, rule: ColumnRule, text: str, where: str) -> str:
    """A time from a column, with another for the time of day and one for the time zone where they are named."""
    if rule.time is not None:
        text = f"({text} || coalesce(' ' || {cleaned(source.find(rule.time, where))}, ''))"
    if rule.date_format is not None:
        text = timestamp_text(text, rule.date_format)
    if rule.time_zone is not None:
        text = in_time_zone(text, cleaned(source.find(rule.time_zone, where)))
    return text
