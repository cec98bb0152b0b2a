"""Judges suites with Great Expectations and says in plain words what it found."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestration.quality.checks import Check, Suite, Table
from orchestration.quality.evidence import AggregateError, Evidence
from orchestration.quality.results import (
    BLOCKING,
    Acceptance,
    Result,
    shown_expected,
    warning,
    worst_row,
    worst_rows,
)
from orchestration.quality.results import shown_number as shown
from orchestration.quality.suites import SUITES
from orchestration.quality.thresholds import Threshold, Thresholds, threshold
from stammkunde.errors import StammkundeError

if TYPE_CHECKING:
    import pandas as pd


class MissingSuiteError(StammkundeError):
    """A suite that must be judged is not there, or judged nothing."""


@dataclass(frozen=True)
class Judged:
    """A check with all that decides about it: its aggregate, or why there is none to judge."""

    suite: Suite
    table: Table
    check: Check
    limits: Threshold
    frame: pd.DataFrame | None  # None where there is nothing to compare with, or a problem
    problem: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.suite.name, self.check.name

    @property
    def rows(self) -> int:
        """Rows that have a value to judge."""
        return 0 if self.frame is None else int(self.frame[self.check.column].notna().sum())

    @property
    def is_asked(self) -> bool:
        return self.limits.severity != "off" and self.rows > 0


def judge(
    names: Sequence[str], evidence: Evidence, thresholds: Thresholds, acceptance: Acceptance | None = None
) -> list[Result]:
    """The results of all checks of the named suites.

    Raises MissingSuiteError where a suite is not there or has no check: what was not checked has not passed.
    """
    require_suites(names)
    judged = [
        judged_check(SUITES[name], table, check, evidence, threshold(thresholds, name, check.name))
        for name in names
        for table in SUITES[name].tables
        for check in table.checks
    ]
    verdicts = verdicts_of([single for single in judged if single.is_asked])
    judged_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    return [result(single, verdicts.get(single.key), acceptance, judged_at) for single in judged]


def require_suites(names: Sequence[str]) -> None:
    """Raises MissingSuiteError where a suite that will have to judge is not there, or has no check."""
    for name in names:
        if name not in SUITES:
            raise MissingSuiteError(f"the suite {name} is missing: nothing is published that it did not judge")
        if not any(table.checks for table in SUITES[name].tables):
            raise MissingSuiteError(f"the suite {name} has no checks: nothing is published that it did not judge")


def judged_check(suite: Suite, table: Table, check: Check, evidence: Evidence, limits: Threshold) -> Judged:
    """A check with its aggregate, if that holds what the check needs."""
    try:
        frame = evidence.aggregate(suite.name, table)
    except AggregateError as error:
        return Judged(suite, table, check, limits, None, str(error))
    if frame is None:
        return Judged(suite, table, check, limits, None)
    file = f"{suite.name}/{table.name}.sql"
    if missing := [column for column in table.columns_of(check) if column not in frame.columns]:
        return Judged(suite, table, check, limits, None, f"{file} has no column {missing[0]}")
    if frame[check.column].notna().any() and frame[check.column].dtype.kind not in "iuf":
        return Judged(suite, table, check, limits, None, f"{check.column} of {file} holds no numbers")
    return Judged(suite, table, check, limits, frame)


def verdicts_of(judged: Sequence[Judged]) -> dict[tuple[str, str], bool]:
    """Whether each check holds, as Great Expectations finds. One that it does not answer does not hold."""
    found = {single.key: False for single in judged}
    if not judged:
        return found
    gx = great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("aggregates")
    for name, checks in by_table(judged).items():
        batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("whole").get_batch(
            batch_parameters={"dataframe": checks[0].frame}
        )  # fmt: skip
        suite = gx.ExpectationSuite(name=name, expectations=[expectation(gx, single) for single in checks])
        for single in batch.validate(suite, result_format="BOOLEAN_ONLY").results:
            found[tuple(single.expectation_config.meta["key"])] = bool(single.success)
    return found


def by_table(judged: Iterable[Judged]) -> dict[str, list[Judged]]:
    tables: dict[str, list[Judged]] = {}
    for single in judged:
        tables.setdefault(f"{single.suite.name}.{single.table.name}", []).append(single)
    return tables


def expectation(gx, single: Judged):
    """A check as an expectation of Great Expectations."""
    return gx.expectations.ExpectColumnValuesToBeBetween(
        column=single.check.column,
        min_value=single.limits.min,
        max_value=single.limits.max,
        severity="critical" if single.limits.severity == "fail" else "warning",
        notes=single.check.says,
        meta={"key": single.key},
    )


def warm_up() -> None:
    """Import what judging needs: seconds that a thread can spend while something else is waited for."""
    great_expectations()


def great_expectations():
    """The package, which takes seconds to import. Without pyspark: that is not needed here, takes time of its own, and
    ends a process without a main file, because it takes it for a run of its doctests."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with without("pyspark"):
        import great_expectations as gx
        import great_expectations.expectations
    return gx


@contextmanager
def without(package: str) -> Iterator[None]:
    """As if a package that is not imported yet were not installed."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # so an import of it fails, as Python documents
    try:
        yield
    finally:
        del sys.modules[package]


def result(single: Judged, holds: bool | None, acceptance: Acceptance | None, judged_at: datetime) -> Result:
    """What a check found. `holds` is None where it was not asked."""
    check, limits = single.check, single.limits
    observed, worst = None, None
    if limits.severity == "off":
        outcome, explanation = "off", check.says
    elif single.problem:
        outcome, explanation = BLOCKING, f"{single.suite.name}.{check.name} could not judge: {single.problem}"
    elif single.frame is None:
        outcome, explanation = "no_baseline", check.says
    elif holds is None:
        outcome, explanation = nothing_judged(single)
    else:
        row = worst_row(check, limits, single.frame)
        observed = shown(row[check.column], check.unit)
        outcome = "passed" if holds else broken(limits)
        explanation = check.says if holds else warning(check, row)
        if not holds:
            worst = worst_rows(check, single.table.columns_of(check), limits, single.frame)
    if outcome == BLOCKING and acceptance and acceptance.covers(single.suite.name, check.name):
        outcome = "accepted"
    return Result(
        single.suite.name, check.name, limits.severity, outcome, observed, shown_expected(check, limits), explanation,
        single.rows, judged_at, check.says, worst,
    )  # fmt: skip


def broken(limits: Threshold) -> str:
    return BLOCKING if limits.severity == "fail" else "warned"


def nothing_judged(single: Judged) -> tuple[str, str]:
    """A check that found nothing to judge has not passed, unless there may be nothing."""
    if reason := single.check.may_be_empty:
        return "passed", f"{single.check.says} (nothing to judge: {reason})"
    name = f"{single.suite.name}.{single.check.name}"
    return broken(single.limits), f"There was nothing to judge for {name}: the aggregate is empty"
