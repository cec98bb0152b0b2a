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

with_periods_before as (

    select
        now.*,
        year_before.customers_at_start as customers_at_start_year_before,
        year_before.retained_customers as retained_customers_year_before,
        year_before.retained_customer_rate as retained_customer_rate_year_before,
        year_before.all_at_start as all_at_start_year_before,
        year_before.all_retained as all_retained_year_before,
        lag(now.customers_at_start) over segment_periods as customers_at_start_before,
        lag(now.retained_customers) over segment_periods as retained_customers_before,
        lag(now.retained_customer_rate) over segment_periods as retained_customer_rate_before,
        lag(now.all_at_start) over segment_periods as all_at_start_before,
        lag(now.all_retained) over segment_periods as all_retained_before
    from with_everybody as now
    -- 365 days before its first day lies the first or second day of the same period a year ago.
    left join with_everybody as year_before
        on
            now.period_grain = year_before.period_grain
            and {{ period_start('month', add_days('now.period_start', -365)) }} = year_before.period_start
            and now.dimension = year_before.dimension
            and now.dimension_value = year_before.dimension_value
    window segment_periods as (
        partition by now.period_grain, now.dimension, now.dimension_value
        order by now.period_start
    )

),

benchmarks as (

    select
        *,
        {{ average_overall_rate('_before') }} as average_rate_before,
        {{ average_overall_rate('_year_before') }} as average_rate_year_before
    from with_periods_before

),

contributions as (

    select
        *,
        {{ retained_rate_contribution('_before') }} as retained_rate_contribution,
        {{ retained_rate_contribution('_year_before') }} as retained_rate_contribution_year_before,
        {{ rate_effect('_before') }} as rate_effect,
        {{ rate_effect('_year_before') }} as rate_effect_year_before
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
    cast(retained_rate_contribution - rate_effect as double) as mix_effect,
    retained_rate_contribution_year_before,
    cast(rate_effect_year_before as double) as rate_effect_year_before,
    cast(retained_rate_contribution_year_before - rate_effect_year_before as double) as mix_effect_year_before
from contributions
