-- Up to the day after as_of_date: figures "at the end" of the running period are taken there.
with span as (

    select
        first_order_date,
        cast({{ days_between('first_order_date', 'as_of_date') }} + 1 as int) as days
    from {{ ref('int_as_of') }}
    where first_order_date is not null

),

day_numbers as (

    {{ whole_numbers('(select max(span.days) from span)') | indent(4) }}

)

select {{ add_days('span.first_order_date', 'day_numbers.number') }} as calendar_date
from span
cross join day_numbers
