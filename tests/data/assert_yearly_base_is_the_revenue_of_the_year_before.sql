-- No order has negative revenue, so the base of a year is all attributed revenue of the year before, and what is kept
-- of it is no more than it was, nor than the same customers bring now.
with years as (

    select
        {{ next_period_start('year', period_start('year', 'order_date')) }} as year_start,
        sum(net_amount) as net_revenue
    from {{ ref('int_order_sequence') }}
    where customer_id is not null
    group by {{ next_period_start('year', period_start('year', 'order_date')) }}

)

select
    years.net_revenue,
    retention.revenue_of_the_year_before,
    retention.revenue_kept,
    coalesce(years.year_start, retention.year_start) as year_start
from years
full outer join {{ ref('int_yearly_revenue_retention') }} as retention
    on years.year_start = retention.year_start
where
    coalesce(years.net_revenue, 0) <> coalesce(retention.revenue_of_the_year_before, 0)
    or retention.revenue_kept > retention.revenue_of_the_year_before
    or retention.revenue_kept > retention.revenue_from_the_same_customers
    or retention.revenue_kept < 0
