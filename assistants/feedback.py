"""What customers say, ask and open: net promoter score, tickets, replies, satisfaction and e-mails of a period."""

from __future__ import annotations

from datetime import date

from assistants.answers import FeedbackAnswer, FeedbackFigure
from assistants.arguments import AFeedback
from assistants.figures import known_in, not_of_one, parts, told
from assistants.periods import start_of
from assistants.reading import ALL, ENGLISH, Reading
from assistants.refusals import RefusedError, named, unknown
from reports import questions
from reports.questions import Row

NPS, SUPPORT, EMAILS = "nps", "support_kpis", "email_kpis"
# Of how many answers or tickets a figure is: of a single one it would be what one person said or waited.
OF = {
    **dict.fromkeys(("promoters", "passives", "detractors", "nps", "nps_margin"), "responses"),
    **dict.fromkeys(("median_first_reply_minutes", "replied_within_target_rate"), "first_replies"),
    **dict.fromkeys(("median_solved_minutes", "solved_within_target_rate"), "tickets_solved"),
    **dict.fromkeys(("average_csat", "csat_score"), "csat_responses"),
    **dict.fromkeys(
        ("emails_opened", "emails_clicked", "open_rate", "click_rate", "customers_with_unopened_streak"), "recipients"
    ),
}


def get_feedback(reading: Reading, asked: AFeedback) -> FeedbackAnswer:
    mart = next((mart for mart in (NPS, EMAILS) if asked.measure in reading.measures(mart)), SUPPORT)
    term = known_in(reading, mart, asked.measure, "get_feedback")
    row = row_asked(reading, mart, asked)
    if asked.measure in OF:
        not_of_one(row[OF[asked.measure]])
    figure = FeedbackFigure(
        **parts(reading, mart, term, row),
        grain=asked.grain,
        period_start=row["period_start"],
        channel=row.get("channel", ALL),
        is_complete=row["is_complete"],
    )
    of = ENGLISH.period(asked.grain, figure.period_start)
    if figure.channel != ALL:
        of += f", channel {named(figure.channel)}"
    margin = row.get("nps_margin") if asked.measure == "nps" else None
    chance = f" (by chance alone up to {ENGLISH.number(margin, 1)} points more or less)" if margin is not None else ""
    limit = f"the {asked.grain} is complete" if figure.is_complete else f"the {asked.grain} is still running: not final"
    return FeedbackAnswer(
        sentence=f"{told(figure, of, reading.build.currency)}{chance}; {limit}; {reading.stand}.",
        build=reading.build,
        figure=figure,
    )


def row_asked(reading: Reading, mart: str, asked: AFeedback) -> Row:
    """Raises RefusedError where the mart has no such row, with the reason."""
    span = reading.rows(questions.feedback_span(mart, asked.grain))[0]
    start = asked.period if isinstance(asked.period, date) else span["last_complete_period"]
    if span["first_period"] is None:
        if asked.grain == "quarter" and mart != NPS:
            raise RefusedError(f"{asked.measure} is held by week and by month, and not made of them for a quarter")
        raise RefusedError(f"this shop has no such activities, so {asked.measure} is not known; {reading.stand}")
    if start is None:
        raise RefusedError(f"no {asked.grain} is complete yet; {reading.stand}")
    key = {"period_grain": asked.grain, "period_start": start}
    if mart == SUPPORT:
        channels = [row["channel"] for row in reading.rows(questions.support_channels())]
        if asked.channel not in channels:
            raise unknown("channel", asked.channel, {name: (name,) for name in channels}, "get_feedback")
        key["channel"] = asked.channel
    elif asked.channel != ALL:
        raise RefusedError(f"{asked.measure} is held for all channels together, and not by channel")
    found = reading.rows(questions.figure(mart, asked.measure, key))
    if found:
        return found[0]
    first_day = start_of(asked.grain, start)
    if start != first_day:
        raise RefusedError(f"{start} is no first day of a {asked.grain}: the one that holds it begins on {first_day}")
    if start < span["first_period"]:
        raise RefusedError(f"these activities begin later: the first {asked.grain} is that of {span['first_period']}")
    raise RefusedError(f"the {asked.grain} of {start} has not begun by the as-of date {reading.build.as_of_date}")
