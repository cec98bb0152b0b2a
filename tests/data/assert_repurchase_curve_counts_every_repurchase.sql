-- Every next order within 730 days is on the curve, on its day.
with orders as (

    select
        days_since_previous_order as day,
        order_number - 1 as from_order_number,
        count(*) as repurchased
    from {{ ref('orders') }}
    where
        order_number between 2 and 6
        and days_since_previous_order <= 730
    group by
        order_number - 1,
        days_since_previous_order

),

curve as (

    select
        from_order_number,
        day,
        repurchased
    from {{ ref('repurchase_curve') }}
    where repurchased > 0

)

select
    orders.repurchased as repurchased_of_orders,
    curve.repurchased,
    coalesce(orders.from_order_number, curve.from_order_number) as from_order_number,
    coalesce(orders.day, curve.day) as day
from orders
full outer join curve
    on
        orders.from_order_number = curve.from_order_number
        and orders.day = curve.day
where coalesce(orders.repurchased, 0) <> coalesce(curve.repurchased, 0)
