{#- What versions of one event are compared by, and what is equal in rows of one event without a number. -#}
{%- set compared = ['occurred_at', 'resolved_customer_id', 'activity_type', 'value', 'channel', 'detail'] -%}
with known_customers as (

    select
        activities.*,
        {{ resolved_customer_id('activities') | indent(8) }} as resolved_customer_id
    from {{ ref('stg_activities') }} as activities
    {{ identity_of('activities') | indent(4) }}

)

select
    activity_id,
    occurred_at,
    activity_date,
    activity_type,
    value,
    channel,
    source_system,
    detail,
    resolved_customer_id as customer_id,
    rejection_reason,
    is_after_as_of_date,
    rejection_reason is null
    and not is_after_as_of_date
    and (activity_id is not null or resolved_customer_id is not null)
    and row_number() over (
        partition by
            rejection_reason,
            is_after_as_of_date,
            source_system,
            activity_id,
            {% for column in compared %}
                case when activity_id is null then {{ column }} end{{ ',' if not loop.last }}
            {% endfor %}
        order by
            updated_at desc nulls last,
            {% for column in compared %}
                {{ column }} desc nulls last{{ ',' if not loop.last }}
            {% endfor %}
    ) > 1 as is_superseded
from known_customers
