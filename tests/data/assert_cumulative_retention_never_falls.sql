-- Nobody un-returns: what is counted by the end of a period only grows, what is counted from it on only shrinks.
with curve as (

    select
        cohort_grain,
        dimension,
        dimension_value,
        period_number,
        returned_by_rate,
        cumulative_revenue_per_customer,
        lag(returned_by_rate) over segment_periods as returned_by_rate_before,
        lag(cumulative_revenue_per_customer) over segment_periods as cumulative_revenue_per_customer_before
    from {{ ref('retention_curve') }}
    window segment_periods as (partition by cohort_grain, dimension, dimension_value order by period_number)

),

cohorts as (

    select
        *,
        lag(returned_by_customers) over cohort_periods as returned_by_customers_before,
        lag(active_or_later_customers) over cohort_periods as active_or_later_customers_before,
        lag(cumulative_orders) over cohort_periods as cumulative_orders_before,
        lag(cumulative_net_revenue) over cohort_periods as cumulative_net_revenue_before
    from {{ ref('cohort_retention') }}
    window cohort_periods as (
        partition by cohort_grain, cohort_start, dimension, dimension_value order by period_number
    )

)

select
    'retention_curve' as mart,
    cohort_grain,
    dimension,
    dimension_value,
    period_number
from curve
where
    returned_by_rate < returned_by_rate_before - 0.000000001
    or cumulative_revenue_per_customer < cumulative_revenue_per_customer_before - 0.000000001
union all
select
    'cohort_retention' as mart,
    cohort_grain,
    dimension,
    dimension_value,
    period_number
from cohorts
where
    returned_by_customers < returned_by_customers_before
    or active_or_later_customers > active_or_later_customers_before
    or cumulative_orders <> cumulative_orders_before + orders
    or cumulative_net_revenue <> cumulative_net_revenue_before + net_revenue
