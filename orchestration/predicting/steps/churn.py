"""Who will place no order in the next days: the logistic regression of the shop, and how it did as of past days.

What it learns from changes once a month, when a month end has come to lie far enough back; it is computed anew in every
refresh, which gives the same, as nothing of chance is in it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from orchestration.predicting.step import Known, Rows, Step
from orchestration.predicting.steps.buyers import refused
from orchestration.predicting.steps.judged import of_backtest
from predictions.backtesting.churn import MODEL, backtest
from predictions.churn import Looks, Model, fit, known_by, looks
from predictions.refusal import Refusal

KEYS = ("customer_id", "as_of_date", "is_gone")  # the other columns are the features

TRAINING = """
select *
from intermediate.int_churn_training
order by customer_id, as_of_date
"""
HISTORY = """
select coalesce(max(age_days), 0) as days
from intermediate.int_repeat_buying
"""


def predict(known: Known) -> Iterator[Rows]:
    """Parameters or the refusal, and the rows of the backtest."""
    history_days = int(known.columns["history"]["days"][0])
    found = looks_of(known)
    if known.as_of_date is None:
        yield refused(MODEL, Refusal("too_few_customers", "The shop has no order yet."))
        return
    today = np.datetime64(known.as_of_date)
    first_order = today - np.timedelta64(history_days, "D")
    horizon = int(str(known.settings["churn_horizon_days"]))
    model = fit(known_by(found, today, first_order, horizon), history_days)
    yield refused(MODEL, model) if isinstance(model, Refusal) else parameters(model)
    for as_of in backtest(found, first_order, horizon):
        if as_of.rows:
            yield of_backtest(as_of.rows, as_of.as_of_date.astype(object), known.as_of_date)


def looks_of(known: Known) -> Looks:
    found = known.columns["training"]
    names = [name for name in found if name not in KEYS]
    features = np.column_stack([np.asarray(found[name], dtype=np.float64) for name in names])
    return looks(names, found["customer_id"].tolist(), found["as_of_date"], features, found["is_gone"])


def parameters(model: Model) -> Rows:
    low, high = model.interval()
    return Rows(
        "parameters",
        {
            "model": [MODEL] * len(model.names),
            "parameter": list(model.names),
            "estimate": model.estimates,
            "low": low,
            "high": high,
            "customers": np.full(len(model.names), model.customers),
        },
    )


CHURN = Step("churn", ("int_churn_training", "int_repeat_buying"), {"training": TRAINING, "history": HISTORY}, predict)
