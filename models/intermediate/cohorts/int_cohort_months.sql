-- One pass over the orders. An order is its customer's first in a period if the one before lies before the period:
-- nobody is counted twice, and no customer x period table is needed.
with by_segment as (

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

)

select
    by_segment.cohort_month,
    by_segment.order_month,
    segments.dimension,
    segments.dimension_value,
    cast(sum(by_segment.orders) as bigint) as orders,
    cast(sum(by_segment.net_revenue) as decimal(28, 2)) as net_revenue,
    cast(sum(by_segment.active_customers) as bigint) as active_customers,
    cast(sum(by_segment.active_customers_by_quarter) as bigint) as active_customers_by_quarter,
    cast(sum(by_segment.new_customers) as bigint) as new_customers,
    cast(sum(by_segment.first_returns) as bigint) as first_returns,
    cast(sum(by_segment.last_orders) as bigint) as last_orders
from by_segment
inner join {{ ref('int_segments') }} as segments
    on by_segment.segment_id = segments.segment_id
group by
    by_segment.cohort_month,
    by_segment.order_month,
    segments.dimension,
    segments.dimension_value
