"""SQL of amounts that are calculated from several columns."""

from __future__ import annotations

from ..mapping import ColumnRule, EntityRule
from .source import Source
from .values import cleaned, is_plain, number, plain_number


def decimal_text(source: Source, rule: EntityRule, column: ColumnRule, text: str, where: str) -> str:
    """A number in plain digits; where it, or a column it is calculated from, cannot be read, its text as it is."""
    plain = plain_number(text, rule.format)
    if not (column.unit or column.times or column.less or column.scaled_by or column.at_most):
        return plain
    value = amount(source, rule, column, where)
    return (
        f"coalesce(cast({value} as varchar), case when {is_plain(plain)} "
        f"then {text} || ' (a column it is computed with cannot be read)' else {plain} end)"
    )


def amount(source: Source, rule: EntityRule, column: ColumnRule, where: str) -> str:
    """The value of a column as a decimal with all its arithmetic; null where a part of it cannot be read."""

    def other(wanted: str) -> str:
        if wanted.startswith("="):
            return amount(source, rule, rule.columns[wanted.removeprefix("=")], where)
        return number(source.find(wanted, where), rule.format)

    value = other(column.column or "")
    if column.unit == "cents":
        value = f"({value} * cast(0.01 as decimal(3, 2)))"
    if column.times is not None:
        value = f"({value} * {other(column.times)})"
    for wanted in column.less:
        blank = f"{cleaned(source.find(wanted, where))} is null"
        value = f"({value} - coalesce({other(wanted)}, case when {blank} then 0 end))"
    if column.scaled_by is not None:
        part, whole = (other(wanted) for wanted in column.scaled_by)
        value = f"case when {value} = 0 then 0 else round(cast({value} as double) * {part} / nullif({whole}, 0), 4) end"
    value = f"cast({value} as decimal(28, 4))"
    if column.at_most is None:
        return value
    # Of a value and a null, least() takes the value: what is unknown must not become the cap.
    return f"case when {value} is not null then least({value}, {other(column.at_most)}) end"
