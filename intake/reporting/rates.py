"""The part of the report about exchange rates: each as a sentence, and what is odd about them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import yaml

from .findings import Finding, counted

KNOWN = Path(__file__).with_name("rates.yml")
KNOWN_SINCE = "2015-01-01"
OLDEST = 35  # days: a rate of the month before is usual, an older one was forgotten
LARGEST_GAP = 1.1  # between two rates of one day
USED = "rejection_reason is null and not is_superseded"


@cache
def known_rates() -> dict[str, tuple[float, float]]:
    """The lowest and highest value of a currency in EUR."""
    return yaml.safe_load(KNOWN.read_text(encoding="utf-8"))


def usual(currency: str, reporting_currency: str) -> tuple[float, float] | None:
    """Between what a rate should lie; None where nothing is known."""
    known = known_rates()
    if currency not in known or reporting_currency not in known:
        return None
    (low, high), (low_reporting, high_reporting) = known[currency], known[reporting_currency]
    return low / high_reporting, high / low_reporting


def is_inverted(rate: float, low: float, high: float) -> bool:
    """Whether a rate lies outside of what is usual, and its inverse inside."""
    return not low <= rate <= high and low <= 1 / rate <= high


def is_of_a_hundred(rate: float, low: float, high: float) -> bool:
    """Whether a rate is probably that of a hundred units, as some central banks give it."""
    return not low <= rate <= high and low <= rate / 100 <= high


def rates_report(connection: duckdb.DuckDBPyConnection, reporting_currency: str) -> Iterator[str]:
    """The latest rate of each currency, to be read aloud."""
    latest = connection.execute(
        f"""
        select currency, max(rate_date), arg_max(rate, rate_date) from staging.stg_exchange_rates
        where {USED} and currency <> ? group by currency order by currency
        """,
        [reporting_currency],
    ).fetchall()
    if not latest:
        return
    yield "Exchange rates: is it this way round?"
    for currency, day, rate in latest:
        yield f"  1 {currency} = {plain(rate)} {reporting_currency} on {day}"
    yield ""


def plain(rate: object) -> str:
    """A rate with at least two digits after the point."""
    digits = f"{float(rate):.8f}".rstrip("0")  # type: ignore[arg-type]
    whole, _, rest = digits.partition(".")
    return f"{whole}.{rest:0<2}"


def rates_findings(connection: duckdb.DuckDBPyConnection, reporting_currency: str) -> Iterator[Finding]:
    """All findings on exchange rates."""
    yield from out_of_proportion(connection, reporting_currency)
    yield from old_rates(connection, reporting_currency)
    yield from two_of_one_day(connection)


def out_of_proportion(connection: duckdb.DuckDBPyConnection, reporting_currency: str) -> Iterator[Finding]:
    """Rates that are the wrong way round, or of a hundred units."""
    rates = connection.execute(
        f"""
        select currency, rate_date, cast(rate as double) from staging.stg_exchange_rates
        where {USED} and rate_date >= date '{KNOWN_SINCE}' order by rate_date
        """
    ).fetchall()
    for is_odd, how, right, do in (
        (is_inverted, "the wrong way round", lambda rate: 1 / rate, "Give 1 / rate"),
        (is_of_a_hundred, "for a hundred units", lambda rate: rate / 100, "Divide it by 100"),
    ):
        odd: dict[str, list[tuple]] = {}
        for currency, day, rate in rates:
            if (limits := usual(currency, reporting_currency)) and is_odd(rate, *limits):
                odd.setdefault(currency, []).append((day, rate))
        for currency, found in sorted(odd.items()):
            day, rate = found[-1]
            sentence = f"1 {currency} = {plain(rate)} {reporting_currency} on {day}"
            yield Finding(
                f"{counted(len(found), 'rate', 'rates')} of {currency} probably {how}: {sentence}, "
                f"but 1 {currency} is about {plain(float(f'{right(rate):.5g}'))} {reporting_currency}",
                f"a rate is the units of the reporting currency for one unit of the other. {do}",
            )


def old_rates(connection: duckdb.DuckDBPyConnection, reporting_currency: str) -> Iterator[Finding]:
    found = connection.execute(
        f"""
        with rates as (select currency, rate_date from staging.stg_exchange_rates where {USED}),
        orders as (
            select currency, order_date from staging.stg_orders
            where rejection_reason is null and currency <> ?
        )
        select orders.currency, count(*), max(orders.order_date - rates.rate_date),
            arg_max(orders.order_date, orders.order_date - rates.rate_date),
            arg_max(rates.rate_date, orders.order_date - rates.rate_date)
        from orders asof join rates
            on orders.currency = rates.currency and orders.order_date >= rates.rate_date
        where orders.order_date - rates.rate_date > {OLDEST}
        group by orders.currency order by orders.currency
        """,
        [reporting_currency],
    ).fetchall()
    for currency, number, days, order_date, rate_date in found:
        yield Finding(
            f"{counted(number, 'order', 'orders')} in {currency} at a rate older than {OLDEST} days: up to {days:,} "
            f"days (an order of {order_date} at the rate of {rate_date})",
            "add later rates to exchange_rates",
        )


def two_of_one_day(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    found = connection.execute(
        f"""
        select currency, rate_date, min(rate), max(rate), count(*) over () from staging.stg_exchange_rates
        where rejection_reason is null group by currency, rate_date having max(rate) > min(rate) * {LARGEST_GAP}
        order by max(rate) / min(rate) desc limit 1
        """
    ).fetchall()
    for currency, day, low, high, number in found:
        yield Finding(
            f"{counted(number, 'day has', 'days have')} two rates of one currency that differ by more than a tenth: "
            f"{currency} on {day} {plain(low)} and {plain(high)}, of which the larger counts",
            "take the wrong one out of exchange_rates",
        )
