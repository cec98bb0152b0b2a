-- Days before the last one of the build before, which was not over when it was exported: did late orders make of one
-- more than a usual day? Fewer than five late orders of a day are chance.
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

grown_days as (

    select
        built.order_date,
        built.orders,
        coalesce(earlier.orders, 0) as orders_before
    from built
    left join earlier
        on built.order_date = earlier.order_date
    where
        built.order_date < (select max(latest.order_date) from earlier as latest)
        and built.orders - coalesce(earlier.orders, 0) >= 5

),

-- The same weekday in the eight weeks around it.
usual_days as (

    select
        grown_days.order_date,
        median(earlier.orders) as usual_orders
    from grown_days
    inner join earlier
        on
            grown_days.order_date - 28 <= earlier.order_date
            and grown_days.order_date + 28 >= earlier.order_date
            and grown_days.order_date <> earlier.order_date
            and dayofweek(grown_days.order_date) = dayofweek(earlier.order_date)
    group by grown_days.order_date

)

select
    grown_days.order_date,
    grown_days.orders,
    grown_days.orders_before,
    coalesce(usual_days.usual_orders, grown_days.orders_before) as usual_orders,
    grown_days.orders / greatest(coalesce(usual_days.usual_orders, 0), grown_days.orders_before, 1) as times_usual
from grown_days
left join usual_days
    on grown_days.order_date = usual_days.order_date
