{#- So many days before a contact a complaint still belongs to it. -#}
{%- set days_of_complaint = 30 -%}
-- Whoever opens a ticket or complains gets in touch: customers are compared with others who did.
with events as (

    select
        activities.customer_id,
        activities.activity_type,
        activities.activity_date,
        activities.occurred_at,
        activities.value,
        case
            when activities.activity_type = 'ticket_first_reply' then 'first_reply'
            when activities.activity_type in ('ticket_opened', 'complaint') then 'complaint'
            else activities.activity_type
        end as signal
    from {{ ref('int_activities') }} as activities
    cross join {{ ref('int_as_of') }} as as_of
    where
        {{ takes_part('activities') }}
        and activities.customer_id is not null
        and activities.activity_type in ('nps', 'csat', 'ticket_first_reply', 'ticket_opened', 'complaint')
        and {{ followed_until('activities.activity_date') }} <= as_of.as_of_date

),

-- The order that a customer had placed last by then; without one there is nothing to repeat.
after_an_order as (

    select
        events.*,
        coalesce(orders.next_order_date <= {{ followed_until('events.activity_date') }}, false) as has_repurchased
    from events
    inner join {{ ref('int_order_sequence') }} as orders
        on
            events.customer_id = orders.customer_id
            and events.activity_date >= orders.order_date
            and events.activity_date < coalesce(orders.next_order_date, {{ add_days('events.activity_date', 1) }})

),

ranked as (

    select
        *,
        max(case when activity_type = 'complaint' then activity_date end) over (partition by customer_id, signal)
            as last_complaint_date,
        row_number() over (
            partition by customer_id, signal
            order by occurred_at desc, value desc nulls last
        ) as rank_from_latest
    from after_an_order

)

select
    customer_id,
    signal,
    activity_date as answered_on,
    case
        when signal = 'nps' and {{ is_promoter('value') }} then 'promoter'
        when signal = 'nps' and {{ is_detractor('value') }} then 'detractor'
        when signal = 'nps' then 'passive'
        when signal = 'csat' and {{ is_satisfied('value') }} then 'satisfied'
        when signal = 'csat' and {{ is_dissatisfied('value') }} then 'dissatisfied'
        when signal = 'csat' then 'neutral'
        when signal = 'first_reply' and value <= {{ var('first_reply_target_minutes') }} then 'within_target'
        when signal = 'first_reply' then 'above_target'
        when last_complaint_date > {{ add_days('activity_date', -days_of_complaint) }} then 'complaint'
        else 'no_complaint'
    end as answer,
    has_repurchased
from ranked
where rank_from_latest = 1
