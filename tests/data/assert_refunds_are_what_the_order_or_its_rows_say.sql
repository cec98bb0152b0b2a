-- Added up anew: up to its amount, an order shows no less than its rows of refunds say, and no less than any of its own
-- rows; and no more than the larger of both, never their sum, unless its state alone says that all was refunded.
with refunded_orders as (

    select order_id
    from {{ ref('int_current_orders') }}
    where refunded_amount > 0
    union
    select order_id
    from {{ ref('stg_orders') }}
    where refunded_amount > 0
    union
    select order_id
    from {{ ref('int_refunds') }}

),

said_by_refunds as (

    select
        order_id,
        sum(amount) as refunded_amount
    from {{ ref('int_refunds') }}
    where
        rejection_reason is null
        and not is_after_as_of_date
        and not is_superseded
    group by order_id

),

said_by_orders as (

    select
        order_id,
        min(refunded_amount) as smallest_amount,
        max(refunded_amount) as largest_amount
    from {{ ref('stg_orders') }}
    where
        rejection_reason is null
        and not {{ is_after_as_of_date('order_date', 'updated_date') }}
        and order_id in (select refunded_orders.order_id from refunded_orders)
    group by order_id

)

select
    orders.order_id,
    orders.amount,
    orders.refunded_amount
from {{ ref('int_current_orders') }} as orders
inner join said_by_orders
    on orders.order_id = said_by_orders.order_id
left join said_by_refunds
    on orders.order_id = said_by_refunds.order_id
where
    orders.refunded_amount < least(orders.amount, coalesce(said_by_refunds.refunded_amount, 0))
    or orders.refunded_amount < least(orders.amount, said_by_orders.smallest_amount)
    or (
        orders.refunded_amount > greatest(coalesce(said_by_refunds.refunded_amount, 0), said_by_orders.largest_amount)
        and not (
            orders.refunded_amount = orders.amount
            and coalesce({{ lower_case('orders.status') }}, '') in ({{ refunded_statuses() }})
        )
    )
