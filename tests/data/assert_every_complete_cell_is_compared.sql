-- Every complete cell after period 0 is judged once, against the pooled rate of its own segment and period number.
select
    cells.cohort_grain,
    cells.cohort_start,
    cells.dimension,
    cells.dimension_value,
    cells.period_number,
    deviations.retention_rate,
    deviations.pooled_rate
from {{ ref('cohort_retention') }} as cells
full join {{ ref('cohort_deviations') }} as deviations
    on
        cells.cohort_grain = deviations.cohort_grain
        and cells.cohort_start = deviations.cohort_start
        and cells.dimension = deviations.dimension
        and cells.dimension_value = deviations.dimension_value
        and cells.period_number = deviations.period_number
where
    cells.cohort_grain is null
    or (cells.is_complete and cells.period_number > 0) <> (deviations.cohort_grain is not null)
    or deviations.retention_rate <> cells.retention_rate
