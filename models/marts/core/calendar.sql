-- From the first day of a whole year or week, so that the start of every period of the marts is one of the days.
with span as (

    select
        as_of_date,
        least(
            {{ period_start('year', 'first_order_date') }},
            {{ period_start('week', 'first_order_date') }}
        ) as first_day
    from {{ ref('int_as_of') }}
    where first_order_date is not null

),

counted as (

    select
        as_of_date,
        first_day,
        cast({{ days_between('first_day', 'as_of_date') }} as int) as days
    from span

),

day_numbers as (

    {{ whole_numbers('(select max(counted.days) from counted)') | indent(4) }}

),

days as (

    select {{ add_days('counted.first_day', 'day_numbers.number') }} as calendar_date
    from counted
    cross join day_numbers

)

select
    calendar_date,
    {{ period_start('week', 'calendar_date') }} as week_start,
    {{ period_start('month', 'calendar_date') }} as month_start,
    {{ period_start('quarter', 'calendar_date') }} as quarter_start,
    {{ period_start('year', 'calendar_date') }} as year_start
from days
