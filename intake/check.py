"""A look before a run: what a raw folder holds, what becomes of its rows, which marts it fills, and what is odd.

The verdicts on rows are those of the staging models themselves, run by dbt on a warehouse that is thrown away, and the
limits are those of the gate: there is no second copy of either.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Dictionary
from pathlib import Path

import duckdb

from stammkunde import settings as setting
from stammkunde.database import read_only
from stammkunde.dbt import Dbt
from stammkunde.errors import DbtError

from .errors import IntakeError
from .find import discover, mapping_of
from .load import workspace
from .prepare import prepare
from .reporting.findings import Finding, findings_report
from .reporting.outcomes import (
    counted_orders,
    marts_report,
    outcome_report,
    reasons_of_quarantine,
    why_none_counts,
)
from .reporting.rates import rates_findings, rates_report
from .reporting.sources import entity_report
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
    found = discover(raw, mapping)
    with workspace() as (connection, work):
        for item in found:
            yield from entity_report(connection, item, raw, work)
    yield ""
    with tempfile.TemporaryDirectory(prefix="stammkunde_check_") as folder:
        ready = prepare(raw, Path(folder) / "raw", mapping)
        warehouse = stage(ready, Path(folder), overrides, where)
        of_the_gate = gate(warehouse, ready)
        with read_only(warehouse) as connection:
            yield from judged(connection, setting.in_force(overrides), of_the_gate, raw)
    yield f"A run would work: make run RAW={raw}"


def judged(
    connection: duckdb.DuckDBPyConnection, settings: Dictionary[str, object], of_the_gate: Sequence[Finding], raw: Path
) -> Iterator[str]:
    """What becomes of the rows, and what to look at. Raises IntakeError where a run would publish nothing."""
    currency = str(settings["reporting_currency"]).upper()
    states = staged_states(connection, settings)
    yield from outcome_report(connection)
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
            *rates_findings(connection, currency),
            *of_the_gate,
        ]
    )
    if not counted_orders(connection):
        raise IntakeError(f"A run would publish nothing, for no order would count: {why_none_counts(connection)}")
    if any(finding.blocks for finding in of_the_gate):
        raise IntakeError(" ".join(why_nothing_is_published(connection, of_the_gate, raw)))


def why_nothing_is_published(
    connection: duckdb.DuckDBPyConnection, of_the_gate: Sequence[Finding], raw: Path
) -> Iterator[str]:
    """The sentences of the verdict: what blocks, which rows of which file for which reasons, and the next command."""
    yield f"A run would publish nothing: {'; '.join(finding.text for finding in of_the_gate if finding.blocks)}."
    if reasons := reasons_of_quarantine(connection):
        yield f"Rows that cannot be used: {reasons} (docs/quarantine.md says what each reason means)."
    yield f"Correct the files or the mapping, then look again: make check RAW={raw}"


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
