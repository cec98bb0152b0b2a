-- On day 0 of the curve every order with that number is at risk, censored or not.
with orders as (

    select
        order_number,
        count(*) as orders
    from {{ ref('orders') }}
    where order_number <= 5
    group by order_number

),

first_days as (

    select
        from_order_number,
        at_risk
    from {{ ref('repurchase_curve') }}
    where day = 0

)

select
    orders.orders,
    first_days.at_risk,
    coalesce(orders.order_number, first_days.from_order_number) as order_number
from orders
full outer join first_days
    on orders.order_number = first_days.from_order_number
where coalesce(orders.orders, 0) <> coalesce(first_days.at_risk, 0)
