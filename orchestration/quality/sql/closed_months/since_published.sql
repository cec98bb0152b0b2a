-- Closed months beside what was published of them: small changes add up. A month is settled 60 days after its end; what
-- was published of it by then, or first of an older month, or with the last build that a person let through, is what it
-- is compared with. Changes worth less than three orders, or of fewer than five customers, are chance.
with history as (

    select
        month_start,
        rowid as position,
        as_of_date,
        orders,
        net_revenue,
        purchasing_customers,
        unexplained_revenue,
        cast(month_start + interval 1 month as date) + 60 as settled_on,
        max(case when is_accepted then rowid end) over (partition by month_start) as accepted_position
    from closed_months

),

compared as (

    select
        month_start,
        settled_on,
        coalesce(
            max_by(
                struct_pack(orders, net_revenue, purchasing_customers, as_of_date), position
            ) filter (where accepted_position is null and as_of_date <= settled_on),
            min_by(struct_pack(orders, net_revenue, purchasing_customers, as_of_date), position)
        ) as published,
        sum(case when position > coalesce(accepted_position, -1) then unexplained_revenue else 0 end)
            as unexplained_revenue
    from history
    where position >= coalesce(accepted_position, 0)
    group by
        month_start,
        settled_on

),

months as (

    select
        retention_kpis.period_start as month_start,
        retention_kpis.purchasing_customers,
        retention_kpis.orders + retention_kpis.unattributed_orders as orders,
        retention_kpis.net_revenue + retention_kpis.unattributed_revenue as net_revenue
    from retention_kpis
    where
        retention_kpis.period_grain = 'month'
        and retention_kpis.is_complete
        -- Of the first month, a source that keeps the last months only loses a day after the other.
        and retention_kpis.period_start >= (select min(orders.order_date) from orders)

),

restated as (

    select
        period_start as month_start,
        unexplained_revenue
    from restatements
    where period_grain = 'month'

),

published as (

    select
        month_start,
        settled_on,
        unexplained_revenue,
        published['as_of_date'] as as_of_date,
        published['orders'] as orders,
        published['net_revenue'] as net_revenue,
        published['purchasing_customers'] as purchasing_customers,
        3 * published['net_revenue'] / nullif(published['orders'], 0) as worth_of_three_orders
    from compared

),

moved as (

    select
        published.month_start,
        published.as_of_date as published_as_of,
        published.orders as published_orders,
        published.net_revenue as published_revenue,
        published.purchasing_customers as published_customers,
        published.worth_of_three_orders,
        months.orders,
        months.net_revenue,
        months.purchasing_customers,
        published.unexplained_revenue + coalesce(restated.unexplained_revenue, 0) as unexplained_revenue,
        published.settled_on <= (select max(orders.order_date) from orders) as is_settled,
        greatest(
            abs(months.orders / nullif(published.orders, 0) - 1),
            abs(months.net_revenue / nullif(published.net_revenue, 0) - 1),
            abs(months.purchasing_customers / nullif(published.purchasing_customers, 0) - 1)
        ) as change
    from published
    inner join months
        on published.month_start = months.month_start
    left join restated
        on published.month_start = restated.month_start

)

select
    month_start,
    published_as_of,
    published_revenue,
    net_revenue,
    published_orders,
    orders,
    published_customers,
    purchasing_customers,
    unexplained_revenue,
    case
        when
            is_settled
            and (
                abs(orders - published_orders) >= 3
                or abs(net_revenue - published_revenue) >= worth_of_three_orders
                or abs(purchasing_customers - published_customers) >= 5
            )
            then change
        else 0
    end as change_since_settled,
    case
        when unexplained_revenue >= worth_of_three_orders then unexplained_revenue / nullif(published_revenue, 0)
        else 0
    end as unexplained_share
from moved
