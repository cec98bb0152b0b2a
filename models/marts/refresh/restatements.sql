with contributions as (

    select
        order_id,
        explanation,
        baseline_as_of_date,
        order_date_before as order_date,
        -1 as orders,
        -net_amount_before as net_amount
    from {{ ref('int_order_changes') }}
    where order_date_before is not null
    union all
    select
        order_id,
        explanation,
        baseline_as_of_date,
        order_date_now as order_date,
        1 as orders,
        net_amount_now as net_amount
    from {{ ref('int_order_changes') }}
    where order_date_now is not null

),

daily_orders_before as (

    select
        order_date,
        count(*) as orders,
        sum(net_amount) as net_revenue
    from {{ source('quality', 'published_orders') }}
    group by order_date

),

-- Not those of int_calendar: orders may have moved from or to days outside of it.
dates as (

    select order_date
    from contributions
    union
    select order_date
    from daily_orders_before

),

calendar as (
    {{ calendar_of('dates', 'order_date') | indent(4) }}
),

contributions_by_period as (

    select
        calendar.period_grain,
        calendar.period_start,
        contributions.order_id,
        contributions.explanation,
        contributions.orders,
        contributions.net_amount
    from contributions
    inner join calendar
        on contributions.order_date = calendar.order_date
    where calendar.period_end <= {{ add_days('contributions.baseline_as_of_date', 1) }}

),

changed_orders as (

    select
        period_grain,
        period_start,
        order_id,
        explanation,
        sum(orders) as orders_change,
        sum(net_amount) as net_revenue_change
    from contributions_by_period
    group by
        period_grain,
        period_start,
        order_id,
        explanation
    having sum(orders) <> 0 or sum(net_amount) <> 0

),

ranked_orders as (

    select
        period_grain,
        period_start,
        order_id,
        explanation,
        orders_change,
        net_revenue_change,
        row_number() over (
            partition by period_grain, period_start
            order by abs(net_revenue_change) desc, order_id
        ) as position
    from changed_orders

),

changed_periods as (

    select
        period_grain,
        period_start,
        sum(orders_change) as orders_change,
        sum(net_revenue_change) as net_revenue_change,
        count(case when explanation = 'late_order' then 1 end) as late_orders,
        count(case when explanation = 'newer_version' then 1 end) as updated_orders,
        count(case when explanation = 'none' then 1 end) as unexplained_orders,
        sum(case when explanation = 'none' then abs(net_revenue_change) else 0 end) as unexplained_revenue,
        max(case when position = 1 then order_id end)
        {% for position in range(2, 6) %}
            || coalesce(', ' || max(case when position = {{ position }} then order_id end), '')
        {% endfor %}
            as order_ids
    from ranked_orders
    group by
        period_grain,
        period_start

),

periods_before as (

    select
        calendar.period_grain,
        calendar.period_start,
        sum(daily_orders_before.orders) as orders,
        sum(daily_orders_before.net_revenue) as net_revenue
    from daily_orders_before
    inner join calendar
        on daily_orders_before.order_date = calendar.order_date
    group by
        calendar.period_grain,
        calendar.period_start

)

select
    changed_periods.period_grain,
    changed_periods.period_start,
    cast(coalesce(periods_before.orders, 0) as bigint) as orders_before,
    cast(coalesce(periods_before.orders, 0) + changed_periods.orders_change as bigint) as orders_now,
    cast(coalesce(periods_before.net_revenue, 0) as decimal(28, 2)) as net_revenue_before,
    cast(
        coalesce(periods_before.net_revenue, 0) + changed_periods.net_revenue_change as decimal(28, 2)
    ) as net_revenue_now,
    cast(changed_periods.net_revenue_change as decimal(28, 2)) as net_revenue_change,
    {{ rate('changed_periods.net_revenue_change', 'periods_before.net_revenue') }} as net_revenue_change_rate,
    cast(changed_periods.late_orders as bigint) as late_orders,
    cast(changed_periods.updated_orders as bigint) as updated_orders,
    cast(changed_periods.unexplained_orders as bigint) as unexplained_orders,
    cast(changed_periods.unexplained_revenue as decimal(28, 2)) as unexplained_revenue,
    {{ rate('changed_periods.unexplained_revenue', 'periods_before.net_revenue') }} as unexplained_revenue_share,
    changed_periods.order_ids
from changed_periods
left join periods_before
    on
        changed_periods.period_grain = periods_before.period_grain
        and changed_periods.period_start = periods_before.period_start
