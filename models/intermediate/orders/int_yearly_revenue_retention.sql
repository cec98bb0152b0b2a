with customer_years as (

    select
        customer_id,
        {{ period_start('year', 'order_date') }} as year_start,
        sum(net_amount) as net_revenue
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    group by customer_id, {{ period_start('year', 'order_date') }}

),

base as (

    select
        customer_id,
        {{ next_period_start('year', 'year_start') }} as year_start,
        net_revenue
    from customer_years
    where net_revenue > 0

)

select
    base.year_start,
    cast(sum(base.net_revenue) as decimal(28, 2)) as revenue_of_the_year_before,
    cast(sum(coalesce(customer_years.net_revenue, 0)) as decimal(28, 2)) as revenue_from_the_same_customers,
    cast(sum(least(coalesce(customer_years.net_revenue, 0), base.net_revenue)) as decimal(28, 2)) as revenue_kept
from base
left join customer_years
    on
        base.customer_id = customer_years.customer_id
        and base.year_start = customer_years.year_start
group by base.year_start
