{%- set cohort = 'cells.cohort_grain, cells.cohort_start, cells.dimension, cells.dimension_value' -%}
with activity as (

    select *
    from {{ ref('int_cohort_activity') }}

),

cohorts as (

    select
        cohort_grain,
        cohort_start,
        dimension,
        dimension_value,
        sum(new_customers) as cohort_customers
    from activity
    group by
        cohort_grain,
        cohort_start,
        dimension,
        dimension_value

),

cells as (

    select
        cohorts.cohort_grain,
        cohorts.cohort_start,
        cohorts.dimension,
        cohorts.dimension_value,
        cohorts.cohort_customers,
        periods.period_start,
        periods.is_complete
    from cohorts
    inner join {{ ref('int_periods') }} as periods
        on
            cohorts.cohort_grain = periods.period_grain
            and cohorts.cohort_start <= periods.period_start

),

cumulated as (

    select
        cells.cohort_grain,
        cells.cohort_start,
        cells.dimension,
        cells.dimension_value,
        case cells.cohort_grain
            {% for grain in ['week', 'month', 'quarter'] %}
                when '{{ grain }}' then {{ periods_between(grain, 'cells.cohort_start', 'cells.period_start') }}
            {% endfor %}
        end as period_number,
        cells.period_start,
        cells.cohort_customers,
        coalesce(activity.active_customers, 0) as active_customers,
        cells.cohort_customers - coalesce(sum(activity.last_orders) over earlier_periods, 0)
            as active_or_later_customers,
        coalesce(sum(activity.first_returns) over periods_to_date, 0) as returned_by_customers,
        coalesce(activity.orders, 0) as orders,
        coalesce(activity.net_revenue, 0) as net_revenue,
        sum(coalesce(activity.orders, 0)) over periods_to_date as cumulative_orders,
        sum(coalesce(activity.net_revenue, 0)) over periods_to_date as cumulative_net_revenue,
        cells.is_complete
    from cells
    left join activity
        on
            cells.cohort_grain = activity.cohort_grain
            and cells.cohort_start = activity.cohort_start
            and cells.dimension = activity.dimension
            and cells.dimension_value = activity.dimension_value
            and cells.period_start = activity.period_start
    window
        periods_to_date as (
            partition by {{ cohort }} order by cells.period_start
            rows between unbounded preceding and current row
        ),
        earlier_periods as (
            partition by {{ cohort }} order by cells.period_start
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
