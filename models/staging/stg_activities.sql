with cleaned as (

    {{ cleaned_raw_columns(
        'activities',
        ['activity_id', 'customer_id', 'activity_type', 'channel', 'source_system', 'detail'],
        ['occurred_at', 'value']
    ) }}

),

typed as (

    select
        {{ raw_id_if_whole('activity_id') }} as activity_id,
        {{ customer_number('customer_id') }} as customer_id,
        {{ email_hash(customer_email('customer_id')) }} as email_hash,
        {{ raw_timestamp('occurred_at') }} as occurred_at,
        {{ lower_case('activity_type') }} as activity_type,
        {{ raw_decimal('value') }} as value,
        value is not null as has_value_text,
        channel,
        source_system,
        detail,
        source_file
    from cleaned

)

select
    activity_id,
    customer_id,
    email_hash,
    occurred_at,
    {{ reporting_date('occurred_at') }} as activity_date,
    activity_type,
    value,
    channel,
    source_system,
    detail,
    source_file,
    case
        when customer_id is null and email_hash is null then 'missing_customer_id'
        when occurred_at is null then 'invalid_occurred_at'
        when activity_type is null then 'missing_activity_type'
        when value is null and has_value_text then 'invalid_value'
    end as rejection_reason
from typed
