with typed as (

    select
        {{ reporting_date(raw_timestamp('spend_date')) }} as spend_date,
        {{ clean_text('acquisition_channel') }} as acquisition_channel,
        {{ raw_decimal('amount') }} as amount,
        upper(coalesce({{ clean_text('currency') }}, '{{ var("reporting_currency") }}')) as currency,
        lower(coalesce({{ clean_text('purpose') }}, 'acquisition')) as purpose,
        source_file
    from {{ source('raw', 'marketing_spend') }}

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
