-- Complete months with what dbt found restated in them, order by order.
with months as (

    select period_start
    from retention_kpis
    where
        period_grain = 'month'
        and is_complete

),

restated as (

    select *
    from restatements
    where period_grain = 'month'

)

select
    coalesce(months.period_start, restated.period_start) as month_start,
    coalesce(restated.net_revenue_before, 0) as net_revenue_before,
    coalesce(restated.net_revenue_now, 0) as net_revenue_now,
    coalesce(restated.unexplained_orders, 0) as unexplained_orders,
    coalesce(restated.unexplained_revenue_share, 0) as unexplained_revenue_share,
    coalesce(restated.order_ids, '') as order_ids
from months
full outer join restated
    on months.period_start = restated.period_start
