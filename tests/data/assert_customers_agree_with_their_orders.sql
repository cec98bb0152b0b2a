-- What is said of a customer is what the orders of the customer add up to.
with orders as (

    select
        customer_id,
        count(*) as orders,
        sum(net_amount) as net_revenue,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        max(order_number) as last_order_number
    from {{ ref('orders') }}
    where customer_id is not null
    group by customer_id

)

select
    orders.orders as orders_of_orders,
    customers.orders,
    orders.net_revenue as net_revenue_of_orders,
    customers.net_revenue,
    coalesce(orders.customer_id, customers.customer_id) as customer_id
from orders
full outer join {{ ref('customers') }} as customers
    on orders.customer_id = customers.customer_id
where
    orders.customer_id is null
    or customers.customer_id is null
    or orders.orders <> customers.orders
    or orders.last_order_number <> customers.orders
    or orders.net_revenue <> customers.net_revenue
    or orders.first_order_date <> customers.first_order_date
    or orders.last_order_date <> customers.last_order_date
