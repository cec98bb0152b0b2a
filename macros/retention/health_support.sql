{#- 5, less what went wrong: open tickets (at most two), a bad or middling latest answer on satisfaction, slow first replies, a
    complaint. Null without any contact in a year. -#}
{% macro health_support(subjects) -%}
with events as (

    select
        subjects.customer_id,
        subjects.as_of_date,
        activities.activity_type,
        activities.occurred_at,
        activities.value,
        activities.detail,
        activities.activity_date > {{ add_days('subjects.as_of_date', -90) }} as is_of_90_days,
        activities.activity_date > {{ add_days('subjects.as_of_date', -180) }} as is_of_180_days
    from {{ subjects }} as subjects
    inner join {{ ref('int_activities') }} as activities
        on
        {{ within_days('activities', 'activity_date', 365) }}
    where
        {{ takes_part('activities') }}
        and activities.activity_type in ({{ literals(activity_types_of_support()) }})

),

ranked as (

    select
        customer_id,
        as_of_date,
        activity_type,
        value,
        is_of_90_days,
        is_of_180_days,
        row_number() over (
            partition by customer_id, as_of_date, activity_type, is_of_180_days
            order by occurred_at desc, value desc nulls last
        ) as rank_from_latest,
        row_number() over (
            partition by customer_id, as_of_date, activity_type, is_of_180_days
            order by value
        ) as value_rank,
        count(*) over (partition by customer_id, as_of_date, activity_type, is_of_180_days) as values_of_type
    from events

),

summed_up as (

    select
        customer_id,
        as_of_date,
        max(case when activity_type = 'complaint' and is_of_90_days then 1 else 0 end) = 1 as has_complained,
        max(case when activity_type = 'csat' and is_of_180_days and rank_from_latest = 1 then value end) as latest_csat,
        avg(
            case
                when
                    activity_type = 'ticket_first_reply'
                    and is_of_180_days
                    and {{ is_in_the_middle('value_rank', 'values_of_type') }}
                    then cast(value as double)
            end
        ) as median_first_reply_minutes
    from ranked
    group by
        customer_id,
        as_of_date

),

tickets as (

    select
        customer_id,
        as_of_date,
        detail,
        max(case when activity_type = 'ticket_opened' then occurred_at end) as opened_at,
        max(case when activity_type = 'ticket_solved' then occurred_at end) as solved_at
    from events
    where
        is_of_90_days
        and activity_type in ('ticket_opened', 'ticket_solved')
        and detail is not null
    group by
        customer_id,
        as_of_date,
        detail

),

-- A shop that never notes that a ticket is solved does not know which are open.
days_with_solved_tickets as (

    {{ days_with_signal(subjects, "first_activities.activity_type = 'ticket_solved'") | indent(4) }}

),

open_tickets as (

    select
        tickets.customer_id,
        tickets.as_of_date,
        count(*) as tickets
    from tickets
    inner join days_with_solved_tickets
        on tickets.as_of_date = days_with_solved_tickets.as_of_date
    where
        tickets.opened_at is not null
        and (tickets.solved_at is null or tickets.solved_at < tickets.opened_at)
    group by
        tickets.customer_id,
        tickets.as_of_date

)

select
    summed_up.customer_id,
    summed_up.as_of_date,
    greatest(
        5
        - least(coalesce(open_tickets.tickets, 0), 2)
        - case when {{ is_dissatisfied('summed_up.latest_csat') }} then 2 when summed_up.latest_csat <= 3 then 1 else 0 end
        - case when summed_up.median_first_reply_minutes > {{ var('first_reply_target_minutes') }} then 1 else 0 end
        - case when summed_up.has_complained then 1 else 0 end,
        1
    ) as health_support
from summed_up
left join open_tickets
    on
        summed_up.customer_id = open_tickets.customer_id
        and summed_up.as_of_date = open_tickets.as_of_date
{%- endmacro %}
