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

months as (

    {{ months_of('span') }}

),

with_end as (

    select
        months.month_start,
        span.as_of_date,
        {{ next_period_start('month', 'months.month_start') }} as month_end
    from months
    cross join span

)

select
    month_start,
    month_end,
    -- On the day itself it is seen whether a contract dated to the month's last day goes on.
    month_end <= as_of_date as is_complete
from with_end
