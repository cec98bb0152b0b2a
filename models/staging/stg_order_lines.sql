select
    {{ clean_text('order_id') }} as order_id,
    {{ raw_decimal('line_number') }} as line_number,
    {{ clean_text('product_id') }} as product_id,
    {{ clean_text('product_name') }} as product_name,
    {{ clean_text('category') }} as category,
    {{ raw_decimal('quantity') }} as quantity,
    {{ raw_decimal('amount') }} as amount,
    source_file,
    case when {{ clean_text('order_id') }} is null then 'missing_order_id' end as rejection_reason
from {{ source('raw', 'order_lines') }}
