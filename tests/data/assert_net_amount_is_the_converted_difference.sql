-- Calculated anew from the rates as they came, not from the table of days: no further than half a cent away.
with usable_orders as (

    select
        order_id,
        order_date,
        currency,
        net_amount,
        amount - refunded_amount as difference
    from {{ ref('int_current_orders') }}

),

days_with_orders as (

    select
        currency,
        order_date
    from usable_orders
    group by
        currency,
        order_date

),

usable_rates as (

    select
        currency,
        rate_date,
        max(rate) as rate
    from {{ ref('stg_exchange_rates') }}
    where rejection_reason is null and not is_after_as_of_date
    group by
        currency,
        rate_date

),

latest_rate_dates as (

    select
        days_with_orders.currency,
        days_with_orders.order_date,
        max(usable_rates.rate_date) as rate_date
    from days_with_orders
    inner join usable_rates
        on
            days_with_orders.currency = usable_rates.currency
            and days_with_orders.order_date >= usable_rates.rate_date
    group by
        days_with_orders.currency,
        days_with_orders.order_date

),

rates as (

    select
        latest_rate_dates.currency,
        latest_rate_dates.order_date,
        usable_rates.rate
    from latest_rate_dates
    inner join usable_rates
        on
            latest_rate_dates.currency = usable_rates.currency
            and latest_rate_dates.rate_date = usable_rates.rate_date

),

expected as (

    select
        usable_orders.order_id,
        usable_orders.currency,
        usable_orders.net_amount,
        cast(usable_orders.difference as double) * case
            when usable_orders.currency = upper('{{ var("reporting_currency") }}') then 1
            else cast(rates.rate as double)
        end as converted_difference
    from usable_orders
    left join rates
        on
            usable_orders.currency = rates.currency
            and usable_orders.order_date = rates.order_date

)

select *
from expected
where
    converted_difference is null
    or abs(net_amount - converted_difference) > 0.005 + 1e-12 * converted_difference
