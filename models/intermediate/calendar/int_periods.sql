with as_of as (

    select
        as_of_date,
        first_order_date,
        {{ add_days('as_of_date', 1) }} as day_after,
        {{ lapse_date('first_order_date') }} as first_window_is_over_on
    from {{ ref('int_as_of') }}

),

periods as (

    select distinct
        calendar.period_grain,
        calendar.period_start,
        calendar.period_end
    from {{ ref('int_calendar') }} as calendar
    inner join as_of
        on calendar.calendar_date <= as_of.as_of_date

),

measured as (

    select
        periods.*,
        as_of.day_after,
        as_of.first_window_is_over_on,
        least(periods.period_end, as_of.day_after) as measured_at
    from periods
    cross join as_of

)

select
    period_grain,
    period_start,
    period_end,
    measured_at,
    period_end <= day_after as is_complete,
    period_start < first_window_is_over_on as is_left_censored,
    {{ add_days('measured_at', -value_window_days()) }} < first_window_is_over_on as is_clv_left_censored
from measured
