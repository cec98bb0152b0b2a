-- At the end of every month the customers in a stage other than lost are the active ones.
with stages as (

    select
        month_start,
        sum(customers) as customers_not_lost
    from {{ ref('lifecycle_transitions') }}
    where to_stage <> 'lost'
    group by month_start

),

months as (

    select
        period_start,
        customers_at_end
    from {{ ref('retention_kpis') }}
    where period_grain = 'month'

)

select
    months.customers_at_end,
    stages.customers_not_lost,
    coalesce(months.period_start, stages.month_start) as month_start
from months
full outer join stages
    on months.period_start = stages.month_start
where coalesce(months.customers_at_end, 0) <> coalesce(stages.customers_not_lost, 0)
