"""A build as readers get it, without a refresh: its marts as tables of a file of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.publish.copy import write
from stammkunde.manifest import Words


def published_copy(warehouse: Path, target: Path, words: Mapping[str, Words] | None = None) -> Path:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        build_id = connection.execute("select build_id from marts.build").fetchall()[0][0]
    write(warehouse, target, build_id, words or {})
    return target


def predict(published: Path, *, gain: float = 0.1) -> None:
    """Predictions as a refresh makes them, in figures that are easily followed, each model better by `gain`:
    of the repeat orders x, x / 4 orders in 90 days and four times as many in 365, each worth 50."""
    with duckdb.connect(str(published)) as connection:
        connection.execute(
            """
            update marts.customer_predictions as predictions
            set
                p_alive = 1 / (1 + repeat_orders),
                expected_orders_90d = repeat_orders / 4,
                expected_orders_90d_low = repeat_orders / 8,
                expected_orders_90d_high = repeat_orders / 2,
                expected_orders_365d = repeat_orders,
                predicted_clv_365d = 50 * repeat_orders,
                churn_probability = case when lifecycle_stage <> 'lost' then 0.5 + 0.4 / (1 + repeat_orders) end,
                top_drivers_en = case when lifecycle_stage <> 'lost' then 'no order for long' end,
                top_drivers_de = case when lifecycle_stage <> 'lost' then 'lange keine Bestellung' end
            from marts.customers as customers
            where predictions.customer_id = customers.customer_id
            """
        )
        connection.execute(BACKTEST, [gain])
        connection.execute(TRUST)


# Of each model the row that decides, and of both probabilities ten tenths that came true but for a hundredth.
BACKTEST = """
create or replace table marts.prediction_backtest as
select
    model, date '2025-09-30' as as_of_date, measure, bucket, expected, actual, rival, customers, gain,
    gain - 0.05 as gain_low, gain + 0.05 as gain_high, gain > 0.05 as is_better, decides
from (
    select
        model, measure, 'all' as bucket, 0.2 as expected, cast(null as double) as actual, 0.3 as rival,
        1000 as customers, cast(? as double) as gain, true as decides
    from (
        values
        ('bg_nbd', 'customer_squared_error'), ('gamma_gamma', 'order_value_squared_error'),
        ('clv', 'clv_365d_customer_squared_error'), ('churn_logistic', 'brier')
    ) as deciding (model, measure)
    union all
    select
        model, 'calibration', cast(tenth as varchar), tenth / 10 - 0.05, tenth / 10 - 0.04, 0.45, 100, null, false
    from (values ('bg_nbd'), ('churn_logistic')) as probabilities (model)
    cross join generate_series(1, 10) as tenths (tenth)
)
"""

TRUST = """
create or replace table marts.prediction_trust as
select
    model, is_better as is_used,
    case when is_better then 'better' when gain_high < 0 then 'rival_better' else 'no_difference' end as why,
    cast(null as varchar) as refusal, as_of_date, measure, expected as model_error, rival as rival_error,
    gain as model_gain, gain_low as model_gain_low, gain_high as model_gain_high, customers as judged_customers
from marts.prediction_backtest
where decides
"""
