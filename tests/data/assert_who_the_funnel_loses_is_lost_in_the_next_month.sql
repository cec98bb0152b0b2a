-- Who is lost next month, over the stages, is who the next month's transitions lead from a stage to lost.
with losses as (

    select
        {{ next_period_start('month', 'month_start') }} as month_start,
        sum(lost_next_month) as customers
    from {{ ref('lifecycle_kpis') }}
    where
        lifecycle_stage <> 'advocate'
        and lost_next_month is not null
    group by month_start

),

transitions as (

    select
        month_start,
        sum(customers) as customers
    from {{ ref('lifecycle_transitions') }}
    where
        to_stage = 'lost'
        and from_stage not in ('prospect', 'lost')
    group by month_start

)

select
    losses.customers,
    transitions.customers as customers_of_transitions,
    coalesce(losses.month_start, transitions.month_start) as month_start
from losses
full outer join transitions
    on losses.month_start = transitions.month_start
where coalesce(losses.customers, 0) <> coalesce(transitions.customers, 0)
