with cells as (

    select
        cohort_grain,
        dimension,
        dimension_value,
        period_number,
        cohort_customers,
        active_customers,
        net_revenue,
        returned_by_customers,
        is_complete,
        coalesce(lag(returned_by_customers) over (
            partition by cohort_grain, dimension, dimension_value, cohort_start
            order by period_number
        ), 0) as returned_before_customers
    from {{ ref('cohort_retention') }}

),

pooled as (

    select
        cohort_grain,
        dimension,
        dimension_value,
        period_number,
        count(*) as cohorts,
        sum(cohort_customers) as eligible_customers,
        sum(active_customers) as active_customers,
        sum(net_revenue) as net_revenue,
        sum(returned_by_customers - returned_before_customers) as first_returns,
        sum(cohort_customers - returned_before_customers) as not_returned_before_customers
    from cells
    where is_complete
    group by
        cohort_grain,
        dimension,
        dimension_value,
        period_number

),

factors as (

    select
        *,
        coalesce(1 - {{ rate('first_returns', 'not_returned_before_customers') }}, 1) as not_returning_rate,
        {{ rate('net_revenue', 'eligible_customers') }} as revenue_per_customer
    from pooled

)

select
    cohort_grain,
    dimension,
    dimension_value,
    period_number,
    cohorts,
    cast(eligible_customers as bigint) as eligible_customers,
    cast(active_customers as bigint) as active_customers,
    {{ rate('active_customers', 'eligible_customers') }} as retention_rate,
    {{ wilson_low('active_customers', 'eligible_customers') | indent(4) }} as retention_rate_low,
    {{ wilson_high('active_customers', 'eligible_customers') | indent(4) }} as retention_rate_high,
    cast(1 - {{ running_product('not_returning_rate', 'period_numbers_to_date') }} as double) as returned_by_rate,
    sum(revenue_per_customer) over period_numbers_to_date as cumulative_revenue_per_customer
from factors
window period_numbers_to_date as (
    partition by cohort_grain, dimension, dimension_value
    order by period_number
    rows between unbounded preceding and current row
)
