"""Does the health score tell who leaves? As of past month ends, against what followed: each pair of looks by itself."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .calendar_periods import start_of_period
from .cohorts import Row
from .confidence import Z, wilson
from .health import band, components, health_score, known_on
from .intake import Customer, Intake
from .seeds import Seeds
from .settings import Settings

FOLLOWED = timedelta(days=90)
MONTH_ENDS, CUSTOMERS, LEAST = 12, 100_000, 30


@dataclass(frozen=True)
class Look:
    """One customer at one month end."""

    customer_id: str
    day: date
    score: float
    band: str | None
    recency: int
    has_ordered: bool


def month_ends(first: date, as_of: date) -> list[date]:
    """The latest twelve whose next 90 days are over, from the month of the first order on."""
    found = []
    day = start_of_period("month", as_of) - timedelta(days=1)
    while day >= first and len(found) < MONTH_ENDS:
        if day + FOLLOWED <= as_of:
            found.append(day)
        day = start_of_period("month", day) - timedelta(days=1)
    return found


def health_backtest(intake: Intake, as_of: date, settings: Settings, seeds: Seeds) -> list[Row]:
    days = month_ends(min(order.order_date for order in intake.orders), as_of)
    looks = [look for day in days for look in looks_at(intake, day, settings, seeds)]
    chosen = set(sorted({look.customer_id for look in looks}, key=of_hash)[:CUSTOMERS])
    looks = [look for look in looks if look.customer_id in chosen]
    scopes = {day.isoformat(): [look for look in looks if look.day == day] for day in days}
    if days:
        scopes["all"] = looks
    return [row for scope, own in scopes.items() for row in rows_of(scope, own)]


def of_hash(customer_id: str) -> str:
    return hashlib.md5(customer_id.encode()).hexdigest()


def looks_at(intake: Intake, day: date, settings: Settings, seeds: Seeds) -> Iterable[Look]:
    known = known_on(day, intake, settings, seeds)
    for customer in intake.customers:
        before = [order.order_date for order in customer.orders if order.order_date <= day]
        if not before or (day - before[-1]).days >= settings.active_window_days:
            continue
        score = health_score(components(customer, known), known)
        if score is not None:
            yield Look(
                customer.customer_id, day, score, band(score, known), (day - before[-1]).days, ordered(customer, day)
            )


def ordered(customer: Customer, day: date) -> bool:
    return any(day < order.order_date <= day + FOLLOWED for order in customer.orders)


def risk(look: Look, predictor: str) -> float:
    return -look.score if predictor == "score" else float(look.recency)


def rows_of(scope: str, looks: Sequence[Look]) -> Iterable[Row]:
    pulls = {predictor: pulls_of(looks, predictor) for predictor in ("score", "recency")}
    for predictor in ("score", "recency"):
        own = {"month_end": scope, "predictor": predictor}
        yield {**own, "grouped_by": "all", "bucket": "all", **counted(looks), **areas(looks, pulls, predictor)}
        buckets: dict[tuple[str, str], list[Look]] = {}
        for look in looks:
            if predictor == "score" and look.band is not None:
                buckets.setdefault(("band", look.band), []).append(look)
            riskier = sum(risk(other, predictor) > risk(look, predictor) for other in looks)
            buckets.setdefault(("decile", str(1 + 10 * riskier // len(looks))), []).append(look)
        for (kind, bucket), held in buckets.items():
            yield {**own, "grouped_by": kind, "bucket": bucket, **counted(held), **nothing()}


def counted(looks: Sequence[Look]) -> Row:
    customers = len({look.customer_id for look in looks})
    gone = sum(not look.has_ordered for look in looks)
    low, high = wilson(gone * customers / len(looks), customers) if looks else (None, None)  # type: ignore[arg-type]
    return {
        "looks": len(looks),
        "customers_looked_at": customers,
        "looks_without_order": gone,
        "no_order_rate": gone / len(looks) if looks else None,
        "no_order_rate_low": low,
        "no_order_rate_high": high,
    }


def nothing() -> Row:
    ends = ("", "_low", "_high")
    none = {f"{name}{end}": None for name in ("auc", "auc_difference") for end in ends}
    return {**none, "is_better_than_recency": None}


def pulls_of(looks: Sequence[Look], predictor: str) -> tuple[float, dict[str, float]] | None:
    """The AUC over all pairs, and how much each customer's looks pull it (DeLong 1988, Obuchowski 1997)."""
    gone = [look for look in looks if not look.has_ordered]
    back = [look for look in looks if look.has_ordered]
    if not gone or not back:
        return None

    def right(one: Look, other: Look) -> float:
        difference = risk(one, predictor) - risk(other, predictor)
        return 1.0 if difference > 0 else 0.5 if difference == 0 else 0.0

    of_gone = [(one, math.fsum(right(one, other) for other in back) / len(back)) for one in gone]
    of_back = [(other, math.fsum(right(one, other) for one in gone) / len(gone)) for other in back]
    auc = math.fsum(share for _, share in of_gone) / len(gone)
    pulls: dict[str, float] = {}
    for held in (of_gone, of_back):
        for look, share in held:
            pulls[look.customer_id] = pulls.get(look.customer_id, 0.0) + (share - auc) / len(held)
    return auc, pulls


def areas(looks: Sequence[Look], pulls: dict[str, tuple[float, dict[str, float]] | None], predictor: str) -> Row:
    own, recency = pulls[predictor], pulls["recency"]
    if own is None or recency is None:
        return nothing()
    auc, of_customers = own
    deviation = deviation_of(list(of_customers.values()))
    found: Row = {**nothing(), "auc": auc}
    if deviation is not None:
        found |= {"auc_low": max(0.0, auc - Z * deviation), "auc_high": min(1.0, auc + Z * deviation)}
    if predictor == "recency":
        return found
    difference = auc - recency[0]
    found["auc_difference"] = difference
    deviation = deviation_of([pull - recency[1][customer] for customer, pull in of_customers.items()])
    if deviation is not None:
        found["auc_difference_low"] = difference - Z * deviation
        found["auc_difference_high"] = difference + Z * deviation
    sides = [{look.customer_id for look in looks if look.has_ordered is side} for side in (True, False)]
    if min(map(len, sides)) >= LEAST and deviation is not None:
        found["is_better_than_recency"] = difference - Z * deviation > 0
    return found


def deviation_of(pulls: Sequence[float]) -> float | None:
    count = len(pulls)
    return math.sqrt(math.fsum(pull * pull for pull in pulls) * count / (count - 1)) if count > 1 else None
