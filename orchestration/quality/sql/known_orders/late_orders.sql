-- Orders that were not known before, of days more than a week before the end of the build before.
with builds as (

    select max(order_date) as last_day_before
    from orders_before

),

known_orders as (

    select
        date_trunc('month', order_date) as month_start,
        count(*) as orders
    from orders_before
    group by month_start

),

late_orders as (

    select
        date_trunc('month', order_changes.order_date_now) as month_start,
        count(*) as orders,
        sum(order_changes.net_amount_now) as net_revenue,
        min(order_changes.order_id) as first_order_id,
        max(order_changes.order_id) as last_order_id
    from order_changes
    cross join builds
    where
        order_changes.change = 'added'
        and order_changes.order_date_now < builds.last_day_before - 7
    group by month_start

),

months as (

    select
        coalesce(known_orders.month_start, late_orders.month_start) as month_start,
        coalesce(known_orders.orders, 0) as known_orders,
        coalesce(late_orders.orders, 0) as late_orders,
        coalesce(late_orders.net_revenue, 0) as late_revenue,
        coalesce(late_orders.first_order_id || ', ' || late_orders.last_order_id, '') as order_ids
    from known_orders
    full outer join late_orders
        on known_orders.month_start = late_orders.month_start

)

select
    strftime(month_start, '%B %Y') as of_orders,
    known_orders,
    late_orders,
    late_revenue,
    order_ids,
    case when late_orders >= 5 then late_orders / greatest(known_orders, 1) else 0 end as late_share_of_month,
    null as late_share
from months
union all
select
    'all months' as of_orders,
    sum(known_orders) as known_orders,
    sum(late_orders) as late_orders,
    sum(late_revenue) as late_revenue,
    max(order_ids) as order_ids,
    null as late_share_of_month,
    share_from(sum(late_orders), sum(known_orders), 5) as late_share
from months
having sum(known_orders) > 0
