"""The large shop, for benchmarks: made by DuckDB, part by part, never all of it in memory.

First every customer's orders are placed in time, one block of customers after the other, and dropped into one folder
per stretch of time. Then each stretch is read, given its columns, sorted and written: so rows come in order of time.
Every figure is a function of the customer's number and the order's number, so threads and blocks do not matter.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

import duckdb

from . import money, story
from .files import quoted, write_parquet
from .orders import demand

CUSTOMERS_PER_BLOCK = 500_000
ROWS_PER_PART = 1_400_000
DAY_SLOTS = 8192

# A multiplicative mixer of 32-bit numbers in BIGINT: the same on every version and machine, and much faster than md5.
# roll() belongs to a customer, die() to one of their orders.
MACROS = """
CREATE MACRO stir(x) AS xor(x, x >> 16) * 73244475 % 4294967296;
CREATE MACRO roll(x, salt) AS stir(stir(stir((x + salt * 2654435769) % 4294967296)));
CREATE MACRO die(c, j, salt) AS roll(c * 64 + j, salt);
CREATE MACRO cube(x) AS x * x * x;
CREATE MACRO channel(c) AS CASE WHEN roll(c, 9) % 100 < 30 THEN 'organic_search'
    WHEN roll(c, 9) % 100 < 57 THEN 'paid_social' WHEN roll(c, 9) % 100 < 74 THEN 'marketplace'
    WHEN roll(c, 9) % 100 < 87 THEN 'email' ELSE 'referral' END;
CREATE MACRO once_percent(channel) AS CASE channel WHEN 'referral' THEN 36 WHEN 'organic_search' THEN 44
    WHEN 'email' THEN 50 WHEN 'paid_social' THEN 60 ELSE 66 END;
CREATE MACRO is_guest(c) AS roll(c, 5) % 1000 < 80;
CREATE MACRO country(c) AS CASE WHEN roll(c, 8) % 1000 < 110 THEN 'CH' WHEN roll(c, 8) % 1000 < 260 THEN 'AT'
    WHEN roll(c, 8) % 1000 < 340 THEN 'FR' ELSE 'DE' END;
CREATE MACRO currency(c) AS CASE WHEN roll(c, 8) % 1000 < 110 THEN 'CHF' WHEN roll(c, 8) % 1000 < 150 THEN 'USD'
    ELSE 'EUR' END;
