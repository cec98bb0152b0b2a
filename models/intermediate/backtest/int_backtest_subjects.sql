{#- Enough for a figure to one point in a hundred, and no more with more customers. -#}
{%- set most_customers = 100000 -%}
with span as (

    select
        min(month_end) as first_month_end,
        max(month_end) as last_month_end
    from {{ ref('int_backtest_month_ends') }}

),

-- By their hash: the same customers from month to month, whoever they are.
chosen as (

    select customers.customer_id
    from {{ ref('int_customers') }} as customers
    inner join span
        on
            customers.first_order_date <= span.last_month_end
            and {{ lapse_date('customers.last_order_date') }} > span.first_month_end
    order by
        md5(customers.customer_id),
        customers.customer_id
    limit {{ most_customers }}

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
