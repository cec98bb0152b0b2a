-- Weeks come from the orders, quarters from the months. Nobody is counted twice: see int_cohort_months.
with weeks as (

    select
        {{ period_start('week', 'first_order_date') }} as cohort_week,
        {{ period_start('week', 'order_date') }} as order_week,
        count(*) as orders,
        sum(net_amount) as net_revenue,
        count(
            case when order_number = 1 or previous_order_date < {{ period_start('week', 'order_date') }} then 1 end
        ) as active_customers,
        count(case when order_number = 1 then 1 end) as new_customers,
        count(case when order_number = 2 then 1 end) as first_returns,
        count(case when next_order_date is null then 1 end) as last_orders
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    group by
        {{ period_start('week', 'first_order_date') }},
        {{ period_start('week', 'order_date') }}

),

periods as (

    select
        'week' as cohort_grain,
        cohort_week as cohort_start,
        order_week as period_start,
        'all' as dimension,
        'all' as dimension_value,
        orders,
        net_revenue,
        active_customers,
        new_customers,
        first_returns,
        last_orders
    from weeks
    union all
    select
        'month' as cohort_grain,
        cohort_month as cohort_start,
        order_month as period_start,
        dimension,
        dimension_value,
        orders,
        net_revenue,
        active_customers,
        new_customers,
        first_returns,
        last_orders
    from {{ ref('int_cohort_months') }}
    union all
    select
        'quarter' as cohort_grain,
        {{ period_start('quarter', 'cohort_month') }} as cohort_start,
        {{ period_start('quarter', 'order_month') }} as period_start,
        dimension,
        dimension_value,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue,
        sum(active_customers_by_quarter) as active_customers,
        sum(new_customers) as new_customers,
        sum(first_returns) as first_returns,
        sum(last_orders) as last_orders
    from {{ ref('int_cohort_months') }}
    group by
        {{ period_start('quarter', 'cohort_month') }},
        {{ period_start('quarter', 'order_month') }},
        dimension,
        dimension_value

)

select
    cohort_grain,
    cohort_start,
    period_start,
    dimension,
    dimension_value,
    cast(orders as bigint) as orders,
    cast(net_revenue as decimal(28, 2)) as net_revenue,
    cast(active_customers as bigint) as active_customers,
    cast(new_customers as bigint) as new_customers,
    cast(first_returns as bigint) as first_returns,
    cast(last_orders as bigint) as last_orders
from periods
