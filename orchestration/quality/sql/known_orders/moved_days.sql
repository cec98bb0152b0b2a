-- Known orders whose day is another by more than a week, for whatever reason: a shop does not move orders, but one that
-- counts its numbers from the beginning again gives them to other orders.
with moved as (

    select
        count(*) as orders,
        min(order_id) as first_order_id,
        max(order_id) as last_order_id
    from order_changes
    where
        abs(order_date_now - order_date_before) > 7
        -- To a day after the build before.
        or (change = 'excluded' and exclusion_reason_now is null)

),

totals as (

    select count(*) as orders
    from orders_before

)

select
    'known orders' as of_orders,
    totals.orders as known_orders,
    moved.orders as moved_orders,
    coalesce(moved.first_order_id || ', ' || moved.last_order_id, '') as order_ids,
    share_from(moved.orders, totals.orders, 5) as moved_share
from moved
cross join totals
where totals.orders > 0
