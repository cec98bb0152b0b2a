-- Stages and KPIs mean the same by active: at as_of_date who is not lost is who is active at the end.
with not_lost as (

    select count(*) as customers
    from {{ ref('customers') }}
    where lifecycle_stage <> 'lost'

),

latest_periods as (

    select
        period_grain,
        customers_at_end,
        row_number() over (partition by period_grain order by period_start desc) as periods_from_the_last
    from {{ ref('retention_kpis') }}

)

select
    latest_periods.period_grain,
    latest_periods.customers_at_end,
    not_lost.customers as customers_not_lost
from latest_periods
cross join not_lost
where
    latest_periods.periods_from_the_last = 1
    and latest_periods.customers_at_end <> not_lost.customers
