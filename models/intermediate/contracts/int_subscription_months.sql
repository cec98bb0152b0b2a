with first_and_last as (

    select
        {{ period_start('month', 'min(terms.start_date)') }} as first_month,
        max(as_of.as_of_date) as as_of_date
    from {{ ref('int_subscription_terms') }} as terms
    cross join {{ ref('int_as_of') }} as as_of

),

span as (

    select
        *,
        {{ days_between('first_month', 'as_of_date') }} as days
    from first_and_last

),

day_numbers as (

    {{ whole_numbers('(select max(span.days) from span)') | indent(4) }}

),

months as (

    select distinct
        span.as_of_date,
        {{ period_start('month', add_days('span.first_month', 'day_numbers.number')) }} as month_start
    from span
    cross join day_numbers

),

with_end as (

    select
        *,
        {{ next_period_start('month', 'month_start') }} as month_end
    from months

)

select
    month_start,
    month_end,
    -- On the day itself it is seen whether a contract dated to the month's last day goes on.
    month_end <= as_of_date as is_complete
from with_end
