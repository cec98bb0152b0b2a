"""A measure for a period, and the running period beside the same days of earlier ones."""

from __future__ import annotations

from datetime import date, timedelta

from assistants.answers import MeasureAnswer, PeriodFigure, Running, SameDays
from assistants.arguments import AGrain, AMeasure, TwoPeriods
from assistants.figures import known_in, not_of_one, number, parts, told
from assistants.reading import ALL, ENGLISH, Reading
from assistants.refusals import RefusedError
from reports import questions
from reports.questions import Row

KPIS, SEGMENTS = "retention_kpis", "retention_kpis_by_segment"
# Where one customer ordered, these are that person's; and where there was one at the start, those.
OF_BUYERS = (
    "net_revenue", "orders", "average_order_value", "purchase_frequency", "revenue_per_customer", "returning_revenue",
    "new_average_order_value", "returning_average_order_value", "repeat_customer_rate", "returning_customer_rate",
    "returning_revenue_share",
)  # fmt: skip
OF_STARTERS = (
    "retained_customers", "churned_customers", "retained_customer_rate", "customer_churn_rate",
    "customer_retention_rate",
)  # fmt: skip


def get_measure(reading: Reading, asked: AMeasure) -> MeasureAnswer:
    start = start_asked(reading, asked)
    figure = period_figure(reading, asked.measure, asked.grain, start, asked.dimension, asked.segment)
    return MeasureAnswer(
        sentence=f"{told(figure, whose(figure), reading.build.currency)}; {limits(reading, figure)}; {reading.stand}.",
        build=reading.build,
        figure=figure,
    )


def period_figure(
    reading: Reading, measure: str, grain: str, start: date, dimension: str = ALL, segment: str = ALL
) -> PeriodFigure:
    """A measure of one period as the mart holds it. Raises RefusedError where it holds none."""
    term = known_in(reading, KPIS, measure, "get_measure")
    reading.known_segment(dimension, segment)
    mart, key = KPIS, {"period_grain": grain, "period_start": start}
    if dimension != ALL:
        held = [name for name in reading.measures(SEGMENTS) if name in reading.measures(KPIS)]
        if measure not in held:
            raise RefusedError(f"{measure} is held for all customers only; of a segment there are {', '.join(held)}")
        if grain == "week":
            raise RefusedError("segments are held by month, quarter and year, not by week")
        mart, key = SEGMENTS, {**key, "dimension": dimension, "dimension_value": segment}
    found = reading.rows(questions.figure(mart, measure, key))
    if not found:
        raise no_period(reading, grain, start)
    row = found[0]
    alone(row, measure)
    return PeriodFigure(
        **parts(reading, mart, term, row),
        grain=grain,
        period_start=start,
        period_end=row["period_end"],
        dimension=dimension,
        segment=segment,
        is_complete=row["is_complete"],
        is_running=not row["is_complete"],
        is_left_censored=bool(row.get(questions.LEFT_CENSORED.get(measure, ""), False)),
    )


def alone(row: Row, measure: str) -> None:
    """Raises RefusedError where the figure is one customer's."""
    if measure in OF_BUYERS:
        not_of_one(row["purchasing_customers"])
    elif measure in OF_STARTERS:
        not_of_one(row["customers_at_start"])


def start_asked(reading: Reading, asked: AMeasure | TwoPeriods) -> date:
    """The first day of the period that is asked for."""
    if isinstance(asked.period, date):
        return asked.period
    grain = asked.grain
    start = next(
        (row["last_complete_period"] for row in reading.rows(questions.periods()) if row["period_grain"] == grain), None
    )
    if start is None:
        raise RefusedError(f"no {grain} is complete yet; {reading.stand}")
    return start


def no_period(reading: Reading, grain: str, start: date) -> RefusedError:
    """Why the marts hold no such period."""
    begins = start_of(grain, start)
    if begins != start:
        return RefusedError(f"{start} is no first day of a {grain}: the one that holds it begins on {begins}")
    spans = {row["period_grain"]: row for row in reading.rows(questions.periods())}
    if grain not in spans:
        return RefusedError(f"no order counts yet, so there is no {grain}")
    if start < spans[grain]["first_period"]:
        return RefusedError(f"the orders begin later: the first {grain} is that of {spans[grain]['first_period']}")
    as_of = reading.build.as_of_date
    return RefusedError(f"the {grain} of {start} has not begun by the as-of date {as_of}, and no figure is a forecast")


def start_of(grain: str, day: date) -> date:
    """The first day of the period that holds a day."""
    if grain == "week":
        return day - timedelta(days=day.weekday())
    if grain == "month":
        return day.replace(day=1)
    if grain == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1)


def whose(figure: PeriodFigure) -> str:
    """The period and, where it is of one, the segment."""
    period = ENGLISH.period(figure.grain, figure.period_start)
    return period if figure.dimension == ALL else f"{period}, {in_segment(figure.dimension, figure.segment)}"


def in_segment(dimension: str, segment: str) -> str:
    return f"{ENGLISH.dimension(dimension)} “{ENGLISH.dimension_value(segment)}”"


def limits(reading: Reading, figure: PeriodFigure) -> str:
    """Whether the figure may be relied on."""
    found = []
    if figure.is_running:
        found.append(
            f"the {figure.grain} is still running: this is not final and not to be compared with whole {figure.grain}s"
        )
    if figure.is_left_censored:
        found.append("left-censored: customers from before the first known order are missing, so do not rely on it")
    return "; ".join(found) or f"the {figure.grain} is complete"


def get_running_period(reading: Reading, asked: AGrain) -> Running:
    rows = {row["compared_with"]: row for row in reading.rows(questions.running_period(asked.grain))}
    if not rows or rows["this"]["period_start"] is None:
        raise RefusedError("no order counts yet, so no period runs")
    spans = [
        SameDays(**{name: number(value) for name, value in rows[side].items()})
        for side in ("this", "previous", "year_before")
    ]
    now, *others = spans
    if now.new_customers == 1 and now.orders == 1:
        not_of_one(now.new_customers)
    unknown = [span for span in others if span.orders is None]
    because = "the same days of that period begin before the first known order" if unknown else None
    against = "; ".join(
        f"in the first {span.days} days of {ENGLISH.period(asked.grain, span.period_start)}: {counts(reading, span)}"
        for span in (others if asked.grain != "year" else others[:1])
    )
    return Running(
        sentence=(
            f"{ENGLISH.period(asked.grain, now.period_start)} is running, its first {now.days} days have "
            f"{counts(reading, now)}; {against}; {reading.stand}."
        ),
        build=reading.build,
        grain=asked.grain,
        spans=spans,
        null_because=because,
    )


def counts(reading: Reading, span: SameDays) -> str:
    if span.orders is None:
        return "not known, as they begin before the first known order"
    money = ENGLISH.money(span.net_revenue, reading.build.currency)
    return (
        f"{ENGLISH.number(span.orders)} orders, {money} net revenue, {ENGLISH.number(span.new_customers)} new customers"
    )
