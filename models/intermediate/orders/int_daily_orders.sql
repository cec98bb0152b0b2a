-- One pass over the orders feeds the KPIs of every grain: whether an order is its customer's first or only one in a
-- period follows from the customer's orders before and after it.
with orders as (

    select
        order_date,
        customer_id,
        net_amount,
        order_number = 1 as is_first,
        order_number = 1 or {{ days_between('previous_order_date', 'order_date') }} > {{ value_window_days() }}
            as is_first_in_value_window,
        next_order_date is null or {{ days_between('order_date', 'next_order_date') }} > {{ value_window_days() }}
            as is_last_in_value_window,
        {% for grain in period_grains() %}
            order_number = 1 or previous_order_date < {{ period_start(grain, 'order_date') }}
                as is_first_in_{{ grain }},
            next_order_date < {{ next_period_start(grain, period_start(grain, 'order_date')) }}
                as has_next_in_{{ grain }},
            first_order_date < {{ period_start(grain, 'order_date') }} as is_returning_in_{{ grain }},
        {% endfor %}
        case when customer_id is null then net_amount end as unattributed_amount
    from {{ ref('int_order_sequence') }}

)

select
    order_date,
    count(customer_id) as orders,
    cast(sum(case when customer_id is not null then net_amount else 0 end) as decimal(28, 2)) as net_revenue,
    count(case when is_first then 1 end) as new_customers,
    count(case when is_first_in_value_window then 1 end) as year_entries,
    count(case when customer_id is not null and is_last_in_value_window then 1 end) as year_exits,
    {% for grain in period_grains() %}
        count(case when is_first_in_{{ grain }} then 1 end) as purchasing_customers_{{ grain }},
        count(case when is_first_in_{{ grain }} and has_next_in_{{ grain }} then 1 end) as repeat_customers_{{ grain }},
        count(case when is_returning_in_{{ grain }} then 1 end) as returning_orders_{{ grain }},
        cast(sum(case when is_returning_in_{{ grain }} then net_amount else 0 end) as decimal(28, 2))
            as returning_revenue_{{ grain }},
    {% endfor %}
    count(*) - count(customer_id) as unattributed_orders,
    cast(coalesce(sum(unattributed_amount), 0) as decimal(28, 2)) as unattributed_revenue
from orders
group by order_date
