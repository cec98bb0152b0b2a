-- And every day has its balance.
with days as (

    select
        min(calendar_date) as first_day,
        max(calendar_date) as last_day,
        count(*) as days
    from {{ ref('int_days') }}

),

balances as (

    select count(*) as days
    from {{ ref('int_daily_balances') }}

)

select
    as_of.as_of_date,
    days.first_day,
    days.last_day,
    days.days,
    balances.days as days_with_balance
from {{ ref('int_as_of') }} as as_of
cross join days
cross join balances
where
    as_of.first_order_date is not null
    and (
        days.days = 0
        or days.first_day <> as_of.first_order_date
        or days.last_day <> {{ add_days('as_of.as_of_date', 1) }}
        or days.days <> {{ days_between('days.first_day', 'days.last_day') }} + 1
        or balances.days <> days.days
    )
