-- Every month cohort has all five windows with its customers, longer windows have no more mature customers than shorter
-- ones, and those of a whole cohort that came back within 30 days had come back by the end of the next month but one.
with windows as (

    select
        cohort_month,
        dimension,
        dimension_value,
        count(*) as windows,
        min(cohort_customers) as fewest_customers,
        max(cohort_customers) as most_customers,
        max(case when window_days = 30 then mature_customers end) as mature_by_30_days,
        max(case when window_days = 365 then mature_customers end) as mature_by_365_days,
        max(case when window_days = 30 then returned_customers end) as returned_within_30_days
    from {{ ref('cohort_windows') }}
    group by
        cohort_month,
        dimension,
        dimension_value

),

cohorts as (

    select
        cohort_start,
        dimension,
        dimension_value,
        max(cohort_customers) as cohort_customers,
        max(case when period_number <= 2 then returned_by_customers end) as returned_by_the_second_month
    from {{ ref('cohort_retention') }}
    where cohort_grain = 'month'
    group by
        cohort_start,
        dimension,
        dimension_value

)

select
    cohorts.*,
    windows.windows,
    windows.fewest_customers,
    windows.most_customers,
    windows.returned_within_30_days
from cohorts
full join windows
    on
        cohorts.cohort_start = windows.cohort_month
        and cohorts.dimension = windows.dimension
        and cohorts.dimension_value = windows.dimension_value
where
    cohorts.cohort_start is null
    or windows.cohort_month is null
    or windows.windows <> 5
    or windows.fewest_customers <> cohorts.cohort_customers
    or windows.most_customers <> cohorts.cohort_customers
    or windows.mature_by_365_days > windows.mature_by_30_days
    or windows.returned_within_30_days > cohorts.returned_by_the_second_month
