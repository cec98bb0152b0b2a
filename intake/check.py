"""A look before the leap: what a raw folder holds, what becomes of its rows, and which marts it fills.

The verdicts on rows are those of the staging models themselves, run by dbt on a warehouse that is thrown away: there
is no second copy of their rules.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from pathlib import Path

import duckdb

from .convert import Source
from .entities import entities
from .errors import IntakeError
from .mapping import ColumnRule
from .prepare import Found, discover, mapping_of, prepare, rule_for, sources, workspace
from .reading import name

PROJECT = Path(__file__).resolve().parent.parent
SAMPLES = 3
INTERNAL = ("source_file", "source_line", "malformed_line")

# The raw column that an example of each reason shows.
SHOWN_COLUMN = {
    "missing_order_id": "coalesce(malformed_line, ordered_at)",
    "invalid_ordered_at": "ordered_at",
    "ordered_in_future": "ordered_at",
    "invalid_amount": "amount",
    "negative_amount": "amount",
    "invalid_refund": "refunded_amount || ' of ' || amount",
    "unknown_currency": "currency",
    "test_order": "is_test",
    "status": "status",
    "fully_refunded": "refunded_amount",
    "after_as_of_date": "order_date",
}

# What each further entity or column of orders adds to the marts.
FEEDS = (
    ("customers", None, "acquisition_channel, country and marketing_consent of customers and segments"),
    ("order_lines", "category", "first_category of customers and segments"),
    ("exchange_rates", None, "orders in other currencies"),
    ("orders", "sales_channel", "first_sales_channel of customers and segments"),
    ("orders", "discount_amount", "segments by whether the first order was discounted"),
    ("orders", "refunded_amount", "refunds: without it revenue is gross"),
    ("orders", "updated_at", "which version of an order is the latest"),
    ("orders", "customer_email", "guests: without it orders without a customer number belong to nobody"),
)


def check(raw: Path, mapping: Path | None = None) -> Iterator[str]:
    """The lines of the report. Raises IntakeError where a run could not even start; ends with NoOrders where no order
    would count."""
    found = discover(raw, mapping)
    with workspace() as (connection, work):
        for item in found:
            yield from entity_report(connection, item, raw, work)
    settings = chosen.settings if (chosen := mapping_of(raw, mapping)) else {}
    with tempfile.TemporaryDirectory(prefix="stammkunde_check_") as folder:
        ready = prepare(raw, Path(folder) / "raw", mapping)
        warehouse = stage(ready, Path(folder), settings)
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            yield from outcome_report(connection)
            yield ""
            yield from marts_report(connection)
            if not counted_orders(connection):
                raise IntakeError(f"A run would work, but no order would count: {hint(connection)}")
    yield ""
    yield "A run would work."


def entity_report(connection: duckdb.DuckDBPyConnection, item: Found, raw: Path, work: Path) -> Iterator[str]:
    entity = entities()[item.rule.entity]
    yield f"{entity.name}"
    for source in sources(connection, item, raw, work):
        rule = rule_for(item, source, entity)
        rows, malformed = connection.execute(f"select count(*), count(malformed_line) from {source.table}").fetchall()[
            0
        ]
        broken = f", {malformed:,} of them with other columns than the header" if malformed else ""
        yield f"  {source.shown}: {rows:,} rows{broken}"
        used = set()
        for column in entity.columns:
            if column in rule.columns:
                how = rule.columns[column]
                used.update(known.lower() for known in sources_of(how, source))
                yield f"    {column:<24} <- {described(how):<34} {samples(connection, source, how)}".rstrip()
            else:
                yield f"    {column:<24} <- nothing: empty"
        unused = [shown for known, (shown, _) in source.columns.items() if known not in used and known not in INTERNAL]
        if unused:
            more = f" and {len(unused) - 12} more" if len(unused) > 12 else ""
            yield f"    not used: {', '.join(unused[:12])}{more}"
        connection.execute(f"drop table {name(source.table)}")
    yield ""


def sources_of(rule: ColumnRule, source: Source) -> list[str]:
    return [source.find(column, "")[0].strip('"') for column in rule.source_columns()]


def described(rule: ColumnRule) -> str:
    """A rule in a few words."""
    if rule.constant is not None:
        return f"always '{rule.constant}'"
    if rule.row_number is not None:
        return f"'{rule.row_number}' and the number of the row"
    if rule.number_within is not None:
        return f"the number of the row within {rule.number_within}"
    parts = [str(rule.column)]
    parts += [f"as {rule.date_format}"] if rule.date_format else []
    parts += [f"in {rule.unit}"] if rule.unit else []
    parts += [f"x {rule.times}"] if rule.times else []
    parts += [f"less {', '.join(rule.less)}"] if rule.less else []
    parts += [f"x {rule.scaled_by[0]} / {rule.scaled_by[1]}"] if rule.scaled_by else []
    parts += [f"at most {rule.at_most}"] if rule.at_most else []
    parts += [f"if any: '{rule.present}'"] if rule.present else []
    parts += [f"else {rule.otherwise}"] if rule.otherwise else []
    return " ".join(parts)


def samples(connection: duckdb.DuckDBPyConnection, source: Source, rule: ColumnRule) -> str:
    """A few values of a column as they come, e-mails masked."""
    if rule.column is None:
        return ""
    column, _ = source.find(rule.column, "")
    values = connection.execute(
        f"select distinct trim(cast({column} as varchar)) as value from {source.table} "
        f"where trim(cast({column} as varchar)) <> '' order by value limit {SAMPLES}"
    ).fetchall()
    return ", ".join(masked(value) for (value,) in values) or "(no values)"


def masked(value: object) -> str:
    text = " ".join(str(value).split())
    if "@" in text:
        return f"...@{text.rpartition('@')[2]}"
    return text if len(text) <= 40 else text[:37] + "..."


def stage(raw: Path, folder: Path, settings: Dictionary[str, object]) -> Path:
    """Run the staging models on a warehouse of its own."""
    warehouse = folder / "check.duckdb"
    program = Path(sys.executable).with_name("dbt")
    command = [str(program), "--quiet", "run", "--select", "+row_accounting", "+int_customers"]
    if settings:
        command += ["--vars", json.dumps(dict(settings), default=str)]
    environment = {
        **os.environ,
        "STAMMKUNDE_TARGET": "duckdb",
        "STAMMKUNDE_RAW_TABLES": "",
        "STAMMKUNDE_RAW": str(raw.resolve()),
        "STAMMKUNDE_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "NO_COLOR": "1",
    }
    finished = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise IntakeError(f"A run would fail:\n{finished.stdout.strip()}")
    return warehouse


def outcome_report(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    first, last, currencies = connection.execute(
        """
        select min(order_date), max(order_date), string_agg(distinct currency, ', ' order by currency)
        from staging.stg_orders where rejection_reason is null
        """
    ).fetchall()[0]
    yield f"Orders from {first} to {last} in {currencies}" if first else "No order is usable"
    query = "select count(distinct order_id) from intermediate.int_order_versions"
    repeated = connection.execute(query).fetchall()[0][0]
    yield f"Order ids that occur more than once: {repeated:,} (the latest version counts)"
    yield ""
    yield "What becomes of the rows"
    outcomes = connection.execute(
        """
        select entity, outcome, reason, rows from marts.row_accounting
        order by entity <> 'orders', entity, outcome <> 'counted', outcome, reason
        """
    ).fetchall()
    for entity, outcome, reason, rows in outcomes:
        shown = outcome if reason == "none" else f"{outcome}: {reason}"
        yield f"  {entity:<18}{shown:<38}{rows:>12,}"
        if entity == "orders" and reason != "none":
            yield from examples(connection, outcome, reason)


def examples(connection: duckdb.DuckDBPyConnection, outcome: str, reason: str) -> Iterator[str]:
    table, column = {
        "quarantined": ("quarantined_orders", "rejection_reason"),
        "excluded": ("excluded_orders", "exclusion_reason"),
    }[outcome]
    found = connection.execute(
        f"select order_id, cast({SHOWN_COLUMN[reason]} as varchar), source_file from staging.{table} "
        f"where {column} = ? order by all limit {SAMPLES}",
        [reason],
    ).fetchall()
    for order_id, value, file in found:
        shown = "empty" if value is None else f"'{masked(value)}'"
        yield f"      order {(order_id or '').strip() or '(none)'}: {shown} in {Path(file or '').name}"


def counted_orders(connection: duckdb.DuckDBPyConnection) -> int:
    return connection.execute("select count(*) from intermediate.int_order_sequence").fetchall()[0][0]


def hint(connection: duckdb.DuckDBPyConnection) -> str:
    """What most probably is missing where no order counts."""
    query = (
        "select upper(currency), count(*) from staging.quarantined_orders where rejection_reason = 'unknown_currency'"
    )
    unknown = connection.execute(f"{query} group by 1 order by 2 desc limit 1").fetchall()
    if unknown:
        return f"if {unknown[0][0]} is the shop's currency, set reporting_currency to it (docs/settings.md)"
    return "see the reasons above"


def marts_report(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    orders, customers = connection.execute(
        "select count(*), count(distinct customer_id) from intermediate.int_order_sequence"
    ).fetchall()[0]
    yield f"What the marts will hold: {orders:,} orders of {customers:,} customers"
    yield f"  {'yes' if orders else 'no ':<5}orders, KPIs, cohorts, curves, lifecycle"
    for entity, column, what in FEEDS:
        query = f"select count({column or '*'}) from staging.stg_{entity}"
        if column == "refunded_amount":
            query += " where refunded_amount > 0"
        filled = connection.execute(query).fetchall()[0][0]
        source = f"{entity}.{column}" if column else entity
        yield f"  {'yes' if filled else 'no':<5}{what}{'' if filled else f' ({source} is empty)'}"
