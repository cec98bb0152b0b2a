-- Of each model and date: ten deciles whose customers are all of them, frequencies whose orders are the total, and a
-- last week that is no less than the one before.
with backtest as (

    select
        model,
        as_of_date,
        max(case when measure = 'auc' then customers end) as judged,
        sum(case when measure = 'calibration' then customers end) as in_deciles,
        count(case when measure = 'calibration' then 1 end) as deciles,
        max(case when measure = 'total_orders' and bucket = '90d' then actual end) as orders,
        sum(case when measure = 'orders_by_frequency' then actual * customers end) as orders_by_frequency
    from {{ ref('prediction_backtest') }}
    group by
        model,
        as_of_date

),

weeks as (

    select
        model,
        as_of_date,
        actual - lag(actual) over (partition by model, as_of_date order by cast(bucket as int)) as actual_more,
        expected - lag(expected) over (partition by model, as_of_date order by cast(bucket as int)) as expected_more
    from {{ ref('prediction_backtest') }}
    where measure = 'cumulative_orders'

)

select
    model,
    as_of_date
from backtest
where
    judged <> in_deciles
    or (judged is not null and deciles <> 10)
    or abs(orders - orders_by_frequency) > 0.001
union all
select
    model,
    as_of_date
from weeks
where actual_more < 0 or expected_more < 0
