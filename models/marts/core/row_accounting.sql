with orders as (
    {% for outcome, relation, reason in [
        ('counted', 'int_order_sequence', "'none'"),
        ('excluded', 'excluded_orders', 'exclusion_reason'),
        ('quarantined', 'quarantined_orders', 'rejection_reason'),
        ('superseded', 'superseded_orders', 'superseded_reason'),
    ] %}
        select
            '{{ outcome }}' as outcome,
            {{ reason }} as reason
        from {{ ref(relation) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

other_entities as (
    {% for entity, relation, is_after_as_of_date, is_superseded in [
        ('customers', 'int_customer_outcomes', 'is_after_as_of_date', 'is_superseded'),
        ('refunds', 'int_refunds', 'is_after_as_of_date', 'is_superseded'),
        ('exchange_rates', 'stg_exchange_rates', 'is_after_as_of_date', 'is_superseded'),
        ('order_lines', 'stg_order_lines', 'false', 'is_superseded'),
        ('activities', 'stg_activities', 'false', 'false'),
        ('subscriptions', 'int_subscriptions', 'is_after_as_of_date', 'is_superseded'),
        ('marketing_spend', 'stg_marketing_spend', 'is_after_as_of_date', 'false'),
        ('actions_taken', 'stg_actions_taken', 'false', 'false'),
    ] %}
        select
            '{{ entity }}' as entity,
            rejection_reason,
            {{ is_after_as_of_date }} as is_after_as_of_date,
            {{ is_superseded }} as is_superseded
        from {{ ref(relation) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

outcomes as (

    select
        'orders' as entity,
        outcome,
        reason,
        1 as rows
    from orders
    union all
    select
        entity,
        case
            when rejection_reason = 'erased' then 'excluded'
            when rejection_reason is not null then 'quarantined'
            when is_after_as_of_date then 'excluded'
            when is_superseded then 'superseded'
            else 'counted'
        end as outcome,
        case
            when rejection_reason is not null then rejection_reason
            when is_after_as_of_date then 'after_as_of_date'
            else 'none'
        end as reason,
        1 as rows
    from other_entities
    union all
    select
        entity,
        outcome,
        reason,
        rows
    from {{ ref('stg_intake_outcomes') }}
    where rows > 0

)

select
    entity,
    outcome,
    reason,
    cast(sum(rows) as bigint) as rows
from outcomes
group by
    entity,
    outcome,
    reason
