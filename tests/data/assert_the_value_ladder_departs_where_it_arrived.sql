-- Who arrives at a step in one month is there to leave it, or to stay on it, in the next.
with arrivals as (

    select
        {{ next_period_start('month', 'month_start') }} as month_start,
        to_step as step,
        sum(customers) as customers
    from {{ ref('value_ladder') }}
    where
        to_step <> 'none'
        and month_start < (
            select max(periods.period_start)
            from {{ ref('int_periods') }} as periods
            where periods.period_grain = 'month'
        )
    group by
        month_start,
        to_step

),

departures as (

    select
        month_start,
        from_step as step,
        sum(customers) as customers
    from {{ ref('value_ladder') }}
    where from_step <> 'none'
    group by
        month_start,
        from_step

)

select
    arrivals.customers as arrived_the_month_before,
    departures.customers as departed,
    coalesce(arrivals.month_start, departures.month_start) as month_start,
    coalesce(arrivals.step, departures.step) as step
from arrivals
full outer join departures
    on
        arrivals.month_start = departures.month_start
        and arrivals.step = departures.step
where coalesce(arrivals.customers, 0) <> coalesce(departures.customers, 0)
