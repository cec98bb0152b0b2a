with cleaned as (

    {{ cleaned_raw_columns(
        'subscriptions',
        ['subscription_id', 'customer_id', 'currency', 'cancellation_reason'],
        ['started_at', 'ended_at', 'monthly_amount', 'updated_at']
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

),

dated as (

    select
        *,
        {{ reporting_date('started_at') }} as start_date,
        {{ reporting_date('ended_at') }} as end_date,
        case when currency <> upper('{{ var("reporting_currency") }}') then currency end as foreign_currency
    from known

),

converted as (

    select
        dated.*,
        rates.rate as exchange_rate,
        case
            when dated.foreign_currency is null then cast(dated.monthly_amount as decimal(18, 2))
            else {{ converted_amount('dated.monthly_amount', 'rates.rate') }}
        end as converted_monthly_amount
    from dated
    left join {{ ref('stg_daily_exchange_rates') }} as rates
        on
            dated.foreign_currency = rates.currency
            and dated.start_date = rates.rate_date

)

select
    case when not is_erased then subscription_id end as subscription_id,
    case when not is_erased then {{ known_customer_id('customer_id') }} end as customer_id,
    case when not is_erased then {{ email_hash('customer_email') }} end as email_hash,
    started_at,
    start_date,
    ended_at,
    end_date,
    monthly_amount,
    currency,
    converted_monthly_amount,
    case when not is_erased then cancellation_reason end as cancellation_reason,
    updated_at,
    source_file,
    {{ is_after_as_of_date('start_date') }} as is_after_as_of_date,
    case
        when is_erased then 'erased'
        when subscription_id is null then 'missing_subscription_id'
        when customer_id is null and customer_email is null then 'missing_customer_id'
        when {{ is_damaged_id('subscription_id') }} or {{ is_damaged_id('customer_id') }} then 'damaged_id'
        -- An offset can lead out of the calendar: to a day before the year 1.
        when started_at is null or start_date < cast('0001-01-01' as date) then 'invalid_started_at'
        when start_date > {{ reporting_date(run_at()) }} then 'started_in_future'
        when ended_at is null and has_ended_at_text then 'invalid_ended_at'
        when end_date < start_date then 'ended_before_start'
        when monthly_amount is null then 'invalid_amount'
        when monthly_amount < 0 then 'negative_amount'
        when foreign_currency is not null and exchange_rate is null then 'unknown_currency'
        -- More than fits: no shop's price, and it must not stop the run.
        when foreign_currency is not null and converted_monthly_amount is null then 'invalid_amount'
    end as rejection_reason
from converted
