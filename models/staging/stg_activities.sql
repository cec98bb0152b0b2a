with typed as (

    select
        {{ clean_text('activity_id') }} as activity_id,
        {{ customer_number('customer_id') }} as customer_id,
        {{ customer_email('customer_id') }} as customer_email,
        {{ raw_timestamp('occurred_at') }} as occurred_at,
        {{ lower_case(clean_text('activity_type')) }} as activity_type,
        {{ raw_decimal('value') }} as value,
        {{ clean_text('value') }} is not null as has_value_text,
        {{ clean_text('channel') }} as channel,
        {{ clean_text('source_system') }} as source_system,
        {{ clean_text('detail') }} as detail,
        source_file
    from {{ source('raw', 'activities') }}

)

select
    activity_id,
    customer_id,
    customer_email,
    occurred_at,
    {{ reporting_date('occurred_at') }} as activity_date,
    activity_type,
    value,
    channel,
    source_system,
    detail,
    source_file,
    case
        when customer_id is null and customer_email is null then 'missing_customer_id'
        when occurred_at is null then 'invalid_occurred_at'
        when activity_type is null then 'missing_activity_type'
        when value is null and has_value_text then 'invalid_value'
    end as rejection_reason
from typed
