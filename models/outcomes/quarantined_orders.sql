select
    rejection_reason,
    raw_order_id as order_id,
    raw_customer_id as customer_id,
    raw_ordered_at as ordered_at,
    raw_amount as amount,
    raw_currency as currency,
    raw_refunded_amount as refunded_amount,
    raw_discount_amount as discount_amount,
    raw_status as status,
    raw_sales_channel as sales_channel,
    raw_customer_email as customer_email,
    raw_is_test as is_test,
    raw_updated_at as updated_at,
    source_file,
    malformed_line
from {{ ref('stg_orders') }}
where rejection_reason is not null
