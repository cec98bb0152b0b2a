-- Added up over a period, the days give its orders and revenue, and its purchasers as a distinct count gives them.
{%- set grains = ['week', 'month', 'quarter', 'year'] %}
with counted as (
    {% for grain in grains %}
        select
            '{{ grain }}' as period_grain,
            {{ period_start(grain, 'order_date') }} as period_start,
            count(customer_id) as orders,
            count(*) - count(customer_id) as unattributed_orders,
            sum(net_amount) as all_revenue,
            count(distinct customer_id) as purchasing_customers
        from {{ ref('int_order_sequence') }}
        group by {{ period_start(grain, 'order_date') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

added_up as (
    {% for grain in grains %}
        select
            '{{ grain }}' as period_grain,
            {{ period_start(grain, 'order_date') }} as period_start,
            sum(orders) as orders,
            sum(unattributed_orders) as unattributed_orders,
            sum(net_revenue) + sum(unattributed_revenue) as all_revenue,
            sum(purchasing_customers_{{ grain }}) as purchasing_customers
        from {{ ref('int_daily_orders') }}
        group by {{ period_start(grain, 'order_date') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    counted.purchasing_customers as purchasing_customers_counted,
    added_up.purchasing_customers as purchasing_customers_added_up,
    coalesce(counted.period_grain, added_up.period_grain) as period_grain,
    coalesce(counted.period_start, added_up.period_start) as period_start
from counted
full outer join added_up
    on
        counted.period_grain = added_up.period_grain
        and counted.period_start = added_up.period_start
where
    counted.period_start is null
    or added_up.period_start is null
    or counted.orders <> added_up.orders
    or counted.unattributed_orders <> added_up.unattributed_orders
    or counted.all_revenue <> added_up.all_revenue
    or counted.purchasing_customers <> added_up.purchasing_customers
