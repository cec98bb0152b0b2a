select
    order_id,
    customer_id,
    customer_email,
    ordered_at,
    order_date,
    updated_at,
    currency,
    amount,
    refunded_amount,
    discount_amount,
    net_amount,
    status,
    sales_channel,
    is_test,
    source_file,
    version_rank
from {{ ref('int_order_versions') }}
where version_rank > 1
