with ranked_customers as (

    select
        net_revenue,
        ntile(10) over (order by net_revenue desc, customer_id asc) as decile
    from {{ ref('int_customers') }}

),

deciles as (

    select
        decile,
        count(*) as customers,
        sum(net_revenue) as net_revenue
    from ranked_customers
    group by decile

)

select
    cast(decile as int) as decile,
    customers,
    cast(net_revenue as decimal(28, 2)) as net_revenue,
    {{ rate('net_revenue', 'sum(net_revenue) over ()') }} as revenue_share,
    {{ rate(
        'sum(net_revenue) over (order by decile rows between unbounded preceding and current row)',
        'sum(net_revenue) over ()'
    ) }} as cumulative_revenue_share
from deciles
