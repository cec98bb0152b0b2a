with cohorts as (

    select
        cohort_grain,
        cohort_start,
        dimension,
        dimension_value,
        sum(new_customers) as cohort_customers
    from {{ ref('int_cohort_activity') }}
    group by
        cohort_grain,
        cohort_start,
        dimension,
        dimension_value

),

-- Every cohort with every period since, also those without orders.
cumulated as (

    select
        cohorts.cohort_grain,
        cohorts.cohort_start,
        cohorts.dimension,
        cohorts.dimension_value,
        case cohorts.cohort_grain
            when 'week' then {{ periods_between('week', 'cohorts.cohort_start', 'periods.period_start') }}
            when 'month' then {{ periods_between('month', 'cohorts.cohort_start', 'periods.period_start') }}
            when 'quarter' then {{ periods_between('quarter', 'cohorts.cohort_start', 'periods.period_start') }}
        end as period_number,
        periods.period_start,
        cohorts.cohort_customers,
        coalesce(activity.active_customers, 0) as active_customers,
        cohorts.cohort_customers - coalesce(sum(activity.last_orders) over earlier_periods, 0)
            as active_or_later_customers,
        coalesce(sum(activity.first_returns) over periods_to_date, 0) as returned_by_customers,
        coalesce(activity.orders, 0) as orders,
        coalesce(activity.net_revenue, 0) as net_revenue,
        sum(coalesce(activity.orders, 0)) over periods_to_date as cumulative_orders,
        sum(coalesce(activity.net_revenue, 0)) over periods_to_date as cumulative_net_revenue,
        periods.is_complete
    from cohorts
    inner join {{ ref('int_periods') }} as periods
        on
            cohorts.cohort_grain = periods.period_grain
            and cohorts.cohort_start <= periods.period_start
    left join {{ ref('int_cohort_activity') }} as activity
        on
            cohorts.cohort_grain = activity.cohort_grain
            and cohorts.cohort_start = activity.cohort_start
            and cohorts.dimension = activity.dimension
            and cohorts.dimension_value = activity.dimension_value
            and periods.period_start = activity.period_start
    window
        periods_to_date as (
            partition by cohorts.cohort_grain, cohorts.cohort_start, cohorts.dimension, cohorts.dimension_value
            order by periods.period_start
            rows between unbounded preceding and current row
        ),
        earlier_periods as (
            partition by cohorts.cohort_grain, cohorts.cohort_start, cohorts.dimension, cohorts.dimension_value
            order by periods.period_start
            rows between unbounded preceding and 1 preceding
        )

)

select
    cohort_grain,
    cohort_start,
    dimension,
    dimension_value,
    cast(period_number as bigint) as period_number,
    period_start,
    cast(cohort_customers as bigint) as cohort_customers,
    cast(active_customers as bigint) as active_customers,
    {{ rate('active_customers', 'cohort_customers') }} as retention_rate,
    {{ wilson_low('active_customers', 'cohort_customers') | indent(4) }} as retention_rate_low,
    {{ wilson_high('active_customers', 'cohort_customers') | indent(4) }} as retention_rate_high,
    cast(active_or_later_customers as bigint) as active_or_later_customers,
    {{ rate('active_or_later_customers', 'cohort_customers') }} as unbounded_retention_rate,
    cast(returned_by_customers as bigint) as returned_by_customers,
    {{ rate('returned_by_customers', 'cohort_customers') }} as returned_by_rate,
    cast(orders as bigint) as orders,
    cast(net_revenue as decimal(28, 2)) as net_revenue,
    cast(cumulative_orders as bigint) as cumulative_orders,
    cast(cumulative_net_revenue as decimal(28, 2)) as cumulative_net_revenue,
    {{ rate('cumulative_net_revenue', 'cohort_customers') }} as cumulative_revenue_per_customer,
    is_complete
from cumulated
