"""Judges suites with Great Expectations and says in plain words what it found."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.quality.suites import NEVER_ACCEPTED, SUITES, Check, Suite, Table
from orchestration.quality.thresholds import Threshold, Thresholds, threshold

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.data_context import AbstractDataContext

    from orchestration.quality.evidence import Evidence

BLOCKING = "failed"


@dataclass(frozen=True)
class Result:
    """What one check found: a row of quality.validation_results without its build."""

    suite: str
    check_name: str
    severity: str
    outcome: str  # passed, warned, failed, accepted, no_baseline or off
    observed: str | None
    expected: str
    explanation: str
    rows_judged: int
    judged_at: datetime


@dataclass(frozen=True)
class Acceptance:
    """Leave, given by a person, for checks that failed in an earlier refresh to fail once more."""

    build_id: str
    reason: str
    checks: frozenset[tuple[str, str]]

    def covers(self, suite: str, check: str) -> bool:
        return suite not in NEVER_ACCEPTED and (suite, check) in self.checks


class MissingSuiteError(Exception):
    """A suite that must be judged is not there, or judged nothing. The text says which."""


def judge(
    names: Sequence[str],
    evidence: Evidence,
    thresholds: Thresholds,
    docs: Path | None = None,
    acceptance: Acceptance | None = None,
) -> list[Result]:
    """The results of all checks of the named suites; Data Docs of them are written to the folder `docs`.

    Raises MissingSuiteError where a suite is not there or gives no result: what was not checked has not passed.
    """
    require_suites(names)
    suites = [SUITES[name]() for name in names]
    judged = [
        (suite, table, table.frame(evidence), limits_of(suite, table, thresholds))
        for suite in suites
        for table in suite.tables
    ]
    passed, context = validate(
        [(suite, table, frame, limits) for suite, table, frame, limits in judged if frame is not None]
    )
    results = []
    for suite, table, frame, limits in judged:
        for check in table.checks:
            success = passed.get((suite.name, check.name))
            results.append(result(suite, check, frame, limits[check], success, acceptance))
    for name in names:
        if not any(result.suite == name for result in results):
            raise MissingSuiteError(f"the suite {name} has no checks: nothing is published that it did not judge")
    if docs is not None:
        from orchestration.quality.data_docs import write_data_docs

        write_data_docs(context, docs, results)
    return results


def limits_of(suite: Suite, table: Table, thresholds: Thresholds) -> dict[Check, Threshold]:
    return {
        check: threshold(thresholds, suite.name, check.name, needs_limits=check.equals is None)
        for check in table.checks
    }


def require_suites(names: Sequence[str]) -> None:
    """Raises MissingSuiteError where a suite that will have to judge is not there."""
    if missing := [name for name in names if name not in SUITES]:
        raise MissingSuiteError(f"the suite {missing[0]} is missing: nothing is published that it did not judge")


Judged = tuple[Suite, Table, "pd.DataFrame", Mapping[Check, Threshold]]


def validate(judged: Sequence[Judged]) -> tuple[dict[tuple[str, str], bool], AbstractDataContext]:
    """Whether each check holds, as Great Expectations finds, and its context with all that it found.

    Checks that are off, or have no row, are not asked.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():  # it imports pyspark where that is installed, which has a word on pandas to say
        warnings.simplefilter("ignore", FutureWarning)
        import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("aggregates")
    passed = {}
    for suite, table, frame, limits in judged:
        expectations = [
            expectation(check, limits[check], suite.name)
            for check in table.checks
            if limits[check].severity != "off" and rows_judged(check, frame)
        ]
        if not expectations:
            continue
        name = f"{suite.name}.{table.name}"
        asset = source.add_dataframe_asset(name)
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(
                name=name,
                data=asset.add_batch_definition_whole_dataframe("whole"),
                suite=context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations)),
            )
        )
        found = definition.run(
            batch_parameters={"dataframe": frame},
            result_format={"result_format": "SUMMARY", "unexpected_index_column_names": list(table.keys)},
        )
        for single in found.results:
            passed[suite.name, single.expectation_config.meta["check"]] = bool(single.success)
    return passed, context


def expectation(check: Check, limits: Threshold, suite: str):
    """A check as an expectation of Great Expectations, which knows its severity and meaning."""
    import great_expectations.expectations as gxe

    common = {
        "severity": "critical" if limits.severity == "fail" else "warning",
        "notes": check.says,
        "meta": {"suite": suite, "check": check.name},
    }
    if check.equals:
        return gxe.ExpectColumnPairValuesToBeEqual(column_A=check.column, column_B=check.equals, **common)
    return gxe.ExpectColumnValuesToBeBetween(column=check.column, min_value=limits.min, max_value=limits.max, **common)


def rows_judged(check: Check, frame: pd.DataFrame) -> int:
    """Rows that have a value to judge."""
    if check.column not in frame.columns:
        return 0
    return int(frame[check.column].notna().sum())


