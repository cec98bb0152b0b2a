with cleaned as (

    {{ cleaned_raw_columns(
        'marketing_spend',
        ['acquisition_channel', 'currency', 'purpose'],
        ['spend_date', 'amount']
    ) }}

),

typed as (

    select
        {{ reporting_date(raw_timestamp('spend_date')) }} as spend_date,
        acquisition_channel,
        {{ raw_decimal('amount') }} as amount,
        upper(coalesce(currency, '{{ var("reporting_currency") }}')) as currency,
        lower(coalesce(purpose, 'acquisition')) as purpose,
        source_file
    from cleaned

)

select
    spend_date,
    acquisition_channel,
    amount,
    currency,
    purpose,
    source_file,
    case
        when spend_date is null then 'invalid_spend_date'
        when amount is null then 'invalid_amount'
        when amount < 0 then 'negative_amount'
        when purpose not in ('acquisition', 'retention') then 'unknown_purpose'
    end as rejection_reason
from typed
