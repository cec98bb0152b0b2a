with cleaned as (

    {{ cleaned_raw_columns(
        'activities',
        ['activity_id', 'customer_id', 'activity_type', 'channel', 'source_system', 'detail'],
        ['occurred_at', 'value', 'updated_at']
    ) }}

),

typed as (

    select
        {{ raw_id_if_whole('activity_id') }} as activity_id,
        {{ customer_number('customer_id') }} as customer_id,
        {{ customer_email('customer_id') }} as customer_email,
        {{ raw_timestamp('occurred_at') }} as occurred_at,
        {{ lower_case('activity_type') }} as activity_type,
        {{ raw_decimal('value') }} as value,
        value is not null as has_value_text,
        channel,
        source_system,
        detail,
        {{ raw_timestamp('updated_at') }} as updated_at,
        source_file
    from cleaned

),

known as (

    select
        typed.*,
        {{ is_erased() | indent(8) }} as is_erased
    from typed
    {{ erased_persons('typed') }}

)

select
    case when not is_erased then activity_id end as activity_id,
    case when not is_erased then {{ known_customer_id('customer_id') }} end as customer_id,
    case when not is_erased then {{ email_hash('customer_email') }} end as email_hash,
    occurred_at,
    {{ reporting_date('occurred_at') }} as activity_date,
    activity_type,
    value,
    case when not is_erased then channel end as channel,
    case when not is_erased then source_system end as source_system,
    case when not is_erased then detail end as detail,
    updated_at,
    source_file,
    {{ is_after_as_of_date(reporting_date('occurred_at')) }} as is_after_as_of_date,
    case
        when is_erased then 'erased'
        when {{ is_damaged_id('customer_id') }} then 'damaged_id'
        -- An offset can lead out of the calendar: to a day before the year 1.
        when occurred_at is null or {{ reporting_date('occurred_at') }} < cast('0001-01-01' as date)
            then 'invalid_occurred_at'
        when {{ reporting_date('occurred_at') }} > {{ reporting_date(run_at()) }} then 'occurred_in_future'
        when activity_type is null then 'missing_activity_type'
        when (value is null and has_value_text) or {{ has_impossible_value() | indent(8) }} then 'invalid_value'
    end as rejection_reason
from known
