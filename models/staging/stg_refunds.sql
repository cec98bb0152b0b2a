{%- set texts = ['refund_id', 'order_id'] -%}
{%- set others = ['refunded_at', 'amount', 'updated_at'] -%}
with cleaned as (

    {{ cleaned_raw_columns('refunds', texts, others, keep_raw=true) }}

),

typed as (

    select
        {{ raw_id_if_whole('refund_id') }} as refund_id,
        {{ raw_id('order_id') }} as order_id,
        {{ raw_timestamp('refunded_at') }} as refunded_at,
        refunded_at is not null as has_refunded_at_text,
        {{ raw_decimal('amount') }} as amount,
        {{ raw_timestamp('updated_at') }} as updated_at,
        {% for column in texts + others %}
            raw_{{ column }},
        {% endfor %}
        {% for column in others %}
            {{ column }}_typed,
        {% endfor %}
        source_file,
        malformed_line
    from cleaned

),

judged as (

    select
        *,
        {{ reporting_date('refunded_at') }} as refund_date,
        case
            when order_id is null then 'missing_order_id'
            when amount is null then 'invalid_amount'
            when amount < 0 then 'negative_amount'
            when refunded_at is null and has_refunded_at_text then 'invalid_refunded_at'
            when {{ reporting_date('refunded_at') }} > {{ reporting_date(run_at()) }} then 'refunded_in_future'
        end as rejection_reason
    from typed

)

select
    refund_id,
    order_id,
    refunded_at,
    refund_date,
    amount,
    updated_at,
    source_file,
    {{ masked_text('malformed_line') }} as malformed_line,
    rejection_reason,
    -- Also of usable rows: whether their order is known is judged later (int_refunds).
    {{ raw_values(texts, others) }} as raw_values
from judged
