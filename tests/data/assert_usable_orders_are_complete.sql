-- A row without a rejection reason has all that the metrics need, within its bounds; a rejected one has no value.
select
    order_id,
    rejection_reason
from {{ ref('stg_orders') }}
where
    (
        rejection_reason is null
        and (
            order_id is null
            or ordered_at is null
            or order_date is null
            or currency is null
            or amount is null
            or refunded_amount is null
            or net_amount is null
            or amount < 0
            or refunded_amount < 0
            or refunded_amount > amount
            or net_amount < 0
            or coalesce(
                raw_order_id, raw_customer_id, raw_ordered_at, raw_amount, raw_currency, raw_refunded_amount,
                raw_discount_amount, raw_status, raw_sales_channel, raw_customer_email, raw_is_test, raw_updated_at
            ) is not null
        )
    )
    or (rejection_reason is not null and net_amount is not null)
