"""Judges suites with Great Expectations and says in plain words what it found."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orchestration.quality.checks import Check, Suite, Table
from orchestration.quality.evidence import AggregateError, Evidence
from orchestration.quality.results import (
    BLOCKING,
    Acceptance,
    Broken,
    Lasting,
    Result,
    broken_rows,
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
class Verdict:
    """Whether a check is within its limits, and within those beyond which it warns early."""

    holds: bool
    is_quiet: bool = True

    def outcome(self, limits: Threshold) -> str:
        return broken(limits) if not self.holds else "passed" if self.is_quiet else "warned"


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
    names: Sequence[str],
    evidence: Evidence,
    thresholds: Thresholds,
    acceptance: Acceptance | None = None,
    lasting: Lasting | None = None,
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
    found: list[Result] = []
    accepted: dict[str, str | None] = {}
    for single in judged:
        told = result(single, verdicts.get(single.key), judged_at)
        found.append(with_leave(told, single.check, acceptance, lasting, accepted))
    return found


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


def verdicts_of(judged: Sequence[Judged]) -> dict[tuple[str, str], Verdict]:
    """What Great Expectations finds of each check. One that it does not answer does not hold."""
    found: dict[tuple[str, str, str], bool] = {}
    if not judged:
        return {}
    gx = great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("aggregates")
    for name, checks in by_table(judged).items():
        batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("whole").get_batch(
            batch_parameters={"dataframe": checks[0].frame}
        )  # fmt: skip
        expectations = [expected for single in checks for expected in expectations_of(gx, single)]
        suite = gx.ExpectationSuite(name=name, expectations=expectations)
        for single in batch.validate(suite, result_format="BOOLEAN_ONLY").results:
            found[tuple(single.expectation_config.meta["key"])] = bool(single.success)
    return {
        single.key: Verdict(
            found.get((*single.key, "limits"), False),
            found.get((*single.key, "early"), False) if single.limits.warns_early else True,
        )
        for single in judged
    }


def by_table(judged: Iterable[Judged]) -> dict[str, list[Judged]]:
    tables: dict[str, list[Judged]] = {}
    for single in judged:
        tables.setdefault(f"{single.suite.name}.{single.table.name}", []).append(single)
    return tables


def expectations_of(gx, single: Judged) -> Iterator[Any]:
    """A check as one or two expectations of Great Expectations: its limits, and those beyond which it warns early."""
    yield expectation(gx, single, "limits", single.limits)
    if single.limits.warns_early:
        yield expectation(gx, single, "early", single.limits.early)


def expectation(gx, single: Judged, kind: str, limits: Threshold):
    return gx.expectations.ExpectColumnValuesToBeBetween(
        column=single.check.column,
        min_value=limits.min,
        max_value=limits.max,
        severity="critical" if limits.severity == "fail" else "warning",
        notes=single.check.says,
        meta={"key": (*single.key, kind)},
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


def result(single: Judged, verdict: Verdict | None, judged_at: datetime) -> Result:
    """What a check found. There is no `verdict` where it was not asked."""
    check, limits = single.check, single.limits
    observed, worst = None, None
    rows: tuple[Broken, ...] = ()
    if limits.severity == "off":
        outcome, explanation = "off", check.says
    elif single.problem:
        outcome, explanation = BLOCKING, f"{single.suite.name}.{check.name} could not judge: {single.problem}"
    elif single.frame is None:
        outcome, explanation = "no_baseline", check.says
    elif verdict is None:
        outcome, explanation = nothing_judged(single)
    else:
        outcome = verdict.outcome(limits)
        beyond = limits.early if outcome == "warned" and limits.warns_early else limits
        row = worst_row(check, beyond, single.frame)
        observed = shown(row[check.column], check.unit)
        explanation = check.says if outcome == "passed" else warning(check, row)
        if outcome != "passed":
            worst = worst_rows(check, single.table.columns_of(check), beyond, single.frame)
        if outcome == BLOCKING:
            rows = broken_rows(check, single.table.keys, beyond, single.frame)
    return Result(
        single.suite.name, check.name, limits.severity, outcome, observed, shown_expected(check, limits), explanation,
        single.rows, judged_at, check.says, worst, rows,
    )  # fmt: skip


def with_leave(
    found: Result,
    check: Check,
    acceptance: Acceptance | None,
    lasting: Lasting | None,
    accepted: dict[str, str | None],
) -> Result:
    """A failure that a person lets pass: this once, since an earlier build and as it was then, or as the consequence of
    one of those `accepted` before in this judging, to which it is added."""
    if found.outcome != BLOCKING:
        return found
    if acceptance and acceptance.covers(found.suite, found.check_name):
        found = replace(found, outcome="accepted", accepted_reason=acceptance.reason)
    elif lasting and (reason := lasting.reason(found.suite, check, found.broken)):
        said = f"{found.explanation} (accepted before: {reason})"
        found = replace(found, outcome="accepted", explanation=said, accepted_reason=reason, lasts=True)
    elif cause := next((name for name in check.follows_from if name in accepted), None):
        said = f"{found.explanation} (follows from {cause}, which was accepted)"
        found = replace(found, outcome="accepted", explanation=said, accepted_reason=accepted[cause])
    if found.outcome == "accepted":
        accepted[found.check_name] = found.accepted_reason
    return found


def broken(limits: Threshold) -> str:
    return BLOCKING if limits.severity == "fail" else "warned"


def nothing_judged(single: Judged) -> tuple[str, str]:
    """A check that found nothing to judge has not passed, unless there may be nothing."""
    if reason := single.check.may_be_empty:
        return "passed", f"{single.check.says} (nothing to judge: {reason})"
    name = f"{single.suite.name}.{single.check.name}"
    return broken(single.limits), f"There was nothing to judge for {name}: the aggregate is empty"
