select
    rejection_reason,
    {% for column in [
        'order_id', 'customer_id', 'ordered_at', 'amount', 'currency', 'refunded_amount', 'discount_amount',
        'status', 'sales_channel', 'customer_email', 'is_test', 'updated_at',
    ] -%}
    original_{{ column }} as {{ column }},
    {% endfor -%}
    source_file
from {{ ref('stg_orders') }}
where rejection_reason is not null
