"""Findings on who a customer is: numbers and e-mails that mean nobody, damaged ones, the same one written twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb

from stammkunde.database import quoted

from ..entities import WORDS_FOR_NOTHING
from .findings import Finding, counted, files
from .values import SAMPLES, masked

# From how many on, and over which share of its rows, one number beside other e-mails (or the reverse) is no person.
MANY = 3
# A number without e-mails beside it: from how many orders, and beside how many other numbers, a large share is odd.
MANY_ORDERS, MANY_NUMBERS, LARGE_SHARE = 20, 10, 0.1
# Whatever the rows: so many e-mails are not one person's.
TOO_MANY = 5
# Numbers that are none by what they say.
NO_NUMBER = (
    r"(guest|gast|test|anonym\w*|unknown|unbekannt|laufkund\w*|walk[- _]?in)([- _.]?(user|kunde|customer|account))?"
    r"|barverk[aä]uf.*|kasse|dummy|n/?a|k[. ]*a[. ]*|keine?( angabe)?|ohne|diverse?|9{4,}|0{2,}|x+|-+|[?]+"
)
# What stands before the @ of an address that is nobody's.
NOBODY = (
    r"(no|not|kein|keine|ohne)[._-]?(e?[._-]?mail|reply|adresse)?|none|null|dummy|fake|unknown|unbekannt|anonym.*"
    r"|guest|gast|platzhalter|placeholder|x+"
)
EXPONENT = "-?[0-9]+([.,][0-9]+)?[Ee][+-]?[0-9]+"

PERSONS = """
    select customer_id, lower(customer_email) as email from staging.stg_orders
    union all
    select customer_id, lower(email) as email from staging.stg_customers
"""


def who_findings(connection: duckdb.DuckDBPyConnection, settings: Mapping[str, object]) -> Iterator[Finding]:
    """All findings on who a customer is."""
    missing = [str(word) for word in settings.get("missing_values") or ()]  # type: ignore[attr-defined]
    yield from placeholder_numbers(connection, missing)
    yield from number_of_everybody(connection, missing)
    yield from placeholder_addresses(connection)
    yield from words_for_no_address(connection, missing)
    yield from damaged_ids(connection)
    if not settings.get("customer_id_is_personal"):
        yield from personal_numbers(connection)
    for column, sources in WITH_ZEROS.items():
        yield from lost_zeros(connection, column, sources)


def to_missing_values(words: list[str], missing: list[str]) -> str:
    """The setting as it has to be written: a list of one's own takes the place of the whole list."""
    listed = ", ".join(quoted(word) for word in dict.fromkeys([*missing, *words]))
    return f"if it means nobody, add it in the mapping: settings: {{missing_values: [{listed}]}}"


def placeholder_numbers(connection: duckdb.DuckDBPyConnection, missing: list[str]) -> Iterator[Finding]:
    found = connection.execute(
        f"""
        select customer_id, count(distinct email) as emails, count(*) as rows from ({PERSONS})
        where customer_id is not null and email is not null
        group by customer_id
        having emails >= {TOO_MANY} or (emails >= {MANY} and emails * 2 > rows)
            or (emails > 1 and regexp_full_match(customer_id, {quoted(NO_NUMBER)}, 'i'))
        order by emails desc, customer_id
        """
    ).fetchall()
    for number, emails, rows in found[:SAMPLES]:
        text = f"customer_id '{masked(number)}' stands beside {emails:,} different e-mails in {rows:,} rows"
        yield Finding(f"{text}: all these people are one customer", to_missing_values([number], missing))
    if len(found) > SAMPLES:
        yield Finding(
            f"{len(found) - SAMPLES:,} further customer_ids stand beside {MANY} or more different e-mails",
            "if most do, the column may be no customer's number, but for example a company's or a shop's",
        )


def number_of_everybody(connection: duckdb.DuckDBPyConnection, missing: list[str]) -> Iterator[Finding]:
    """A number without e-mails that says itself that it is none, or has a large part of all orders, as of a till."""
    found = connection.execute(
        f"""
        select customer_id, count(*) as orders, count(customer_email) as emails, sum(count(*)) over () as all_orders
        from staging.stg_orders where customer_id is not null group by customer_id
        qualify emails = 0 and (
            (orders > 1 and regexp_full_match(customer_id, {quoted(NO_NUMBER)}, 'i'))
            or (orders >= {MANY_ORDERS} and count(*) over () >= {MANY_NUMBERS} and orders > {LARGE_SHARE} * all_orders)
        )
        order by orders desc
        """
    ).fetchall()
    for number, orders, _, everything in found[:SAMPLES]:
        share = f"{orders:,} of {everything:,} orders"
        yield Finding(
            f"customer_id '{masked(number)}' has {share} ({orders / everything:.0%})",
            to_missing_values([number], missing),
        )


