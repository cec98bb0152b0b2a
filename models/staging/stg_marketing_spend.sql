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

),

foreign_currencies as (

    select
        *,
        case when currency <> upper('{{ var("reporting_currency") }}') then currency end as foreign_currency
    from typed

),

converted as (

    select
        foreign_currencies.*,
        rates.rate as exchange_rate,
        case
            when foreign_currencies.foreign_currency is null then cast(foreign_currencies.amount as decimal(18, 2))
            else {{ converted_amount('foreign_currencies.amount', 'rates.rate') }}
        end as converted_amount
    from foreign_currencies
    left join {{ ref('stg_daily_exchange_rates') }} as rates
        on
            foreign_currencies.foreign_currency = rates.currency
            and foreign_currencies.spend_date = rates.rate_date

)

select
    spend_date,
    acquisition_channel,
    amount,
    currency,
    converted_amount,
    purpose,
    source_file,
    {{ is_after_as_of_date('spend_date') }} as is_after_as_of_date,
    case
        -- An offset can lead out of the calendar: to a day before the year 1.
        when spend_date is null or spend_date < cast('0001-01-01' as date) then 'invalid_spend_date'
        when spend_date > {{ reporting_date(run_at()) }} then 'spent_in_future'
        when amount is null then 'invalid_amount'
        when amount < 0 then 'negative_amount'
        when foreign_currency is not null and exchange_rate is null then 'unknown_currency'
        -- More than fits: no shop's spend, and it must not stop the run.
        when foreign_currency is not null and converted_amount is null then 'invalid_amount'
        when purpose not in ('acquisition', 'retention') then 'unknown_purpose'
    end as rejection_reason
from converted
