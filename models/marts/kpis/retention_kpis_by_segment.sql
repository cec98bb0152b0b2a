{%- set movements = ['new_customers', 'new_customers_kept', 'reactivated_customers', 'churned_customers'] -%}
{%- set segment = 'period_grain, dimension, dimension_value' -%}
with movements as (

    select
        {% for measure in movements %}
            sum(movements.{{ measure }}) as {{ measure }},
        {% endfor %}
        movements.period_grain,
        movements.period_start,
        segments.dimension,
        segments.dimension_value
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
        {% for measure in movements %}
            coalesce(movements.{{ measure }}, 0) as {{ measure }},
        {% endfor %}
        periods.period_grain,
        periods.period_start,
        periods.period_end,
        periods.is_complete,
        periods.is_left_censored,
        segments.dimension,
        segments.dimension_value
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

ends as (

    select
        *,
        sum(new_customers_kept + reactivated_customers - churned_customers) over (
            partition by {{ segment }}
            order by period_start
            rows between unbounded preceding and current row
        ) as customers_at_end
    from cells

),

counts as (

    select
        *,
        customers_at_end - new_customers_kept - reactivated_customers + churned_customers as customers_at_start,
        customers_at_end - new_customers_kept - reactivated_customers as retained_customers
    from ends

),

shares as (

    select
        *,
        {{ rate('retained_customers', 'customers_at_start') }} as retained_customer_rate,
        max(case when dimension = 'all' then customers_at_start end) over (
            partition by period_grain, period_start
        ) as all_at_start,
        max(case when dimension = 'all' then retained_customers end) over (
            partition by period_grain, period_start
        ) as all_retained
    from counts

),

with_period_before as (

    select
        *,
        lag(customers_at_start) over segment_periods as customers_at_start_before,
        lag(retained_customers) over segment_periods as retained_customers_before,
        lag(retained_customer_rate) over segment_periods as retained_customer_rate_before,
        lag(all_at_start) over segment_periods as all_at_start_before,
        lag(all_retained) over segment_periods as all_retained_before
    from shares
    window segment_periods as (partition by {{ segment }} order by period_start)

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
    cast(customers_at_start as bigint) as customers_at_start,
    cast(customers_at_end as bigint) as customers_at_end,
    cast(new_customers as bigint) as new_customers,
    cast(new_customers - new_customers_kept as bigint) as new_customers_lost,
    cast(retained_customers as bigint) as retained_customers,
    cast(churned_customers as bigint) as churned_customers,
    cast(reactivated_customers as bigint) as reactivated_customers,
    {{ rate('customers_at_end - new_customers', 'customers_at_start') }} as customer_retention_rate,
    retained_customer_rate,
    {{ rate('churned_customers', 'customers_at_start') }} as customer_churn_rate,
    retained_rate_contribution,
    cast(rate_effect as double) as rate_effect,
    cast(retained_rate_contribution - rate_effect as double) as mix_effect
from contributions
