-- By every grain and dimension: all orders and revenue of known customers, each customer new once and last seen once.
with expected as (

    select
        sum(orders) as orders,
        sum(net_revenue) as net_revenue,
        count(*) as customers,
        count(case when orders > 1 then 1 end) as returned_customers
    from {{ ref('int_customers') }}

),

added_up as (

    select
        cohort_grain,
        dimension,
        sum(orders) as orders,
        sum(net_revenue) as net_revenue,
        sum(new_customers) as new_customers,
        sum(last_orders) as last_orders,
        sum(first_returns) as first_returns
    from {{ ref('int_cohort_activity') }}
    group by
        cohort_grain,
        dimension

),

dimensions as (

    select distinct dimension
    from {{ ref('int_segments') }}

),

cells as (

    select
        'week' as cohort_grain,
        dimension
    from dimensions
    where dimension = 'all'
    {% for grain in ['month', 'quarter'] %}
        union all
        select
            '{{ grain }}' as cohort_grain,
            dimension
        from dimensions
    {% endfor %}

)

select
    added_up.orders,
    coalesce(cells.cohort_grain, added_up.cohort_grain) as cohort_grain,
    coalesce(cells.dimension, added_up.dimension) as dimension
from cells
full outer join added_up
    on
        cells.cohort_grain = added_up.cohort_grain
        and cells.dimension = added_up.dimension
cross join expected
where
    cells.dimension is null
    or added_up.dimension is null
    or added_up.orders <> expected.orders
    or added_up.net_revenue <> expected.net_revenue
    or added_up.new_customers <> expected.customers
    or added_up.last_orders <> expected.customers
    or added_up.first_returns <> expected.returned_customers
