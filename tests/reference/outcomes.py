"""Did the actions help: each rule of the playbook, and the playbook as a whole (contract, sections 19 and 23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import variance

from .calendar_periods import add_periods, period_starts, start_of_period
from .cohorts import Row, ratio
from .confidence import Z, wilson
from .intake import Customer, Order
from .lifecycle import lifecycle_stage
from .playbook import hashed
from .ranks import null_smallest
from .settings import Settings
from .signals import Action

WINDOW_OF_OTHER_RULES = 30
ENOUGH = 100


@dataclass(frozen=True)
class Trial:
    """An action that counts, and the first order that followed in time."""

    rule_id: str
    variant: str | None
    arm: str
    taken_at: datetime
    day: date
    window: timedelta
    customer_id: str
    is_observed: bool
    success: Order | None


def playbook_trials(
    actions: Sequence[Action], customers: Sequence[Customer], rules: Sequence[Mapping[str, str]], as_of: date
) -> list[Trial]:
    windows = {rule["rule_id"]: int(rule["success_window_days"]) for rule in rules}
    orders = {customer.customer_id: customer.orders for customer in customers}
    found: list[Trial] = []
    before: dict[tuple[str | None, str | None], date] = {}
    for action in sorted((row for row in actions if row.day <= as_of), key=lambda row: null_smallest(row.taken_at)):
        assert action.rule_id is not None and action.customer_id is not None and action.arm is not None
        assert action.taken_at is not None
        window = timedelta(days=windows.get(action.rule_id, WINDOW_OF_OTHER_RULES))
        key = (action.customer_id, action.rule_id)
        counts = key not in before or before[key] + window <= action.day
        before[key] = action.day
        if not counts:
            continue
        is_observed = action.day + window <= as_of
        followed = [
            order
            for order in orders.get(action.customer_id, ())
            if order.ordered_at > action.taken_at and order.order_date <= action.day + window
        ]
        success = min(followed, key=lambda order: (order.ordered_at, order.order_id.encode()), default=None)
        found.append(
            Trial(
                action.rule_id,
                action.variant,
                action.arm,
                action.taken_at,
                action.day,
                window,
                action.customer_id,
                is_observed,
                success if is_observed else None,
            )
        )
    return found


def playbook_outcomes(trials: Sequence[Trial]) -> list[Row]:
    rows: list[Row] = []
    for rule_id in sorted({trial.rule_id for trial in trials}):
        own = [trial for trial in trials if trial.rule_id == rule_id]
        rows.append({"rule_id": rule_id, "variant": "all", **outcome(own)})
        treatments = [trial for trial in own if trial.arm == "treatment"]
        controls = [trial for trial in own if trial.arm == "control"]
        for variant in sorted({trial.variant for trial in treatments if trial.variant is not None}):
            of_variant = [trial for trial in treatments if trial.variant == variant]
            name = "all (value)" if variant == "all" else variant
            rows.append({"rule_id": rule_id, "variant": name, **outcome(of_variant + controls)})
    return rows


def outcome(trials: Sequence[Trial]) -> Row:
    observed = [trial for trial in trials if trial.is_observed]
    treated = [trial.success for trial in observed if trial.arm == "treatment"]
    control = [trial.success for trial in observed if trial.arm == "control"]
    k, m = (sum(success is not None for success in arm) for arm in (treated, control))
    row: Row = {
        "treated": len(treated),
        "control": len(control),
        "treated_successes": k,
        "control_successes": m,
        "treated_rate": ratio(k, len(treated)),
        "control_rate": ratio(m, len(control)),
        "uplift": None,
        "uplift_low": None,
        "uplift_high": None,
        "is_conclusive": None,
        "has_enough": min(len(treated), len(control)) >= ENOUGH,
        "value_won": value_won(trials),
        "waiting": len(trials) - len(observed),
    }
    if treated and control:
        low, high = newcombe(k, len(treated), m, len(control))
        row |= {
            "uplift": k / len(treated) - m / len(control),
            "uplift_low": low,
            "uplift_high": high,
            "is_conclusive": low > 0 or high < 0,
        }
    return row


def newcombe(k: int, n: int, m: int, o: int) -> tuple[float, float]:
    """Newcombe (1998), method 10: the interval of k / n - m / o from the two Wilson intervals."""
    one, other = k / n, m / o
    (one_low, one_high), (other_low, other_high) = wilson(k, n), wilson(m, o)
    assert one_low is not None and one_high is not None and other_low is not None and other_high is not None
    low = one - other - sqrt((one - one_low) ** 2 + (other_high - other) ** 2)
    high = one - other + sqrt((one_high - one) ** 2 + (other - other_low) ** 2)
    return low, high


def value_won(trials: Sequence[Trial]) -> float | None:
    observed = [trial for trial in trials if trial.is_observed]
    treated = [trial for trial in observed if trial.arm == "treatment"]
    control = [trial for trial in observed if trial.arm == "control"]
    successes = [trial.success for trial in observed if trial.success is not None]
    if not treated or not control or not successes:
        return None
    uplift = sum(trial.success is not None for trial in treated) / len(treated)
    uplift -= sum(trial.success is not None for trial in control) / len(control)
    return uplift * len(treated) * float(sum(order.net_amount for order in successes)) / len(successes)


def is_universal_control(customer_id: str, settings: Settings) -> bool:
    return hashed(f"universal:{customer_id}") < settings.universal_control_share


def playbook_programme(
    trials: Sequence[Trial], customers: Sequence[Customer], as_of: date, settings: Settings
) -> list[Row]:
    rows: list[Row] = []
    for month in period_starts("month", min(trial.day for trial in trials), as_of) if trials else ():
        day_before = month - timedelta(days=1)
        base = [c for c in customers if lifecycle_stage(c, day_before, settings) not in (None, "lost")]
        programme = [c for c in base if not is_universal_control(c.customer_id, settings)]
        control = [c for c in base if is_universal_control(c.customer_id, settings)]
        row: Row = {
            "month_start": month,
            "programme_customers": len(programme),
            "control_customers": len(control),
            "is_complete": add_periods("month", month, 1) <= as_of + timedelta(days=1),
        }
        for measure in ("orders", "revenue"):
            row |= difference(
                measure,
                [of_month(measure, c, month) for c in programme],
                [of_month(measure, c, month) for c in control],
            )
        won = row["revenue_difference"]
        row["programme_value"] = None if won is None else float(str(won)) * len(programme)
        taken = [trial for trial in trials if start_of_period("month", trial.day) == month]
        of_rules = [value_won([t for t in taken if t.rule_id == rule]) for rule in sorted({t.rule_id for t in taken})]
        known = [value for value in of_rules if value is not None]
        row["value_won_by_rules"] = sum(known) if known else None
        rows.append(row)
    return rows


def of_month(measure: str, customer: Customer, month: date) -> float:
    orders = [order for order in customer.orders if start_of_period("month", order.order_date) == month]
    return float(len(orders)) if measure == "orders" else float(sum(order.net_amount for order in orders))


def difference(measure: str, programme: Sequence[float], control: Sequence[float]) -> Row:
    means = [ratio(sum(side), len(side)) for side in (programme, control)]
    row: Row = {f"{side}_{measure}_per_customer": m for side, m in zip(("programme", "control"), means, strict=True)}
    one, other = means
    between = None if one is None or other is None else one - other
    half = None
    if len(programme) > 1 and len(control) > 1:
        half = Z * sqrt(variance(programme) / len(programme) + variance(control) / len(control))
    return row | {
        f"{measure}_difference": between,
        f"{measure}_difference_low": None if between is None or half is None else between - half,
        f"{measure}_difference_high": None if between is None or half is None else between + half,
    }
