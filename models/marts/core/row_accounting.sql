with order_outcomes as (

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
        'none' as reason
    from {{ ref('superseded_orders') }}

),

outcomes as (

    select
        'orders' as entity,
        outcome,
        reason
    from order_outcomes
    {% for entity in ['customers', 'exchange_rates'] %}
        union all
        select
            '{{ entity }}' as entity,
            case
                when rejection_reason is not null then 'quarantined'
                when is_superseded then 'superseded'
                else 'counted'
            end as outcome,
            coalesce(rejection_reason, 'none') as reason
        from {{ ref('stg_' ~ entity) }}
    {% endfor %}
    {% for entity in ['order_lines', 'activities', 'subscriptions', 'marketing_spend', 'actions_taken'] %}
        union all
        select
            '{{ entity }}' as entity,
            case when rejection_reason is not null then 'quarantined' else 'counted' end as outcome,
            coalesce(rejection_reason, 'none') as reason
        from {{ ref('stg_' ~ entity) }}
    {% endfor %}

)

select
    entity,
    outcome,
    reason,
    count(*) as rows
from outcomes
group by
    entity,
    outcome,
    reason
