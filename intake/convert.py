"""From the columns of a source to the canonical ones, as SQL. A value that cannot be converted stays as it is, so that
staging can quarantine its row with the original and the reason."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass

from .entities import Column, Entity
from .errors import IntakeError
from .mapping import ColumnRule, EntityRule, Fold, Format, suggestion
from .reading import OWN_COLUMNS, name, quoted

WITH_TIME = ("%H", "%I", "%X", "%c")
NUMBER = "decimal(18, 6)"
PLAIN = "-?[0-9]+([.][0-9]+)?"


@dataclass(frozen=True)
class Source:
    """One loaded file or table: its table in DuckDB, what users know it as, and its columns by lower-case name."""

    table: str
    shown: str
    columns: Dictionary[str, tuple[str, str]]  # lower-case name -> (name, type)

    def find(self, wanted: str, where: str) -> tuple[str, str]:
        """Quoted name and type of a column, whatever its case, spaces and underscores. Raises IntakeError if it is not
        there."""
        found = self.columns.get(wanted.strip().lower())
        if found is None:
            alike = [column for known, column in self.columns.items() if letters(known) == letters(wanted)]
            found = alike[0] if len(alike) == 1 else None
        if found is None:
            known = [column for column, _ in self.columns.values() if column not in OWN_COLUMNS]
            raise IntakeError(f"{where}: column '{wanted}' is not in {self.shown}{suggestion(wanted, known)}")
        return name(found[0]), found[1]


def letters(column: str) -> str:
    return "".join(character for character in column.lower() if character.isalnum())


def canonical_select(source: Source, rule: EntityRule, entity: Entity, where: str) -> str:
    """SELECT of the canonical columns that the rule maps, source_file and malformed_line."""
    if rule.fold is not None and rule.fold.kind == "invoice_lines":
        return invoice_orders(source, rule, entity, where)
    expressions = [
        f"case when malformed_line is null then {expression(source, rule, column, where)} end as {column.name}"
        for column in entity.columns.values()
        if column.name in rule.columns
    ]
    expressions += [
        f"cast(null as varchar) as {column.name}"
        for column in entity.columns.values()
        if column.required and column.name not in rule.columns
    ]
    selected = (
        f"{', '.join(expressions)}, source_file, malformed_line from ({folded(source, rule.fold, where)}) as source"
    )
    # An export of something else repeats a customer or line; in a file of these themselves every row is accounted for.
    is_mapped = bool(rule.files) or rule.table is not None
    if entity.name in ("customers", "order_lines") and rule.fold is None and is_mapped:
        return (
            f"select distinct {selected} where malformed_line is null "
            f"union all select {selected} where malformed_line is not null"
        )
    return f"select {selected}"


def folded(source: Source, fold: Fold | None, where: str) -> str:
    """The rows of a source that make rows: all, or the first of each order."""
    if fold is None:
        return f"select * from {source.table}"
    by, _ = source.find(fold.by or "", where)
    return (
        f"select * from {source.table} qualify {by} is null or malformed_line is not null "
        f"or row_number() over (partition by {by} order by source_line) = 1"
    )


def expression(source: Source, entity_rule: EntityRule, column: Column, where: str) -> str:
    """SQL of one canonical column."""
    rule = entity_rule.columns[column.name]
    where = f"{where}, column '{column.name}'"
    if rule.constant is not None:
        return quoted(rule.constant)
    if rule.row_number is not None:
        return f"{quoted(rule.row_number)} || source_line"
    if rule.number_within is not None:
        within, _ = source.find(rule.number_within, where)
        return f"row_number() over (partition by source_file, {within} order by source_line)"
    value, kind = source.find(rule.column or "", where)
    if kind != "VARCHAR" and not needs_conversion(rule):
        return value
    text = cleaned(value, kind)
    if column.kind == "decimal":
        text = decimal_text(source, entity_rule, rule, text, where)
    elif rule.date_format is not None:
        text = timestamp_text(text, rule.date_format)
    elif column.kind == "boolean" and rule.true_values:
        words = ", ".join(quoted(word.strip().lower()) for word in rule.true_values)
        text = f"case when lower({text}) in ({words}) then 'true' when {text} is not null then 'false' end"
    if rule.values:
        cases = " ".join(
            f"when {quoted(old.strip().lower())} then {quoted(new) if new else 'null'}"
            for old, new in rule.values.items()
        )
        text = f"case lower({text}) {cases} else {text} end"
    if rule.present is not None:
        text = f"case when {text} is not null then {quoted(rule.present)} end"
    if rule.otherwise is not None:
        other, other_kind = source.find(rule.otherwise, where)
        instead = cleaned(other, other_kind)
        if rule.date_format is not None and other_kind == "VARCHAR":
            instead = timestamp_text(instead, rule.date_format)
        text = f"coalesce({text}, {instead})"
    return text


def needs_conversion(rule: ColumnRule) -> bool:
    return rule != ColumnRule(column=rule.column)


def cleaned(value: str, kind: str) -> str:
    text = value if kind == "VARCHAR" else f"cast({value} as varchar)"
    return f"nullif(trim({text}, ' ' || chr(9) || chr(10) || chr(13)), '')"


def plain_number(text: str, form: Format) -> str:
    """A number as staging reads it, from one written with the declared decimal and thousands signs."""
    if form.decimal == "." and not form.thousands:
        return text
    decimal, thousands = (f"[{sign}]" for sign in (form.decimal, form.thousands or "_"))
    pattern = f"-?([0-9]+|[0-9]{{1,3}}({thousands}[0-9]{{3}})+)({decimal}[0-9]+)?"
    without = f"replace({text}, {quoted(form.thousands)}, '')" if form.thousands else text
    return (
        f"case when regexp_full_match({text}, {quoted(pattern)}) "
        f"then replace({without}, {quoted(form.decimal)}, '.') else {unreadable_number(text, form)} end"
    )


def unreadable_number(text: str, form: Format) -> str:
    """A number in another writing than declared must not be read as a plain one: with a decimal comma 1.234 is none."""
    plain = f"regexp_full_match({text}, '-?[0-9]+([.][0-9]+)?')"
    return f"case when {plain} then {text} || ' (not as declared)' else {text} end"


def number(value: str, kind: str, form: Format) -> str:
    """A column as a decimal: a typed one as it is, a text only where it is written in plain digits as declared."""
    if kind != "VARCHAR":
        return f"try_cast({value} as {NUMBER})"
    plain = plain_number(cleaned(value, kind), form)
    return f"case when regexp_full_match({plain}, {quoted(PLAIN)}) then try_cast({plain} as {NUMBER}) end"


def decimal_text(source: Source, rule: EntityRule, column: ColumnRule, text: str, where: str) -> str:
    """A number in plain digits; where it cannot be read or reckoned with, its text as it is."""
    form = rule.format
    plain = plain_number(text, form)
    if not (column.unit or column.times or column.less or column.scaled_by or column.at_most):
        return plain
    value = amount(source, rule, column, where)
    return (
        f"coalesce(cast({value} as varchar), case when regexp_full_match({plain}, {quoted(PLAIN)}) "
        f"then {text} || ' (a column it is reckoned with cannot be read)' else {plain} end)"
    )


def amount(source: Source, rule: EntityRule, column: ColumnRule, where: str) -> str:
    """The value of a column as a decimal with all its arithmetic; null where a part of it cannot be read."""

    def other(wanted: str) -> str:
        if wanted.startswith("="):
            target = rule.columns.get(wanted.removeprefix("="))
            if target is None or target == column:
                raise IntakeError(f"{where}: '{wanted}' must name another column that is mapped")
            return amount(source, rule, target, where)
        return number(*source.find(wanted, where), rule.format)

    value = other(column.column or "")
    if column.unit == "cents":
        value = f"({value} * cast(0.01 as decimal(3, 2)))"
    if column.times is not None:
        value = f"({value} * {other(column.times)})"
    for wanted in column.less:
        blank = f"{cleaned(*source.find(wanted, where))} is null"
        value = f"({value} - coalesce({other(wanted)}, case when {blank} then 0 end))"
    if column.scaled_by is not None:
        part, whole = (other(wanted) for wanted in column.scaled_by)
        value = f"case when {value} = 0 then 0 else round(cast({value} as double) * {part} / nullif({whole}, 0), 4) end"
    value = f"cast({value} as decimal(28, 4))"
    if column.at_most is None:
        return value
    # Of a value and a null, least() takes the value: what is unknown must not become the cap.
    return f"case when {value} is not null then least({value}, {other(column.at_most)}) end"


def timestamp_text(text: str, date_format: str) -> str:
    parsed = f"try_strptime({text}, {quoted(date_format)})"
    if "%z" in date_format or "%Z" in date_format:
        written = f"strftime(timezone('UTC', {parsed}), '%Y-%m-%d %H:%M:%S.%f') || 'Z'"
    elif any(directive in date_format for directive in WITH_TIME):
        written = f"strftime({parsed}, '%Y-%m-%d %H:%M:%S.%f')"
    else:
        written = f"strftime({parsed}, '%Y-%m-%d')"
    return f"coalesce({written}, {text} || ' (not as declared)')"


def invoice_orders(source: Source, rule: EntityRule, entity: Entity, where: str) -> str:
    """Orders from invoice lines: an invoice with what it sold and, if later lines cancel part of it, a second version
    with the refund. What is cancelled without an earlier sale of that product to that customer becomes a row with a
    negative amount: staging quarantines it, so that it can be seen."""
    fold = rule.fold
    assert fold is not None

    def text(column: str) -> str:
        return cleaned(*source.find(column, where))

    mapped = {
        column.name: expression(source, rule, column, where)
        for column in entity.columns.values()
        if column.name in rule.columns and column.name not in ("amount", "refunded_amount", "updated_at")
    }
    others = [column for column in mapped if column not in ("order_id", "customer_id", "ordered_at")]
    first_of = "".join(f", arg_min({column}, source_line) as {column}" for column in others)
    listed = "".join(f", {column}" for column in others)
    nulls = "".join(f", null as {column}" for column in others)
    quantity = number(*source.find(fold.quantity or "", where), rule.format)
    price = number(*source.find(fold.price or "", where), rule.format)
    prefix = quoted(fold.cancelling_prefix or "")
    customer = mapped.get("customer_id", "null")
    return f"""
        with lines as (
            select
                {text(fold.invoice or "")} as invoice, {text(fold.product or "")} as product,
                {customer} as customer_id, {mapped["ordered_at"]} as ordered_at,
                {"".join(f"{mapped[column]} as {column}, " for column in others)}
                {quantity} as quantity, cast({quantity} * {price} as decimal(28, 4)) as line_amount,
                source_line, source_file, malformed_line
            from {source.table}
        ),
        judged as (
            select
                *, coalesce(starts_with(invoice, {prefix}) or quantity < 0 or line_amount < 0, false) as is_cancelling
            from lines
            where malformed_line is null
        ),
        invoices as (
            select
                invoice, arg_min(customer_id, source_line) as customer_id,
                arg_min(ordered_at, source_line) as ordered_at,
                sum(line_amount) as amount, bool_or(line_amount is null) as is_unreadable,
                min(source_file) as source_file{first_of}
            from judged where not is_cancelling or invoice is null group by invoice
        ),
        sales as (
            select invoice, customer_id, product, min(ordered_at) as ordered_at, sum(line_amount) as sold
            from judged where not is_cancelling and customer_id is not null group by all
        ),
        cancelled as (
            select judged.*, sales.invoice as sold_by, sales.sold
            from (select * from judged where is_cancelling) as judged
            asof left join sales
                on judged.customer_id = sales.customer_id and judged.product = sales.product
                and judged.ordered_at >= sales.ordered_at
        ),
        returned as (
            select sold_by, product, least(sum(abs(line_amount)), any_value(sold)) as refunded,
                greatest(sum(abs(line_amount)) - any_value(sold), 0) as too_much, max(ordered_at) as returned_at,
                min(invoice) as cancelling_invoice, any_value(customer_id) as customer_id,
                min(source_file) as source_file
            from cancelled where sold_by is not null group by all
        ),
        refunds as (
            select sold_by, sum(refunded) as refunded, max(returned_at) as returned_at from returned group by all
        ),
        unmatched as (
            select invoice, customer_id, min(ordered_at) as ordered_at, sum(line_amount) as amount,
                min(source_file) as source_file
            from cancelled where sold_by is null group by all
            union all
            select cancelling_invoice, customer_id, min(returned_at), -sum(too_much), min(source_file)
            from returned where too_much > 0 group by all
        )
        select invoice as order_id, customer_id, ordered_at,
            case
                when is_unreadable then 'a line without a readable quantity or price' else cast(amount as varchar)
            end as amount,
            '0' as refunded_amount, ordered_at as updated_at{listed}, source_file,
            cast(null as varchar) as malformed_line
        from invoices
        union all
        select
            invoice, customer_id, ordered_at, cast(amount as varchar), cast(refunded as varchar), returned_at{listed},
            source_file, null
        from invoices inner join refunds on invoices.invoice = refunds.sold_by
        where not is_unreadable
        union all
        select invoice, customer_id, ordered_at, cast(amount as varchar), '0', ordered_at{nulls}, source_file, null
        from unmatched where amount < 0
        union all
        select null, null, null, null, null, null{nulls}, source_file, malformed_line
        from lines where malformed_line is not null
    """
