-- Rates of one currency that follow each other within a month, the age of the rate of each currency at its latest
-- order, and the rates of one day that contradict each other.
with rates as (

    select
        currency,
        rate_date,
        min(rate) as lowest_rate,
        max(rate) as rate
    from exchange_rates
    where
        rejection_reason is null
        and not is_after_as_of_date
        and currency <> (select as_of.reporting_currency from as_of)
    group by
        currency,
        rate_date

),

following as (

    select
        currency,
        rate_date,
        rate,
        rate / lowest_rate as times_within_a_day,
        lag(rate) over (partition by currency order by rate_date) as rate_before,
        rate_date - lag(rate_date) over (partition by currency order by rate_date) as days_before
    from rates

),

latest_orders as (

    select
        currency,
        max(order_date) as order_date
    from orders
    group by currency

),

ages as (

    select
        latest_orders.currency,
        latest_orders.order_date - max(rates.rate_date) as days_old
    from latest_orders
    inner join rates
        on
            latest_orders.currency = rates.currency
            and latest_orders.order_date >= rates.rate_date
    group by
        latest_orders.currency,
        latest_orders.order_date

)

select
    following.currency,
    strftime(following.rate_date, '%Y-%m-%d') as rate_date,
    following.rate,
    coalesce(following.rate_before, following.rate) as rate_before,
    following.times_within_a_day,
    case
        when following.days_before <= 31
            then greatest(following.rate / following.rate_before, following.rate_before / following.rate)
        else 1
    end as times_the_rate_before,
    null as days_old
from following
union all
select
    currency,
    'latest' as rate_date,
    null as rate,
    null as rate_before,
    null as times_within_a_day,
    null as times_the_rate_before,
    days_old
from ages
