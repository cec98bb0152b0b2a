"""SQL of amounts that are calculated from several columns."""

from __future__ import annotations

from stammkunde.database import quoted

from ..mapping import ColumnRule, EntityRule, PerMonth
from .moments import minutes_text
from .source import Source
from .tables import minor_units, months_of_spans
from .values import NOT_COMPUTED, cleaned, is_plain, number, plain_number, product

WORTH_LEFT_OUT = "worth_left_out"  # of an order's lines that a rule leaves out: folds.py adds the column


def decimal_text(source: Source, rule: EntityRule, name: str, text: str, where: str) -> str:
    """A number in plain digits; where it, or a column it is calculated from, cannot be read, its text as it is."""
    if rule.columns[name].minutes_since is not None:
        return minutes_text(source, rule, rule.columns[name], where)
    plain = plain_number(text, rule.format)
    if not rule.columns[name].is_computed() and not lowered_by_lines(rule, name):
        return plain
    value = amount(source, rule, name, where)
    return (
        f"coalesce(cast({value} as varchar), case when {is_plain(plain)} "
        f"then {text} || {quoted(NOT_COMPUTED)} else {plain} end)"
    )


def lowered_by_lines(rule: EntityRule, name: str) -> bool:
    """Whether lines that are left out take something off the column."""
    return name == "amount" and any(left_out.worth for left_out in rule.leave_out.values())


def amount(source: Source, rule: EntityRule, name: str, where: str) -> str:
    """The value of a column as a decimal with all its arithmetic; null where a part of it cannot be read."""
    column = rule.columns[name]
    if column.minutes_since is not None:
        return f"try_cast({minutes_text(source, rule, column, where)} as decimal(28, 4))"

    def other(wanted: str) -> str:
        if wanted.startswith("="):
            return amount(source, rule, wanted.removeprefix("="), where)
        return number(source.find(wanted, where), rule.format)

    def in_units(value: str) -> str:
        """What stands in the smallest unit as whole units."""
        return value if column.unit is None else product(value, factor(source, rule, column, where))

    def money(wanted: str) -> str:
        """Another column of the file has the unit of this one; a mapped one is in whole units already."""
        return other(wanted) if wanted.startswith("=") else in_units(other(wanted))

    value = money(column.column or "")
    if column.times is not None:
        value = product(value, other(column.times))
    for sign, named in (("+", column.plus), ("-", column.less)):
        for wanted in named:
            blank = f"{cleaned(source.find(wanted, where))} is null"
            value = f"({value} {sign} coalesce({money(wanted)}, case when {blank} then 0 end))"
    if lowered_by_lines(rule, name):
        value = f"({value} - {in_units(WORTH_LEFT_OUT)})"
    if column.scaled_by is not None:
        part, whole = (other(wanted) for wanted in column.scaled_by)
        value = f"case when {value} = 0 then 0 else round(cast({value} as double) * {part} / nullif({whole}, 0), 4) end"
    if column.per_month is not None:
        months = months_of_span(source, rule, column.per_month, where)
        value = f"round(cast({value} as double) / {months}, 4)"
    if column.negate:
        value = f"(- ({value}))"
    value = f"cast({value} as decimal(28, 4))"
    if column.at_most is not None:
        # Of a value and a null, least() takes the value: what is unknown must not become the cap.
        value = f"(case when {value} is not null then least({value}, {money(column.at_most)}) end)"
    if column.otherwise:
        blank = f"{cleaned(source.find(column.column or '', where))} is null"
        instead = amount(source, of_the_other_column(rule, name), name, where)
        value = f"(case when {blank} then {instead} else {value} end)"
    return value


def of_the_other_column(rule: EntityRule, name: str) -> EntityRule:
    """The rule by which a value is read from the columns that count where the first one is empty."""
    return rule.model_copy(update={"columns": {**rule.columns, name: rule.columns[name].instead()}})


def months_of_span(source: Source, rule: EntityRule, span: PerMonth, where: str) -> str:
    """How many months a price is for; null where the unit is not known, or the number is none above 0."""
    unit = cleaned(source.find(span.unit, where))
    cases = " ".join(
        f"when lower({unit}) in ({', '.join(map(quoted, words))}) then cast({months} as double)"
        for months, words in months_of_spans().items()
    )
    months = f"(case {cases} end)"
    if span.every is None:
        return months
    every = number(source.find(span.every, where), rule.format)
    return f"({months} * case when {every} > 0 then {every} end)"


def factor(source: Source, rule: EntityRule, column: ColumnRule, where: str) -> str:
    """What an amount in its smallest unit is multiplied with. Of a row without currency nobody knows."""
    if column.unit == "cents":
        return "cast(0.01 as decimal(3, 2))"
    from .columns import expression_of  # the currency is a column like any other

    currency = expression_of(source, rule, "currency", "string", where)
    cases = " ".join(
        f"when upper({currency}) in ({', '.join(map(quoted, currencies))}) then {10.0**-decimals:.{decimals}f}"
        for decimals, currencies in minor_units(column.unit or "").items()
    )
    return f"cast(case when {currency} is null then null {cases} else 0.01 end as decimal(5, 4))"
