with rates as (

    select
        rate_date,
        currency,
        rate
    from {{ ref('stg_exchange_rates') }}
    where
        {{ takes_part() }}
        and rate_date <= {{ reporting_date(run_at()) }}

),

currencies as (

    select
        currency,
        min(rate_date) as first_rate_date,
        cast({{ days_between('min(rate_date)', reporting_date(run_at())) }} as int) as days
    from rates
    group by currency

),

day_numbers as (

    {{ whole_numbers('(select max(currencies.days) from currencies)') | indent(4) }}

),

days as (

    select
        currencies.currency,
        {{ add_days('currencies.first_rate_date', 'day_numbers.number') }} as rate_date
    from currencies
    inner join day_numbers
        on currencies.days >= day_numbers.number

),

days_with_new_rates as (

    select
        days.currency,
        days.rate_date,
        rates.rate,
        count(rates.rate) over (
            partition by days.currency
            order by days.rate_date
            rows between unbounded preceding and current row
        ) as rate_number
    from days
    left join rates
        on
            days.currency = rates.currency
            and days.rate_date = rates.rate_date

)

select
    currency,
    rate_date,
    max(rate) over (partition by currency, rate_number) as rate
from days_with_new_rates
