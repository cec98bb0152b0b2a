-- The orders of a period and its revenue are those of its days, and its purchasers those of a distinct count.
with counted as (

    select
        calendar.period_grain,
        calendar.period_start,
        count(orders.customer_id) as orders,
        count(*) - count(orders.customer_id) as unattributed_orders,
        sum(orders.net_amount) as all_revenue,
        count(distinct orders.customer_id) as purchasing_customers
    from {{ ref('int_order_sequence') }} as orders
    inner join {{ ref('int_calendar') }} as calendar
        on orders.order_date = calendar.calendar_date
    group by
        calendar.period_grain,
        calendar.period_start

),

added_up as (

    select
        period_grain,
        period_start,
        orders,
        unattributed_orders,
        purchasing_customers,
        net_revenue + unattributed_revenue as all_revenue
    from {{ ref('int_period_orders') }}

)

select
    counted.purchasing_customers as purchasing_customers_counted,
    added_up.purchasing_customers as purchasing_customers_added_up,
    coalesce(counted.period_grain, added_up.period_grain) as period_grain,
    coalesce(counted.period_start, added_up.period_start) as period_start
from counted
full outer join added_up
    on
        counted.period_grain = added_up.period_grain
        and counted.period_start = added_up.period_start
where
    counted.period_start is null
    or added_up.period_start is null
    or counted.orders <> added_up.orders
    or counted.unattributed_orders <> added_up.unattributed_orders
    or counted.all_revenue <> added_up.all_revenue
    or counted.purchasing_customers <> added_up.purchasing_customers
