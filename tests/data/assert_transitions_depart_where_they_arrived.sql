-- Who arrives at a stage in one month is there to depart from it, or to stay, in the next.
with arrivals as (

    select
        {{ next_period_start('month', 'month_start') }} as month_start,
        to_stage as stage,
        sum(customers) as customers
    from {{ ref('lifecycle_transitions') }}
    where month_start < (select max(transitions.month_start) from {{ ref('lifecycle_transitions') }} as transitions)
    group by
        month_start,
        to_stage

),

departures as (

    select
        month_start,
        from_stage as stage,
        sum(customers) as customers
    from {{ ref('lifecycle_transitions') }}
    where from_stage <> 'prospect'
    group by
        month_start,
        from_stage

)

select
    arrivals.customers as arrived_the_month_before,
    departures.customers as departed,
    coalesce(arrivals.month_start, departures.month_start) as month_start,
    coalesce(arrivals.stage, departures.stage) as stage
from arrivals
full outer join departures
    on
        arrivals.month_start = departures.month_start
        and arrivals.stage = departures.stage
where coalesce(arrivals.customers, 0) <> coalesce(departures.customers, 0)
