-- Each order of a customer points to the one before, and only unattributed orders have no number.
with sequence as (

    select
        customer_id,
        order_number,
        ordered_at,
        order_date,
        previous_order_date,
        lag(order_number) over customer_orders as number_before,
        lag(ordered_at) over customer_orders as instant_before,
        lag(order_date) over customer_orders as date_before
    from {{ ref('orders') }}
    where customer_id is not null
    window customer_orders as (partition by customer_id order by order_number)

)

select
    customer_id,
    order_number
from sequence
where
    order_number is null
    or order_number <> coalesce(number_before, 0) + 1
    or ordered_at < instant_before
    or (order_number = 1 and previous_order_date is not null)
    or (order_number > 1 and coalesce(previous_order_date <> date_before, true))
union all
select
    customer_id,
    order_number
from {{ ref('orders') }}
where
    customer_id is null
    and (order_number is not null or previous_order_date is not null)
