select
    orders.customer_id,
    orders.order_number,
    {{ value_beside_all('order_lines.product_id') }} as product,
    {{ value_beside_all('order_lines.category') }} as category
from {{ ref('stg_order_lines') }} as order_lines
inner join {{ ref('int_order_sequence') }} as orders
    on order_lines.order_id = orders.order_id
where
    orders.order_number in (1, 2)
    and order_lines.rejection_reason is null
    and not order_lines.is_superseded
    -- What is sent back is no purchase.
    and (order_lines.quantity is null or order_lines.quantity > 0)
