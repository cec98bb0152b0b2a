"""What binds customers and why they leave: referrals, the loyalty programme, and reasons for leaving, by month."""

from __future__ import annotations

from datetime import date, timedelta

from assistants.answers import ChurnReasons, GivenReason, ProgrammeAnswer, ProgrammeFigure
from assistants.arguments import AProgramme, SomeReasons
from assistants.figures import known_in, not_of_one, parts, told, whether_over
from assistants.periods import start_of
from assistants.reading import ALL, ENGLISH, Reading
from assistants.refusals import RefusedError, named, unknown
from reports import questions
from reports.questions import Row

REFERRALS, LOYALTY, REASONS = "referral_kpis", "loyalty_kpis", "churn_reasons"


def get_programme(reading: Reading, asked: AProgramme) -> ProgrammeAnswer:
    mart = REFERRALS if asked.measure in reading.measures(REFERRALS) else LOYALTY
    term = known_in(reading, mart, asked.measure, "get_programme")
    month = month_asked(reading, asked.month)
    row = row_asked(reading, mart, asked, month)
    if mart == LOYALTY:
        not_of_one_member(row, asked.measure)
    else:
        not_of_one_new_customer(reading, row, asked.measure)
    figure = ProgrammeFigure(
        **parts(reading, mart, term, row),
        month_start=month,
        tier=row.get("loyalty_tier", ALL),
        is_complete=is_over(reading, month),
    )
    of = ENGLISH.period("month", month) + (f", tier {named(figure.tier)}" if figure.tier != ALL else "")
    return ProgrammeAnswer(
        sentence=f"{told(figure, of, reading.build.currency)}; {whether_over(figure.is_complete)}; {reading.stand}.",
        build=reading.build,
        figure=figure,
    )


def get_churn_reasons(reading: Reading, asked: SomeReasons) -> ChurnReasons:
    """Those that several customers gave: what a single one wrote is that person's."""
    month = month_asked(reading, asked.month)
    rows = reading.rows(questions.reasons_of_month(month, asked.source))
    if not rows:
        raise RefusedError(
            f"no customer gave a reason in the month that begins on {month} ({asked.source}); {reading.stand}"
        )
    several = [row for row in rows if row["customers"] > 1]
    others = len(rows) - len(several)
    told_reasons = ", ".join(
        f"{named(row['reason'])} {ENGLISH.number(row['customers'])} ({ENGLISH.percent(row['share'])})"
        for row in several[:5]
    )
    return ChurnReasons(
        sentence=(
            f"Customers by reason for leaving in {ENGLISH.period('month', month)} ({asked.source}): "
            f"{told_reasons or 'none was given by more than one customer'}; reasons of a single customer, which are "
            f"not told: {others}; one may give several; {whether_over(is_over(reading, month))}; {reading.stand}."
        ),
        build=reading.build,
        month_start=month,
        source=asked.source,
        is_complete=is_over(reading, month),
        reasons=[GivenReason(**{name: row[name] for name in GivenReason.model_fields}) for row in several],
        reasons_of_one_customer=others,
    )


def not_of_one_member(row: Row, measure: str) -> None:
    if measure != "members":
        not_of_one(row["members"])
    if measure in ("net_revenue", "revenue_per_customer"):
        not_of_one(row["purchasing_customers"])


def not_of_one_new_customer(reading: Reading, row: Row, measure: str) -> None:
    if measure == "referred_second_order_rate_90d":
        not_of_one(row["referred_customers"])
    if measure == "other_second_order_rate_90d":
        key = {"period_grain": "month", "period_start": row["month_start"]}
        acquired = reading.rows(questions.figure("retention_kpis", "new_customers", key))[0]["new_customers"]
        not_of_one(acquired - row["referred_customers"])


def row_asked(reading: Reading, mart: str, asked: AProgramme, month: date) -> Row:
    """Raises RefusedError where the mart has no such row, with the reason."""
    first = reading.rows(questions.first_month(mart))[0]["first_month"]
    if first is None:
        raise RefusedError(f"this shop has no such activities, so {asked.measure} is not known; {reading.stand}")
    key: dict[str, object] = {"month_start": month}
    if mart == LOYALTY:
        tiers = [row["loyalty_tier"] for row in reading.rows(questions.loyalty_tiers())]
        if asked.tier not in tiers:
            raise unknown("tier", asked.tier, {name: (name,) for name in tiers}, "get_programme")
        key["loyalty_tier"] = asked.tier
    elif asked.tier != ALL:
        raise RefusedError(f"{asked.measure} is held for all tiers together, and not by tier")
    found = reading.rows(questions.figure(mart, asked.measure, key))
    if found:
        return found[0]
    if month < first:
        raise RefusedError(f"the figures begin later: the first month is that of {first}")
    raise RefusedError(f"the month of {month} has not begun by the as-of date {reading.build.as_of_date}")


def month_asked(reading: Reading, month: date | str) -> date:
    if isinstance(month, date):
        first_day = start_of("month", month)
        if month != first_day:
            raise RefusedError(f"{month} is no first day of a month: the one that holds it begins on {first_day}")
        return month
    as_of = reading.build.as_of_date
    if as_of is None:
        raise RefusedError("nobody has ordered yet, so no month is complete")
    return start_of("month", start_of("month", as_of + timedelta(days=1)) - timedelta(days=1))


def is_over(reading: Reading, month: date) -> bool:
    as_of = reading.build.as_of_date
    return as_of is not None and month < start_of("month", as_of + timedelta(days=1))
