{{ config(materialized='view') }}

select
    order_id,
    customer_id,
    ordered_at,
    order_date,
    sales_channel,
    currency,
    amount,
    refunded_amount,
    discount_amount,
    net_amount,
    order_number,
    previous_order_date,
    cast({{ days_between('previous_order_date', 'order_date') }} as bigint) as days_since_previous_order,
    updated_at
from {{ ref('int_order_sequence') }}
