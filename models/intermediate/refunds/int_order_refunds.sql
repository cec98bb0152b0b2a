select
    order_id,
    cast(sum(amount) as decimal(28, 4)) as refunded_amount
from {{ ref('int_refunds') }}
where {{ takes_part() }}
group by order_id
