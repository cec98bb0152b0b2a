-- Orders per day in the last 28 days of each build.
with built as (

    select count(*) / 28 as orders_per_day
    from orders
    where order_date > (select max(latest.order_date) - 28 from orders as latest)

),

earlier as (

    select count(*) / 28 as orders_per_day
    from orders_before
    where order_date > (select max(latest.order_date) - 28 from orders_before as latest)

)

select
    'last 28 days' as days,
    built.orders_per_day,
    earlier.orders_per_day as orders_per_day_before,
    built.orders_per_day / nullif(earlier.orders_per_day, 0) as orders_per_day_ratio
from built
cross join earlier
