"""Contracts: monthly recurring revenue, and what moved it (contract section 13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from .calendar_periods import add_periods, period_starts, start_of_period
from .cohorts import Row, ratio
from .intake import Subscription
from .ranks import null_smallest
from .settings import Settings


def terms_of(subscriptions: Sequence[Subscription], as_of: date) -> dict[str, list[Subscription]]:
    """Customer -> rows that began by as_of_date, with their ends as section 13 reads them."""
    known = [row for row in subscriptions if row.start_date <= as_of]
    found: dict[str, list[Subscription]] = {}
    for row in known:
        own_starts = {other.start_date for other in known if other.customer_id == row.customer_id}
        day_after = None if row.end_date is None else row.end_date + timedelta(days=1)
        read = replace(row, end_date=day_after) if day_after in own_starts else row
        found.setdefault(row.customer_id, []).append(read)
    return found


def mrr(terms: Sequence[Subscription], day: date) -> Decimal:
    """Of one customer at the start of a day."""
    running = [row for row in terms if row.start_date < day and (row.end_date is None or row.end_date >= day)]
    return sum((row.monthly_amount for row in running), Decimal(0))


def reason_of_leaving(terms: Sequence[Subscription], first_day: date, day_after: date) -> str | None:
    ended = [row for row in terms if row.end_date is not None and first_day <= row.end_date < day_after]
    return max(ended, key=lambda row: null_smallest(row.end_date, row.cancellation_reason)).cancellation_reason


def is_short_lived(terms: Sequence[Subscription], first_day: date, day_after: date) -> bool:
    return any(
        row.monthly_amount > 0 and row.start_date >= first_day and row.end_date is not None and row.end_date < day_after
        for row in terms
    )


def subscription_kpis(subscriptions: Sequence[Subscription], as_of: date, settings: Settings) -> list[Row]:
    customers = terms_of(subscriptions, as_of)
    if not customers:
        return []
    first_start = min(row.start_date for terms in customers.values() for row in terms)
    return [month_row(list(customers.values()), m, as_of, settings) for m in period_starts("month", first_start, as_of)]


def month_row(customers: Sequence[Sequence[Subscription]], m: date, as_of: date, settings: Settings) -> Row:
    month_end = add_periods("month", m, 1)
    n = min(month_end, as_of + timedelta(days=1))
    zero = Decimal(0)
    money = dict.fromkeys(("new", "reactivated", "expansion", "contraction", "churned", "involuntary"), zero)
    count = dict.fromkeys(("start", "end", "new", "reactivated", "churned", "short_lived"), 0)
    start = end = zero
    for terms in customers:
        s, e = mrr(terms, m), mrr(terms, n)
        start, end = start + s, end + e
        count["start"] += s > 0
        count["end"] += e > 0
        paid_before = any(row.monthly_amount > 0 and row.start_date < m for row in terms)
        if s == 0 and e > 0:
            kind = "reactivated" if paid_before else "new"
            money[kind] += e
            count[kind] += 1
        if e > s > 0:
            money["expansion"] += e - s
        if s > e > 0:
            money["contraction"] += s - e
        if s > 0 and e == 0:
            money["churned"] += s
            count["churned"] += 1
            if (reason_of_leaving(terms, m, n) or "").lower() in settings.involuntary_cancellation_reasons:
                money["involuntary"] += s
        if s == e == 0 and is_short_lived(terms, m, n):
            count["short_lived"] += 1
    assert (
        end
        == start + money["new"] + money["reactivated"] + money["expansion"] - money["contraction"] - (money["churned"])
    )
    return {
        "month_start": m,
        "is_complete": month_end <= as_of,
        "mrr_at_start": start,
        "new_mrr": money["new"],
        "reactivated_mrr": money["reactivated"],
        "expansion_mrr": money["expansion"],
        "contraction_mrr": money["contraction"],
        "churned_mrr": money["churned"],
        "involuntary_churned_mrr": money["involuntary"],
        "mrr_at_end": end,
        "subscribers_at_start": count["start"],
        "new_subscribers": count["new"],
        "reactivated_subscribers": count["reactivated"],
        "churned_subscribers": count["churned"],
        "subscribers_at_end": count["end"],
        "short_lived_subscribers": count["short_lived"],
        "logo_churn_rate": ratio(count["churned"], count["start"]),
        "gross_mrr_retention": ratio(start - money["churned"] - money["contraction"], start),
        "net_mrr_retention": ratio(start - money["churned"] - money["contraction"] + money["expansion"], start),
        "average_revenue_per_subscriber": ratio(end, count["end"]),
    }


def subscription_cohorts(subscriptions: Sequence[Subscription], as_of: date) -> list[Row]:
    """By the month of the first start with a price above 0."""
    cohorts: dict[date, list[list[Subscription]]] = {}
    for terms in terms_of(subscriptions, as_of).values():
        paid = [row.start_date for row in terms if row.monthly_amount > 0]
        if paid:
            cohorts.setdefault(start_of_period("month", min(paid)), []).append(terms)
    rows: list[Row] = []
    for cohort_month, members in sorted(cohorts.items()):
        at_first_end = None
        for number, m in enumerate(period_starts("month", cohort_month, as_of)):
            month_end = add_periods("month", m, 1)
            paying = [mrr(terms, min(month_end, as_of + timedelta(days=1))) for terms in members]
            total = sum(paying, Decimal(0))
            at_first_end = total if at_first_end is None else at_first_end
            active = sum(amount > 0 for amount in paying)
            rows.append(
                {
                    "cohort_month": cohort_month,
                    "period_number": number,
                    "is_complete": month_end <= as_of,
                    "cohort_subscribers": len(members),
                    "active_subscribers": active,
                    "subscriber_retention_rate": ratio(active, len(members)),
                    "mrr": total,
                    "mrr_at_first_end": at_first_end,
                    "mrr_retention_rate": ratio(total, at_first_end),
                }
            )
    return rows
