"""SQL of the rules on rows: which rows are left out, and under which name."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary

from stammkunde.database import quoted

from ..errors import IntakeError
from ..mapping import Condition, EntityRule, LeaveOut
from .source import Source
from .values import cleaned, number


def rule_that_leaves_out(source: Source, rules: Dictionary[str, LeaveOut], entity_rule: EntityRule, where: str) -> str:
    """The name of the first rule that leaves a row out; null for a row that stays, and for a line that is no row."""
    cases = " ".join(
        f"when {all_of(source, rule, entity_rule, f'{where}, leave_out {name!r}')} then {quoted(name)}"
        for name, rule in rules.items()
    )
    return f"case when malformed_line is not null then null {cases} end"


def all_of(source: Source, rule: LeaveOut, entity_rule: EntityRule, where: str) -> str:
    return " and ".join(meets(source, condition, entity_rule, where) for condition in rule.all_of)


def meets(source: Source, condition: Condition, entity_rule: EntityRule, where: str) -> str:
    """Whether a row meets a condition: true or false, never null."""
    column = source.find(condition.column, where)
    text = cleaned(column)
    if condition.zero:
        return f"coalesce({number(column, entity_rule.format)} = 0, false)"
    if condition.empty:
        return f"({text} is null)"
    if condition.filled:
        return f"({text} is not null)"
    if condition.contains is not None:
        parts = " or ".join(f"contains(lower({text}), {quoted(part.lower())})" for part in condition.contains)
        return f"coalesce({parts}, false)"
    named = condition.is_ or condition.is_not or mapped_words(condition, entity_rule, where)
    words = ", ".join(quoted(word.strip().lower()) for word in named)
    if condition.is_ is not None:
        return f"coalesce(lower({text}) in ({words}), false)"
    return f"coalesce(lower({text}) not in ({words}), true)"


def mapped_words(condition: Condition, entity_rule: EntityRule, where: str) -> tuple[str, ...]:
    """The words that the column of the entity replaces, which `unmapped` names."""
    name = condition.unmapped or ""
    rule = entity_rule.columns.get(name)
    if rule is None or not rule.values:
        mapped = [known for known, column in entity_rule.columns.items() if column.values]
        told = f"; there is {', '.join(mapped)}" if mapped else ""
        raise IntakeError(f"{where}: unmapped '{name}' must be a column of the entity that has `values`{told}")
    return tuple(rule.values)
