{%- set grains = ['week', 'month', 'quarter', 'year'] -%}
with orders as (
    {% for grain in grains %}
        select
            '{{ grain }}' as period_grain,
            {{ period_start(grain, 'order_date') }} as period_start,
            sum(orders) as orders,
            sum(net_revenue) as net_revenue,
            sum(unattributed_orders) as unattributed_orders,
            sum(unattributed_revenue) as unattributed_revenue,
            sum(purchasing_customers_{{ grain }}) as purchasing_customers,
            sum(repeat_customers_{{ grain }}) as repeat_customers,
            sum(returning_orders_{{ grain }}) as returning_orders,
            sum(returning_revenue_{{ grain }}) as returning_revenue
        from {{ ref('int_daily_orders') }}
        group by {{ period_start(grain, 'order_date') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

movements as (

    select
        period_grain,
        period_start,
        sum(new_customers) as new_customers,
        sum(new_customers_kept) as new_customers_kept,
        sum(reactivated_customers) as reactivated_customers,
        sum(churned_customers) as churned_customers
    from {{ ref('int_customer_movements') }}
    group by
        period_grain,
        period_start

),

balances as (

    select *
    from {{ ref('int_daily_balances') }}

),

periods as (

    select
        periods.period_grain,
        periods.period_start,
        periods.period_end,
        periods.is_complete,
        periods.is_left_censored,
        periods.is_clv_left_censored,
        at_end.active_customers as customers_at_end,
        yearly.revenue_from_the_same_customers,
        yearly.revenue_kept,
        at_end.customers_acquired,
        at_end.net_revenue as net_revenue_to_date,
        at_end.year_customers as trailing_customers,
        at_end.active_now_and_year_ago,
        year_ago.active_customers as active_year_ago,
        yearly.revenue_of_the_year_before as base_revenue,
        coalesce(at_start.active_customers, 0) as customers_at_start,
        coalesce(movements.new_customers, 0) as new_customers,
        coalesce(movements.new_customers_kept, 0) as new_customers_kept,
        coalesce(movements.reactivated_customers, 0) as reactivated_customers,
        coalesce(movements.churned_customers, 0) as churned_customers,
        coalesce(orders.purchasing_customers, 0) as purchasing_customers,
        coalesce(orders.orders, 0) as orders,
        coalesce(orders.net_revenue, 0) as net_revenue,
        coalesce(orders.unattributed_orders, 0) as unattributed_orders,
        coalesce(orders.unattributed_revenue, 0) as unattributed_revenue,
        coalesce(orders.repeat_customers, 0) as repeat_customers,
        coalesce(orders.purchasing_customers, 0) - coalesce(movements.new_customers, 0) as returning_customers,
        coalesce(orders.returning_orders, 0) as returning_orders,
        coalesce(orders.returning_revenue, 0) as returning_revenue,
        at_end.net_revenue - coalesce(year_ago.net_revenue, 0) as trailing_net_revenue
    from {{ ref('int_periods') }} as periods
    left join orders
        on
            periods.period_grain = orders.period_grain
            and periods.period_start = orders.period_start
    left join movements
        on
            periods.period_grain = movements.period_grain
            and periods.period_start = movements.period_start
    left join balances as at_start
        on periods.period_start = at_start.calendar_date
    left join balances as at_end
        on periods.measured_at = at_end.calendar_date
    left join balances as year_ago
        on {{ add_days('periods.measured_at', -365) }} = year_ago.calendar_date
    left join {{ ref('int_yearly_revenue_retention') }} as yearly
        on
            periods.period_grain = 'year'
            and periods.period_start = yearly.year_start

),

clv_inputs as (

    select
        *,
        customers_at_start - churned_customers as retained_customers,
        -- Average order value times orders per purchaser.
        {{ rate('trailing_net_revenue', 'trailing_customers') }} as trailing_revenue_per_customer,
        {{ rate('active_now_and_year_ago', 'active_year_ago') }} as yearly_retained_rate
    from periods

)

select
    period_grain,
    period_start,
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
    {{ rate('retained_customers', 'customers_at_start') }} as retained_customer_rate,
    {{ rate('churned_customers', 'customers_at_start') }} as customer_churn_rate,
    cast(purchasing_customers as bigint) as purchasing_customers,
    cast(orders as bigint) as orders,
    cast(net_revenue as decimal(28, 2)) as net_revenue,
    cast(unattributed_orders as bigint) as unattributed_orders,
    cast(unattributed_revenue as decimal(28, 2)) as unattributed_revenue,
    {{ rate('net_revenue', 'orders') }} as average_order_value,
    {{ rate('orders', 'purchasing_customers') }} as purchase_frequency,
    {{ rate('net_revenue', 'purchasing_customers') }} as revenue_per_customer,
    cast(repeat_customers as bigint) as repeat_customers,
    {{ rate('repeat_customers', 'purchasing_customers') }} as repeat_customer_rate,
    cast(returning_customers as bigint) as returning_customers,
    {{ rate('returning_customers', 'purchasing_customers') }} as returning_customer_rate,
    cast(returning_revenue as decimal(28, 2)) as returning_revenue,
    {{ rate('returning_revenue', 'net_revenue') }} as returning_revenue_share,
    {{ rate('net_revenue - returning_revenue', 'orders - returning_orders') }} as new_average_order_value,
    {{ rate('returning_revenue', 'returning_orders') }} as returning_average_order_value,
    {{ rate('revenue_from_the_same_customers', 'base_revenue') }} as net_revenue_retention,
    {{ rate('revenue_kept', 'base_revenue') }} as gross_revenue_retention,
    1 - {{ rate('revenue_kept', 'base_revenue') }} as revenue_churn_rate,
    {{ rate('net_revenue_to_date', 'customers_acquired') }} as historic_clv,
    is_clv_left_censored,
    trailing_revenue_per_customer * yearly_retained_rate as clv_by_retention,
    trailing_revenue_per_customer / nullif(1 - yearly_retained_rate, 0) as clv_by_lifespan
from clv_inputs
