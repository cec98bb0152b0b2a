-- What stands at the start of each day: running sums of what the days before brought. The KPIs look up three days
-- (start, end, a year before the end) instead of counting customers for each period.
with changes_by_orders as (

    select
        {{ add_days('order_date', 1) }} as calendar_date,
        orders,
        net_revenue,
        new_customers as customers_acquired,
        year_entries as year_customers
    from {{ ref('int_daily_orders') }}
    union all
    select
        {{ add_days('order_date', value_window_days() + 1) }} as calendar_date,
        0 as orders,
        0 as net_revenue,
        0 as customers_acquired,
        -year_exits as year_customers
    from {{ ref('int_daily_orders') }}

),

daily_changes_by_orders as (

    select
        calendar_date,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue,
        sum(customers_acquired) as customers_acquired,
        sum(year_customers) as year_customers
    from changes_by_orders
    group by calendar_date

)

select
    days.calendar_date,
    cast(coalesce(sum(orders.orders) over days_to_date, 0) as bigint) as orders,
    cast(coalesce(sum(orders.net_revenue) over days_to_date, 0) as decimal(28, 2)) as net_revenue,
    cast(coalesce(sum(orders.customers_acquired) over days_to_date, 0) as bigint) as customers_acquired,
    cast(coalesce(sum(orders.year_customers) over days_to_date, 0) as bigint) as year_customers,
    cast(coalesce(sum(activity.active_customers) over days_to_date, 0) as bigint) as active_customers,
    cast(coalesce(sum(activity.active_now_and_year_ago) over days_to_date, 0) as bigint) as active_now_and_year_ago
from {{ ref('int_days') }} as days
left join daily_changes_by_orders as orders
    on days.calendar_date = orders.calendar_date
left join {{ ref('int_daily_activity_changes') }} as activity
    on days.calendar_date = activity.calendar_date
window days_to_date as (order by days.calendar_date rows between unbounded preceding and current row)
