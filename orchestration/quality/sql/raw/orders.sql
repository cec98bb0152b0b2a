-- The export of orders beside the one before. Dates are null where they cannot be read before dbt has run. Of days that
-- are missing, those with at most two known orders do not count: an order may be deleted.
with orders as (

    select
        'orders' as entity,
        measured.first_date,
        earlier.first_date as first_date_before,
        measured.last_date,
        earlier.last_date as last_date_before,
        coalesce(measured.rows, 0) as rows,
        coalesce(earlier.rows, 0) as rows_before,
        coalesce(measured.rows, 0) / nullif(earlier.rows, 0) as rows_ratio
    from raw_entities as measured
    full outer join raw_entities_before as earlier
        on measured.entity = earlier.entity
    where coalesce(measured.entity, earlier.entity) = 'orders'

),

known_orders as (

    select
        count(case when orders_before.order_date < orders.first_date then 1 end) as orders_before_the_first,
        count(case when orders_before.order_date > orders.last_date then 1 end) as orders_after_the_last
    from orders
    cross join orders_before

)

select
    orders.*,
    known_orders.orders_before_the_first,
    known_orders.orders_after_the_last,
    case
        when orders.first_date > orders.first_date_before and known_orders.orders_before_the_first > 2
            then orders.first_date - orders.first_date_before
        when orders.first_date is not null and orders.first_date_before is not null then 0
    end as days_missing_at_the_start,
    case
        when orders.last_date < orders.last_date_before and known_orders.orders_after_the_last > 2
            then orders.last_date_before - orders.last_date
        when orders.last_date is not null and orders.last_date_before is not null then 0
    end as days_missing_at_the_end
from orders
cross join known_orders
