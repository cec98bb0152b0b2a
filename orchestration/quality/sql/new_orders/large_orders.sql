-- New orders that are worth more than five times the largest order of the year before.
with builds as (

    select max(order_date) as last_day_before
    from orders_before

),

known_orders as (

    select
        max(orders_before.net_amount) as largest,
        count(*) as orders
    from orders_before
    cross join builds
    where orders_before.order_date > builds.last_day_before - 365

),

new_orders as (

    select
        orders.order_id,
        orders.net_amount
    from orders
    cross join builds
    where orders.order_date > builds.last_day_before

)

select
    'new orders' as of_orders,
    known_orders.largest as largest_before,
    coalesce(max(new_orders.net_amount), 0) as largest_now,
    coalesce(max_by(new_orders.order_id, new_orders.net_amount), '') as order_id,
    count(case when new_orders.net_amount > 5 * known_orders.largest then 1 end) as large_orders
from known_orders
left join new_orders on true
where known_orders.orders >= 100
group by known_orders.largest
