-- Two orders of one customer at the very same instant with the same amount are one order under two ids. A day of fewer
-- than five such orders is chance. Who orders more than four times on a day, as a marketplace does that is one
-- customer, is left out; and so are instants of several customers: such orders have a date alone.
with equal_orders as (

    select
        order_date,
        ordered_at,
        customer_id,
        amount,
        count(*) as orders
    from orders
    where
        amount > 0
        and customer_id is not null
    group by
        order_date,
        ordered_at,
        customer_id,
        amount

),

repeated_orders as (

    select *
    from equal_orders
    where orders > 1

),

copies as (

    select
        repeated_orders.order_date,
        sum(repeated_orders.orders - 1) as copies
    from repeated_orders
    inner join orders_of_days('repeated_orders', 'orders') as days_of_customers
        on
            repeated_orders.customer_id = days_of_customers.customer_id
            and repeated_orders.order_date = days_of_customers.order_date
    inner join customers_of_instants('repeated_orders', 'orders') as instants
        on repeated_orders.ordered_at = instants.ordered_at
    where
        days_of_customers.orders <= 4
        and instants.customers = 1
    group by repeated_orders.order_date

),

days as (

    select
        order_date,
        sum(orders) as orders
    from equal_orders
    group by order_date

)

select
    days.order_date,
    days.orders,
    coalesce(copies.copies, 0) as copies,
    share_from(coalesce(copies.copies, 0), days.orders, 5) as copied_share
from days
left join copies
    on days.order_date = copies.order_date
