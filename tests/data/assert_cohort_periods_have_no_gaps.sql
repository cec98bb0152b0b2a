-- Every cohort has one row for each period from its own to the running one, and none after it.
with cohorts as (

    select
        cohort_grain,
        cohort_start,
        dimension,
        dimension_value,
        count(*) as number_of_rows,
        min(period_number) as first_period_number,
        max(period_number) as last_period_number,
        max(period_start) as last_period_start,
        min(cohort_customers) as smallest_size,
        max(cohort_customers) as largest_size
    from {{ ref('cohort_retention') }}
    group by
        cohort_grain,
        cohort_start,
        dimension,
        dimension_value

),

last_periods as (

    select
        period_grain,
        max(period_start) as period_start
    from {{ ref('retention_kpis') }}
    group by period_grain

)

select cohorts.*
from cohorts
left join last_periods
    on cohorts.cohort_grain = last_periods.period_grain
where
    cohorts.first_period_number <> 0
    or cohorts.number_of_rows <> cohorts.last_period_number + 1
    or cohorts.last_period_start <> last_periods.period_start
    or last_periods.period_start is null
    or cohorts.smallest_size <> cohorts.largest_size
