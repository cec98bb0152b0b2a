-- Also the version that counts was written by then, where a day is set.
select
    orders.order_id,
    orders.order_date,
    orders.updated_at
from {{ ref('int_current_orders') }} as orders
cross join {{ ref('int_as_of') }} as as_of
where
    orders.exclusion_reason is null
    and (
        as_of.as_of_date is null
        or orders.order_date < as_of.first_order_date
        or orders.order_date > as_of.as_of_date
        {%- if var('as_of_date') is not none %}
            or {{ reporting_date('orders.updated_at') }} > as_of.as_of_date
        {%- endif %}
    )
