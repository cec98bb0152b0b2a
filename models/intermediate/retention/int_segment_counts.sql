-- Customers at the end are running sums of the movements, as everybody begins with none.
with movements as (

    select
        movements.period_grain,
        movements.period_start,
        segments.dimension,
        segments.dimension_value,
        sum(movements.new_customers) as new_customers,
        sum(movements.new_customers_kept) as new_customers_kept,
        sum(movements.reactivated_customers) as reactivated_customers,
        sum(movements.churned_customers) as churned_customers
    from {{ ref('int_customer_movements') }} as movements
    inner join {{ ref('int_segments') }} as segments
        on movements.segment_id = segments.segment_id
    where movements.period_grain <> 'week'
    group by
        movements.period_grain,
        movements.period_start,
        segments.dimension,
        segments.dimension_value

),

segments as (

    select distinct
        dimension,
        dimension_value
    from {{ ref('int_segments') }}

),

cells as (

    select
        periods.period_grain,
        periods.period_start,
        periods.period_end,
        periods.is_complete,
        periods.is_left_censored,
        segments.dimension,
        segments.dimension_value,
        coalesce(movements.new_customers, 0) as new_customers,
        coalesce(movements.new_customers_kept, 0) as new_customers_kept,
        coalesce(movements.reactivated_customers, 0) as reactivated_customers,
        coalesce(movements.churned_customers, 0) as churned_customers
    from {{ ref('int_periods') }} as periods
    cross join segments
    left join movements
        on
            periods.period_grain = movements.period_grain
            and periods.period_start = movements.period_start
            and segments.dimension = movements.dimension
            and segments.dimension_value = movements.dimension_value
    where periods.period_grain <> 'week'

),

with_ends as (

    select
        *,
        new_customers_kept + reactivated_customers - churned_customers as growth,
        sum(new_customers_kept + reactivated_customers - churned_customers) over (
            partition by period_grain, dimension, dimension_value
            order by period_start
            rows between unbounded preceding and current row
        ) as customers_at_end
    from cells

)

select
    period_grain,
    period_start,
    dimension,
    dimension_value,
    period_end,
    is_complete,
    is_left_censored,
    cast(customers_at_end - growth as bigint) as customers_at_start,
    cast(customers_at_end as bigint) as customers_at_end,
    cast(new_customers as bigint) as new_customers,
    cast(new_customers_kept as bigint) as new_customers_kept,
    cast(reactivated_customers as bigint) as reactivated_customers,
    cast(churned_customers as bigint) as churned_customers
from with_ends
