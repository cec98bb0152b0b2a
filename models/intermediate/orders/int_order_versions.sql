-- Only orders with several versions are ranked: most have one, and sorting them all would cost most of a run.
with usable_orders as (

    select *
    from {{ ref('stg_orders') }}
    where
        rejection_reason is null
        and not {{ is_after_as_of_date('order_date', 'updated_date') }}

),

repeated_order_ids as (

    select order_id
    from usable_orders
    group by order_id
    having count(*) > 1

)

select
    usable_orders.order_id,
    usable_orders.customer_id,
    usable_orders.email_hash,
    usable_orders.ordered_at,
    usable_orders.order_date,
    usable_orders.updated_at,
    usable_orders.currency,
    usable_orders.exchange_rate,
    usable_orders.amount,
    usable_orders.refunded_amount,
    usable_orders.discount_amount,
    usable_orders.status,
    usable_orders.sales_channel,
    usable_orders.is_test,
    usable_orders.source_file,
    row_number() over (
        partition by usable_orders.order_id
        order by
            usable_orders.updated_at desc nulls last,
            usable_orders.ordered_at desc,
            usable_orders.amount desc,
            usable_orders.refunded_amount desc,
            usable_orders.status desc nulls last,
            usable_orders.customer_id desc nulls last,
            usable_orders.currency desc,
            usable_orders.discount_amount desc nulls last,
            usable_orders.sales_channel desc nulls last,
            usable_orders.customer_email desc nulls last,
            usable_orders.is_test desc,
            usable_orders.source_file desc nulls last
    ) as version_rank
from usable_orders
inner join repeated_order_ids
    on usable_orders.order_id = repeated_order_ids.order_id
