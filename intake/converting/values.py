"""SQL of single values: texts, numbers, words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as Dictionary

from stammkunde.blanks import BLANK
from stammkunde.database import quoted

from ..entities import WORDS_FOR_NOTHING
from ..mapping import ColumnRule, Format
from ..mapping.text_of_columns import parts
from .source import Source, SourceColumn

NUMBER = "decimal(18, 6)"
WIDE = "decimal(28, 6)"
PLAIN = "-?[0-9]+([.][0-9]+)?"
NOTHING = "|".join(map(re.escape, WORDS_FOR_NOTHING))  # in any case
NOT_COMPUTED = " (a column it is computed with cannot be read)"
BLANK_SIGNS = "[ \xa0\u2007\u2009\u202f]"  # blanks that group thousands


def cleaned(column: SourceColumn) -> str:
    """A column as text without blanks around it; null where nothing is left, or a word that means nothing."""
    text = column.sql if column.is_text else as_digits(column)
    trimmed = f"regexp_replace({text}, '^{BLANK}+|{BLANK}+$', '', 'g')"
    searched = f"nullif(regexp_replace({trimmed}, '^({NOTHING})$', '', 'i'), '')"
    if not column.is_text:
        return searched
    # Most texts begin and end with a letter or sign of ASCII and are longer than any of the words (as in clean_text of
    # macros/portable): only the others are searched.
    has_nothing_to_trim = f"strlen({text}) > 4 and {text} between '!' and '~~' and right({text}, 1) between '!' and '~'"
    return f"case when {has_nothing_to_trim} then {text} else {searched} end"


ROUNDED = "-?[0-9]+([.,][0-9]+[Ee][+-]?[0-9]+|[Ee][+-][0-9]+)"


def written(source: Source, rule: ColumnRule, where: str) -> str:
    """What the files say where the rule looks: in a column, or in several that a text puts together. In such a text a
    whole number is its digits, as it is in an id that stands alone; of a number in exponent form, as spreadsheets leave
    long ones, there is no text, as rows of one rounded number are not one row."""
    if rule.text is None:
        return cleaned(source.find(rule.column or "", where))
    pieces, first = [], ""
    for piece, is_column in parts(rule.text):
        text = without_point_zero(cleaned(source.find(piece, where))) if is_column else quoted(piece)
        first = first or (text if is_column else "")
        pieces.append(f"coalesce({text}, '')" if is_column else text)
    if not first:
        return "".join(pieces)
    is_whole = f"{first} is not null and not regexp_full_match({first}, {quoted(ROUNDED)})"
    return f"case when {is_whole} then {' || '.join(pieces)} end"


def as_digits(column: SourceColumn) -> str:
    """A typed value as text; a whole number is its digits, also where it arrives as a double (1e15, 17850.0)."""
    if column.kind == "TIMESTAMP WITH TIME ZONE":  # a cast would write the offset as staging does not read it
        return f"strftime(timezone('UTC', {column.sql}), '%Y-%m-%d %H:%M:%S.%f') || 'Z'"
    if column.kind not in ("DOUBLE", "FLOAT"):
        return f"cast({column.sql} as varchar)"
    whole = f"abs({column.sql}) < 1e18 and {column.sql} = trunc({column.sql})"
    return (
        f"case when {whole} then cast(cast({column.sql} as bigint) as varchar) else cast({column.sql} as varchar) end"
    )


def without_point_zero(text: str) -> str:
    """An id as staging has it: 17850 for 17850.0, as pandas writes it where another row has none."""
    return f"regexp_replace(cast({text} as varchar), '^(-?[0-9]+)[.]0+$', '\\1')"


def plain_number(text: str, form: Format) -> str:
    """A number as staging reads it, from one written as the format declares."""
    if form == form.model_copy(update={"decimal": ".", "thousands": "", "currency_sign": (), "negative": "minus"}):
        return text
    bare = without_signs(text, form)
    grouping = BLANK_SIGNS if form.thousands.isspace() else f"[{form.thousands or '_'}]"
    pattern = f"-?([0-9]+|[0-9]{{1,3}}({grouping}[0-9]{{3}})+)([{form.decimal}][0-9]+)?"
    without = f"regexp_replace({bare}, {quoted(grouping)}, '', 'g')" if form.thousands else bare
    return (
        f"case when regexp_full_match({bare}, {quoted(pattern)}) "
        f"then replace({without}, {quoted(form.decimal)}, '.') else {unreadable_number(text)} end"
    )


def without_signs(text: str, form: Format) -> str:
    """A number without its currency sign, below zero with a minus before it, whichever way that is declared."""
    if form.negative == "brackets":
        text = f"regexp_replace({without_currency(text, form)}, '^[(](.*)[)]$', '-\\1')"
    if form.negative == "trailing_minus":
        text = f"regexp_replace({without_currency(text, form)}, '^(.*[^ ]) *-$', '-\\1')"
    return without_currency(text, form)


def without_currency(text: str, form: Format) -> str:
    """A number without the currency sign before or behind it."""
    if not form.currency_sign:
        return text
    signs = "|".join(re.escape(sign) for sign in form.currency_sign)
    before = quoted(f"^(-?){BLANK_SIGNS}*(?:{signs})?{BLANK_SIGNS}*")
    return f"regexp_replace(regexp_replace({text}, {before}, '\\1'), {quoted(f'{BLANK_SIGNS}*(?:{signs})$')}, '')"


def unreadable_number(text: str) -> str:
    """A number in another writing than declared must not be read as a plain one: with a decimal comma 1.234 is none."""
    return f"case when {is_plain(text)} then {text} || ' (not as declared)' else {text} end"


def is_plain(text: str) -> str:
    return f"regexp_full_match({text}, {quoted(PLAIN)})"


def number(column: SourceColumn, form: Format) -> str:
    """A column as a decimal: a typed one as it is, a text only where it is written in plain digits as declared."""
    if not column.is_text:
        return f"try_cast({column.sql} as {NUMBER})"
    plain = plain_number(cleaned(column), form)
    return f"case when {is_plain(plain)} then try_cast({plain} as {NUMBER}) end"


def product(value: str, factor: str) -> str:
    """Two decimals multiplied. The first is widened: else the product has its 18 digits alone, 12 of them behind the
    point, and one above nine millions would stop the conversion."""
    return f"(cast({value} as {WIDE}) * {factor})"


def truth_text(text: str, true_values: Iterable[str]) -> str:
    """`true` for the words that mean it, `false` for any other."""
    words = ", ".join(quoted(word.strip().lower()) for word in true_values)
    return f"case when lower({text}) in ({words}) then 'true' when {text} is not null then 'false' end"


def without_beginnings(text: str, beginnings: Iterable[str]) -> str:
    """Null for values that begin with one of the texts; others stay."""
    begins = " or ".join(f"starts_with({text}, {quoted(beginning)})" for beginning in beginnings)
    return f"case when not ({begins}) then {text} end"


def translated(text: str, values: Dictionary[str, str], others: str | None = None) -> str:
    """Values replaced as declared, whatever their case; others stay, or all become one."""
    cases = " ".join(
        f"when {quoted(old.strip().lower())} then {quoted(new) if new else 'null'}" for old, new in values.items()
    )
    kept = text if others is None else f"case when {text} is not null then {quoted(others)} end"
    return f"case lower({text}) {cases} else {kept} end"
