-- Every counted order, with its revenue, is in one period of each grain: with the known customers or unattributed.
with orders as (
    {% for grain in ['week', 'month', 'quarter', 'year'] %}
        select
            '{{ grain }}' as period_grain,
            {{ period_start(grain, 'order_date') }} as period_start,
            count(customer_id) as orders,
            sum(case when customer_id is not null then net_amount else 0 end) as net_revenue,
            count(*) - count(customer_id) as unattributed_orders,
            sum(case when customer_id is null then net_amount else 0 end) as unattributed_revenue
        from {{ ref('orders') }}
        group by {{ period_start(grain, 'order_date') }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    {% for measure in ['orders', 'net_revenue', 'unattributed_orders', 'unattributed_revenue'] %}
        orders.{{ measure }} as {{ measure }}_of_orders,
        kpis.{{ measure }} as {{ measure }}_of_kpis,
    {% endfor %}
    coalesce(orders.period_grain, kpis.period_grain) as period_grain,
    coalesce(orders.period_start, kpis.period_start) as period_start
from orders
full outer join {{ ref('retention_kpis') }} as kpis
    on
        orders.period_grain = kpis.period_grain
        and orders.period_start = kpis.period_start
where
    kpis.period_grain is null
    {% for measure in ['orders', 'net_revenue', 'unattributed_orders', 'unattributed_revenue'] %}
        or coalesce(orders.{{ measure }}, 0) <> kpis.{{ measure }}
    {% endfor %}
