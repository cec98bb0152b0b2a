-- New orders that equal another in customer and amount within ten minutes, under another id. Who orders more than four
-- times on a day, as a marketplace does that is one customer, is left out. That two orders came at one instant says
-- nothing where other customers' did too: such orders have a date alone.
with new_orders as (

    select
        orders.order_id,
        orders.customer_id,
        orders.ordered_at,
        orders.order_date,
        orders.amount
    from orders
    where
        orders.amount > 0
        and orders.customer_id is not null
        and (
            orders.order_date > (select max(earlier.order_date) from orders_before as earlier)
            or orders.order_id in (
                select added.order_id from order_changes as added
                where added.change = 'added'
            )
        )

),

-- Of two new orders, the later one is the copy.
copies as (

    select distinct new_orders.order_id
    from new_orders
    inner join orders
        on
            new_orders.customer_id = orders.customer_id
            and new_orders.amount = orders.amount
            and new_orders.order_date = orders.order_date
            and new_orders.order_id <> orders.order_id
            and abs(epoch(new_orders.ordered_at) - epoch(orders.ordered_at)) <= 600
    left join new_orders as other_new_orders
        on orders.order_id = other_new_orders.order_id
    inner join orders_of_days('new_orders', 'orders') as days_of_customers
        on
            new_orders.customer_id = days_of_customers.customer_id
            and new_orders.order_date = days_of_customers.order_date
    inner join customers_of_instants('new_orders', 'orders') as instants
        on new_orders.ordered_at = instants.ordered_at
    where
        days_of_customers.orders <= 4
        and (orders.ordered_at <> new_orders.ordered_at or instants.customers = 1)
        and (
            other_new_orders.order_id is null
            or (orders.ordered_at, orders.order_id) < (new_orders.ordered_at, new_orders.order_id)
        )

)

select
    'new orders' as of_orders,
    (select count(*) from new_orders) as orders,
    (select count(*) from copies) as copies,
    (select coalesce(min(order_id), '') from copies) as order_id,
    share_from((select count(*) from copies), (select count(*) from new_orders), 5) as copied_share
where (select count(*) from new_orders) > 0
