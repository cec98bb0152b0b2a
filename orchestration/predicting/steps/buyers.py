"""Who will order how often, and for how much: BG/NBD and gamma-gamma of the shop, what they expect of a state, and what
one point more of a lever brings by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from orchestration.predicting.step import Column, Known, Rows, Step
from predictions import bg_nbd, gamma_gamma, intervals
from predictions.levers import YEAR_DAYS, Buyers, Gain, gains
from predictions.optimise import Fit
from predictions.refusal import Refusal
from predictions.scoring import Scores, score
from predictions.states import States, states

FITTED_CUSTOMERS = 200_000
DAYS_OF_A_WEEK = 7
HORIZONS = (90, 365)  # days

# Of a larger shop those with the smallest hashes: as good as drawn, and the same ones in every refresh.
FITTED = f"""
with fitted as (
    select max(hash) as last_hash
    from (
        select md5(customer_id) as hash
        from intermediate.int_repeat_buying
        order by hash
        limit {FITTED_CUSTOMERS}
    )
)
"""
OF_STATES = f"""{FITTED}
select
    repeat_orders,
    last_day,
    age_days,
    count(*) as customers,
    count(*) filter (where md5(customer_id) <= fitted.last_hash) as fitted_customers
from intermediate.int_repeat_buying
cross join fitted
group by repeat_orders, last_day, age_days
order by repeat_orders, last_day, age_days
"""
OF_VALUES = f"""{FITTED}
select
    repeat_orders,
    cast(later_revenue as double) / repeat_orders as mean_value
from intermediate.int_repeat_buying
cross join fitted
where repeat_orders > 0 and later_revenue > 0 and md5(customer_id) <= fitted.last_hash
order by repeat_orders, mean_value
"""
OF_LEVERS = """
select
    repeat_orders,
    last_day,
    age_days,
    cast(later_revenue as double) as later_revenue,
    was_active = 1 as was_active,
    coalesce(is_kept, 0) = 1 as is_kept,
    first_day_revenue is not null as is_new,
    coalesce(cast(first_day_revenue as double), 0) as first_day_revenue
from intermediate.int_lever_buyers
order by customer_id
"""


def predict(known: Known) -> Iterator[Rows]:
    """Parameters or the refusal of each model; states where BG/NBD was not refused, levers where neither was."""
    found = known.columns["states"]
    whole = states(
        found["repeat_orders"],
        found["last_day"] / DAYS_OF_A_WEEK,
        found["age_days"] / DAYS_OF_A_WEEK,
        found["customers"],
    )
    is_fitted = np.flatnonzero(found["fitted_customers"])
    fitted = fitted_part(whole, is_fitted, found["fitted_customers"])
    history_days = float(found["age_days"].max(initial=0))
    orders = bg_nbd.fit(fitted, history_days)
    yield from of_model("bg_nbd", orders)
    values = known.columns["values"]
    value = gamma_gamma.fit(
        values["repeat_orders"].astype(np.float64), values["mean_value"], round(fitted.customers.sum()), history_days
    )
    yield from of_model("gamma_gamma", value)
    if isinstance(value, Fit) and (refusal := gamma_gamma.no_mean_value(gamma_gamma.of(value))):
        yield refused("gamma_gamma", refusal)
    elif isinstance(orders, Fit) and isinstance(value, Fit):
        buyers = buyers_of(known.columns["levers"], round(whole.customers.sum()))
        yield Rows("levers", of_gains(gains(orders, value, buyers, history_days >= YEAR_DAYS - 1)))
    if isinstance(orders, Fit):
        rate = float(str(known.settings["discount_rate"]))
        scores = score(orders, whole, [days / DAYS_OF_A_WEEK for days in HORIZONS], rate)
        keys = {name: found[name] for name in ("repeat_orders", "last_day", "age_days")}
        yield Rows("states", {**keys, **of_scores(scores)})


def fitted_part(whole: States, rows: np.ndarray, fitted_customers: np.ndarray) -> States:
    """The states of the customers that the models are fitted on."""
    part = whole.part(rows)
    return States(part.orders, part.last, part.age, fitted_customers[rows].astype(np.float64))


def of_model(model: str, fit: Fit | Refusal) -> Iterator[Rows]:
    if isinstance(fit, Refusal):
        yield refused(model, fit)
        return
    ends = intervals.parameters(fit)
    yield Rows(
        "parameters",
        {
            "model": [model] * (len(fit.names) + 1),
            "parameter": [*fit.names, "log_likelihood"],
            "estimate": np.array([*fit.parameters, fit.log_likelihood]),
            "low": np.array([*(ends[name][0] for name in fit.names), np.nan]),
            "high": np.array([*(ends[name][1] for name in fit.names), np.nan]),
            "customers": np.full(len(fit.names) + 1, fit.customers),
        },
    )


def refused(model: str, refusal: Refusal) -> Rows:
    return Rows("refusals", {"model": [model], "reason": [refusal.reason], "explanation": [refusal.explanation]})


def of_scores(scores: Scores) -> dict[str, np.ndarray]:
    columns = {"p_alive": scores.p_alive, "discounted_orders_365d": scores.discounted_orders}
    for days, orders in zip(HORIZONS, scores.orders, strict=True):
        columns |= {
            f"expected_orders_{days}d": orders.expected,
            f"expected_orders_{days}d_low": orders.low,
            f"expected_orders_{days}d_high": orders.high,
        }
    return columns


def buyers_of(found: Mapping[str, np.ndarray], shop_customers: int) -> Buyers:
    times = (found[name] / DAYS_OF_A_WEEK for name in ("last_day", "age_days"))
    return Buyers(
        states=states(found["repeat_orders"], *times),
        later_revenue=found["later_revenue"],
        was_active=found["was_active"],
        is_kept=found["is_kept"],
        is_new=found["is_new"],
        first_revenue=found["first_day_revenue"],
        shop_customers=shop_customers,
    )


def of_gains(found: Sequence[Gain]) -> dict[str, Column]:
    return {
        "lever": [one.lever for one in found],
        "base_customers": np.array([one.base_customers for one in found]),
        "value_per_customer": np.array([one.value_per_customer for one in found]),
        "gain_365d": np.array([one.gain for one in found]),
        "gain_365d_low": np.array([one.low for one in found]),
        "gain_365d_high": np.array([one.high for one in found]),
        "missing_because": [one.missing_because for one in found],
    }


BUYERS = Step(
    "buyers",
    ("int_repeat_buying", "int_lever_buyers"),
    {"states": OF_STATES, "values": OF_VALUES, "levers": OF_LEVERS},
    predict,
)
