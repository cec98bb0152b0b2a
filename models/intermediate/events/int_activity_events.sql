{{ config(materialized='view') }}

{%- set by_day = activity_types_counted_by_day() -%}
-- One scan of the longest of all tables: frequent activities lose their moment and so become one row per day.
with activities as (

    select
        activities.customer_id,
        activities.activity_date,
        activities.activity_type,
        case when activities.activity_type not in ('{{ by_day | join("', '") }}') then activities.occurred_at end
            as occurred_at,
        case when activities.activity_type in ('{{ activity_types_of_support() | join("', '") }}') then activities.channel end
            as channel,
        case when activities.activity_type in ('{{ activity_types_with_a_value() | join("', '") }}') then activities.value end
            as value
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.customer_id is not null
        and activities.activity_type in ('{{ known_activity_types() | join("', '") }}')
        and (
            activities.activity_type not in ('{{ by_day | join("', '") }}')
            or activities.activity_date > {{ add_days('as_of.as_of_date', -365) }}
        )

)

select
    customer_id,
    activity_date as event_date,
    activity_type as event_type,
    occurred_at,
    channel,
    value,
    case
        when activity_type = 'nps' and {{ is_promoter('value') }} then 'promoter'
        when activity_type = 'nps' and {{ is_detractor('value') }} then 'detractor'
        when activity_type = 'nps' then 'passive'
        when activity_type = 'csat' and {{ is_satisfied('value') }} then 'satisfied'
        when activity_type = 'csat' and {{ is_dissatisfied('value') }} then 'dissatisfied'
        when activity_type = 'csat' then 'neutral'
        when activity_type = 'ticket_first_reply' and value <= {{ var('first_reply_target_minutes') }} then 'within_target'
        when activity_type = 'ticket_solved' and value <= {{ var('solved_target_minutes') }} then 'within_target'
        when activity_type in ('ticket_first_reply', 'ticket_solved') then 'above_target'
    end as outcome,
    cast(count(*) as bigint) as events
from activities
group by
    customer_id,
    activity_date,
    activity_type,
    occurred_at,
    channel,
    value
