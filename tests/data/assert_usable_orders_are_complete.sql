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
            or amount < 0
            or refunded_amount < 0
            or raw_values is not null
        )
    )
    or (rejection_reason <> 'erased' and raw_values is null and order_id is not null)
    or (rejection_reason = 'erased' and raw_values is not null)
