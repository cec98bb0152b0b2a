"""Two periods compared: their figures, the change, and for retention which segments it comes from."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from assistants.answers import Comparison, Contribution, PeriodFigure
from assistants.arguments import TwoPeriods
from assistants.periods import period_figure, start_asked, start_of, whose
from assistants.reading import ALL, ENGLISH, Reading
from assistants.refusals import RefusedError
from reports import questions
from reports.changes import RATE, by_dimension, compared
from reports.overview import year_before
from reports.questions import Row

RETENTION = (RATE, "customer_churn_rate", "customer_retention_rate")
NOTHING = 1e-12  # of a contribution: less is the rounding of doubles


def compare_periods(reading: Reading, asked: TwoPeriods) -> Comparison:
    start = start_asked(reading, asked)
    figure = period_figure(reading, asked.measure, asked.grain, start)
    if asked.dimension is not None:
        reading.known_dimension(asked.dimension)
    other = other_start(asked, start)
    if other == start:
        raise RefusedError(f"{start} is compared with itself: name another period")
    before = period_figure(reading, asked.measure, asked.grain, other)
    for one in (figure, before):
        if one.is_running:
            raise RefusedError(
                f"{whose(one)} is still running and cannot be compared with a whole {one.grain}: "
                "get_running_period compares the same days"
            )
    term = reading.known_measure(asked.measure)
    because = not_comparable(figure, before)
    change = None if because or figure.value is None or before.value is None else figure.value - before.value
    segments, missing = contributing(reading, asked, start, other, because)
    contributions = [contribution(row) for row in segments if row["customers_at_start"] != 1]
    shown = ENGLISH.change(change, figure.unit, reading.build.currency)
    better = (
        None
        if not change or term["good_direction"] == "neither"
        else (change > 0) == (term["good_direction"] == "higher")
    )
    words = [
        f"{figure.name_en}: {figure.shown} in {whose(figure)}, {before.shown} in {whose(before)}",
        f"not comparable: {because}" if because else f"the change is {shown}{judged(better)}",
    ]
    if change and overlap(figure, before):
        words.append("the 95 % intervals overlap, so it can be chance")
    words += causes(reading, segments)
    return Comparison(
        sentence=f"{'; '.join(words)}; {reading.stand}.",
        build=reading.build,
        figure=figure,
        compared_with=before,
        change=change,
        change_shown=shown,
        not_comparable_because=because,
        for_the_better=better,
        contributions_to=RATE if contributions else None,
        contributions=contributions,
        contributions_missing_because=missing,
        segments_left_out=len(segments) - len(contributions),
    )


def other_start(asked: TwoPeriods, start: date) -> date:
    if isinstance(asked.compare_with, date):
        return asked.compare_with
    if asked.compare_with == "year_before":
        return year_before(asked.grain, start)
    return period_before(asked.grain, start)


def period_before(grain: str, start: date) -> date:
    return start_of(grain, start - timedelta(days=1))


def not_comparable(figure: PeriodFigure, before: PeriodFigure) -> str | None:
    for one in (figure, before):
        if one.value is None:
            return f"{whose(one)} has no value, as {one.null_because}"
        if one.is_left_censored:
            return f"{whose(one)} is left-censored, customers from before the first known order are missing"
    return None


def contributing(
    reading: Reading, asked: TwoPeriods, start: date, other: date, because: str | None
) -> tuple[list[Row], str | None]:
    """The segments with what they added to the change of the retained customer rate; or why there are none."""
    if asked.measure not in RETENTION:
        return [], f"what segments contributed is held for {', '.join(RETENTION)} only"
    if because:
        return [], because
    if asked.grain == "week":
        return [], "segments are held by month, quarter and year, not by week"
    against: Literal["previous", "year_before"]
    if other == period_before(asked.grain, start):
        against = "previous"
    elif other == year_before(asked.grain, start):
        against = "year_before"
    else:
        return [], "what segments contributed is held against the period before and the year before only"
    rows = [
        row
        for row in compared(reading.rows(questions.segments(asked.grain, start)), against)
        if row["dimension"] != ALL and asked.dimension in (None, row["dimension"])
    ]
    known = [row for row in rows if row["retained_rate_contribution"] is not None]
    return known, None if known else "customers are not divided into segments"


def contribution(row: Row) -> Contribution:
    return Contribution(
        dimension=row["dimension"],
        segment=row["dimension_value"],
        customers_at_start=row["customers_at_start"],
        retained_customer_rate=row[RATE],
        contribution=row["retained_rate_contribution"],
        rate_effect=row["rate_effect"],
        mix_effect=row["mix_effect"],
        mainly=mainly(row["rate_effect"], row["mix_effect"]),
    )


def mainly(rate_effect: float, mix_effect: float) -> Literal["kept better", "kept worse", "other weight", "nothing"]:
    """Whether a segment kept its customers otherwise, or merely has another weight."""
    if max(abs(rate_effect), abs(mix_effect)) < NOTHING:
        return "nothing"
    if abs(rate_effect) < abs(mix_effect):
        return "other weight"
    return "kept better" if rate_effect > 0 else "kept worse"


def overlap(figure: PeriodFigure, before: PeriodFigure) -> bool:
    if figure.low is None or figure.high is None or before.low is None or before.high is None:
        return False
    return figure.low <= before.high and before.low <= figure.high


def judged(better: bool | None) -> str:
    return "" if better is None else " for the better" if better else " for the worse"


def causes(reading: Reading, segments: list[Row]) -> list[str]:
    """Of each dimension, which segment moved the retained customer rate most, and which worked against it."""
    found = []
    for dimension in dict.fromkeys(row["dimension"] for row in segments):
        rows = [row for row in segments if row["dimension"] == dimension and row["customers_at_start"] != 1]
        change = sum(row["retained_rate_contribution"] for row in rows)
        found += [text.rstrip(".") for text in by_dimension(dimension, rows, change, ENGLISH)]
    return [f"what moved the {RATE}: {found[0]}", *found[1:]] if found else []
