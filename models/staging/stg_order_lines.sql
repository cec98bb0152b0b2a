with cleaned as (

    {{ cleaned_raw_columns(
        'order_lines',
        ['order_id', 'product_id', 'product_name', 'category'],
        ['line_number', 'quantity', 'amount']
    ) }}

),

typed as (

    select
        {{ raw_id('order_id') }} as order_id,
        {{ raw_decimal('line_number') }} as line_number,
        line_number is not null as has_line_number_text,
        product_id,
        product_name,
        category,
        {{ raw_decimal('quantity') }} as quantity,
        quantity is not null as has_quantity_text,
        {{ raw_decimal('amount') }} as amount,
        amount is not null as has_amount_text,
        source_file
    from cleaned

),

judged as (

    select
        *,
        case
            when order_id is null then 'missing_order_id'
            when line_number is null and has_line_number_text then 'invalid_line_number'
            when quantity is null and has_quantity_text then 'invalid_quantity'
            when amount is null and has_amount_text then 'invalid_amount'
        end as rejection_reason
    from typed

)

select
    order_id,
    line_number,
    product_id,
    product_name,
    category,
    quantity,
    amount,
    source_file,
    rejection_reason,
    rejection_reason is null
    and line_number is not null
    and row_number() over (
        partition by rejection_reason, order_id, line_number
        order by
            amount desc nulls last,
            quantity desc nulls last,
            product_id desc nulls last,
            category desc nulls last,
            product_name desc nulls last,
            source_file desc nulls last
    ) > 1 as is_superseded
from judged
