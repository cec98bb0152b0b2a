-- Two orders of one customer at the very same instant with the same amount are one order under two ids. A day of fewer
-- than five such orders is chance.
with equal_orders as (

    select
        order_date,
        count(*) as orders
    from orders
    where amount > 0
    group by
        order_date,
        ordered_at,
        coalesce(customer_id, order_id),
        amount

)

select
    order_date,
    sum(orders) as orders,
    sum(orders - 1) as copies,
    case when sum(orders - 1) >= 5 then sum(orders - 1) / sum(orders) else 0 end as copied_share
from equal_orders
group by order_date
