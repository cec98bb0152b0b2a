"""SQL of times: in a declared form, with names of months, in two columns, in a time zone that the row names."""

from __future__ import annotations

import re

from stammkunde.database import quoted

from .tables import months, time_zones

WITH_TIME = ("%H", "%I", "%X", "%c")
NOT_AS_DECLARED = " (not as declared)"
FIRST_YEAR = 1000
# A local time in the form that staging reads: what a time zone can be applied to.
LOCAL = "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?"


def timestamp_text(text: str, date_format: str) -> str:
    """A time in the form that staging reads, from one in the declared form."""
    form, readable = date_format, text
    if "%b" in form or "%B" in form:
        form = re.sub(r"%[bB]\.?", "%m", form)
        readable = with_month_numbers(text)
    parsed = f"try_strptime({readable}, {quoted(form)})"
    if "%Y" in form:  # DuckDB takes a year of two digits for one of the first century
        parsed = f"(case when {parsed} >= '{FIRST_YEAR}-01-01' then {parsed} end)"
    if "%z" in form or "%Z" in form:
        written = f"strftime(timezone('UTC', {parsed}), '%Y-%m-%d %H:%M:%S.%f') || 'Z'"
    elif any(directive in form for directive in WITH_TIME):
        written = f"strftime({parsed}, '%Y-%m-%d %H:%M:%S.%f')"
    else:
        written = f"strftime({parsed}, '%Y-%m-%d')"
    return f"coalesce({written}, {text} || {quoted(NOT_AS_DECLARED)})"


def with_month_numbers(text: str) -> str:
    """A date with the number of the month, in two digits, instead of its name and the point behind it."""
    text = f"nfc_normalize({text})"  # the ä of März may be two characters
    names = "|".join(months())
    before, behind = r"(^|[^\pL])", r"([^\pL]|$)"
    found = f"regexp_extract(lower({text}), {quoted(f'{before}({names}){behind}')}, 2)"
    cases = " ".join(f"when {quoted(name)} then '{number:02}'" for name, number in months().items())
    pattern = quoted(f"(?i){before}({names})[.]?{behind}")
    return f"regexp_replace({text}, {pattern}, '\\1' || (case {found} {cases} end) || '\\3')"


def in_time_zone(text: str, zone: str) -> str:
    """A local time of the time zone that a row names, as an instant; one with an unknown zone cannot be read."""
    cases = " ".join(f"when {quoted(name)} then {quoted(known)}" for name, known in time_zones().items())
    listed = "(select list(name) from pg_timezone_names())"
    name = f"(case {zone} {cases} else case when list_contains({listed}, {zone}) then {zone} end end)"
    local = f"(case when regexp_full_match({text}, {quoted(LOCAL)}) then try_cast({text} as timestamp) end)"
    instant = f"strftime(timezone('UTC', timezone({name}, {local})), '%Y-%m-%d %H:%M:%S.%f') || 'Z'"
    unknown = f"case when {name} is null then ' (time zone ' || coalesce({zone}, 'empty') || ' is not known)' end"
    return f"coalesce({instant}, {text} || coalesce({unknown}, ''))"
