"""How the customers of one cohort came back: by periods since its start, and by days since the own first order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from assistants.answers import CellAnswer, CellFigure, Deviation, Deviations, WindowAnswer, WindowFigure
from assistants.arguments import ACell, ACohortGrain, AWindow
from assistants.figures import known_in, not_of_one, parts, told
from assistants.periods import in_segment, start_of
from assistants.reading import ALL, ENGLISH, Reading
from assistants.refusals import RefusedError
from reports import questions
from reports.questions import Row

CELLS, CURVE, WINDOWS, DEVIATIONS = "cohort_retention", "retention_curve", "cohort_windows", "cohort_deviations"
POOLED = "pooled"


def get_cohort_cell(reading: Reading, asked: ACell) -> CellAnswer:
    pooled = asked.cohort_start == POOLED
    mart = CURVE if pooled else CELLS
    term = known_in(reading, mart, asked.measure, "get_cohort_cell")
    reading.known_segment(asked.dimension, asked.segment)
    if asked.cohort_grain == "week" and asked.dimension != ALL:
        raise RefusedError("cohorts of weeks are held for all customers only: segments are held by month and quarter")
    key: dict[str, object] = {
        "cohort_grain": asked.cohort_grain,
        "dimension": asked.dimension,
        "dimension_value": asked.segment,
        "period_number": asked.period_number,
    }
    if not pooled:
        key["cohort_start"] = asked.cohort_start
    found = reading.rows(questions.figure(mart, asked.measure, key))
    if not found:
        raise no_cell(reading, asked)
    row = found[0]
    customers = row["eligible_customers" if pooled else "cohort_customers"]
    if asked.measure not in ("cohort_customers", "eligible_customers"):
        not_of_one(customers)
    figure = CellFigure(
        **parts(reading, mart, term, row),
        cohort_grain=asked.cohort_grain,
        cohort_start=None if pooled else row["cohort_start"],
        period_number=asked.period_number,
        period_start=row.get("period_start"),
        dimension=asked.dimension,
        segment=asked.segment,
        customers=customers,
        is_complete=row.get("is_complete", True),
        **(deviation(reading, key) if mart == CELLS and asked.measure == "retention_rate" else {}),
    )
    limit = f"the {asked.cohort_grain} is complete" if figure.is_complete else (
        f"unfinished: the {asked.cohort_grain} is still running, the figure is not final"
    )  # fmt: skip
    if pooled:
        limit = f"over the complete cells of {ENGLISH.number(row['cohorts'])} cohorts"
    elif figure.differs_from_pooled is not None:
        pooled_rate = ENGLISH.percent(figure.pooled_rate)
        chance = "beyond chance" if figure.differs_from_pooled else "by no more than chance may do"
        limit += f"; it differs from the {pooled_rate} of all cohorts {chance}"
    of = told(figure, f"{which(asked)} in {asked.cohort_grain} {asked.period_number}", reading.build.currency)
    return CellAnswer(sentence=f"{of}; {limit}; {reading.stand}.", build=reading.build, figure=figure)


def deviation(reading: Reading, key: Mapping[str, object]) -> dict[str, Any]:
    """How a cell stands to all cohorts at that age, where it was judged."""
    found = reading.rows(questions.figure(DEVIATIONS, "difference_from_pooled", key))
    names = ("pooled_rate", "difference_from_pooled", "p_value", "q_value", "differs_from_pooled")
    return {name: found[0][name] for name in names} if found else {}


def which(asked: ACell | AWindow) -> str:
    """The cohort and, where it is of one, the segment."""
    if isinstance(asked, AWindow):
        name = f"the cohort of {ENGLISH.period('month', asked.cohort_month)}"
    elif isinstance(asked.cohort_start, date):
        name = f"the cohort of {ENGLISH.period(asked.cohort_grain, asked.cohort_start)}"
    else:
        name = f"all {asked.cohort_grain} cohorts"
    return name if asked.dimension == ALL else f"{name}, {in_segment(asked.dimension, asked.segment)}"


def no_cell(reading: Reading, asked: ACell) -> RefusedError:
    """Why the marts hold no such cell."""
    if not isinstance(asked.cohort_start, date):
        return RefusedError(f"no cohort has a complete {asked.cohort_grain} {asked.period_number} yet; {reading.stand}")
    unknown = no_cohort(reading, asked.cohort_grain, asked.cohort_start)
    return unknown or RefusedError(
        f"{asked.cohort_grain} {asked.period_number} of the cohort of {asked.cohort_start} has not begun by the as-of "
        f"date {reading.build.as_of_date}, and no figure is a forecast"
    )


def no_cohort(reading: Reading, grain: str, start: date) -> RefusedError | None:
    begins = start_of(grain, start)
    if begins != start:
        return RefusedError(f"{start} is no first day of a {grain}: the one that holds it begins on {begins}")
    spans = {row["cohort_grain"]: row for row in reading.rows(questions.cohort_starts())}
    if grain not in spans:
        return RefusedError("no order counts yet, so there is no cohort")
    first, last = spans[grain]["first_cohort"], spans[grain]["last_cohort"]
    if not first <= start <= last:
        return RefusedError(f"there is no cohort of {start}: the first is that of {first}, the last that of {last}")
    return None


def get_deviating_cohorts(reading: Reading, asked: ACohortGrain) -> Deviations:
    reading.known_segment(asked.dimension, asked.segment)
    rows = reading.rows(questions.deviations(asked.cohort_grain, asked.dimension, asked.segment))
    if not rows:
        raise RefusedError("no complete cells of cohorts of that kind were compared")
    found = sorted(
        (row for row in rows if row["differs_from_pooled"]),
        key=lambda row: (row["difference_from_pooled"], row["cohort_start"], row["period_number"]),
    )
    worse = named_cohorts(row for row in found if row["difference_from_pooled"] < 0)
    better = named_cohorts(row for row in found if row["difference_from_pooled"] > 0)
    told_of = "; ".join(text for text in (worse and f"worse: {worse}", better and f"better: {better}") if text)
    return Deviations(
        sentence=(
            f"Cohorts by {asked.cohort_grain} that differ from all others beyond chance: {told_of or 'none'} "
            f"({ENGLISH.number(len(rows))} complete cells were compared; of those named on average at most one in "
            f"twenty is chance); {reading.stand}."
        ),
        build=reading.build,
        cohort_grain=asked.cohort_grain,
        dimension=asked.dimension,
        segment=asked.segment,
        cells=[Deviation(**{name: row[name] for name in Deviation.model_fields}) for row in found],
    )


def named_cohorts(rows: Iterable[Row]) -> str:
    """Cohorts with the number of their cells, the most first."""
    counts = Counter(row["cohort_start"] for row in rows)
    most = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{start.isoformat()} in {cells} period{'s' if cells > 1 else ''}" for start, cells in most)


def get_cohort_window(reading: Reading, asked: AWindow) -> WindowAnswer:
    term = known_in(reading, WINDOWS, asked.measure, "get_cohort_window")
    reading.known_segment(asked.dimension, asked.segment)
    key = {
        "cohort_month": asked.cohort_month,
        "dimension": asked.dimension,
        "dimension_value": asked.segment,
        "window_days": asked.window_days,
    }
    found = reading.rows(questions.figure(WINDOWS, asked.measure, key))
    if not found:
        raise no_cohort(reading, "month", asked.cohort_month) or RefusedError(
            "this cohort has no customers of that segment"
        )
    row = found[0]
    if asked.measure not in ("cohort_customers", "mature_customers"):
        not_of_one(row["cohort_customers"])
        not_of_one(row["mature_customers"])
    figure = WindowFigure(
        **parts(reading, WINDOWS, term, row),
        cohort_month=asked.cohort_month,
        window_days=asked.window_days,
        dimension=asked.dimension,
        segment=asked.segment,
        cohort_customers=row["cohort_customers"],
        mature_customers=row["mature_customers"],
        is_complete=row["is_mature"],
    )
    limit = "all of them were observed that long" if figure.is_complete else (
        f"unfinished: {ENGLISH.number(figure.mature_customers)} of {ENGLISH.number(figure.cohort_customers)} customers "
        "were observed that long"
    )  # fmt: skip
    of = told(figure, f"{which(asked)} within {asked.window_days} days", reading.build.currency)
    return WindowAnswer(sentence=f"{of}; {limit}; {reading.stand}.", build=reading.build, figure=figure)
