-- Orders of a month belong to the stage that their customer brought along from the month before.
with orders as (

    select
        customer_id,
        {{ period_start('month', 'order_date') }} as month_start,
        {{ period_start('month', 'first_order_date') }} as first_month,
        count(*) as orders,
        sum(net_amount) as net_revenue
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    group by
        customer_id,
        {{ period_start('month', 'order_date') }},
        {{ period_start('month', 'first_order_date') }}

),

by_stage as (

    select
        month_start,
        'prospect' as lifecycle_stage,
        orders,
        net_revenue
    from orders
    where month_start = first_month
    union all
    select
        orders.month_start,
        spells.lifecycle_stage,
        orders.orders,
        orders.net_revenue
    from orders
    inner join {{ ref('int_funnel_spells') }} as spells
        on
            orders.customer_id = spells.customer_id
            and orders.month_start > spells.from_month
            and orders.month_start <= spells.to_month
    where orders.month_start > orders.first_month

)

select
    month_start,
    lifecycle_stage,
    cast(sum(orders) as bigint) as orders,
    cast(sum(net_revenue) as decimal(28, 2)) as net_revenue
from by_stage
group by
    month_start,
    lifecycle_stage
