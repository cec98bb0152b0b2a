-- From the first usable rate of a currency to the date of the run: one positive rate a day, the new one on its day.
with usable_rates as (

    select
        currency,
        rate_date,
        max(rate) as rate
    from {{ ref('stg_exchange_rates') }}
    where
        rejection_reason is null
        and not is_after_as_of_date
        and rate_date <= {{ reporting_date(run_at()) }}
    group by
        currency,
        rate_date

),

currencies as (

    select
        currency,
        min(rate_date) as first_rate_date
    from usable_rates
    group by currency

),

days as (

    select
        currency,
        min(rate_date) as first_rate_date,
        max(rate_date) as last_rate_date,
        count(*) as days,
        min(rate) as smallest_rate
    from {{ ref('stg_daily_exchange_rates') }}
    group by currency

)

select
    currencies.currency,
    'days' as finding
from currencies
left join days
    on currencies.currency = days.currency
where
    days.currency is null
    or days.first_rate_date <> currencies.first_rate_date
    or days.last_rate_date < currencies.first_rate_date
    or days.days <> {{ days_between('days.first_rate_date', 'days.last_rate_date') }} + 1
    or days.smallest_rate <= 0
union all
select
    usable_rates.currency,
    'rate' as finding
from usable_rates
left join {{ ref('stg_daily_exchange_rates') }} as daily_rates
    on
        usable_rates.currency = daily_rates.currency
        and usable_rates.rate_date = daily_rates.rate_date
where daily_rates.rate is null or usable_rates.rate <> daily_rates.rate
