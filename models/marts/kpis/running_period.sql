-- The running period of each grain and what it is fairly compared with, each over as many days as the running one has.
with as_of as (

    select
        as_of_date,
        first_order_date
    from {{ ref('int_as_of') }}
    where first_order_date is not null

),

spans as (

    {% for grain in period_grains() %}
        {%- set this_start = period_start(grain, 'as_of_date') -%}
        {#- A week is compared with the same weekdays. Other grains: 365 days before a period's first day lie within the
            first two days of the same period a year ago. -#}
        {%- set days_of = {
            'this': 'as_of_date',
            'previous': add_days(this_start, -1),
            'year_before': add_days(this_start, -364 if grain == 'week' else -365),
        } -%}
        {%- for compared_with, day in days_of.items() %}
            select
                '{{ grain }}' as period_grain,
                '{{ compared_with }}' as compared_with,
                {{ period_start(grain, day) }} as period_start,
                {{ next_period_start(grain, period_start(grain, day)) }} as period_end,
                {{ days_between(this_start, 'as_of_date') }} + 1 as running_days,
                first_order_date
            from as_of
            {{ 'union all' if not loop.last }}
        {%- endfor %}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

cut as (

    select
        *,
        least(running_days, {{ days_between('period_start', 'period_end') }}) as days,
        compared_with <> 'this' and period_start < first_order_date as is_unknown
    from spans

),

counted as (

    select
        cut.period_grain,
        cut.compared_with,
        cut.period_start,
        cut.days,
        cut.is_unknown,
        coalesce(sum(daily.orders), 0) as orders,
        coalesce(sum(daily.net_revenue), 0) as net_revenue,
        coalesce(sum(daily.new_customers), 0) as new_customers
    from cut
    left join {{ ref('int_daily_orders') }} as daily
        on
            cut.period_start <= daily.order_date
            and {{ days_between('cut.period_start', 'daily.order_date') }} < cut.days
    group by
        cut.period_grain,
        cut.compared_with,
        cut.period_start,
        cut.days,
        cut.is_unknown

)

select
    period_grain,
    compared_with,
    period_start,
    cast(days as bigint) as days,
    cast(case when not is_unknown then orders end as bigint) as orders,
    cast(case when not is_unknown then net_revenue end as decimal(28, 2)) as net_revenue,
    cast(case when not is_unknown then new_customers end as bigint) as new_customers,
    case when not is_unknown then {{ rate('net_revenue', 'orders') }} end as average_order_value
from counted
