"""The funnel: a stage of customers in a month, and who climbs or steps down on the value ladder."""

from __future__ import annotations

from datetime import date

from assistants.answers import FunnelAnswer, FunnelFigure, Ladder, Move
from assistants.arguments import AFunnelStage, ALadderMonth
from assistants.figures import known_in, not_of_one, parts, told, whether_over
from assistants.reading import ENGLISH, Reading
from assistants.refusals import RefusedError
from reports import questions

FUNNEL = "lifecycle_kpis"
# Whose figure it is, where it is not that of the customers in the stage: of a single one it would be that person's.
OF = {
    "orders": None,
    "net_revenue": "orders",
    "revenue_at_stake": "lost_next_month",
    "nps": "nps_responses",
    "acquired": None,
    **dict.fromkeys(
        (
            *("activation_rate", "second_order_rate_30d", "second_order_rate_60d", "second_order_rate_90d"),
            "median_days_to_second_order",
        ),
        "acquired",
    ),
}


def get_funnel_stage(reading: Reading, asked: AFunnelStage) -> FunnelAnswer:
    term = known_in(reading, FUNNEL, asked.measure, "get_funnel_stage")
    month = month_asked(reading, asked.month)
    key = {"month_start": month, "lifecycle_stage": asked.stage}
    row = reading.rows(questions.figure(FUNNEL, asked.measure, key))[0]
    of = OF.get(asked.measure, "customers")
    if of is not None:
        not_of_one(row[of])
    figure = FunnelFigure(
        **parts(reading, FUNNEL, term, row),
        month_start=row["month_start"],
        stage=row["lifecycle_stage"],
        customers=row["customers"],
        is_complete=row["is_complete"],
        is_next_month_complete=row["is_next_month_complete"],
    )
    who = f"{ENGLISH.stage(asked.stage).lower()} customers in {ENGLISH.period('month', month)}"
    return FunnelAnswer(
        sentence=(
            f"{told(figure, who, reading.build.currency)}; {ENGLISH.number(figure.customers)} stood in the stage "
            f"at the month's end; {whether_over(figure.is_complete)}{what_follows(figure)}; {reading.stand}."
        ),
        build=reading.build,
        figure=figure,
    )


def what_follows(figure: FunnelFigure) -> str:
    """What limits a figure of the next month."""
    if figure.measure not in (
        "lost_next_month",
        "lost_next_month_rate",
        "revenue_at_stake",
        "conversion_next_month_rate",
    ):
        return ""
    return "" if figure.is_next_month_complete else "; the next month is not over, the figure is not final"


def get_value_ladder(reading: Reading, asked: ALadderMonth) -> Ladder:
    month = month_asked(reading, asked.month)
    rows = reading.rows(questions.value_ladder(month))
    if not rows:
        raise RefusedError(f"nobody stood on a step of the value ladder in the month of {month}; {reading.stand}")
    on_step: dict[str, int] = {}
    for row in rows:
        on_step[row["to_step"]] = on_step.get(row["to_step"], 0) + row["customers"]
    moves = [
        Move(
            **{
                **row,
                # Of a single customer it would be what that person buys.
                "cross_category_rate": row["cross_category_rate"] if on_step[row["to_step"]] > 1 else None,
            }
        )
        for row in rows
    ]
    moved = {way: sum(move.customers for move in moves if move.direction == way) for way in ("up", "same", "down")}
    return Ladder(
        sentence=(
            f"On the value ladder in {ENGLISH.period('month', month)}, {ENGLISH.number(moved['up'])} customers "
            f"climbed, {ENGLISH.number(moved['same'])} stayed and {ENGLISH.number(moved['down'])} stepped down or off "
            f"it; {reading.stand}."
        ),
        build=reading.build,
        month_start=month,
        moves=moves,
    )


def month_asked(reading: Reading, month: str | date) -> date:
    spans = [row for row in reading.rows(questions.periods()) if row["period_grain"] == "month"]
    if not spans:
        raise RefusedError("nobody has ordered yet, so there is no month")
    span = spans[0]
    if not isinstance(month, date):
        if span["last_complete_period"] is None:
            raise RefusedError(f"no month is complete yet; {reading.stand}")
        last: date = span["last_complete_period"]
        return last
    if month.day != 1:
        raise RefusedError(
            f"{month} is no first day of a month: the one that holds it begins on {month.replace(day=1)}"
        )
    if month < span["first_period"]:
        raise RefusedError(f"the orders begin later: the first month is that of {span['first_period']}")
    if month > (span["running_period"] or span["last_complete_period"]):
        raise RefusedError(f"the month of {month} has not begun by the as-of date {reading.build.as_of_date}")
    return month
