-- Over prospects and the six stages the orders are those of the month, and who stands in one but lost is active.
with funnel as (

    select
        month_start,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue,
        sum(case when lifecycle_stage not in ('prospect', 'lost') then customers else 0 end) as customers
    from {{ ref('lifecycle_kpis') }}
    where lifecycle_stage <> 'advocate'
    group by month_start

),

kpis as (

    select
        period_start,
        orders,
        net_revenue,
        customers_at_end
    from {{ ref('retention_kpis') }}
    where period_grain = 'month'

)

select
    funnel.orders,
    kpis.orders as orders_of_kpis,
    funnel.net_revenue,
    kpis.net_revenue as net_revenue_of_kpis,
    funnel.customers,
    kpis.customers_at_end,
    coalesce(funnel.month_start, kpis.period_start) as month_start
from funnel
full outer join kpis
    on funnel.month_start = kpis.period_start
where
    funnel.orders is null
    or kpis.orders is null
    or funnel.orders <> kpis.orders
    or funnel.net_revenue <> kpis.net_revenue
    or funnel.customers <> kpis.customers_at_end
