-- Channels, currencies and kinds of customers with at least twenty orders in the year before: how long there has been
-- no order, beside the longest such pause of that year.
with builds as (

    select max(order_date) as last_day
    from orders

),

in_parts as (

    select
        orders.order_date,
        unnest(parts_of(orders.sales_channel, orders.currency, orders.customer_id)) as belongs_to
    from orders
    cross join builds
    where orders.order_date > builds.last_day - 400

),

days as (

    select
        order_date,
        belongs_to['dimension'] as dimension,
        belongs_to['part'] as part,
        count(*) as orders
    from in_parts
    group by
        dimension,
        part,
        order_date

),

pauses as (

    select
        dimension,
        part,
        order_date,
        orders,
        lead(order_date) over (partition by dimension, part order by order_date) - order_date as days_to_the_next
    from days

),

parts as (

    select
        dimension,
        part,
        sum(orders) as orders,
        max(order_date) as last_order_date,
        max(days_to_the_next) as longest_pause
    from pauses
    group by
        dimension,
        part
    having sum(orders) >= 20

)

select
    parts.dimension,
    parts.part,
    parts.last_order_date,
    parts.longest_pause,
    builds.last_day - parts.last_order_date as days_without_orders,
    (builds.last_day - parts.last_order_date) / greatest(parts.longest_pause, 2) as times_the_longest_pause
from parts
cross join builds
where parts.longest_pause is not null
order by
    parts.dimension,
    parts.part
