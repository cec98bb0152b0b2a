-- Every order with a usable row that was known on as_of_date has one current version, and none was updated later.
with known_orders as (

    select
        order_id,
        max(updated_at) as updated_at
    from {{ ref('stg_orders') }}
    where
        rejection_reason is null
        and not {{ is_after_as_of_date('order_date', 'updated_date') }}
    group by order_id

)

select
    known_orders.updated_at as latest_update,
    current_orders.updated_at as current_update,
    coalesce(known_orders.order_id, current_orders.order_id) as order_id
from known_orders
full outer join {{ ref('int_current_orders') }} as current_orders
    on known_orders.order_id = current_orders.order_id
where
    known_orders.order_id is null
    or current_orders.order_id is null
    or known_orders.updated_at <> current_orders.updated_at
    or (known_orders.updated_at is not null and current_orders.updated_at is null)
