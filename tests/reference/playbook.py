"""Who is to be contacted by which rule of the playbook, and why (contract sections 18 and 23)."""

from __future__ import annotations

import hashlib
import math
import operator
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from .cohorts import Row
from .feedback import number
from .health import Known, known_on
from .intake import Customer, Intake
from .messages import last_three
from .seeds import Seeds
from .settings import Settings

COMPARED = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
LIMITS = {
    "en": {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "=": "equal to", "<>": "other than"},
    "de": {"<": "unter", "<=": "höchstens", ">": "über", ">=": "mindestens", "=": "gleich", "<>": "ungleich"},
}
YES_NO = {"en": ("no", "yes"), "de": ("nein", "ja")}
# Where dbt was started alone nothing is predicted.
PREDICTIONS: Row = dict.fromkeys(
    ("p_alive", "expected_orders_90d", "expected_orders_365d", "predicted_clv_365d", "churn_probability")
)
WHOLE = ("due_within_days", "priority", "cooldown_days", "success_window_days")
NUMBERS = ("threshold", "and_threshold", "control_share")
OF_RULE = (
    *("metric", "operator", "threshold", "and_metric", "and_operator", "and_threshold", "action", "channel", "owner"),
    *("due_within_days", "priority", "cooldown_days", "success_metric", "success_window_days", "control_share"),
    "template_id",
)


def retention_actions(
    intake: Intake, customers: Sequence[Row], as_of: date, settings: Settings, seeds: Seeds
) -> list[Row]:
    """`customers`: the rows of the mart customers."""
    known = known_on(as_of, intake, settings, seeds)
    persons = {customer.customer_id: customer for customer in intake.customers}
    needs_consent = {row["channel"]: row["needs_consent"] == "true" for row in seeds["playbook_channels"]}
    names = {row["metric"]: row for row in seeds["playbook_metrics"]}
    found: list[Row] = []
    for row in customers:
        customer_id = str(row["customer_id"])
        metrics = {**PREDICTIONS, **row, **playbook_metrics(persons[customer_id], intake.customers, known)}
        fired: list[Row] = []
        for text in seeds["playbook_rules"]:
            rule = typed(text)
            if (
                text["is_active"] == "true"
                and (text["lifecycle_stage"] == "any" or row["lifecycle_stage"] in text["lifecycle_stage"].split("|"))
                and all(holds(metrics, *condition) for condition in conditions(rule))
                and not is_in_cooldown(intake, customer_id, rule, as_of)
                and (row["marketing_consent"] or not needs_consent[text["channel"]])
            ):
                fired.append(action(customer_id, rule, metrics, as_of, needs_consent[text["channel"]], settings, names))
        for one in fired:
            one["is_selected"] = one is min(fired, key=lambda other: (other["priority"], other["rule_id"]))
            one["is_experiment"] = is_experiment(str(one["rule_id"]), seeds, settings)
            one["in_other_experiment"] = one["is_experiment"] and any(
                row.customer_id == customer_id
                and row.rule_id != one["rule_id"]
                and row.day <= as_of < row.day + window_of(row.rule_id, seeds)
                and is_experiment(row.rule_id, seeds, settings)
                for row in intake.signals.actions
            )
        found += fired
    return found


def window_of(rule_id: str | None, seeds: Seeds) -> timedelta:
    """The rule's own, and 30 days of rules that are not in the seed."""
    own = [int(rule["success_window_days"]) for rule in seeds["playbook_rules"] if rule["rule_id"] == rule_id]
    return timedelta(days=own[0] if own else 30)


def is_experiment(rule_id: str | None, seeds: Seeds, settings: Settings) -> bool:
    """Whether the rule leaves anybody alone; of one that is not in the seed it is taken for granted."""
    needs_consent = {row["channel"]: row["needs_consent"] == "true" for row in seeds["playbook_channels"]}
    own = [rule for rule in seeds["playbook_rules"] if rule["rule_id"] == rule_id]
    return not own or (
        float(own[0]["control_share"]) > 0
        or (needs_consent[own[0]["channel"]] and settings.universal_control_share > 0)
    )


def typed(rule: Mapping[str, str]) -> dict[str, object]:
    """The row of the seed, `-` and the number beside it as None."""
    found: dict[str, object] = {name: None if text == "-" else text for name, text in rule.items()}
    found |= {name: int(rule[name]) for name in WHOLE}
    found |= {name: float(rule[name]) for name in NUMBERS}
    return found if found["and_metric"] is not None else {**found, "and_threshold": None}


