"""Contracts: recurring revenue and subscribers of a month, and of a cohort of subscribers so many months later."""

from __future__ import annotations

from datetime import date

from assistants.answers import SubscriberCohortAnswer, SubscriberCohortFigure, SubscriptionAnswer, SubscriptionFigure
from assistants.arguments import AMeasuredMonth, ASubscriberCohort
from assistants.figures import known_in, not_of_one, parts, told, whether_over
from assistants.reading import ENGLISH, Reading
from assistants.refusals import RefusedError
from reports import questions

KPIS, COHORTS = "subscription_kpis", "subscription_cohorts"
# Whose figure it is: where they are one customer, it is that person's.
OF = {
    "new_mrr": "new_subscribers",
    "reactivated_mrr": "reactivated_subscribers",
    "churned_mrr": "churned_subscribers",
    "involuntary_churned_mrr": "churned_subscribers",
    "mrr_at_end": "subscribers_at_end",
    "average_revenue_per_subscriber": "subscribers_at_end",
    **dict.fromkeys(
        (
            *("mrr_at_start", "expansion_mrr", "contraction_mrr", "churned_subscribers", "logo_churn_rate"),
            *("gross_mrr_retention", "net_mrr_retention"),
        ),
        "subscribers_at_start",
    ),
}


def get_subscriptions(reading: Reading, asked: AMeasuredMonth) -> SubscriptionAnswer:
    term = known_in(reading, KPIS, asked.measure, "get_subscriptions")
    month = month_asked(reading, asked)
    found = reading.rows(questions.figure(KPIS, asked.measure, {"month_start": month}))
    if not found:
        raise no_month(reading, month)
    row = found[0]
    if asked.measure in OF:
        not_of_one(row[OF[asked.measure]])
    figure = SubscriptionFigure(
        **parts(reading, KPIS, term, row), month_start=row["month_start"], is_complete=row["is_complete"]
    )
    return SubscriptionAnswer(
        sentence=(
            f"{told(figure, ENGLISH.period('month', month), reading.build.currency)}; "
            f"{whether_over(figure.is_complete)}; {reading.stand}."
        ),
        build=reading.build,
        figure=figure,
    )


def get_subscriber_cohort(reading: Reading, asked: ASubscriberCohort) -> SubscriberCohortAnswer:
    term = known_in(reading, COHORTS, asked.measure, "get_subscriber_cohort")
    key = {"cohort_month": asked.cohort_month, "period_number": asked.period_number}
    found = reading.rows(questions.figure(COHORTS, asked.measure, key))
    if not found:
        raise RefusedError(
            f"there is no such cell: no paid contract was the first of a customer in the month that begins on "
            f"{asked.cohort_month}, or month {asked.period_number} after it has not begun; {reading.stand}"
        )
    row = found[0]
    if asked.measure != "cohort_subscribers":
        not_of_one(row["cohort_subscribers"])
    figure = SubscriberCohortFigure(
        **parts(reading, COHORTS, term, row),
        cohort_month=row["cohort_month"],
        period_number=row["period_number"],
        customers=row["cohort_subscribers"],
        is_complete=row["is_complete"],
    )
    of = f"subscribers of {ENGLISH.period('month', asked.cohort_month)}, {asked.period_number} months later"
    return SubscriberCohortAnswer(
        sentence=f"{told(figure, of, reading.build.currency)}; {whether_over(figure.is_complete)}; {reading.stand}.",
        build=reading.build,
        figure=figure,
    )


def month_asked(reading: Reading, asked: AMeasuredMonth) -> date:
    if isinstance(asked.month, date):
        return asked.month
    last = reading.rows(questions.subscription_months())[0]["last_complete_month"]
    if last is None:
        raise RefusedError(f"no month with contracts is complete; {reading.stand}")
    return last


def no_month(reading: Reading, month: date) -> RefusedError:
    first = reading.rows(questions.subscription_months())[0]["first_month"]
    if first is None:
        return RefusedError(f"this shop has no contracts (raw entity subscriptions); {reading.stand}")
    if month.day != 1:
        return RefusedError(
            f"{month} is no first day of a month: the one that holds it begins on {month.replace(day=1)}"
        )
    if month < first:
        return RefusedError(f"the contracts begin later: the first month is that of {first}")
    return RefusedError(f"the month of {month} has not begun by the as-of date {reading.build.as_of_date}")
