-- By file first: that is a scan of few columns, and each file is looked up once to find the source that it belongs to.
with raw_rows as (

    {% for outcome, relation, reason in [
        ('counted', 'int_current_orders', "'none'"),
        ('excluded', 'excluded_orders', 'exclusion_reason'),
        ('quarantined', 'quarantined_orders', 'rejection_reason'),
        ('superseded', 'superseded_orders', 'superseded_reason'),
    ] %}
        select
            'orders' as entity,
            source_file,
            '{{ outcome }}' as outcome,
            {{ reason }} as reason
        from {{ ref(relation) }}
        {{ "where exclusion_reason is null" if outcome == 'counted' }}
        union all
    {% endfor %}
    {% for entity, relation, is_after_as_of_date, is_superseded in [
        ('customers', 'int_customer_outcomes', 'is_after_as_of_date', 'is_superseded'),
        ('refunds', 'int_refunds', 'is_after_as_of_date', 'is_superseded'),
        ('exchange_rates', 'stg_exchange_rates', 'is_after_as_of_date', 'is_superseded'),
        ('order_lines', 'stg_order_lines', 'false', 'is_superseded'),
        ('activities', 'int_activities', 'is_after_as_of_date', 'is_superseded'),
        ('subscriptions', 'int_subscriptions', 'is_after_as_of_date', 'is_superseded'),
        ('marketing_spend', 'stg_marketing_spend', 'is_after_as_of_date', 'false'),
        ('actions_taken', 'int_actions_taken', 'is_after_as_of_date', 'is_superseded'),
    ] %}
        select
            '{{ entity }}' as entity,
            source_file,
            case
                when rejection_reason = 'erased' then 'excluded'
                when rejection_reason is not null then 'quarantined'
                when {{ is_after_as_of_date }} then 'excluded'
                when {{ is_superseded }} then 'superseded'
                else 'counted'
            end as outcome,
            case
                when rejection_reason is not null then rejection_reason
                when {{ is_after_as_of_date }} then 'after_as_of_date'
                else 'none'
            end as reason
        from {{ ref(relation) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

rows_by_file as (

    select
        entity,
        source_file,
        outcome,
        reason,
        count(*) as rows
    from raw_rows
    group by
        entity,
        source_file,
        outcome,
        reason

),

rows_by_source as (

    select
        coalesce(files.source, 'raw_folder') as source,
        rows_by_file.entity,
        rows_by_file.outcome,
        rows_by_file.reason,
        rows_by_file.rows
    from rows_by_file
    left join {{ ref('stg_intake_files') }} as files
        on
            rows_by_file.entity = files.entity
            and rows_by_file.source_file = files.source_file
    union all
    select
        source,
        entity,
        outcome,
        reason,
        rows
    from {{ ref('stg_intake_outcomes') }}
    where rows > 0

)

select
    source,
    entity,
    outcome,
    reason,
    cast(sum(rows) as bigint) as rows
from rows_by_source
group by
    source,
    entity,
    outcome,
    reason
