with outcomes as (

    select
        'orders' as entity,
        'counted' as outcome,
        'none' as reason
    from {{ ref('int_order_sequence') }}
    union all
    select
        'orders',
        'excluded',
        exclusion_reason
    from {{ ref('excluded_orders') }}
    union all
    select
        'orders',
        'quarantined',
        rejection_reason
    from {{ ref('quarantined_orders') }}
    union all
    select
        'orders',
        'superseded',
        'none'
    from {{ ref('superseded_orders') }}
    {%- for entity in ['customers', 'exchange_rates'] %}
    union all
    select
        '{{ entity }}',
        case
            when rejection_reason is not null then 'quarantined'
            when is_superseded then 'superseded'
            else 'counted'
        end,
        coalesce(rejection_reason, 'none')
    from {{ ref('stg_' ~ entity) }}
    {%- endfor %}
    {%- for entity in ['order_lines', 'activities', 'subscriptions', 'marketing_spend', 'actions_taken'] %}
    union all
    select
        '{{ entity }}',
        case when rejection_reason is not null then 'quarantined' else 'counted' end,
        coalesce(rejection_reason, 'none')
    from {{ ref('stg_' ~ entity) }}
    {%- endfor %}

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
