select
    rejection_reason,
    source_file,
    malformed_line,
    row_hash,
    raw_values['order_id'] as order_id,
    raw_values['customer_id'] as customer_id,
    raw_values['ordered_at'] as ordered_at,
    raw_values['amount'] as amount,
    raw_values['currency'] as currency,
    raw_values['refunded_amount'] as refunded_amount,
    raw_values['discount_amount'] as discount_amount,
    raw_values['status'] as status,
    raw_values['sales_channel'] as sales_channel,
    raw_values['customer_email'] as customer_email,
    raw_values['is_test'] as is_test,
    raw_values['updated_at'] as updated_at
from {{ ref('stg_orders') }}
where rejection_reason <> 'erased'
