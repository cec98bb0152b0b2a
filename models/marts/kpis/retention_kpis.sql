with periods as (

    select
        counts.*,
        yearly.revenue_of_the_year_before,
        yearly.revenue_from_the_same_customers,
        yearly.revenue_kept,
        counts.customers_at_start - counts.churned_customers as retained_customers,
        counts.purchasing_customers - counts.new_customers as returning_customers,
        -- Average order value times orders per purchaser.
        {{ rate('counts.year_net_revenue', 'counts.year_customers') }} as revenue_per_customer_and_year,
        {{ rate('counts.active_now_and_year_ago', 'counts.active_year_ago') }} as yearly_retained_rate
    from {{ ref('int_period_counts') }} as counts
    left join {{ ref('int_yearly_revenue_retention') }} as yearly
        on
            counts.period_grain = 'year'
            and counts.period_start = yearly.year_start

)

select
    period_grain,
    period_start,
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
    {{ retained_customer_rate() }} as retained_customer_rate,
    {{ wilson_low('retained_customers', 'customers_at_start') | indent(4) }} as retained_customer_rate_low,
    {{ wilson_high('retained_customers', 'customers_at_start') | indent(4) }} as retained_customer_rate_high,
    {{ customer_churn_rate() }} as customer_churn_rate,
    purchasing_customers,
    orders,
    net_revenue,
    unattributed_orders,
    unattributed_revenue,
    {{ rate('net_revenue', 'orders') }} as average_order_value,
    {{ rate('orders', 'purchasing_customers') }} as purchase_frequency,
    {{ rate('net_revenue', 'purchasing_customers') }} as revenue_per_customer,
    repeat_customers,
    {{ rate('repeat_customers', 'purchasing_customers') }} as repeat_customer_rate,
    returning_customers,
    {{ rate('returning_customers', 'purchasing_customers') }} as returning_customer_rate,
    returning_revenue,
    {{ rate('returning_revenue', 'net_revenue') }} as returning_revenue_share,
    {{ rate('net_revenue - returning_revenue', 'orders - returning_orders') }} as new_average_order_value,
    {{ rate('returning_revenue', 'returning_orders') }} as returning_average_order_value,
    {{ rate('revenue_from_the_same_customers', 'revenue_of_the_year_before') }} as net_revenue_retention,
    {{ rate('revenue_kept', 'revenue_of_the_year_before') }} as gross_revenue_retention,
    1 - {{ rate('revenue_kept', 'revenue_of_the_year_before') }} as revenue_churn_rate,
    {{ rate('net_revenue_to_date', 'customers_acquired') }} as historic_clv,
    is_clv_left_censored,
    revenue_per_customer_and_year * yearly_retained_rate as clv_by_retention,
    revenue_per_customer_and_year / nullif(1 - yearly_retained_rate, 0) as clv_by_lifespan
from periods
