"""How sure the effect of each rule is, for who looks every day and at all rules. Beside the contract's section 19."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import exp, log, sqrt

from .cohorts import Row
from .confidence import Z, false_discovery_rates, normal_tail
from .intake import Customer
from .outcomes import Trial, is_universal_control
from .playbook import is_experiment, window_of
from .seeds import Seeds
from .settings import Settings
from .signals import Signals

MIXTURE = 0.1**2
ALPHA = 0.05
BROKEN_BELOW = 0.001
YEAR = timedelta(days=365)
NONE = (
    *("always_valid_low", "always_valid_high", "always_valid_p_value", "uplift_q_value", "is_discovery"),
    *("revenue_uplift", "adjusted_revenue_uplift", "adjusted_revenue_uplift_low", "adjusted_revenue_uplift_high"),
    *("variance_saved", "treated_customers", "left_alone_customers", "asked_control_share", "split_p_value"),
    *("split_is_broken", "contacted_elsewhere_treated", "contacted_elsewhere_control", "contacts_differ"),
    *("overlapping_treated", "overlapping_control"),
)
MESSAGES = ("email_sent", "sms_sent")


def playbook_evidence(
    outcomes: Sequence[Row],
    trials: Sequence[Trial],
    signals: Signals,
    customers: Sequence[Customer],
    as_of: date,
    seeds: Seeds,
    settings: Settings,
) -> list[Row]:
    """`outcomes`: the rows of playbook_outcomes."""
    rules = {rule["rule_id"]: rule for rule in seeds["playbook_rules"]}
    needs_consent = {row["channel"]: row["needs_consent"] == "true" for row in seeds["playbook_channels"]}
    persons = {customer.customer_id: customer for customer in customers}
    rows: list[Row] = []
    for outcome in outcomes:
        if outcome["variant"] != "all":
            continue
        own = [trial for trial in trials if trial.rule_id == outcome["rule_id"]]
        row: Row = {name: outcome[name] for name in ("rule_id", "treated", "control", "uplift")} | dict.fromkeys(NONE)
        if row["uplift"] is not None:
            counts = [outcome[name] for name in ("treated_successes", "treated", "control_successes", "control")]
            row |= always_valid(*(int(str(count)) for count in counts))
            row |= adjusted(*(values(own, arm, persons) for arm in ("treatment", "control")))
        if row["rule_id"] in rules:
            rule = rules[str(row["rule_id"])]
            drawn = [
                trial
                for trial in own
                if not needs_consent[rule["channel"]] or not is_universal_control(trial.customer_id, settings)
            ]
            if drawn:
                row |= split(drawn, rule)
        row |= contacts([trial for trial in own if trial.is_observed], signals, as_of, seeds, settings)
        rows.append(row)
    known = [row for row in rows if row["uplift"] is not None]
    rates = false_discovery_rates([float(str(row["always_valid_p_value"])) for row in known])
    for row, rate in zip(known, rates, strict=True):
        row |= {"uplift_q_value": rate, "is_discovery": rate <= ALPHA}
    return rows


def always_valid(k: int, n: int, m: int, o: int) -> Row:
    """The normal mixture: each uplift d as likely as normal with variance 0.01 says, held against none."""
    uplift, v = k / n - m / o, variance_of_share(k, n) + variance_of_share(m, o)
    margin = margin_of(v)
    against = sqrt((v + MIXTURE) / v) * exp(-MIXTURE * uplift**2 / (2 * v * (v + MIXTURE)))
    return {
        "always_valid_low": max(uplift - margin, -1.0),
        "always_valid_high": min(uplift + margin, 1.0),
        "always_valid_p_value": min(against, 1.0),
    }


def margin_of(v: float) -> float:
    return sqrt(v * (v + MIXTURE) / MIXTURE * (2 * log(1 / ALPHA) + log((v + MIXTURE) / v)))


def contacts(own: Sequence[Trial], signals: Signals, as_of: date, seeds: Seeds, settings: Settings) -> Row:
    """Who was reached by something else within the window: a message of another name, an action of another rule."""
    rules = {rule["rule_id"]: rule for rule in seeds["playbook_rules"]}
    to_somebody = [
        row for row in signals.activities if row.activity_type in MESSAGES and row.customer_id and row.day <= as_of
    ]
    others = [row for row in signals.actions if row.day <= as_of and is_experiment(row.rule_id, seeds, settings)]
    found: Row = {}
    counts: dict[str, tuple[int, int]] = {}
    for side, arm in (("treated", "treatment"), ("control", "control")):
        of_arm = [trial for trial in own if trial.arm == arm]
        contacted = overlapping = 0
        for trial in of_arm:
            names = {trial.rule_id, rules.get(trial.rule_id, {}).get("template_id", "-")} - {"-"}
            contacted += any(
                row.customer_id == trial.customer_id
                and row.occurred_at is not None
                and row.occurred_at > trial.taken_at
                and row.day <= trial.day + trial.window
                and (row.detail or "").lower() not in {name.lower() for name in names}
                for row in to_somebody
            )
            overlapping += any(
                row.customer_id == trial.customer_id
                and row.rule_id != trial.rule_id
                and row.day < trial.day + trial.window
                and trial.day < row.day + window_of(row.rule_id, seeds)
                for row in others
            )
        counts[side] = (contacted, len(of_arm))
        if of_arm:
            found[f"overlapping_{side}"] = overlapping / len(of_arm)
            if to_somebody:
                found[f"contacted_elsewhere_{side}"] = contacted / len(of_arm)
    shares = [found.get(f"contacted_elsewhere_{side}") for side in ("treated", "control")]
    if None not in shares:
        margin = margin_of(sum(variance_of_share(*count) for count in counts.values()))
        found["contacts_differ"] = margin < abs(float(str(shares[0])) - float(str(shares[1])))
    return found


def variance_of_share(k: int, n: int) -> float:
    share = (k + 1) / (n + 2)
    return share * (1 - share) / n


def values(trials: Sequence[Trial], arm: str, persons: Mapping[str, Customer]) -> list[tuple[float, float]]:
    """What the customer of each observed trial bought before and after."""
    found = []
    for trial in trials:
        if trial.arm != arm or not trial.is_observed:
            continue
        orders = persons[trial.customer_id].orders if trial.customer_id in persons else ()
        before = [
            order.net_amount
            for order in orders
            if order.ordered_at <= trial.taken_at and order.order_date > trial.day - YEAR
        ]
        after = [
            order.net_amount
            for order in orders
            if order.ordered_at > trial.taken_at and order.order_date <= trial.day + trial.window
        ]
        found.append((float(sum(before)), float(sum(after))))
    return found


def adjusted(treated: Sequence[tuple[float, float]], control: Sequence[tuple[float, float]]) -> Row:
    means = [[sum(pair[i] for pair in arm) / len(arm) for i in (0, 1)] for arm in (treated, control)]
    centred = [
        [(before - x, after - y) for before, after in arm]
        for arm, (x, y) in zip((treated, control), means, strict=True)
    ]
    xx = sum(x * x for arm in centred for x, _ in arm)
    xy = sum(x * y for arm in centred for x, y in arm)
    slope = xy / xx if xx else 0.0
    (x1, y1), (x0, y0) = means
    difference = y1 - y0 - slope * (x1 - x0)
    row: Row = {"revenue_uplift": y1 - y0, "adjusted_revenue_uplift": difference}
    if min(len(treated), len(control)) < 2:
        return row
    plain = sum(sum(y * y for _, y in arm) / (len(arm) - 1) / len(arm) for arm in centred)
    left = sum(sum((y - slope * x) ** 2 for x, y in arm) / (len(arm) - 1) / len(arm) for arm in centred)
    return row | {
        "adjusted_revenue_uplift_low": difference - Z * sqrt(left),
        "adjusted_revenue_uplift_high": difference + Z * sqrt(left),
        "variance_saved": 1 - left / plain if plain else None,
    }


def split(trials: Sequence[Trial], rule: Mapping[str, str]) -> Row:
    treated = len({trial.customer_id for trial in trials if trial.arm == "treatment"})
    control = len({trial.customer_id for trial in trials if trial.arm == "control"})
    share = float(rule["control_share"])
    chance = split_p_value(treated, control, share)
    return {
        "treated_customers": treated,
        "left_alone_customers": control,
        "asked_control_share": share,
        "split_p_value": chance,
        "split_is_broken": chance < BROKEN_BELOW,
    }


def split_p_value(treated: int, control: int, share: float) -> float:
    n = treated + control
    if share in (0, 1):
        return float((control if share == 0 else treated) == 0)
    z = max(abs(control - n * share) - 0.5, 0) / sqrt(n * share * (1 - share))
    return min(2 * normal_tail(z), 1.0)
