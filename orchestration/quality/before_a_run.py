"""What of the gate can be judged before a run: the raw files, and what becomes of their rows. What is compared with the
published build is left to the run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from intake.reporting.findings import Finding
from orchestration.quality.evidence import gathered
from orchestration.quality.gate import judge
from orchestration.quality.results import BLOCKING, Result
from orchestration.quality.thresholds import load_thresholds, thresholds_file
from orchestration.raw import measure

JUDGED = ("raw", "staging")
# The age of the data is for a refresh to judge, and that no order counts is said by the look itself.
NOT_SHOWN = ("days_since_the_last_order", "orders_counted")


def gate_before_a_run(warehouse: Path, prepared: Path) -> list[Finding]:
    """What the gate would find in a warehouse that was built for a look."""
    today = date.today()
    with gathered(measure(prepared, today), [], today, warehouse) as evidence:
        results = judge(JUDGED, evidence, load_thresholds())
    return [finding(result) for result in results if is_shown(result)]


def is_shown(result: Result) -> bool:
    return result.outcome in (BLOCKING, "warned") and result.check_name not in NOT_SHOWN


def finding(result: Result) -> Finding:
    """A result in words for somebody who has not built anything yet: what to look up in the warehouse is left out."""
    said = result.explanation.partition(": see ")[0]
    limit = f"{result.check_name}: {result.observed}, allowed is {result.expected} ({thresholds_file().name})"
    return Finding(said, limit, blocks=result.outcome == BLOCKING)
