with raw_order_lines as (

    select
        {{ clean_text('order_id') }} as order_id,
        {{ raw_text('line_number') }} as line_number_text,
        line_number_typed,
        {{ clean_text('product_id') }} as product_id,
        {{ clean_text('product_name') }} as product_name,
        {{ clean_text('category') }} as category,
        {{ raw_text('quantity') }} as quantity_text,
        quantity_typed,
        {{ raw_text('amount') }} as amount_text,
        amount_typed,
        source_file
    from {{ source('raw', 'order_lines') }}

)

select
    order_id,
    {{ raw_decimal('line_number') }} as line_number,
    product_id,
    product_name,
    category,
    {{ raw_decimal('quantity') }} as quantity,
    {{ raw_decimal('amount') }} as amount,
    source_file,
    case when order_id is null then 'missing_order_id' end as rejection_reason
from raw_order_lines
