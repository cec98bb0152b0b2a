-- Who buys in a period was won in it or before it. Nobody buys without an order, or repeatedly with a single one.
select
    period_grain,
    period_start,
    orders,
    purchasing_customers,
    new_customers,
    returning_customers,
    repeat_customers
from {{ ref('retention_kpis') }}
where
    new_customers + returning_customers <> purchasing_customers
    or purchasing_customers + repeat_customers > orders
    or repeat_customers > purchasing_customers
