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
        {{ email_hash(customer_email('customer_id')) }} as email_hash,
        rule_id,
        {{ raw_timestamp('taken_at') }} as taken_at,
        {{ lower_case('arm') }} as arm,
        variant,
        source_file
    from cleaned

)

select
    customer_id,
    email_hash,
    rule_id,
    taken_at,
    arm,
    variant,
    source_file,
    case
        when customer_id is null and email_hash is null then 'missing_customer_id'
        when rule_id is null then 'missing_rule_id'
        when taken_at is null then 'invalid_taken_at'
        when arm not in ('treatment', 'control') then 'unknown_arm'
    end as rejection_reason
from typed
