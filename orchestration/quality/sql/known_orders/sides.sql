-- Orders that counted and no longer do, or the other way, although nobody noted a change of them.
with changed_sides as (

    select
        coalesce(exclusion_reason_now, exclusion_reason_before) as exclusion_reason,
        count(case when change = 'excluded' then 1 end) as no_longer,
        count(case when change = 'counted' then 1 end) as only_now,
        min(order_id) as first_order_id,
        max(order_id) as last_order_id
    from order_changes
    where
        change in ('excluded', 'counted')
        and explanation in ('none', 'new_status')
    group by coalesce(exclusion_reason_now, exclusion_reason_before)

),

totals as (

    select count(*) as orders
    from orders_before

)

select
    totals.orders as known_orders,
    coalesce(changed_sides.exclusion_reason, 'none') as exclusion_reason,
    coalesce(changed_sides.no_longer, 0) as no_longer,
    coalesce(changed_sides.only_now, 0) as only_now,
    coalesce(changed_sides.first_order_id || ', ' || changed_sides.last_order_id, '') as order_ids,
    share_from(
        coalesce(changed_sides.no_longer + changed_sides.only_now, 0), totals.orders, 5
    ) as changed_share
from totals
left join changed_sides on true
where totals.orders > 0
