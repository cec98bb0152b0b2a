-- Customers of today and those to come are all, and twelve months are the year; of orders and of revenue.
with forecasts as (

    select
        period_grain,
        customer_group,
        period_start,
        expected_orders,
        expected_revenue
    from {{ ref('sales_forecast') }}

),

of_groups as (

    select
        period_grain,
        period_start,
        sum(case when customer_group = 'all' then expected_orders else -expected_orders end) as orders_left,
        sum(case when customer_group = 'all' then expected_revenue else -expected_revenue end) as revenue_left,
        sum(expected_orders) as orders,
        sum(expected_revenue) as revenue
    from forecasts
    group by
        period_grain,
        period_start

),

of_months as (

    select
        customer_group,
        sum(case when period_grain = 'month' then expected_orders else -expected_orders end) as orders_left,
        sum(case when period_grain = 'month' then expected_revenue else -expected_revenue end) as revenue_left,
        sum(expected_orders) as orders,
        sum(expected_revenue) as revenue
    from forecasts
    where period_grain <> 'quarter'
    group by customer_group

)

select
    'groups' as parts,
    orders_left,
    revenue_left
from of_groups
where abs(orders_left) > 1e-9 * orders or abs(revenue_left) > 1e-9 * revenue
union all
select
    'months' as parts,
    orders_left,
    revenue_left
from of_months
where abs(orders_left) > 1e-9 * orders or abs(revenue_left) > 1e-9 * revenue
