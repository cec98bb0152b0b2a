"""SQL of times as texts: in a declared form, with names of months, in a time zone, minutes later."""

from __future__ import annotations

import re

from stammkunde.database import quoted

from ..mapping.date_formats import EPOCHS, ISO
from .tables import months, time_zones
from .values import NOT_COMPUTED

WITH_TIME = ("%H", "%I", "%X", "%c")
NOT_AS_DECLARED = " (not as declared)"
FIRST_YEAR = 1000
WRITTEN = "'%Y-%m-%d %H:%M:%S.%f'"
# The forms that staging reads (macros/portable/time.sql).
DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME_OF_DAY = "[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
LOCAL_TIME = DATE + TIME_OF_DAY
INSTANT = LOCAL_TIME + "(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])"
# A date, too: its midnight in the time zone that a row names.
LOCAL = f"{DATE}([T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]+)?)?)?"
ISO_ZONE = " ?(Z|UTC|GMT|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)"
FIRST_EPOCH, LAST_EPOCH = 315_532_800, 7_258_118_400  # 1980 and 2200 in seconds: milliseconds lie far beyond
MOST_MINUTES = 100_000_000  # that are added to a time


def timestamp_text(text: str, date_format: str) -> str:
    """A time in the form that staging reads, from one in the declared form."""
    if date_format == ISO:
        return iso_text(text)
    if date_format in EPOCHS:
        return epoch_text(text, date_format)
    form, readable = date_format, text
    if "%b" in form or "%B" in form:
        form = re.sub(r"%[bB]\.?", "%m", form)
        readable = with_month_numbers(text)
    parsed = f"try_strptime({readable}, {quoted(form)})"
    if "%Y" in form:  # DuckDB takes a year of two digits for one of the first century
        parsed = f"(case when {parsed} >= '{FIRST_YEAR}-01-01' then {parsed} end)"
    if "%z" in form or "%Z" in form:
        written = as_instant(f"timezone('UTC', {parsed})")
    elif any(directive in form for directive in WITH_TIME):
        written = f"strftime({parsed}, {WRITTEN})"
    else:
        written = f"strftime({parsed}, '%Y-%m-%d')"
    return f"coalesce({written}, {text} || {quoted(NOT_AS_DECLARED)})"


def iso_text(text: str) -> str:
    """From one of the ways of ISO 8601 and what systems make of it: `+02`, ` UTC` behind it, any number of digits."""
    date = DATE.replace("[0-9]{4}", "[1-9][0-9]{3}")
    zone = "regexp_replace(regexp_replace(given, ' (Z|UTC|GMT|[+-])', '\\1'), 'UTC|GMT', 'Z')"
    zone = f"regexp_replace({zone}, '([+-][0-9]{{2}})$', '\\1:00')"
    instant = as_instant(f"timezone('UTC', try_cast({zone} as timestamp with time zone))")
    cases = (
        f"when {has_form('given', date + TIME_OF_DAY + ISO_ZONE)} then {instant} "
        f"when {has_form('given', date + TIME_OF_DAY)} then strftime(try_cast(given as timestamp), {WRITTEN}) "
        f"when {has_form('given', date)} then strftime(try_cast(given as date), '%Y-%m-%d')"
    )
    return with_name("given", text, f"coalesce(case {cases} end, given || {quoted(NOT_AS_DECLARED)})")


