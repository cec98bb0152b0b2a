select
    order_id,
    cast(sum(amount) as decimal(28, 4)) as refunded_amount
from {{ ref('int_refunds') }}
where
    rejection_reason is null
    and not is_after_as_of_date
    and not is_superseded
group by order_id
