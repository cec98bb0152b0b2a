-- Nothing is lost: the outcomes of an entity add up to its raw rows, and as many orders count as are in the mart.
{%- set entities = [
    'orders', 'order_lines', 'customers', 'activities', 'subscriptions', 'marketing_spend', 'exchange_rates',
    'actions_taken',
] %}
with raw_rows as (
{% for entity in entities %}
    {{ 'union all' if not loop.first }}
    select
        '{{ entity }}' as entity,
        count(*) as raw_rows
    from {{ source('raw', entity) }}
{% endfor %}
),

accounted as (

    select
        entity,
        sum(rows) as accounted_rows
    from {{ ref('row_accounting') }}
    group by entity

)

select
    raw_rows.entity,
    raw_rows.raw_rows,
    accounted.accounted_rows
from raw_rows
left join accounted
    on raw_rows.entity = accounted.entity
where raw_rows.raw_rows <> coalesce(accounted.accounted_rows, 0)
union all
select
    'counted orders',
    orders.orders,
    counted.orders
from (select count(*) as orders from {{ ref('orders') }}) as orders
cross join (
    select coalesce(sum(rows), 0) as orders
    from {{ ref('row_accounting') }}
    where
        entity = 'orders'
        and outcome = 'counted'
) as counted
where orders.orders <> counted.orders
