{#- Ages at which cohorts are compared, in days, from the shortest. -#}
{%- set all_windows = [30, 60, 90, 180, 365] -%}
-- One pass over the orders: an order belongs to the shortest window that holds it, and its customer is observed for the
-- longest window that has passed since the first order. What a window counts are sums of these.
with orders as (

    select
        {{ period_start('month', 'orders.first_order_date') }} as cohort_month,
        customers.segment_id,
        orders.order_number,
        orders.net_amount,
        case
            {%- for window_days in all_windows %}
                when orders.order_date <= {{ add_days('orders.first_order_date', window_days) }} then {{ window_days }}
            {%- endfor %}
        end as held_by_window,
        case
            {%- for window_days in all_windows | reverse %}
                when {{ add_days('orders.first_order_date', window_days) }} <= as_of.as_of_date then {{ window_days }}
            {%- endfor %}
            else 0
        end as observed_window
    from {{ ref('int_order_sequence') }} as orders
    inner join {{ ref('int_customers') }} as customers
        on orders.customer_id = customers.customer_id
    cross join {{ ref('int_as_of') }} as as_of

),

by_segment as (

    select
        cohort_month,
        segment_id,
        observed_window,
        held_by_window,
        count(*) as orders,
        sum(net_amount) as net_revenue,
        count(case when order_number = 1 then 1 end) as first_orders,
        count(case when order_number = 2 then 1 end) as second_orders
    from orders
    where held_by_window is not null
    group by
        cohort_month,
        segment_id,
        observed_window,
        held_by_window

),

by_dimension as (

    select
        by_segment.cohort_month,
        segments.dimension,
        segments.dimension_value,
        by_segment.observed_window,
        by_segment.held_by_window,
        sum(by_segment.orders) as orders,
        sum(by_segment.net_revenue) as net_revenue,
        sum(by_segment.first_orders) as first_orders,
        sum(by_segment.second_orders) as second_orders
    from by_segment
    inner join {{ ref('int_segments') }} as segments
        on by_segment.segment_id = segments.segment_id
    group by
        by_segment.cohort_month,
        segments.dimension,
        segments.dimension_value,
        by_segment.observed_window,
        by_segment.held_by_window

),

windows as (
    {% for window_days in all_windows %}
        select {{ window_days }} as window_days
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

in_windows as (

    select
        by_dimension.*,
        windows.window_days,
        by_dimension.observed_window >= windows.window_days as is_observed,
        by_dimension.observed_window >= windows.window_days and by_dimension.held_by_window <= windows.window_days
            as is_counted
    from by_dimension
    cross join windows

),

counted as (

    select
        cohort_month,
        dimension,
        dimension_value,
        window_days,
        sum(first_orders) as cohort_customers,
        sum(case when is_observed then first_orders else 0 end) as mature_customers,
        sum(case when is_counted then second_orders else 0 end) as returned_customers,
        sum(case when is_counted then orders else 0 end) as orders,
        sum(case when is_counted then net_revenue else 0 end) as net_revenue
    from in_windows
    group by
        cohort_month,
        dimension,
        dimension_value,
        window_days

)

select
    cohort_month,
    dimension,
    dimension_value,
    cast(window_days as bigint) as window_days,
    cast(cohort_customers as bigint) as cohort_customers,
    cast(mature_customers as bigint) as mature_customers,
    cast(returned_customers as bigint) as returned_customers,
    {{ rate('returned_customers', 'mature_customers') }} as returned_rate,
    {{ wilson_low('returned_customers', 'mature_customers') | indent(4) }} as returned_rate_low,
    {{ wilson_high('returned_customers', 'mature_customers') | indent(4) }} as returned_rate_high,
    cast(orders as bigint) as orders,
    cast(net_revenue as decimal(28, 2)) as net_revenue,
    {{ rate('net_revenue', 'mature_customers') }} as revenue_per_customer,
    mature_customers = cohort_customers as is_mature
from counted
