with orders_in_periods as (

    select
        daily.*,
        calendar.period_grain,
        calendar.period_start
    from {{ ref('int_daily_orders') }} as daily
    inner join {{ ref('int_calendar') }} as calendar
        on daily.order_date = calendar.calendar_date

)

select
    period_grain,
    period_start,
    cast(sum(orders) as bigint) as orders,
    cast(sum(net_revenue) as decimal(28, 2)) as net_revenue,
    cast(sum({{ column_of_grain('purchasing_customers') }}) as bigint) as purchasing_customers,
    cast(sum({{ column_of_grain('repeat_customers') }}) as bigint) as repeat_customers,
    cast(sum({{ column_of_grain('returning_orders') }}) as bigint) as returning_orders,
    cast(sum({{ column_of_grain('returning_revenue') }}) as decimal(28, 2)) as returning_revenue,
    cast(sum(unattributed_orders) as bigint) as unattributed_orders,
    cast(sum(unattributed_revenue) as decimal(28, 2)) as unattributed_revenue
from orders_in_periods
group by
    period_grain,
    period_start
