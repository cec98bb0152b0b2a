-- Orders older than 60 days whose day, value or state changed, explained or not, beside what is usual: on as many days
-- of the last half year as lie between the two builds. Where no time of change is noted, nothing is known to be usual.
with builds as (

    select
        (select max(earlier.order_date) from orders_before as earlier) as last_day_before,
        (select max(built.order_date) from orders as built) as last_day

),

spans as (

    select
        last_day_before,
        last_day_before - 60 as settled_until,
        greatest(last_day - last_day_before, 1) as days
    from builds

),

settled_orders as (

    select count(*) as orders
    from orders_before
    cross join spans
    where orders_before.order_date < spans.settled_until

),

changed_orders as (

    select count(*) as orders
    from order_changes
    cross join spans
    where
        coalesce(order_changes.order_date_before, order_changes.order_date_now) < spans.settled_until
        and order_changes.change not in ('added', 'reassigned')
        and order_changes.explanation not in ('erased', 'purged')

),

updates as (

    select
        (spans.last_day_before - cast(orders_before.updated_at as date)) // spans.days as span_number,
        count(*) as orders
    from orders_before
    cross join spans
    where
        cast(orders_before.updated_at as date) between spans.last_day_before - 182 and spans.last_day_before
        and orders_before.order_date < cast(orders_before.updated_at as date) - 60
    group by span_number

),

usual as (

    select coalesce(max(orders), 0) as orders
    from updates

),

known_times as (

    select count(updated_at) > 0 as are_noted
    from orders_before

)

select
    'orders older than 60 days' as of_orders,
    settled_orders.orders as settled_orders,
    changed_orders.orders as changed_orders,
    usual.orders as usual_orders,
    changed_orders.orders / nullif(settled_orders.orders, 0) as changed_share,
    case
        when settled_orders.orders > 0
            then changed_orders.orders / greatest(
                case when known_times.are_noted then 0.005 else 0.02 end * settled_orders.orders, 3 * usual.orders, 4
            )
    end as times_allowed
from settled_orders
cross join changed_orders
cross join usual
cross join known_times
