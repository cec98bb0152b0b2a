with cleaned as (

    {{ cleaned_raw_columns('exchange_rates', ['currency'], ['rate_date', 'rate']) }}

),

typed as (

    select
        {{ reporting_date(raw_timestamp('rate_date')) }} as rate_date,
        upper(currency) as currency,
        {{ raw_decimal('rate', 'decimal(18, 8)') }} as rate,
        source_file
    from cleaned

),

judged as (

    select
        *,
        {{ is_after_as_of_date('rate_date') }} as is_after_as_of_date,
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
    source_file,
    is_after_as_of_date,
    rejection_reason,
    row_number() over (
        partition by rejection_reason, currency, rate_date
        order by rate desc nulls last, source_file desc nulls last
    ) > 1 and rejection_reason is null and not is_after_as_of_date as is_superseded
from judged