CREATE MACRO first_day_of(c) AS (SELECT day_of_slot FROM slots)[1 + roll(c, 1) % {slots}];
CREATE MACRO cents(c, j) AS (900 + die(c, j, 20) % 1024 * 5 + cube(die(c, j, 20) % 1024) // 200000)
    * (60 + roll(c, 6) % 256 // 3 + least(j, 8) * 4) // 100;
CREATE MACRO moment(seconds) AS make_timestamptz((seconds + {epoch}) * 1000000);
CREATE MACRO money(cents) AS (CAST(cents AS INTEGER) * CAST(0.01 AS DECIMAL(3, 2)))::DECIMAL(12, 2);
CREATE MACRO order_number(ordered, c) AS lpad(ordered::VARCHAR, 9, '0') || '-' || c;
"""

# Where each customer starts, how often they would order, how long they wait, and the pause that some of them make.
BLOCK = """
WITH customer AS (
    SELECT c, first_day_of(c) AS first_day, roll(c, 2) AS often, roll(c, 3) AS pace, roll(c, 4) AS pause,
        once_percent(channel(c))::BIGINT * 42949673 AS once_below
    FROM range({first}, {first} + {count}) AS t(c)
), wanted AS (
    SELECT *, CASE WHEN often < once_below THEN 1 WHEN is_guest(c) THEN 2
        ELSE least(1 + (4294967296 - once_below) * 11 // 4 // (4294967296 - often), 60) END AS wanted
    FROM customer
), waiting AS (
    SELECT *, CASE WHEN wanted >= 12 THEN 10 + pace % 35 WHEN wanted >= 6 THEN 15 + pace % 60
        ELSE 16 + (pace % 256) * (pace % 256) // 400 END AS wait,
        CASE WHEN wanted >= 3 AND pause % 100 < 12 THEN 150 + pause // 1024 % 450 ELSE 0 END AS pause_days
    FROM wanted
), placed AS (
    SELECT *, unnest(range(least(wanted, 1 + ({days} - 1 - first_day) // wait))) AS j FROM waiting
), dated AS (
    SELECT c, j, first_day + j * wait + CASE WHEN j > 0 THEN die(c, j, 10) % wait ELSE 0 END
        + CASE WHEN j > 1 + pause // 128 % 3 THEN pause_days ELSE 0 END AS day
    FROM placed
)
SELECT c, j, day * 86400 + 21600 + die(c, j, 14) % 61200 AS ordered FROM dated WHERE day < {days}
"""

# Some orders come a second time: with a refund, days later (version 1), or just twice (version 2).
VERSIONS = """
WITH versions AS (
    SELECT *, unnest(CASE WHEN die(c, j, 16) % 1000 < 8 THEN [0, 1] WHEN die(c, j, 16) % 1000 < 10 THEN [0, 2]
        ELSE [0] END) AS version
    FROM block
)
SELECT *, ordered + CASE WHEN version = 1 THEN (3 + die(c, j, 15) % 22) * 86400 ELSE 0 END AS written FROM versions
"""

ORDERS = """
WITH dice AS (
    SELECT *, cents(c, j) AS cents, die(c, j, 21) AS b, die(c, j, 22) AS d, die(c, j, 23) AS e, die(c, j, 24) AS f
    FROM read_parquet({source}, hive_partitioning = false)
), priced AS (
    SELECT *, CASE WHEN b % 1000 = 0 THEN b // 1000 % 6 ELSE -1 END AS broken,
        CASE WHEN d % 1000 >= 993 THEN 'nobody' WHEN is_guest(c) OR d % 1000 < 25 THEN 'guest'
            ELSE 'known' END AS buyer,
        CASE WHEN f % 100 < 18 THEN 'store' WHEN f % 100 < 48 THEN 'app' ELSE 'web' END AS sales_channel
    FROM dice
), refunded AS (
    SELECT *, CASE WHEN broken IN (1, 2) THEN 0 WHEN broken = 3 THEN cents + 500
        WHEN version <> 1 AND (die(c, j, 16) % 1000 < 8 OR e % 1000 >= 32) THEN 0
        WHEN e // 1000 % 100 < 40 THEN cents ELSE cents * (10 + e // 1000 % 60) // 100 END AS refund
    FROM priced
)
SELECT CASE WHEN broken = 0 THEN NULL ELSE order_number(ordered, c) END AS order_id,
    CASE WHEN buyer = 'known' THEN 'c' || c END AS customer_id,
    CASE WHEN broken = 5 THEN TIMESTAMPTZ '2099-01-01 00:00:00+00' ELSE moment(ordered) END AS ordered_at,
    CASE broken WHEN 1 THEN NULL WHEN 2 THEN money(-cents) ELSE money(cents) END AS amount,
    CASE WHEN broken = 4 THEN 'XXX' ELSE currency(c) END AS currency,
    money(refund) AS refunded_amount,
    CASE WHEN f // 100 % 100 < 2 THEN NULL WHEN f // 100 % 100 < 22 THEN money(cents * 15 // 100)
        ELSE money(0) END AS discount_amount,
    CASE WHEN f // 10000 % 1000 < 30 THEN 'cancelled' ELSE 'completed' END AS status,
    sales_channel,
    CASE WHEN buyer = 'guest' OR buyer = 'known' AND sales_channel <> 'store' THEN 'c' || c || '@example.com'
        END AS customer_email,
    d // 1000 % 1000 < 5 AS is_test,
    moment(written + 60 + e % 5000) AS updated_at
FROM refunded ORDER BY written, c, j, version
"""

# Credit notes of the accounts for 2 % of the orders, for a tenth to all of the amount. Few of them have a refund
# of their own.
REFUNDS = """
WITH noted AS (
    SELECT c, j, ordered, cents(c, j) AS cents, die(c, j, 25) AS n, ordered + (2 + die(c, j, 26) % 20) * 86400 AS noted
    FROM read_parquet({source}, hive_partitioning = false) WHERE version = 0 AND die(c, j, 25) % 1000 < 20
)
SELECT 'g' || order_number(ordered, c) AS refund_id, order_number(ordered, c) AS order_id, moment(noted) AS refunded_at,
    money(CASE WHEN n // 1000 % 100 < 25 THEN cents ELSE cents * (10 + n // 1000 % 60) // 100 END) AS amount,
    moment(noted) AS updated_at
FROM noted WHERE noted < {days} * 86400 ORDER BY noted, c, j
"""

ORDER_LINES = """
WITH single AS (
    SELECT c, j, ordered, written, cents(c, j) AS cents, 1 + die(c, j, 40) % 3 AS lines
    FROM read_parquet({source}, hive_partitioning = false) WHERE version = 0
), line AS (
    SELECT *, unnest(range(1, lines + 1)) AS line FROM single
), product AS (
    SELECT *, die(c, j, 40 + line) % 35 AS product FROM line
)
SELECT order_number(ordered, c) AS order_id, line::INTEGER AS line_number, 'P' || (101 + product) AS product_id,
    'Product ' || (101 + product) AS product_name, {categories}[1 + product // 5] AS category,
    (1 + die(c, j, 50 + line) % 2)::INTEGER AS quantity,
    money(CASE WHEN line = 1 THEN cents - cents // lines * (lines - 1) ELSE cents // lines END) AS amount
FROM product ORDER BY written, c, j, line
"""

# What a customer does around an order: at most once each, so many seconds after it, in so many of 100 cases. About ten
# activities for each order.
AROUND_AN_ORDER = (
    ("session", -172800, 100), ("session", -600, 100), ("session", 259200, 100), ("session", 1036800, 100),
    ("session", 2592000, 80), ("email_sent", 604800, 100), ("email_sent", 1814400, 100), ("email_opened", 608400, 35),
    ("email_opened", 1818000, 25), ("email_clicked", 609000, 8), ("product_use", 432000, 70),
    ("product_use", 864000, 60), ("loyalty_earned", 60, 100), ("loyalty_redeemed", 1296000, 10), ("nps", 1814400, 15),
    ("csat", 345600, 6), ("ticket_opened", 259200, 8), ("ticket_first_reply", 270000, 7), ("ticket_solved", 345000, 6),
    ("complaint", 260000, 2), ("referral_sent", 950400, 5), ("referral_converted", 2160000, 2),
    ("payment_failed", 1728000, 1),
)  # fmt: skip

ACTIVITIES = """
WITH orders AS (
    SELECT c, j, ordered, unnest({around}, recursive := true)
    FROM read_parquet({source}, hive_partitioning = false) WHERE version = 0 AND NOT is_guest(c)
), seen AS (
    SELECT *, die(c, j, 80 + n) AS g FROM orders
    WHERE die(c, j, 60) // (1 + n) % 100 < share AND ordered + after < {days} * 86400
)
SELECT 'a' || (c * 64 + j) || '-' || n AS activity_id, 'c' || c AS customer_id, moment(ordered + after) AS occurred_at,
    kind AS activity_type,
    CASE kind
        WHEN 'nps' THEN 10 - (g % 121) * (g % 11) // 121
        WHEN 'csat' THEN 5 - (g % 26) * (g % 5) // 25
        WHEN 'loyalty_earned' THEN 10 + g % 90
        WHEN 'loyalty_redeemed' THEN 50 + g % 200
        WHEN 'ticket_first_reply' THEN 5 + g % 600
        WHEN 'ticket_solved' THEN 60 + g % 6000
    END::DECIMAL(12, 2) AS value,
    CASE kind WHEN 'session' THEN 'web' WHEN 'product_use' THEN 'app' ELSE 'email' END AS channel,
    'generated' AS source_system,
    CASE WHEN kind LIKE 'email%' OR kind LIKE 'ticket%' THEN split_part(kind, '_', 1) || '-' || c || '-' || j
        || CASE WHEN after > 1800000 THEN '-2' ELSE '-1' END END AS detail
FROM seen ORDER BY ordered + after, c, j, n
"""

CUSTOMERS = """
WITH registered AS (
    SELECT c, moment(first_day_of(c) * 86400 + roll(c, 30) % 21600) AS created_at
    FROM range({customers} + {customers} // 10) AS t(c) WHERE NOT is_guest(c) OR c >= {customers}
)
SELECT 'c' || c AS customer_id, 'c' || c || '@example.com' AS email, created_at, channel(c) AS acquisition_channel,
    country(c) AS country, roll(c, 31) % 100 < 64 AS marketing_consent,
    CASE WHEN channel(c) = 'referral' THEN 'c' || (roll(c, 32) % {customers}) END AS referred_by_customer_id,
    CASE WHEN roll(c, 33) % 100 < 55 THEN ['basic', 'silver', 'gold'][1 + roll(c, 34) % 3] END AS loyalty_tier,
    created_at AS updated_at
FROM registered
"""

SUBSCRIPTIONS = """
WITH subscribed AS (
    SELECT c, first_day_of(c) AS started, first_day_of(c) + 40 + roll(c, 61) % 500 AS ended
    FROM range({customers}) AS t(c) WHERE roll(c, 64) % 20 = 0 AND NOT is_guest(c)
), known AS (
    SELECT *, roll(c, 60) % 3 > 0 AND ended < {days} AS has_ended FROM subscribed
)
SELECT 's' || c AS subscription_id, 'c' || c AS customer_id, DATE '{first_day}' + started::INTEGER AS started_at,
    CASE WHEN has_ended THEN DATE '{first_day}' + ended::INTEGER END AS ended_at,
    [14.90, 21.90, 32.90][1 + roll(c, 62) % 3]::DECIMAL(12, 2) AS monthly_amount, currency(c) AS currency,
    CASE WHEN has_ended THEN ['price', 'too_much', 'quality', 'competitor'][1 + roll(c, 63) % 4]
        END AS cancellation_reason
FROM known
"""

MARKETING_SPEND = """
SELECT month::DATE AS spend_date, acquisition_channel, ({customers} * 30 / {days} * cost)::DECIMAL(18, 2) AS amount,
    'EUR' AS currency, purpose
FROM generate_series(date_trunc('month', DATE '{first_day}'), DATE '{last_day}', INTERVAL 1 MONTH) AS m(month),
    (VALUES ('organic_search', 'acquisition', 2), ('paid_social', 'acquisition', 7), ('email', 'acquisition', 1),
        ('marketplace', 'acquisition', 3), ('referral', 'acquisition', 2), ('email', 'retention', 4)
    ) AS s(acquisition_channel, purpose, cost)
ORDER BY spend_date, acquisition_channel, purpose
"""

ACTIONS_TAKEN = """
SELECT 'c' || c AS customer_id, {rules}[1 + roll(c, 70) % {rule_count}] AS rule_id,
    moment(least(first_day_of(c) + 30 + roll(c, 71) % 200, {days} - 1) * 86400 + 25200) AS taken_at,
    CASE WHEN roll(c, 72) % 100 < 15 THEN 'control' ELSE 'treatment' END AS arm,
    CASE WHEN roll(c, 72) % 100 >= 15 THEN ['A', 'B'][1 + roll(c, 73) % 2] END AS variant
FROM range({customers}) AS t(c) WHERE roll(c, 74) % 20 = 0 AND NOT is_guest(c)
"""


@dataclass(frozen=True)
class Large:
    """What is to be made: how many orders, and over how many days up to the last one."""

    orders: int
    days: int
    all_entities: bool

    @property
    def first_day(self) -> date:
        """The day on which the shop opens."""
        return story.LAST_DAY - timedelta(days=self.days - 1)

    @property
    def parts(self) -> int:
        """How many files the orders fill."""
        return max(1, round(self.orders / ROWS_PER_PART))


def plan(orders: int, *, all_entities: bool) -> Large:
    """Return the plan: three years, or more for a shop that is larger."""
    years = 3 if orders <= 2_000_000 else 4 if orders <= 20_000_000 else 5
    return Large(orders, years * 365, all_entities)


def write_large(folder: Path, large: Large) -> dict[str, int]:
    """Write the shop into an empty folder and return the number of rows by entity."""
    scratch = folder / "scratch"
    scratch.mkdir()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        connection.execute(f"SET temp_directory = {quoted(scratch)}")
        connection.execute("CREATE TABLE slots AS SELECT ?::SMALLINT[] AS day_of_slot", [_days_of_slots(large)])
        epoch = (large.first_day - date(1970, 1, 1)).days * 86400
        connection.execute(MACROS.format(slots=DAY_SLOTS, epoch=epoch))
        customers = _place(connection, scratch, large)
        rows = _write_parts(connection, folder, scratch, large)
        rows |= _write_others(connection, folder, large, customers)
    shutil.rmtree(scratch)
    return rows


def _days_of_slots(large: Large) -> list[int]:
    """Return the day of the first order for equal shares of customers: more come in strong months and later years."""
    growth = [1000 + story.GROWTH_PER_YEAR * n // 365 for n in range(large.days)]
    weights = [demand(large.first_day + timedelta(days=n)) * share for n, share in enumerate(growth)]
    ends = list(accumulate(weights))
    days, day = [], 0
    for slot in range(DAY_SLOTS):
        while ends[day] * DAY_SLOTS <= slot * ends[-1]:
            day += 1
        days.append(day)
    return days


def _place(connection: duckdb.DuckDBPyConnection, scratch: Path, large: Large) -> int:
    """Place every order in time, drop it into the folder of its part, and return the number of customers."""
    placed = first = 0
    while placed < large.orders:
        count = min(CUSTOMERS_PER_BLOCK, max(1000, large.orders // 2))
        block = BLOCK.format(first=first, count=count, days=large.days)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE block AS {block} ORDER BY c, j LIMIT {large.orders - placed}")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE versions AS {VERSIONS}")
        if first == 0:
            _split_time(connection, large)
        connection.execute(
            "COPY (SELECT versions.*, part FROM versions JOIN calendar ON day = written // 86400) "
            f"TO {quoted(scratch / 'parts')} "
            f"(FORMAT parquet, PARTITION_BY (part), APPEND, FILENAME_PATTERN 'block_{first}_{{uuid}}')"
        )
        placed += _one(connection, "SELECT count(*) FROM block")
        _tell(f"placed {placed:,} of {large.orders:,} orders")
        first += count
    return _one(connection, "SELECT max(c) + 1 FROM block")


def _split_time(connection: duckdb.DuckDBPyConnection, large: Large) -> None:
    """Cut the days into parts of about as many rows each, judged by the first block: all blocks are alike."""
    found = dict(connection.execute("SELECT written // 86400, count(*) FROM versions GROUP BY 1").fetchall())
    ends = list(accumulate(found.get(day, 0) for day in range(large.days)))
    parts = [max(end - 1, 0) * large.parts // ends[-1] for end in ends]
    connection.execute(
        "CREATE TEMP TABLE calendar AS SELECT unnest(range(?)) AS day, unnest(?) AS part", [len(parts), parts]
    )


def _write_parts(connection: duckdb.DuckDBPyConnection, folder: Path, scratch: Path, large: Large) -> dict[str, int]:
    """Write orders, and what is made along with them, part by part."""
    queries = {"orders": ORDERS, "refunds": REFUNDS}
    if large.all_entities:
        queries |= {"order_lines": ORDER_LINES, "activities": ACTIVITIES}
    rows = dict.fromkeys(queries, 0)
    for entity in queries:
        (folder / entity).mkdir()
    for part in range(large.parts):
        source = scratch / "parts" / f"part={part}"
        if not source.exists():
            continue
        values = {"source": quoted(source / "*.parquet"), "days": large.days, "categories": list(story.CATEGORIES)}
        values["around"] = around_an_order()
        for entity, query in queries.items():
            written = _copy(connection, query.format(**values), folder / entity / f"part_{part + 1:05d}.parquet")
            rows[entity] += written
            _tell(f"{entity} {part + 1}/{large.parts}: {written:,} rows")
        shutil.rmtree(source)
    return rows


def around_an_order() -> list[dict[str, object]]:
    return [
        {"n": n, "kind": kind, "after": after, "share": share} for n, (kind, after, share) in enumerate(AROUND_AN_ORDER)
    ]


def _write_others(connection: duckdb.DuckDBPyConnection, folder: Path, large: Large, customers: int) -> dict[str, int]:
    """Write the entities of one file each."""
    values = {"customers": customers, "days": large.days, "first_day": large.first_day, "last_day": story.LAST_DAY}
    values |= {"rules": list(story.RULE_LIFT), "rule_count": len(story.RULE_LIFT)}
    queries = {"customers": CUSTOMERS}
    if large.all_entities:
        queries |= {
            "subscriptions": SUBSCRIPTIONS,
            "marketing_spend": MARKETING_SPEND,
            "actions_taken": ACTIONS_TAKEN,
        }
    rows = {}
    for entity, query in queries.items():
        rows[entity] = _copy(connection, query.format(**values), folder / f"{entity}.parquet")
        _tell(f"{entity}: {rows[entity]:,} rows")
    types = {"rate_date": "DATE", "currency": "VARCHAR", "rate": "DECIMAL(18,8)"}
    rates = [
        (str(day), currency, rate)
        for day, currency, rate in money.exchange_rates(large.first_day - timedelta(days=7), story.LAST_DAY)
    ]
    write_parquet(folder / "exchange_rates.parquet", types, rates)
    return rows | {"exchange_rates": len(rates)}


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    return _one(connection, f"COPY ({query}) TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)")


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
