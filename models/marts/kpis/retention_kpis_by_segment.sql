with counts as (

    select
        *,
        customers_at_start - churned_customers as retained_customers,
        {{ retained_customer_rate() }} as retained_customer_rate
    from {{ ref('int_segment_counts') }}

),

with_everybody as (

    select
        counts.*,
        everybody.customers_at_start as all_at_start,
        everybody.retained_customers as all_retained
    from counts
    left join counts as everybody
        on
            counts.period_grain = everybody.period_grain
            and counts.period_start = everybody.period_start
            and everybody.dimension = 'all'

),

with_period_before as (

    select
        *,
        lag(customers_at_start) over segment_periods as customers_at_start_before,
        lag(retained_customers) over segment_periods as retained_customers_before,
        lag(retained_customer_rate) over segment_periods as retained_customer_rate_before,
        lag(all_at_start) over segment_periods as all_at_start_before,
        lag(all_retained) over segment_periods as all_retained_before
    from with_everybody
    window segment_periods as (partition by period_grain, dimension, dimension_value order by period_start)

),

-- Each period against the one before, at the average of the two overall rates: so no segment is credited for its size.
benchmarks as (

    select
        *,
        (
            {{ rate('all_retained', 'all_at_start') }}
            + {{ rate('all_retained_before', 'all_at_start_before') }}
        ) / 2 as average_rate
    from with_period_before

),

contributions as (

    select
        *,
        {{ rate('retained_customers - average_rate * customers_at_start', 'all_at_start') }}
        - {{ rate(
            'retained_customers_before - average_rate * customers_at_start_before', 'all_at_start_before'
        ) }} as retained_rate_contribution,
        case
            when average_rate is null then null
            when customers_at_start = 0 or customers_at_start_before = 0 then 0
            else (
                {{ rate('customers_at_start', 'all_at_start') }}
                + {{ rate('customers_at_start_before', 'all_at_start_before') }}
            ) / 2 * (retained_customer_rate - retained_customer_rate_before)
        end as rate_effect
    from benchmarks

)

select
    period_grain,
    period_start,
    dimension,
    dimension_value,
    period_end,
    is_complete,
    is_left_censored,
    customers_at_start,
    customers_at_end,
    new_customers,
    new_customers - new_customers_kept as new_customers_lost,
    retained_customers,
    churned_customers,
    reactivated_customers,
    {{ customer_retention_rate() }} as customer_retention_rate,
    retained_customer_rate,
    {{ wilson_low('retained_customers', 'customers_at_start') | indent(4) }} as retained_customer_rate_low,
    {{ wilson_high('retained_customers', 'customers_at_start') | indent(4) }} as retained_customer_rate_high,
    {{ customer_churn_rate() }} as customer_churn_rate,
    retained_rate_contribution,
    cast(rate_effect as double) as rate_effect,
    cast(retained_rate_contribution - rate_effect as double) as mix_effect
from contributions
