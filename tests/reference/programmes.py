"""Why customers leave, whom they refer, and what points and tiers bring (contract section 16)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from .calendar_periods import add_periods, period_starts, start_of_period
from .cohorts import Row, ratio, total
from .intake import Customer, Subscription
from .signals import Activity
from .subscriptions import mrr, reason_of_leaving, terms_of

EMAIL = re.compile(r"[^@,;|<>\"'\s]*@[^@,;|<>\"'\s]*")
OBSERVED = timedelta(days=90)


def of_types(activities: Sequence[Activity], as_of: date, *kinds: str) -> list[Activity]:
    return [row for row in activities if row.activity_type in kinds and row.day <= as_of]


# --- reasons for leaving ----------------------------------------------------------------------------------------


def churn_reasons(activities: Sequence[Activity], subscriptions: Sequence[Subscription], as_of: date) -> list[Row]:
    given: dict[tuple[date, str], list[tuple[str, str]]] = {}
    for row in of_types(activities, as_of, "churn_reason"):
        if row.customer_id is not None:
            group = given.setdefault((start_of_period("month", row.day), "survey"), [])
            group.append((row.customer_id, readable(row.detail)))
    for customer_id, terms in terms_of(subscriptions, as_of).items():
        for m in period_starts("month", min(row.start_date for row in terms), as_of):
            n = min(add_periods("month", m, 1), as_of + timedelta(days=1))
            if mrr(terms, m) > 0 and mrr(terms, n) == 0:
                group = given.setdefault((m, "subscription"), [])
                group.append((customer_id, readable(reason_of_leaving(terms, m, n))))
    rows: list[Row] = []
    for (month, source), pairs in given.items():
        everybody = len({customer_id for customer_id, _ in pairs})
        for reason in {reason for _, reason in pairs}:
            customers = len({customer_id for customer_id, named in pairs if named == reason})
            key: Row = {"month_start": month, "source": source, "reason": reason}
            rows.append({**key, "customers": customers, "share": ratio(customers, everybody)})
    return rows


def readable(reason: str | None) -> str:
    """Without e-mails; the shops of the tests name no telephone numbers."""
    return "unknown" if reason is None else EMAIL.sub("***@***", reason)


# --- referrals --------------------------------------------------------------------------------------------------


def referral_kpis(
    activities: Sequence[Activity],
    customers: Sequence[Customer],
    referrers: Mapping[str, str],
    months: Iterable[date],
    as_of: date,
) -> list[Row]:
    referrals = of_types(activities, as_of, "referral_sent", "referral_converted")
    referred = [customer for customer in customers if was_referred(customer, referrers)]
    if not referrals and not referred:
        return []
    rows: list[Row] = []
    for month in months:
        in_month = [row for row in referrals if start_of_period("month", row.day) == month]
        acquired = [c for c in customers if start_of_period("month", c.first_order_date) == month]
        own = [customer for customer in acquired if was_referred(customer, referrers)]
        others = [customer for customer in acquired if not was_referred(customer, referrers)]
        rows.append(
            {
                "month_start": month,
                "referrals_sent": sum(row.activity_type == "referral_sent" for row in in_month),
                "referrals_converted": sum(row.activity_type == "referral_converted" for row in in_month),
                "referred_customers": len(own),
                "referred_second_order_rate_90d": second_order_rate(own, as_of),
                "other_second_order_rate_90d": second_order_rate(others, as_of),
                "referrers": len({row.customer_id for row in in_month} - {None}),
            }
        )
    return rows


def was_referred(customer: Customer, referrers: Mapping[str, str]) -> bool:
    return referrers.get(customer.customer_id, customer.customer_id) != customer.customer_id


def second_order_rate(customers: Sequence[Customer], as_of: date) -> float | None:
    observed = [customer for customer in customers if customer.first_order_date + OBSERVED <= as_of]
    returned = [
        customer
        for customer in observed
        if len(customer.orders) > 1 and customer.orders[1].order_date <= customer.first_order_date + OBSERVED
    ]
    return ratio(len(returned), len(observed))


# --- loyalty ----------------------------------------------------------------------------------------------------


def loyalty_kpis(
    activities: Sequence[Activity],
    customers: Sequence[Customer],
    tiers: Mapping[str, str | None],
    months: Iterable[date],
    as_of: date,
) -> list[Row]:
    """`tiers`: of everybody whom a winning row of customers describes."""
    points = of_types(activities, as_of, "loyalty_earned", "loyalty_redeemed")
    shown = {customer_id: tier_of(tier) for customer_id, tier in tiers.items()}
    if not points and set(shown.values()) <= {"none"}:
        return []
    rows: list[Row] = []
    for month in months:
        for tier in {"all", "none", *shown.values()}:

            def stands_here(customer_id: str | None, tier: str = tier) -> bool:
                return tier == "all" or shown.get(customer_id or "", "none") == tier

            next_month = add_periods("month", month, 1)
            members = [c for c in customers if stands_here(c.customer_id) and c.first_order_date < next_month]
            orders = [o for c in members for o in c.orders if start_of_period("month", o.order_date) == month]
            own = [p for p in points if stands_here(p.customer_id) and start_of_period("month", p.day) == month]
            earned = sum_of(own, "loyalty_earned")
            redeemed = sum_of(own, "loyalty_redeemed")
            purchasers = len({order.customer_id for order in orders})
            rows.append(
                {
                    "month_start": month,
                    "loyalty_tier": tier,
                    "members": len(members),
                    "points_earned": earned,
                    "points_redeemed": redeemed,
                    "redemption_rate": ratio(redeemed, earned),
                    "purchasing_customers": purchasers,
                    "net_revenue": total(orders),
                    "revenue_per_customer": ratio(total(orders), purchasers),
                }
            )
    return rows


def tier_of(tier: str | None) -> str:
    return "all (value)" if tier == "all" else tier or "none"


def sum_of(points: Sequence[Activity], kind: str) -> Decimal:
    return sum((row.value for row in points if row.activity_type == kind and row.value is not None), Decimal(0))
