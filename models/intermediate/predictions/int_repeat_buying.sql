with days_with_an_order as (

    select
        customer_id,
        first_order_date,
        order_date,
        sum(net_amount) as net_revenue
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    group by customer_id, first_order_date, order_date

),

customers as (

    select
        customer_id,
        first_order_date,
        cast(count(*) - 1 as bigint) as repeat_orders,
        cast(
            sum(case when order_date > first_order_date then net_revenue else 0 end) as decimal(28, 2)
        ) as later_revenue,
        max(order_date) as last_order_date
    from days_with_an_order
    group by customer_id, first_order_date

)

select
    customers.customer_id,
    customers.repeat_orders,
    customers.later_revenue,
    cast({{ days_between('customers.first_order_date', 'customers.last_order_date') }} as bigint) as last_day,
    cast({{ days_between('customers.first_order_date', 'as_of.as_of_date') }} as bigint) as age_days
from customers
cross join {{ ref('int_as_of') }} as as_of