def conditions(rule: Mapping[str, object]) -> list[tuple[str, str, float]]:
    first = (str(rule["metric"]), str(rule["operator"]), float(str(rule["threshold"])))
    if rule["and_metric"] is None:
        return [first]
    return [first, (str(rule["and_metric"]), str(rule["and_operator"]), float(str(rule["and_threshold"])))]


def value_of(metrics: Row, metric: str) -> float | None:
    value = metrics[metric]
    return None if value is None else float(value)  # type: ignore[arg-type]


def holds(metrics: Row, metric: str, compared: str, threshold: float) -> bool:
    value = value_of(metrics, metric)
    return value is not None and COMPARED[compared](value, threshold)


def is_in_cooldown(intake: Intake, customer_id: str, rule: Mapping[str, object], as_of: date) -> bool:
    earliest = as_of - timedelta(days=int(str(rule["cooldown_days"])))
    return any(
        row.customer_id == customer_id and row.rule_id == rule["rule_id"] and earliest < row.day <= as_of
        for row in intake.signals.actions
    )


def hashed(text: str) -> float:
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8], 16) / 16**8


def action(
    customer_id: str,
    rule: Mapping[str, object],
    metrics: Row,
    as_of: date,
    needs_consent: bool,
    settings: Settings,
    names: Mapping[str, Mapping[str, str]],
) -> Row:
    both = f"{rule['rule_id']}:{customer_id}"
    is_universal = needs_consent and hashed(f"universal:{customer_id}") < settings.universal_control_share
    is_control = is_universal or hashed(f"{both}:arm") < float(str(rule["control_share"]))
    return {
        "customer_id": customer_id,
        "rule_id": rule["rule_id"],
        "lifecycle_stage": metrics["lifecycle_stage"],
        **{name: rule[name] for name in OF_RULE},
        "metric_value": value_of(metrics, str(rule["metric"])),
        "and_metric_value": None if rule["and_metric"] is None else value_of(metrics, str(rule["and_metric"])),
        "due_date": as_of + timedelta(days=int(str(rule["due_within_days"]))),
        "is_universal_control": is_universal,
        "arm": "control" if is_control else "treatment",
        "variant": "A" if hashed(f"{both}:variant") < 0.5 else "B",
        **{
            f"reason_{language}": "; ".join(
                reason(metrics, names[condition[0]][f"name_{language}"], *condition, language)
                for condition in conditions(rule)
            )
            for language in ("en", "de")
        },
    }


def reason(metrics: Row, name: str, metric: str, compared: str, threshold: float, language: str) -> str:
    value = metrics[metric]
    if isinstance(value, bool):
        return f"{name}: {YES_NO[language][value]}"
    shown = in_words(float(str(value)), language)
    return f"{name}: {shown} ({LIMITS[language][compared]} {in_words(threshold, language)})"


def in_words(value: float, language: str) -> str:
    """At most two decimals, half away from zero of what the computer holds."""
    hundredths = math.floor(abs(value) * 100 + 0.5)
    whole, rest = divmod(hundredths, 100)
    text = str(whole) if rest == 0 else f"{whole}.{rest:02d}".rstrip("0")
    sign = "-" if value < 0 and hundredths else ""
    return sign + (text.replace(".", ",") if language == "de" else text)


# --- int_playbook_metrics ---------------------------------------------------------------------------------------


def playbook_metrics(customer: Customer, customers: Sequence[Customer], known: Known) -> Row:
    who, day = customer.customer_id, known.day
    own = [row.day for row in known.own_activities.get(who, ()) if row.activity_type in known.points]
    answers = known.of(who, known.settings.active_window_days, "nps")
    three = last_three(known.messages.get(who, ()), day)
    in_year = [order.net_amount for order in customer.orders if order.order_date > day - timedelta(days=365)]
    return {
        "days_since_last_activity": (day - max(own)).days if own else None,
        "latest_nps": number(answers[-1]) if answers else None,
        "unopened_emails": sum(not message.opens for message in three) if three and known.has_opens else None,
        "payment_failed_90d": len(known.of(who, 90, "payment_failed")) if known.has("payment_failed") else None,
        "tickets_30d": len(known.of(who, 30, "ticket_opened")) if known.has("ticket_opened") else None,
        "net_revenue_365d": sum(in_year, Decimal(0)),
        "value_percentile": sum(other.net_revenue < customer.net_revenue for other in customers) / len(customers),
    }
