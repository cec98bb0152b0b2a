-- Every attributed order is of one customer of int_customers, with its revenue and its dates.
with orders as (

    select
        customer_id,
        count(*) as orders,
        sum(net_amount) as net_revenue,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        max(order_number) as last_order_number
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    group by customer_id

)

select
    orders.orders as orders_counted,
    customers.orders,
    coalesce(orders.customer_id, customers.customer_id) as customer_id
from orders
full outer join {{ ref('int_customers') }} as customers
    on orders.customer_id = customers.customer_id
where
    orders.customer_id is null
    or customers.customer_id is null
    or orders.orders <> customers.orders
    or orders.last_order_number <> customers.orders
    or orders.net_revenue <> customers.net_revenue
    or orders.first_order_date <> customers.first_order_date
    or orders.last_order_date <> customers.last_order_date
