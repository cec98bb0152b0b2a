with ranked_orders as (

    select
        *,
        row_number() over (
            partition by period_grain, period_start
            order by abs(net_revenue_change) desc, order_id
        ) as position
    from {{ ref('int_period_changes') }}

),

changed_periods as (

    select
        period_grain,
        period_start,
        period_end,
        sum(orders_change) as orders_change,
        sum(net_revenue_change) as net_revenue_change,
        count(case when explanation = 'late_order' then 1 end) as late_orders,
        count(case when explanation in ('newer_version', 'refund', 'new_status') then 1 end) as updated_orders,
        count(case when explanation in ('erased', 'purged') then 1 end) as removed_orders,
        count(case when explanation = 'none' then 1 end) as unexplained_orders,
        sum(case when explanation = 'none' then abs(net_revenue_change) else 0 end) as unexplained_revenue,
        max(case when position = 1 then order_id end)
        || coalesce(', ' || max(case when position = 2 then order_id end), '')
        || coalesce(', ' || max(case when position = 3 then order_id end), '')
        || coalesce(', ' || max(case when position = 4 then order_id end), '')
        || coalesce(', ' || max(case when position = 5 then order_id end), '')
            as order_ids
    from ranked_orders
    group by
        period_grain,
        period_start,
        period_end

),

daily_orders_before as (

    select
        order_date,
        count(*) as orders,
        sum(net_amount) as net_revenue
    from {{ source('quality', 'published_orders') }}
    where exclusion_reason is null
    group by order_date

),

periods_before as (

    select
        periods.period_grain,
        periods.period_start,
        sum(daily_orders_before.orders) as orders,
        sum(daily_orders_before.net_revenue) as net_revenue
    from changed_periods as periods
    inner join daily_orders_before
        on
            periods.period_start <= daily_orders_before.order_date
            and periods.period_end > daily_orders_before.order_date
    group by
        periods.period_grain,
        periods.period_start

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
    cast(changed_periods.removed_orders as bigint) as removed_orders,
    cast(changed_periods.unexplained_orders as bigint) as unexplained_orders,
    cast(changed_periods.unexplained_revenue as decimal(28, 2)) as unexplained_revenue,
    {{ rate('changed_periods.unexplained_revenue', 'periods_before.net_revenue') }} as unexplained_revenue_share,
    changed_periods.order_ids
from changed_periods
left join periods_before
    on
        changed_periods.period_grain = periods_before.period_grain
        and changed_periods.period_start = periods_before.period_start
