with span as (

    select
        min(month_end) as first_month_end,
        max(month_end) as last_month_end
    from {{ ref('int_backtest_month_ends') }}

),

active as (

    select customers.customer_id
    from {{ ref('int_customers') }} as customers
    inner join span
        on
            customers.first_order_date <= span.last_month_end
            and {{ lapse_date('customers.last_order_date') }} > span.first_month_end

),

chosen as (

    {{ chosen_by_hash('active', most_customers_to_look_at()) | indent(4) }}

)

select
    orders.customer_id,
    month_ends.month_end as as_of_date,
    cast({{ days_between('orders.order_date', 'month_ends.month_end') }} as int) as recency_days,
    coalesce(orders.next_order_date <= {{ followed_until('month_ends.month_end') }}, false) as has_ordered_again
from {{ ref('int_order_sequence') }} as orders
inner join chosen
    on orders.customer_id = chosen.customer_id
inner join {{ ref('int_backtest_month_ends') }} as month_ends
    on
        orders.order_date <= month_ends.month_end
        and (orders.next_order_date is null or orders.next_order_date > month_ends.month_end)
        and {{ lapse_date('orders.order_date') }} > month_ends.month_end
