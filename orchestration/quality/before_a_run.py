"""What of the gate can be judged before a run: the raw files, and what becomes of their rows. What is compared with the
published build is left to the run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from intake.reporting.findings import Finding, counted
from orchestration.quality.evidence import Noted, gathered
from orchestration.quality.gate import judge
from orchestration.quality.results import BLOCKING, Result
from orchestration.quality.thresholds import load_thresholds, thresholds_file
from orchestration.raw import measure
from stammkunde.database import identifier, quoted, read_only
from stammkunde.published import AN_EMAIL

JUDGED = ("raw", "staging")
READ_BY_MARTS = ("marts.orders", "intermediate.int_customers")  # what texts of marts come from
# The age of the data is for a refresh to judge; that no order counts, and which orders conflict, says the look itself.
NOT_SHOWN = ("days_since_the_last_order", "orders_counted", "conflicting_orders_share")


def gate_before_a_run(warehouse: Path, prepared: Path) -> list[Finding]:
    """What the gate would find in a warehouse that was built for a look."""
    today = date.today()
    with gathered(Noted({"raw_entities": measure(prepared, today)}), today, warehouse) as evidence:
        results = judge(JUDGED, evidence, load_thresholds())
    with read_only(warehouse) as connection:
        return [*personal_data(connection), *(finding(result) for result in results if is_shown(result))]


def personal_data(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """E-mails in columns that readers would see: a mart that holds one is not published."""
    texts = connection.execute(
        f"""
        select table_schema || '.' || table_name, column_name from information_schema.columns
        where data_type = 'VARCHAR' and table_schema || '.' || table_name in {READ_BY_MARTS}
        order by table_schema desc, ordinal_position
        """
    ).fetchall()
    named: set[str] = set()
    for table, column in texts:
        query = f"select count(*) from {table} where {identifier(column)} like {quoted(AN_EMAIL)}"
        rows = connection.execute(query).fetchall()[0][0]
        name = column.removeprefix("first_")  # what the first order of a customer says
        if rows and name not in named:
            named.add(name)
            yield Finding(
                f"{name} holds e-mail addresses ({counted(rows, 'row', 'rows')}), and readers would see them",
                "map another column to it, or none: personal data is not published",
                blocks=True,
            )


def is_shown(result: Result) -> bool:
    return result.outcome in (BLOCKING, "warned") and result.check_name not in NOT_SHOWN


def finding(result: Result) -> Finding:
    """A result in words for somebody who has not built anything yet: what to look up in the warehouse is left out."""
    said = result.explanation.partition(": see ")[0]
    limit = f"{result.check_name}: {result.observed}, allowed is {result.expected} ({thresholds_file().name})"
    return Finding(said, limit, blocks=result.outcome == BLOCKING)
