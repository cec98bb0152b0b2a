-- The curve holds the complete cells of all cohorts and nothing else.
with cells as (

    select
        cohort_grain,
        dimension,
        dimension_value,
        period_number,
        count(*) as cohorts,
        sum(cohort_customers) as eligible_customers,
        sum(active_customers) as active_customers
    from {{ ref('cohort_retention') }}
    where is_complete
    group by
        cohort_grain,
        dimension,
        dimension_value,
        period_number

)

select
    coalesce(cells.cohort_grain, curve.cohort_grain) as cohort_grain,
    coalesce(cells.dimension, curve.dimension) as dimension,
    coalesce(cells.dimension_value, curve.dimension_value) as dimension_value,
    coalesce(cells.period_number, curve.period_number) as period_number
from cells
full outer join {{ ref('retention_curve') }} as curve
    on
        cells.cohort_grain = curve.cohort_grain
        and cells.dimension = curve.dimension
        and cells.dimension_value = curve.dimension_value
        and cells.period_number = curve.period_number
where
    coalesce(cells.cohorts, 0) <> coalesce(curve.cohorts, 0)
    or coalesce(cells.eligible_customers, 0) <> coalesce(curve.eligible_customers, 0)
    or coalesce(cells.active_customers, 0) <> coalesce(curve.active_customers, 0)
