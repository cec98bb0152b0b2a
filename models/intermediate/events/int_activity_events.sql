{{ config(materialized='view') }}

select
    activities.customer_id,
    activities.activity_date as event_date,
    activities.activity_type as event_type,
    activities.occurred_at,
    case
        when activities.activity_type = 'nps' and {{ is_promoter('activities.value') }} then 'promoter'
        when activities.activity_type = 'nps' and {{ is_detractor('activities.value') }} then 'detractor'
        when activities.activity_type = 'nps' then 'passive'
        when activities.activity_type = 'csat' and {{ is_satisfied('activities.value') }} then 'satisfied'
        when activities.activity_type = 'csat' and {{ is_dissatisfied('activities.value') }} then 'dissatisfied'
        when activities.activity_type = 'csat' then 'neutral'
        when activities.activity_type = 'ticket_first_reply'
            then case
                when activities.value <= {{ var('first_reply_target_minutes') }} then 'within_target' else 'above_target'
            end
        when activities.activity_type = 'ticket_solved'
            then case when activities.value <= {{ var('solved_target_minutes') }} then 'within_target' else 'above_target' end
    end as outcome,
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
    and activities.activity_type in ('{{ known_activity_types() | reject("in", activity_types_counted_by_day()) | join("', '") }}')
