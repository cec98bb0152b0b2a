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
        {{ lower_case("coalesce(purpose, 'acquisition')") }} as purpose,
        source_file
    from cleaned

),

in_currencies as (

    select
        *,
        case when currency <> upper('{{ var("reporting_currency") }}') then currency end as foreign_currency
    from typed

),

converted as (

    select
        spend.*,
        rates.rate as exchange_rate,
        {{ net_amount('spend.amount', '0', 'rates.rate') | indent(8) }} as converted_amount
    from in_currencies as spend
    left join {{ ref('stg_daily_exchange_rates') }} as rates
        on
            spend.foreign_currency = rates.currency
            and spend.spend_date = rates.rate_date

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
