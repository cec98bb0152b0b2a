"""SQL of folds: which lines of an order make its row, and lines that are added up."""

from __future__ import annotations

from stammkunde.database import quoted

from ..entities import Entity
from ..mapping import AddLines, EntityRule, FirstLine
from .amounts import WORTH_LEFT_OUT
from .columns import expression
from .conditions import all_of, meets, rule_that_leaves_out
from .source import Source
from .told_apart import TOLD_APART, is_told_apart
from .values import NUMBER, cleaned, is_plain, number, product

LEFT_OUT_BY = "left_out_by"
MOST_KINDS = 200  # of lines of one number: more are no lines of one order, and stay rows of their own
SUMMED = ("amount", "refunded_amount", "discount_amount")
# What lines of one order have in common. Lines that differ in it are rows of their own: staging shows them as conflict.
OF_ONE_ORDER = ("refund_id", "order_id", "customer_id", "customer_email", "ordered_at", "refunded_at", "currency")


def order_number(source: Source, by: str, where: str) -> str:
    """What the lines of one order share."""
    plain = cleaned(source.find(by, where))
    return f"coalesce({TOLD_APART}, {plain})" if is_told_apart(source) else plain


# One line holds the fields ------------------------------------------------------------------------------------------


def lines_that_are_rows(source: Source, rule: EntityRule, fold: FirstLine, where: str) -> str:
    """SELECT of the lines that hold the fields of an order, wherever they stand, with `left_out_by` and what their
    order loses by lines that are left out.

    A line is folded away if it says nothing that another line of its number does not say: each of its mapped columns
    is empty or the same there. So lines that differ in anything are rows of their own.
    """
    said = said_columns(source, rule, fold, where)
    listed = ", ".join(f"said_{position}" for position in range(len(said)))
    expressions = ", ".join(f"{cleaned_column} as said_{position}" for position, cleaned_column in enumerate(said))
    adds_nothing = " and ".join(
        f"(line.said_{position} is null or line.said_{position} = other.said_{position})"
        for position in range(len(said))
    )
    plain_rules = {name: left_out for name, left_out in rule.leave_out.items() if not left_out.worth}
    left_out_by = rule_that_leaves_out(source, plain_rules, rule, where) if plain_rules else "null"
    return f"""
        with lines as (
            select
                *,
                {order_number(source, fold.by, where)} as number_of_line,
                {line_rule(source, rule, where)} as line_left_out_by
            from {source.table}
        ),
        kinds as (
            select number_of_line, min(source_line) as first_line, {listed or "null as said"}
            from (select *, {expressions or "null as said"} from lines where malformed_line is null) as line
            where number_of_line is not null
            group by all
        ),
        several as (
            select * from kinds
            qualify count(*) over (partition by number_of_line) between 2 and {MOST_KINDS}
        ),
        adding_nothing as (
            select distinct line.first_line
            from several as line
            inner join several as other
                on line.number_of_line = other.number_of_line and line.first_line <> other.first_line
            where {adds_nothing or "true"}
        ),
        holding_fields as (
            select first_line from kinds
            except
            select first_line from adding_nothing
        ),
        orders as (
            {orders_of_lines(source, rule, where)}
        )
        select
            * exclude (number_of_line, line_left_out_by, is_left_out, holds_fields),
            case
                when malformed_line is not null then null
                when is_left_out then line_left_out_by
                when number_of_line is null or holds_fields then {left_out_by}
                else line_left_out_by
            end as {LEFT_OUT_BY},
            malformed_line is not null or number_of_line is null or holds_fields as is_row
        from orders
    """


def line_rule(source: Source, rule: EntityRule, where: str) -> str:
    """The name of the first rule by which a line, and not its order, is left out."""
    cases = " ".join(
        f"when {all_of(source, left_out, rule, where)} then {quoted(name)}"
        for name, left_out in rule.leave_out.items()
        if left_out.worth
    )
    return f"case {cases} end" if cases else "cast(null as varchar)"


def orders_of_lines(source: Source, rule: EntityRule, where: str) -> str:
    """SELECT of the lines with what they have from the others of their order: whether all of them are left out, and
    what those are worth."""
    holds_fields = "source_line in (select first_line from holding_fields) as holds_fields"
    if not any(left_out.worth for left_out in rule.leave_out.values()):
        return f"select *, false as is_left_out, {holds_fields} from lines"
    return f"""
        select
            * exclude (worth_of_line),
            case
                when count(*) filter (line_left_out_by is not null and worth_of_line is null) over same > 0
                    then null
                else coalesce(sum(worth_of_line) filter (line_left_out_by is not null) over same, 0)
            end as {WORTH_LEFT_OUT},
            count(*) filter (line_left_out_by is null) over same = 0 as is_left_out,
            {holds_fields}
        from (select *, {worth(source, rule, where)} as worth_of_line from lines) as line
        window same as (
            partition by number_of_line, case when number_of_line is null then source_line end
        )
    """


