with as_of as (

    select
        as_of_date,
        first_order_date
    from {{ ref('int_as_of') }}

),

periods as (
    {% for grain in ['week', 'month', 'quarter', 'year'] %}
        select distinct
            '{{ grain }}' as period_grain,
            {{ period_start(grain, 'days.calendar_date') }} as period_start,
            {{ next_period_start(grain, period_start(grain, 'days.calendar_date')) }} as period_end
        from {{ ref('int_days') }} as days
        inner join as_of
            on days.calendar_date <= as_of.as_of_date
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    periods.period_grain,
    periods.period_start,
    periods.period_end,
    least(periods.period_end, {{ add_days('as_of.as_of_date', 1) }}) as measured_at,
    periods.period_end <= {{ add_days('as_of.as_of_date', 1) }} as is_complete,
    {{ add_days('periods.period_start', -var('active_window_days')) }} < as_of.first_order_date as is_left_censored,
    {{ add_days(
        'least(periods.period_end, ' ~ add_days('as_of.as_of_date', 1) ~ ')', -365 - var('active_window_days')
    ) }} < as_of.first_order_date as is_clv_left_censored
from periods
cross join as_of
