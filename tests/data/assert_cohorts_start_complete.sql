-- In period 0 everybody of a cohort orders: that is what puts them into it.
select
    cohort_grain,
    cohort_start,
    dimension,
    dimension_value,
    cohort_customers,
    active_customers,
    retention_rate,
    unbounded_retention_rate
from {{ ref('cohort_retention') }}
where
    period_number = 0
    and (
        period_start <> cohort_start
        or active_customers <> cohort_customers
        or retention_rate <> 1
        or unbounded_retention_rate <> 1
        or cumulative_orders <> orders
        or cumulative_net_revenue <> net_revenue
    )