def placeholder_addresses(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    found = connection.execute(
        f"""
        select email, count(distinct customer_id) as numbers, count(*) as rows,
            list_sort(list(distinct customer_id))[:{SAMPLES}] as examples
        from ({PERSONS}) where email is not null
        group by email
        having numbers >= {TOO_MANY} or (numbers >= {MANY} and numbers * 2 > rows)
            or (rows >= {MANY} and regexp_full_match(split_part(email, '@', 1), {quoted(NOBODY)}))
        order by rows desc, email limit {SAMPLES}
        """
    ).fetchall()
    for email, numbers, rows, examples in found:
        beside = f"{counted(numbers, 'customer_id', 'different customer_ids')}" if numbers else "no customer_id"
        such_as = f" (such as {', '.join(masked(number) for number in examples if number)})" if numbers else ""
        yield Finding(
            f"one e-mail {masked(email)} stands in {rows:,} rows beside {beside}{such_as}",
            "if it is nobody's address, add it to the setting missing_values: guests who share it are one person",
        )


def words_for_no_address(connection: duckdb.DuckDBPyConnection, missing: list[str]) -> Iterator[Finding]:
    nothing = ", ".join(quoted(word.strip().lower()) for word in ("", *WORDS_FOR_NOTHING, *missing))
    found = connection.execute(
        f"""
        select word, count(*) as rows from (
            select trim(customer_email) as word from raw.orders union all select trim(email) from raw.customers
        )
        where lower(word) not in ({nothing}) and not regexp_full_match(word, '[^@]+@[^@]+')
        group by word order by rows desc, word
        """
    ).fetchall()
    if not found:
        return
    # What one row alone has may be somebody's name.
    shared = [f"'{masked(word)}' {rows:,} times" for word, rows in found if rows > 1][:SAMPLES]
    shown = f" ({', '.join(shared)})" if shared else ""
    rows = counted(sum(rows for _, rows in found), "row has an e-mail that is", "rows have an e-mail that is")
    yield Finding(
        f"{rows} none{shown}: read as no e-mail",
        "orders without a customer_id then belong to nobody. If a number or name is meant, map another column",
    )


def damaged_ids(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    found = connection.execute(
        f"""
        select count(*), list(distinct source_file),
            min(case when regexp_full_match(trim(order_id), '{EXPONENT}') then order_id else customer_id end)
        from staging.quarantined_orders where rejection_reason = 'damaged_id'
        """
    ).fetchall()[0]
    others = connection.execute(
        "select entity, rows from marts.row_accounting where reason = 'damaged_id' and entity <> 'orders' order by all"
    ).fetchall()
    again = (
        "a spreadsheet has destroyed them. Export again and do not open and save the file in Excel, or let Excel read "
        "the column as text"
    )
    if found[0]:
        rows = counted(found[0], "row", "rows")
        yield Finding(f"{rows} of {files(found[1])} with an id in exponent form, such as {masked(found[2])}", again)
    for entity, rows in others:
        yield Finding(f"{counted(rows, 'row', 'rows')} of {entity} with an id in exponent form", again)


# What a number is that names a person by itself: a first and a last name, a telephone number, a street with its number.
PERSONAL = {
    "names": r"[\p{L}][\p{L}.'-]+(,? +[\p{L}][\p{L}.'-]*){1,3}",
    "telephone numbers": r"([+][1-9]|00[1-9]|0[1-9][0-9]*[ /()-])([ /()-]*[0-9]){6,}",
    "addresses": r"[\p{L} .'-]*(str[.]?|straße|strasse|gasse|weg|platz|allee|street|road)[ ,]+[0-9]+ *[a-z]?\b.*",
}
FEW = 3  # of one kind: fewer are an exception in a column of numbers


def personal_numbers(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Numbers that name a person. None is shown: that would be the very thing to avoid."""
    kinds = ", ".join(
        f"count(distinct case when regexp_full_match(customer_id, {quoted(pattern)}, 'i') then customer_id end)"
        for pattern in PERSONAL.values()
    )
    found = connection.execute(
        f"select count(distinct customer_id), {kinds} from ({PERSONS}) where customer_id is not null"
    ).fetchall()[0]
    seen = {kind: number for kind, number in zip(PERSONAL, found[1:], strict=True) if number >= FEW}
    if seen:
        parts = " and ".join(f"{number:,} look like {kind}" for kind, number in seen.items())
        yield Finding(
            f"of {found[0]:,} customer_ids {parts}: they name the person in every mart",
            "if they do, set in the mapping: settings: {customer_id_is_personal: true}. Marts then hold a hash of them",
        )


# Columns of ids with the staging models that hold them.
WITH_ZEROS = {
    "customer_id": ("orders", "customers", "activities", "subscriptions"),
    "order_id": ("orders", "order_lines", "refunds"),
}
WITH_FILES = ("orders", "customers", "refunds")  # those that keep the file of each row


def lost_zeros(connection: duckdb.DuckDBPyConnection, column: str, sources: tuple[str, ...]) -> Iterator[Finding]:
    """The same digits with zeros before them in one place and without in another."""
    ids = " union all ".join(
        f"select distinct {column} as id, {'source_file' if entity in WITH_FILES else quoted(entity)} as place "
        f"from staging.stg_{entity} where regexp_full_match({column}, '[0-9]+')"
        for entity in sources
    )
    found = connection.execute(
        f"""
        with ids as ({ids}),
        spellings as (
            select ltrim(id, '0') as digits, max_by(id, length(id)) as long, min_by(id, length(id)) as short,
                max_by(place, length(id)) as place_of_long, min_by(place, length(id)) as place_of_short
            from ids group by digits having count(distinct id) > 1
        )
        select long, short, place_of_long, place_of_short, count(*) over () from spellings order by digits limit 1
        """
    ).fetchall()
    for long, short, place_of_long, place_of_short, number in found:
        yield Finding(
            f"{counted(number, f'{column} is', f'{column}s are')} written with and without leading zeros: "
            f"{masked(long)} in {files([place_of_long])}, {masked(short)} in {files([place_of_short])}",
            "they are different ones so. A spreadsheet takes leading zeros away: export again, with the column as text",
        )
