select
    period_grain,
    period_start,
    period_end,
    customer_group,
    expected_orders,
    expected_orders_low,
    expected_orders_high,
    orders_last_year,
    expected_orders_error,
    orders_last_year_error,
    expected_orders_held,
    expected_revenue,
    expected_revenue_low,
    expected_revenue_high,
    revenue_last_year,
    expected_revenue_error,
    revenue_last_year_error,
    expected_revenue_held,
    past_forecasts,
    has_season
from {{ source('predictions', 'sales') }}
where build_id = '{{ build_id() }}'
