"""A look before a run: what a raw folder holds, what becomes of its rows, which marts it fills, and what is odd.

The verdicts on rows are those of the staging models themselves, run by dbt on a warehouse that is thrown away, and the
limits are those of the gate: there is no second copy of either.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Dictionary
from itertools import groupby
from pathlib import Path

import duckdb

from stammkunde import settings as setting
from stammkunde.database import read_only
from stammkunde.dbt import Dbt
from stammkunde.errors import DbtError

from .errors import IntakeError, typed
from .find import Found, discover, folders_of, mapping_of, not_read
from .load import workspace
from .prepare import prepare
from .refund_words import is_refund
from .reporting.findings import Finding, findings_report
from .reporting.outcomes import (
    counted_orders,
    knows_refunds,
    marts_report,
    outcome_report,
    outcomes_by_source,
    reasons_of_quarantine,
    shops_currency,
)
from .reporting.rates import rates_findings, rates_report
from .reporting.sources import Unused, entity_report, source_heading, unproven_sources
from .reporting.states import staged_states, states_findings, states_report
from .reporting.what import what_findings
from .reporting.who import who_findings

MODELS = ("+row_accounting", "+int_customers", "+orders")
SETTING = re.compile(r"setting (\w+) \(vars in dbt_project\.yml, or --vars\)")
# What the gate finds in a warehouse and the raw folder that it was built from.
Gate = Callable[[Path, Path], Sequence[Finding]]


def check(raw: Path, mapping: Path | None = None, gate: Gate = lambda warehouse, prepared: ()) -> Iterator[str]:
    """The lines of the report. Raises IntakeError where a run could not even start, where no order would count, and
    where the gate would keep it from publishing."""
    chosen = mapping_of(raw, mapping)
    overrides = setting.overrides(chosen.settings if chosen else {})
    where = str(chosen.path) if chosen else "the command line"
    setting.check(overrides, where)
    unused = Unused()
    named = {source.name: source for source in chosen.sources if source.is_named} if chosen else {}
    with workspace() as (connection, work):
        found = discover(raw, mapping)
        folders = folders_of(raw, chosen)
        for name, of_source in groupby(found, key=lambda item: item.source):
            items = list(of_source)
            if source := named.get(name):
                yield from source_heading(source, folders.get(name, raw), raw, items)
            for item in items:
                yield from entity_report(connection, item, raw, work, unused)
        unused.files = not_read(raw, found, chosen)
    yield from unused.lines()
    yield ""
    command = f"RAW={typed(raw)}" + (f" MAPPING={typed(mapping)}" if mapping else "")
    with tempfile.TemporaryDirectory(prefix="stammkunde_check_") as folder:
        ready = prepare(raw, Path(folder) / "raw", mapping)
        warehouse = stage(ready, Path(folder), overrides, where)
        of_the_gate = gate(warehouse, ready)
        with read_only(warehouse) as connection:
            settings = setting.in_force(overrides)
            of_sources = [item for item in found if item.source in named]
            yield from judged(connection, settings, unused, of_the_gate, of_sources)
            if stops := [*why_nothing_is_published(connection, settings, of_the_gate)]:
                look_again = f"Correct the files or the mapping, then look again: make check {command}"
                raise IntakeError(" ".join(["A run would publish nothing:", *stops, look_again]))
    yield f"A run would work: make run {command}"


def judged(
    connection: duckdb.DuckDBPyConnection,
    settings: Dictionary[str, object],
    unused: Unused,
    of_the_gate: Sequence[Finding],
    of_sources: Sequence[Found] = (),
) -> Iterator[str]:
    """What becomes of the rows, by source where the mapping names some, and what to look at."""
    currency = str(settings["reporting_currency"]).upper()
    states = staged_states(connection, settings)
    yield from outcome_report(connection)
    if of_sources:
        yield from outcomes_by_source(connection)
    yield ""
    yield from states_report(states)
    yield from rates_report(connection, currency)
    yield from marts_report(connection)
    yield ""
    yield from findings_report(
        [
            *states_findings(states),
            *who_findings(connection, settings),
            *what_findings(connection),
            *unread_refunds(connection, unused),
            *unused.findings(),
            *unproven_sources(of_sources),
            *rates_findings(connection, currency),
            *of_the_gate,
        ]
    )


def unread_refunds(connection: duckdb.DuckDBPyConnection, unused: Unused) -> Iterator[Finding]:
    """Columns that look like refunds and are not read, where no refund is known."""
    if knows_refunds(connection):
        return
    for shown, columns in unused.columns.items():
        if found := [column for column in columns if is_refund(column)]:
            yield Finding(
                f"{shown} has columns that look like refunds and are not used: {', '.join(found)}",
                "without refunds revenue is gross: map the column as refunded_amount, or refunds as rows of their own",
            )


def why_nothing_is_published(
    connection: duckdb.DuckDBPyConnection, settings: Dictionary[str, object], of_the_gate: Sequence[Finding]
) -> Iterator[str]:
    """What blocks, and which rows of which file cannot be used for which reasons; nothing where a run would work."""
    blocking = [finding.text for finding in of_the_gate if finding.blocks]
    if not counted_orders(connection):
        yield "no order would count."
    elif blocking:
        reasons = "; ".join(blocking)
        yield reasons if reasons.endswith("?") else f"{reasons}."
    else:
        return
    if currency := shops_currency(connection, str(settings["reporting_currency"]).upper()):
        yield f"If {currency} is the shop's currency, set reporting_currency to it (docs/settings.md)."
    if reasons := reasons_of_quarantine(connection):
        yield f"Rows that cannot be used: {reasons} (docs/quarantine.md says what each reason means)."


def stage(raw: Path, folder: Path, settings: Dictionary[str, object], where: str) -> Path:
    """Run the staging models on a warehouse of its own. `where`: the file that sets settings otherwise."""
    warehouse = folder / "check.duckdb"
    variables = {
        "STAMMKUNDE_TARGET": "duckdb",
        "STAMMKUNDE_RAW_TABLES": "",
        "STAMMKUNDE_RAW": str(raw.resolve()),
        "STAMMKUNDE_WAREHOUSE": str(warehouse),
    }
    try:
        Dbt(folder / "target", variables, settings).run("run", "--select", *MODELS)
    except DbtError as error:
        raise IntakeError(f"A run would fail: {with_file_of_setting(str(error), settings, where)}") from error
    return warehouse


def with_file_of_setting(text: str, settings: Dictionary[str, object], where: str) -> str:
    """What dbt's macros say of a setting, with the file that sets it."""

    def named(match: re.Match) -> str:
        return f"{where if match[1] in settings else 'dbt_project.yml'}: the setting {match[1]}"

    return SETTING.sub(named, text)
