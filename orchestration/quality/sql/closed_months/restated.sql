-- Complete months with what dbt found restated in them, order by order. One or two orders are judged only where they
-- are worth a tenth of the month.
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
    coalesce(restated.order_ids, '') as order_ids,
    case
        when restated.unexplained_orders >= 3 or restated.unexplained_revenue_share > 0.1
            then restated.unexplained_revenue_share
        else 0
    end as unexplained_revenue_share
from months
full outer join restated
    on months.period_start = restated.period_start