def epoch_text(text: str, unit: str) -> str:
    """From the time since 1970: seconds with or without a fraction, whole milliseconds, whole microseconds."""
    per_second = EPOCHS[unit]
    form = "[0-9]{1,16}([.][0-9]+)?" if per_second == 1 else "[0-9]{1,16}([.]0+)?"
    number = f"case when {has_form('given', form)} then try_cast(given as decimal(38, 9)) end"
    is_meant = f"moment >= {FIRST_EPOCH * per_second} and moment < {LAST_EPOCH * per_second}"
    microseconds = f"try_cast(floor(moment * {1_000_000 // per_second}) as bigint)"
    moment = as_instant(f"make_timestamp({microseconds})")
    instant = with_name("moment", number, f"case when {is_meant} then {moment} end")
    return with_name("given", text, f"coalesce({instant}, given || {quoted(NOT_AS_DECLARED)})")


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
    instant = as_instant(f"timezone('UTC', timezone({name}, {local}))")
    unknown = f"case when {name} is null then ' (time zone ' || coalesce({zone}, 'empty') || ' is not known)' end"
    return f"coalesce({instant}, {text} || coalesce({unknown}, ''))"


def in_time_zone_of_file(text: str, zone: str) -> str:
    """A local time of the file's time zone as an instant; instants, dates and what is no time stay as they are.

    Of a local time that occurs twice it is the second, and one that does not occur is as much later, as everywhere
    else (macros/portable/time.sql).
    """
    instant = as_instant(f"timezone('UTC', timezone({quoted(zone)}, {local_time('given')}))")
    return with_name("given", text, f"coalesce({instant}, given)")


def without_utc(text: str) -> str:
    """The time that stands there, without the sign that it is one of UTC."""
    return f"regexp_replace({text}, {quoted(f'^({LOCAL_TIME})(Z|[+-]00:?00)$')}, '\\1')"


def later(text: str, minutes_text: str, minutes: str) -> str:
    """A time so many minutes later; null where there are no minutes."""
    given = f"{{'start': {text}, 'text': {minutes_text}, 'minutes': {minutes}}}"
    added = "to_microseconds(try_cast(given.minutes * 60000000 as bigint))"
    instant = as_instant(f"({instant_in_utc('given.start')} + {added})")
    local = f"strftime({local_time('given.start')} + {added}, {WRITTEN})"
    cannot = f"given.start || {quoted(NOT_COMPUTED)}"
    cases = (
        f"when given.start is null or given.text is null then null "
        f"when given.minutes >= 0 and given.minutes <= {MOST_MINUTES} then coalesce({instant}, {local}, {cannot})"
    )
    return with_name("given", given, f"case {cases} else {cannot} end")


def minutes_between(earlier: str, later: str) -> str:
    """The minutes from one time to another, to four digits; null where one is empty or the second lies before the
    first. A time with a time zone and one without cannot be compared, nor can a date."""
    given = f"{{'earlier': {earlier}, 'later': {later}}}"
    microseconds = ", ".join(
        f"date_diff('microsecond', {moment('given.earlier')}, {moment('given.later')})"
        for moment in (instant_in_utc, local_time)
    )
    # In ten-thousandths of a minute, which are 6000 microseconds.
    rounded = "cast((passed + 3000) // 6000 as decimal(18, 0)) * cast(0.0001 as decimal(5, 4))"
    cases = (
        "when given.earlier is null or given.later is null then null "
        f"when passed is null then given.later || {quoted(NOT_COMPUTED)} "
        f"when passed >= 0 then cast({rounded} as varchar)"
    )
    return with_name("given", given, with_name("passed", f"coalesce({microseconds})", f"case {cases} end"))


def instant_in_utc(text: str) -> str:
    """A text that says its time zone as the time in UTC; else null."""
    moment = f"timezone('UTC', try_cast({text} as timestamp with time zone))"
    return f"case when {has_form(text, INSTANT)} then {moment} end"


def local_time(text: str) -> str:
    """A text that says a time and no time zone; else null."""
    return f"case when {has_form(text, LOCAL_TIME)} then try_cast({text} as timestamp) end"


def as_instant(moment: str) -> str:
    """A time in UTC as staging reads it."""
    return f"strftime({moment}, {WRITTEN}) || 'Z'"


def has_form(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {quoted(pattern)})"


def with_name(name: str, value: str, expression: str) -> str:
    """An expression that names a value several times, which is calculated once."""
    return f"list_transform([{value}], lambda {name}: {expression})[1]"
