with orders as (

    select
        'counted' as outcome,
        'none' as reason
    from {{ ref('int_order_sequence') }}
    union all
    select
        'excluded' as outcome,
        exclusion_reason as reason
    from {{ ref('excluded_orders') }}
    union all
    select
        'quarantined' as outcome,
        rejection_reason as reason
    from {{ ref('quarantined_orders') }}
    union all
    select
        'superseded' as outcome,
        superseded_reason as reason
    from {{ ref('superseded_orders') }}

),

-- Of the usable rows about one customer one counts; the rows of one number or one e-mail were compared before.
customers as (

    select
        rejection_reason,
        is_after_as_of_date,
        is_superseded
    from {{ ref('stg_customers') }}
    where rejection_reason is not null or is_after_as_of_date or is_superseded
    union all
    select
        null as rejection_reason,
        false as is_after_as_of_date,
        version_rank > 1 as is_superseded
    from {{ ref('int_customer_versions') }}

),

other_entities as (

    select
        'customers' as entity,
        rejection_reason,
        is_after_as_of_date,
        is_superseded
    from customers
    union all
    select
        'order_lines' as entity,
        rejection_reason,
        false as is_after_as_of_date,
        is_superseded
    from {{ ref('stg_order_lines') }}
    {% for entity, relation in [('exchange_rates', 'stg_exchange_rates'), ('refunds', 'int_refunds')] %}
        union all
        select
            '{{ entity }}' as entity,
            rejection_reason,
            is_after_as_of_date,
            is_superseded
        from {{ ref(relation) }}
    {% endfor %}
    {% for entity in ['activities', 'subscriptions', 'marketing_spend', 'actions_taken'] %}
        union all
        select
            '{{ entity }}' as entity,
            rejection_reason,
            false as is_after_as_of_date,
            false as is_superseded
        from {{ ref('stg_' ~ entity) }}
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
