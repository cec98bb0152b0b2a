-- A changed order takes its former value from the period of its former date, and adds its value of now to the period of
-- its date now.
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

dates as (

    select distinct order_date
    from contributions

),

-- Not int_calendar: orders may have moved from or to days outside of it.
calendar as (
    {{ calendar_of('dates', 'order_date') | indent(4) }}
),

changes as (

    select
        calendar.period_grain,
        calendar.period_start,
        calendar.period_end,
        contributions.order_id,
        contributions.explanation,
        sum(contributions.orders) as orders_change,
        sum(contributions.net_amount) as net_revenue_change
    from contributions
    inner join calendar
        on contributions.order_date = calendar.order_date
    where calendar.period_end <= {{ add_days('contributions.baseline_as_of_date', 1) }}
    group by
        calendar.period_grain,
        calendar.period_start,
        calendar.period_end,
        contributions.order_id,
        contributions.explanation

)

select
    period_grain,
    period_start,
    period_end,
    order_id,
    explanation,
    cast(orders_change as bigint) as orders_change,
    cast(net_revenue_change as decimal(28, 2)) as net_revenue_change
from changes
where orders_change <> 0 or net_revenue_change <> 0