def said_columns(source: Source, rule: EntityRule, fold: FirstLine, where: str) -> list[str]:
    """The mapped columns of the file as cleaned text, each once, but the number itself."""
    by = source.find(fold.by, where).name
    names = {
        source.find(wanted, f"{where}, column '{name}'").name
        for name, column in rule.columns.items()
        for wanted in column.source_columns()
    }
    return [cleaned(source.find(name, where)) for name in sorted(names - {by})]


def worth(source: Source, rule: EntityRule, where: str) -> str:
    """What a line is worth by the rule that leaves it out."""
    cases = []
    for name, left_out in rule.leave_out.items():
        if left_out.worth is None:
            continue
        place = f"{where}, leave_out '{name}'"
        value = number(source.find(left_out.worth.column, place), rule.format)
        if left_out.worth.times is not None:
            value = product(value, number(source.find(left_out.worth.times, place), rule.format))
        cases.append(f"when {all_of(source, left_out, rule, place)} then cast({value} as decimal(28, 4))")
    return f"case {' '.join(cases)} end" if cases else "cast(null as decimal(28, 4))"


# Lines are added up -------------------------------------------------------------------------------------------------


def added_lines(source: Source, rule: EntityRule, fold: AddLines, entity: Entity, where: str) -> str:
    """SELECT of one row per order in canonical columns: amounts are sums, the other fields those of the first line
    that has them."""
    mapped = {
        column.name: expression(source, rule, column, where)
        for column in entity.columns.values()
        if column.name in rule.columns
    }
    zero = meets(source, fold.empty_is_zero, rule, f"{where}, fold") if fold.empty_is_zero else "false"
    shared = [name for name in OF_ONE_ORDER if name in mapped]
    summed = [name for name in SUMMED if name in mapped]
    others = [name for name in mapped if name not in (*shared, *summed)]
    listed = "".join(f"{sql} as {name}, " for name, sql in mapped.items())
    filled = "".join(
        f"coalesce({name}, last_value({name} ignore nulls) over above, first_value({name} ignore nulls) over below) "
        f"as {name}_of_order, "
        for name in shared
    )
    columns = [f"any_value({name}_of_order) as {name}" for name in shared]
    columns += [sum_of(name) for name in summed]
    columns += [f"arg_min({name}, source_line) as {name}" for name in others]
    columns += [
        f"cast(null as varchar) as {column.name}"
        for column in entity.columns.values()
        if column.required and column.name not in mapped
    ]
    keys = ", ".join(f"lower(cast({name}_of_order as varchar))" for name in shared)
    return f"""
        with lines as (
            select
                {listed}
                {order_number(source, fold.by, where)} as number_of_line,
                {zero} as is_zero_if_empty,
                source_line, source_file, malformed_line
            from {source.table}
        ),
        filled as (
            select *, {filled} 0 as nothing
            from lines
            where malformed_line is null
            window
                above as (
                    partition by number_of_line order by source_line rows between unbounded preceding and current row
                ),
                below as (
                    partition by number_of_line order by source_line rows between current row and unbounded following
                )
        )
        select {", ".join(columns)}, min(source_file) as source_file, cast(null as varchar) as malformed_line
        from filled
        group by number_of_line, case when number_of_line is null then source_line end{f", {keys}" if keys else ""}
        union all by name
        select source_file, malformed_line from lines where malformed_line is not null
    """


def sum_of(name: str) -> str:
    """The total of the lines. One that cannot be read makes the whole unreadable: what is missing is not nothing."""
    text = f"cast({name} as varchar)"
    value = f"case when {is_plain(text)} then try_cast({text} as {NUMBER}) end"
    empty_counts = "is_zero_if_empty" if name == "amount" else "true"
    unreadable = f"{value} is null and not ({name} is null and {empty_counts})"
    told = f"'a line whose value cannot be read: ' || coalesce({text}, 'empty')"
    total = f"cast(cast(coalesce(sum({value}), 0) as decimal(28, 4)) as varchar)"
    nothing = f"when count({name}) = 0 then null " if name != "amount" else ""
    return f"case when bool_or({unreadable}) then min({told}) filter ({unreadable}) {nothing}else {total} end as {name}"
