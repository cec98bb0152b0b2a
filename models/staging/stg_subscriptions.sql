with cleaned as (

    {{ cleaned_raw_columns(
        'subscriptions',
        ['subscription_id', 'customer_id', 'currency', 'cancellation_reason'],
        ['started_at', 'ended_at', 'monthly_amount']
    ) }}

),

typed as (

    select
        {{ raw_id('subscription_id') }} as subscription_id,
        {{ customer_number('customer_id') }} as customer_id,
        {{ customer_email('customer_id') }} as customer_email,
        {{ raw_timestamp('started_at') }} as started_at,
        {{ raw_timestamp('ended_at') }} as ended_at,
        ended_at is not null as has_ended_at_text,
        {{ raw_decimal('monthly_amount') }} as monthly_amount,
        upper(coalesce(currency, '{{ var("reporting_currency") }}')) as currency,
        cancellation_reason,
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
    case when not is_erased then subscription_id end as subscription_id,
    case when not is_erased then {{ known_customer_id('customer_id') }} end as customer_id,
    case when not is_erased then {{ email_hash('customer_email') }} end as email_hash,
    started_at,
    ended_at,
    monthly_amount,
    currency,
    case when not is_erased then cancellation_reason end as cancellation_reason,
    source_file,
    case
        when is_erased then 'erased'
        when subscription_id is null then 'missing_subscription_id'
        when customer_id is null and customer_email is null then 'missing_customer_id'
        when started_at is null then 'invalid_started_at'
        when ended_at is null and has_ended_at_text then 'invalid_ended_at'
        when ended_at < started_at then 'ended_before_start'
        when monthly_amount is null then 'invalid_amount'
        when monthly_amount < 0 then 'negative_amount'
    end as rejection_reason
from known
