-- Orders by cohort and period, by dimension and value. An order is its customer's first in a period if the one
-- before lies before the period: nobody is counted twice, and no customer x period table is needed.
{%- set measures = ['orders', 'net_revenue', 'active_customers', 'new_customers', 'first_returns', 'last_orders'] %}
with by_month as (

    select
        {{ period_start('month', 'orders.first_order_date') }} as cohort_month,
        {{ period_start('month', 'orders.order_date') }} as order_month,
        customers.segment_id,
        count(*) as orders,
        sum(orders.net_amount) as net_revenue,
        count(case
            when
                orders.order_number = 1
                or orders.previous_order_date < {{ period_start('month', 'orders.order_date') }}
                then 1
        end) as active_customers,
        count(case
            when
                orders.order_number = 1
                or orders.previous_order_date < {{ period_start('quarter', 'orders.order_date') }}
                then 1
        end) as active_customers_by_quarter,
        count(case when orders.order_number = 1 then 1 end) as new_customers,
        count(case when orders.order_number = 2 then 1 end) as first_returns,
        count(case when orders.next_order_date is null then 1 end) as last_orders
    from {{ ref('int_order_sequence') }} as orders
    inner join {{ ref('int_customers') }} as customers
        on orders.customer_id = customers.customer_id
    group by
        {{ period_start('month', 'orders.first_order_date') }},
        {{ period_start('month', 'orders.order_date') }},
        customers.segment_id

),

by_week as (

    select
        {{ period_start('week', 'first_order_date') }} as cohort_start,
        {{ period_start('week', 'order_date') }} as period_start,
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

by_month_and_dimension as (

    select
        {% for measure in measures + ['active_customers_by_quarter'] %}
            sum(by_month.{{ measure }}) as {{ measure }},
        {% endfor %}
        by_month.cohort_month,
        by_month.order_month,
        segments.dimension,
        segments.dimension_value
    from by_month
    inner join {{ ref('int_segments') }} as segments
        on by_month.segment_id = segments.segment_id
    group by
        by_month.cohort_month,
        by_month.order_month,
        segments.dimension,
        segments.dimension_value

),

by_grain as (

    select
        'week' as cohort_grain,
        cohort_start,
        period_start,
        'all' as dimension,
        'all' as dimension_value,
        {{ measures | join(',\n        ') }}
    from by_week
    union all
    select
        'month' as cohort_grain,
        cohort_month as cohort_start,
        order_month as period_start,
        dimension,
        dimension_value,
        {{ measures | join(',\n        ') }}
    from by_month_and_dimension
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
    from by_month_and_dimension
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
from by_grain
