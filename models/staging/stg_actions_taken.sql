with cleaned as (

    {{ cleaned_raw_columns(
        'actions_taken',
        ['customer_id', 'rule_id', 'arm', 'variant'],
        ['taken_at']
    ) }}

),

typed as (

    select
        {{ customer_number('customer_id') }} as customer_id,
        {{ customer_email('customer_id') }} as customer_email,
        rule_id,
        {{ raw_timestamp('taken_at') }} as taken_at,
        {{ lower_case('arm') }} as arm,
        variant,
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
    case when not is_erased then {{ known_customer_id('customer_id') }} end as customer_id,
    case when not is_erased then {{ email_hash('customer_email') }} end as email_hash,
    rule_id,
    taken_at,
    {{ reporting_date('taken_at') }} as taken_date,
    arm,
    variant,
    source_file,
    {{ is_after_as_of_date(reporting_date('taken_at')) }} as is_after_as_of_date,
    case
        when is_erased then 'erased'
        when customer_id is null and customer_email is null then 'missing_customer_id'
        when {{ is_damaged_id('customer_id') }} then 'damaged_id'
        when rule_id is null then 'missing_rule_id'
        when taken_at is null or {{ reporting_date('taken_at') }} < cast('0001-01-01' as date) then 'invalid_taken_at'
        when {{ reporting_date('taken_at') }} > {{ reporting_date(run_at()) }} then 'taken_in_future'
        when coalesce(arm, '') not in ('treatment', 'control') then 'unknown_arm'
    end as rejection_reason
from known
