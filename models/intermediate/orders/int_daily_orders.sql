-- One pass over the orders feeds the KPIs of every grain: whether an order is its customer's first or only one in a
-- period follows from the customer's orders before and after it.
{%- set grains = ['week', 'month', 'quarter', 'year'] %}
with orders as (

    select
        {% for grain in grains %}
            {{ period_start(grain, 'order_date') }} as {{ grain }}_start,
        {% endfor %}
        order_date,
        customer_id,
        order_number,
        net_amount,
        first_order_date,
        previous_order_date,
        next_order_date
    from {{ ref('int_order_sequence') }}

)

select
    order_date,
    count(customer_id) as orders,
    cast(sum(case when customer_id is not null then net_amount else 0 end) as decimal(28, 2)) as net_revenue,
    count(case when order_number = 1 then 1 end) as new_customers,
    -- Entries to and exits from the customers who ordered within 365 days.
    count(case
        when
            order_number = 1
            or {{ days_between('previous_order_date', 'order_date') }} > 365
            then 1
    end) as year_entries,
    count(case
        when
            customer_id is not null
            and (next_order_date is null or {{ days_between('order_date', 'next_order_date') }} > 365)
            then 1
    end) as year_exits,
    {% for grain in grains %}
        count(case
            when order_number = 1 or previous_order_date < {{ grain }}_start then 1
        end) as purchasing_customers_{{ grain }},
        count(case
            when
                (order_number = 1 or previous_order_date < {{ grain }}_start)
                and next_order_date < {{ next_period_start(grain, grain ~ '_start') }}
                then 1
        end) as repeat_customers_{{ grain }},
        count(case when first_order_date < {{ grain }}_start then 1 end) as returning_orders_{{ grain }},
        cast(sum(case
            when first_order_date < {{ grain }}_start then net_amount else 0
        end) as decimal(28, 2)) as returning_revenue_{{ grain }},
    {% endfor %}
    count(*) - count(customer_id) as unattributed_orders,
    cast(sum(case when customer_id is null then net_amount else 0 end) as decimal(28, 2)) as unattributed_revenue
from orders
group by order_date
