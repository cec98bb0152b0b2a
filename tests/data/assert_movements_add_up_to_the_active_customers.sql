-- Customers kept and won back less those churned, over all periods to date, are the customers active at the end.
with movements as (

    select
        period_grain,
        period_start,
        sum(new_customers_kept + reactivated_customers - churned_customers) as net_change
    from {{ ref('int_customer_movements') }}
    group by
        period_grain,
        period_start

),

running_sums as (

    select
        periods.period_grain,
        periods.period_start,
        periods.measured_at,
        sum(coalesce(movements.net_change, 0)) over (
            partition by periods.period_grain
            order by periods.period_start
            rows between unbounded preceding and current row
        ) as customers_at_end
    from {{ ref('int_periods') }} as periods
    left join movements
        on
            periods.period_grain = movements.period_grain
            and periods.period_start = movements.period_start

)

select
    running_sums.period_grain,
    running_sums.period_start,
    running_sums.customers_at_end,
    balances.active_customers
from running_sums
left join {{ ref('int_daily_balances') }} as balances
    on running_sums.measured_at = balances.calendar_date
where
    balances.calendar_date is null
    or running_sums.customers_at_end <> balances.active_customers
