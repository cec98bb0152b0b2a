-- The deciles hold all customers and all their revenue, the best first, and differ in size by one customer at most.
with totals as (

    select
        count(*) as customers,
        coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref('customers') }}

),

deciles as (

    select
        count(*) as deciles,
        coalesce(max(decile), 0) as last_decile,
        coalesce(sum(customers), 0) as customers,
        coalesce(sum(net_revenue), 0) as net_revenue,
        sum(revenue_share) as revenue_share,
        max(cumulative_revenue_share) as cumulative_revenue_share,
        max(customers) - min(customers) as difference_in_size
    from {{ ref('customer_concentration') }}

),

disorder as (

    select count(*) as worse_before_better
    from (
        select
            customers,
            lag(customers) over (order by decile) as customers_before,
            net_revenue / customers as value_of_customer,
            lag(net_revenue / customers) over (order by decile) as value_of_customer_before
        from {{ ref('customer_concentration') }}
    ) as neighbours
    where
        value_of_customer > value_of_customer_before
        or customers > customers_before

)

select
    deciles.*,
    totals.customers as all_customers,
    totals.net_revenue as all_net_revenue,
    disorder.worse_before_better
from deciles
cross join totals
cross join disorder
where
    deciles.customers <> totals.customers
    or deciles.net_revenue <> totals.net_revenue
    or deciles.deciles <> least(totals.customers, 10)
    or deciles.last_decile <> deciles.deciles
    or deciles.difference_in_size > 1
    or disorder.worse_before_better > 0
    or (totals.net_revenue > 0 and coalesce(deciles.cumulative_revenue_share, 0) <> 1)
    or deciles.revenue_share not between 0.999999999 and 1.000000001
