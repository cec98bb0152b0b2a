-- Orders that came late, for days before the last one of the build before: that one was not over when it was exported.
-- Fewer than five such orders of a day are chance.
with built as (

    select
        order_date,
        count(*) as orders
    from orders
    group by order_date

),

earlier as (

    select
        order_date,
        count(*) as orders
    from orders_before
    group by order_date

),

days as (

    select
        coalesce(built.order_date, earlier.order_date) as order_date,
        coalesce(built.orders, 0) as orders,
        coalesce(earlier.orders, 0) as orders_before
    from built
    full outer join earlier
        on built.order_date = earlier.order_date

)

select
    order_date,
    orders,
    orders_before,
    case when orders - orders_before >= 5 then (orders - orders_before) / greatest(orders_before, 1) else 0 end
        as added_share
from days
where order_date < (select max(earlier.order_date) from earlier)
