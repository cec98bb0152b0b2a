-- Up to as_of_date the running period has the same orders, revenue and new customers wherever they are counted.
select
    running.period_grain,
    running.period_start,
    running.orders,
    kpis.orders as orders_of_kpis
from {{ ref('running_period') }} as running
left join {{ ref('retention_kpis') }} as kpis
    on
        running.period_grain = kpis.period_grain
        and running.period_start = kpis.period_start
where
    running.compared_with = 'this'
    and (
        kpis.orders is null
        or running.orders <> kpis.orders
        or running.net_revenue <> kpis.net_revenue
        or running.new_customers <> kpis.new_customers
    )
