with first_orders as (

    select
        order_id,
        customer_id
    from {{ ref('int_order_sequence') }}
    where order_number = 1

),

lines as (

    select
        first_orders.customer_id,
        order_lines.category,
        row_number() over (
            partition by first_orders.customer_id
            order by order_lines.line_number nulls last, order_lines.category
        ) as position
    from {{ ref('stg_order_lines') }} as order_lines
    inner join first_orders
        on order_lines.order_id = first_orders.order_id
    where
        order_lines.rejection_reason is null
        and not order_lines.is_superseded
        and order_lines.category is not null

)

select
    customer_id,
    category as first_category
from lines
where position = 1
