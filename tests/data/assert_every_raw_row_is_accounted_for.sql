-- Nothing is lost: the outcomes of an entity add up to its raw rows, and as many orders count as are in the mart.
{%- set entities = [
    'orders', 'refunds', 'order_lines', 'customers', 'activities', 'subscriptions', 'marketing_spend', 'exchange_rates',
    'actions_taken',
] %}
with raw_rows as (
    {% for entity in entities %}
        select
            '{{ entity }}' as entity,
            count(*) as raw_rows
        from {{ source('raw', entity) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

accounted as (

    select
        entity,
        sum(rows) as accounted_rows
    from {{ ref('row_accounting') }}
    where outcome not in ('folded', 'left_out')  -- lines of files, not raw rows
    group by entity

),

expected as (

    select
        raw_rows.entity,
        raw_rows.raw_rows as expected_rows,
        coalesce(accounted.accounted_rows, 0) as accounted_rows
    from raw_rows
    left join accounted
        on raw_rows.entity = accounted.entity
    union all
    select
        'counted orders' as entity,
        (select count(*) from {{ ref('orders') }}) as expected_rows,
        coalesce(sum(rows), 0) as accounted_rows
    from {{ ref('row_accounting') }}
    where
        entity = 'orders'
        and outcome = 'counted'

)

select
    entity,
    expected_rows,
    accounted_rows
from expected
where expected_rows <> accounted_rows
