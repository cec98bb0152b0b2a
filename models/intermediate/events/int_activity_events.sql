{{ config(materialized='view') }}

{%- set shown_one_by_one = known_activity_types() | reject('in', activity_types_counted_by_day()) | list -%}
with activities as (

    select
        activities.customer_id,
        activities.activity_date,
        activities.activity_type,
        activities.occurred_at,
        activities.channel,
        activities.value,
        case activities.activity_type
            when 'ticket_first_reply' then {{ var('first_reply_target_minutes') }}
            when 'ticket_solved' then {{ var('solved_target_minutes') }}
        end as target_minutes
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.customer_id is not null
        and activities.activity_type in ({{ literals(shown_one_by_one) }})

)

select
    customer_id,
    activity_date as event_date,
    activity_type as event_type,
    occurred_at,
    case
        when activity_type = 'nps' and {{ is_promoter('value') }} then 'promoter'
        when activity_type = 'nps' and {{ is_detractor('value') }} then 'detractor'
        when activity_type = 'nps' then 'passive'
        when activity_type = 'csat' and {{ is_satisfied('value') }} then 'satisfied'
        when activity_type = 'csat' and {{ is_dissatisfied('value') }} then 'dissatisfied'
        when activity_type = 'csat' then 'neutral'
        when value <= target_minutes then 'within_target'
        when value > target_minutes then 'above_target'
    end as outcome,
    case when activity_type in ({{ literals(activity_types_of_support()) }}) then channel end as channel,
    case when activity_type in ({{ literals(activity_types_with_a_value()) }}) then value end as value
from activities
