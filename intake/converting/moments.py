"""SQL of the times of a row: from its columns, in the time zone of the row or the file; minutes between two of them."""

from __future__ import annotations

from stammkunde.database import quoted

from ..mapping import ColumnRule, EntityRule, Format
from .source import Source, SourceColumn
from .times import in_time_zone, in_time_zone_of_file, later, minutes_between, timestamp_text, without_utc
from .values import cleaned, number, translated, written


def time_text(source: Source, entity_rule: EntityRule, rule: ColumnRule, where: str) -> str:
    """A time in the form that staging reads, through the keys of its rule in their order (docs/mapping.md)."""
    text, zone = written(source, rule, where), entity_rule.format.time_zone
    if rule.values:
        text = translated(text, rule.values, rule.others)
    if rule.time is not None:
        text = f"({text} || coalesce(' ' || {cleaned(source.find(rule.time, where))}, ''))"
    if rule.date_format is not None and (rule.time is not None or not is_typed_time(source, rule, where)):
        text = timestamp_text(text, rule.date_format)
    if rule.pretends_utc and zone is not None:
        text = without_utc(text)
    if rule.time_zone is not None:
        text = in_time_zone(text, cleaned(source.find(rule.time_zone, where)))
    elif zone is not None:
        text = in_time_zone_of_file(text, zone)
    if rule.plus_minutes is not None:
        minutes = source.find(rule.plus_minutes, where)
        text = later(text, cleaned(minutes), number(minutes, entity_rule.format))
    return text


def minutes_text(source: Source, entity_rule: EntityRule, rule: ColumnRule, where: str) -> str:
    """The minutes from the column that `minutes_since` names to that of the rule, both written in the same way."""
    earlier = rule.model_copy(update={"column": rule.minutes_since, "time": None})
    return minutes_between(time_text(source, entity_rule, earlier, where), time_text(source, entity_rule, rule, where))


def is_typed_time(source: Source, rule: ColumnRule, where: str) -> bool:
    """Whether the column is a time already, so that it is written in no form."""
    if rule.column is None:
        return False
    kind = source.find(rule.column, where).kind
    return kind == "DATE" or kind.startswith("TIMESTAMP")


def typed_time(found: SourceColumn, form: Format) -> str:
    """A time as it is typed; one without a time zone is in that of the file, where it says one."""
    if form.time_zone is None or not found.kind.startswith("TIMESTAMP") or found.kind == "TIMESTAMP WITH TIME ZONE":
        return found.sql
    return f"timezone({quoted(form.time_zone)}, cast({found.sql} as timestamp))"