def result(
    suite: Suite,
    check: Check,
    frame: pd.DataFrame | None,
    limits: Threshold,
    success: bool | None,
    acceptance: Acceptance | None,
) -> Result:
    rows = 0 if frame is None else rows_judged(check, frame)
    observed, explanation = None, check.says
    if limits.severity == "off":
        outcome = "off"
    elif frame is None:
        outcome = "no_baseline"
    elif success is None:
        outcome, explanation = nothing_judged(suite, check, limits)
    else:
        worst = worst_row(check, limits, frame)
        observed = shown_observed(check, worst, frame)
        outcome = "passed" if success else "failed" if limits.severity == "fail" else "warned"
        explanation = check.says if success else check.warns.format_map(shown_values(worst))
    if outcome == BLOCKING and acceptance and acceptance.covers(suite.name, check.name):
        outcome = "accepted"
    return Result(
        suite.name, check.name, limits.severity, outcome, observed, shown_expected(check, limits), explanation, rows,
        datetime.now(UTC).replace(tzinfo=None, microsecond=0),
    )  # fmt: skip


# Checks for which a shop may well have nothing: no other entities, no dates in ISO form, no closed day yet. Without any
# order or row orders_counted fails, and says so.
MAY_BE_EMPTY = {
    "malformed_rows_share", "copied_orders_of_a_day", "other_rows_kept", "quarantined_other_share",
    "days_since_the_last_order", "days_missing_at_the_start", "days_missing_at_the_end", "order_rows_kept",
    "order_rows_grown", "quarantined_orders_rise", "unexplained_revenue_share", "added_orders_of_a_day",
    "order_value_shift", "orders_per_day", "new_customer_share_change", "rfm_shift", "mart_rows_kept",
}  # fmt: skip


def nothing_judged(suite: Suite, check: Check, limits: Threshold) -> tuple[str, str]:
    """A check that found nothing to judge has not passed, unless there may be nothing."""
    if check.name in MAY_BE_EMPTY:
        return "passed", f"{check.says} (there is nothing to judge)"
    outcome = "failed" if limits.severity == "fail" else "warned"
    return outcome, f"There was nothing to judge for {suite.name}.{check.name}: the aggregate is empty"


def worst_row(check: Check, limits: Threshold, frame: pd.DataFrame) -> Mapping[str, object]:
    """The row that is furthest out, or nearest to a limit."""
    values = frame[check.column].astype(float)
    if check.equals:
        distance = (values - frame[check.equals].astype(float)).abs()
    else:
        above = values - limits.max if limits.max is not None else None
        below = limits.min - values if limits.min is not None else None
        distance = above if below is None else below if above is None else above.combine(below, max)
        distance = values if distance is None else distance
    return frame.loc[distance.idxmax()].to_dict()


def shown_values(row: Mapping[str, object]) -> dict[str, object]:
    """Days without a time of day."""
    return {name: Shown(value) if hasattr(value, "isoformat") else value for name, value in row.items()}


class Shown:
    """A date in a sentence: YYYY-MM-DD unless the sentence says otherwise."""

    def __init__(self, value) -> None:
        self.value = value

    def __format__(self, form: str) -> str:
        return self.value.strftime(form or "%Y-%m-%d")


def shown_observed(check: Check, row: Mapping[str, object], frame: pd.DataFrame) -> str:
    if not check.equals:
        return shown_number(row[check.column], check.unit)
    differing = int((frame[check.column].astype(float) != frame[check.equals].astype(float)).sum())
    if not differing:
        return f"all {len(frame):,} equal"
    return f"{differing:,} of {len(frame):,} differ"


def shown_expected(check: Check, limits: Threshold) -> str:
    if check.equals:
        return f"{check.column} = {check.equals}"
    low = None if limits.min is None else shown_number(limits.min, check.unit)
    high = None if limits.max is None else shown_number(limits.max, check.unit)
    if low and high:
        return f"{low} to {high}"
    return f"at least {low}" if low else f"at most {high}" if high else "any"


def shown_number(value: object, unit: str) -> str:
    number = float(value)  # type: ignore[arg-type]
    if unit == "percent":
        return f"{plain(number * 100, 4)} %"
    if unit == "points":
        return f"{plain(number * 100, 3)} points"
    if unit == "money":
        return f"{number:,.2f}"
    if unit == "days":
        return "1 day" if number == 1 else f"{plain(number, 6)} days"
    return plain(number, 6)


def plain(number: float, digits: int) -> str:
    """As many digits as say something, and all before the point: never 1e+06."""
    text = f"{number:,.{digits}g}"
    return f"{number:,.0f}" if "e+" in text else text


def blocking(results: Iterable[Result]) -> list[Result]:
    return [result for result in results if result.outcome == BLOCKING]
