with typed as (

    select
        {{ reporting_date(raw_timestamp('rate_date')) }} as rate_date,
        upper({{ clean_text('currency') }}) as currency,
        {{ raw_decimal('rate', 'decimal(18, 8)') }} as rate
    from {{ source('raw', 'exchange_rates') }}

),

judged as (

    select
        *,
        case
            when rate_date is null then 'invalid_rate_date'
            when currency is null then 'missing_currency'
            when rate is null then 'invalid_rate'
            when rate <= 0 then 'rate_not_positive'
        end as rejection_reason
    from typed

)

select
    rate_date,
    currency,
    rate,
    rejection_reason,
    row_number() over (
        partition by rejection_reason, currency, rate_date
        order by rate desc nulls last
    ) > 1 and rejection_reason is null as is_superseded
from judged
