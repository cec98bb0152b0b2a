with movements as (

    select
        period_grain,
        period_start,
        cast(sum(new_customers) as bigint) as new_customers,
        cast(sum(new_customers_kept) as bigint) as new_customers_kept,
        cast(sum(reactivated_customers) as bigint) as reactivated_customers,
        cast(sum(churned_customers) as bigint) as churned_customers
    from {{ ref('int_customer_movements') }}
    group by
        period_grain,
        period_start

)

select
    periods.period_grain,
    periods.period_start,
    periods.period_end,
    periods.is_complete,
    periods.is_left_censored,
    periods.is_clv_left_censored,
    at_end.active_customers as customers_at_end,
    at_end.customers_acquired,
    at_end.net_revenue as net_revenue_to_date,
    at_end.year_customers,
    at_end.active_now_and_year_ago,
    year_ago.active_customers as active_year_ago,
    cast(at_end.net_revenue - coalesce(year_ago.net_revenue, 0) as decimal(28, 2)) as year_net_revenue,
    coalesce(at_start.active_customers, 0) as customers_at_start,
    coalesce(movements.new_customers, 0) as new_customers,
    coalesce(movements.new_customers_kept, 0) as new_customers_kept,
    coalesce(movements.reactivated_customers, 0) as reactivated_customers,
    coalesce(movements.churned_customers, 0) as churned_customers,
    coalesce(orders.purchasing_customers, 0) as purchasing_customers,
    coalesce(orders.repeat_customers, 0) as repeat_customers,
    coalesce(orders.orders, 0) as orders,
    coalesce(orders.net_revenue, 0) as net_revenue,
    coalesce(orders.returning_orders, 0) as returning_orders,
    coalesce(orders.returning_revenue, 0) as returning_revenue,
    coalesce(orders.unattributed_orders, 0) as unattributed_orders,
    coalesce(orders.unattributed_revenue, 0) as unattributed_revenue
from {{ ref('int_periods') }} as periods
left join {{ ref('int_period_orders') }} as orders
    on
        periods.period_grain = orders.period_grain
        and periods.period_start = orders.period_start
left join movements
    on
        periods.period_grain = movements.period_grain
        and periods.period_start = movements.period_start
left join {{ ref('int_daily_balances') }} as at_start
    on periods.period_start = at_start.calendar_date
left join {{ ref('int_daily_balances') }} as at_end
    on periods.measured_at = at_end.calendar_date
left join {{ ref('int_daily_balances') }} as year_ago
    on {{ add_days('periods.measured_at', -value_window_days()) }} = year_ago.calendar_date
