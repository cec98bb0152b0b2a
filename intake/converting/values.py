"""SQL of single values: texts, numbers, times, words."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dictionary

from stammkunde.database import quoted

from ..mapping import Format
from .source import SourceColumn

WITH_TIME = ("%H", "%I", "%X", "%c")
NUMBER = "decimal(18, 6)"
PLAIN = "-?[0-9]+([.][0-9]+)?"


def cleaned(column: SourceColumn) -> str:
    """A column as text without blanks around it; null where nothing is left."""
    text = column.sql if column.is_text else f"cast({column.sql} as varchar)"
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
        f"then replace({without}, {quoted(form.decimal)}, '.') else {unreadable_number(text)} end"
    )


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


def timestamp_text(text: str, date_format: str) -> str:
    """A time in the form that staging reads, from one in the declared form."""
    parsed = f"try_strptime({text}, {quoted(date_format)})"
    if "%z" in date_format or "%Z" in date_format:
        written = f"strftime(timezone('UTC', {parsed}), '%Y-%m-%d %H:%M:%S.%f') || 'Z'"
    elif any(directive in date_format for directive in WITH_TIME):
        written = f"strftime({parsed}, '%Y-%m-%d %H:%M:%S.%f')"
    else:
        written = f"strftime({parsed}, '%Y-%m-%d')"
    return f"coalesce({written}, {text} || ' (not as declared)')"


def truth_text(text: str, true_values: Iterable[str]) -> str:
    """`true` for the words that mean it, `false` for any other."""
    words = ", ".join(quoted(word.strip().lower()) for word in true_values)
    return f"case when lower({text}) in ({words}) then 'true' when {text} is not null then 'false' end"


def translated(text: str, values: Dictionary[str, str]) -> str:
    """Values replaced as declared, whatever their case; others stay."""
    cases = " ".join(
        f"when {quoted(old.strip().lower())} then {quoted(new) if new else 'null'}" for old, new in values.items()
    )
    return f"case lower({text}) {cases} else {text} end"
