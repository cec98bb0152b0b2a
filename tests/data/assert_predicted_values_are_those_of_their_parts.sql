-- What a customer is to bring is margin_rate x the value of an order x their discounted orders, and null where one of
-- them is; the discounted orders are the expected ones, each worth at most a year less.
select customer_id
from {{ ref('customer_predictions') }}
where
    (predicted_clv_365d is null) <> (expected_order_value * discounted_orders_365d is null)
    or abs(predicted_clv_365d - {{ var('margin_rate') }} * expected_order_value * discounted_orders_365d)
    > 0.000000001 * predicted_clv_365d
    or discounted_orders_365d * (1 + {{ var('discount_rate') }}) < expected_orders_365d * 0.999999
