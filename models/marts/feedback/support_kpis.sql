{%- set grains = ['week', 'month'] -%}
with events as (

    select
        activities.customer_id,
        activities.activity_type,
        activities.activity_date,
        activities.value,
        activities.detail,
        as_of.as_of_date,
        {{ value_beside_all('activities.channel') }} as channel
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('int_as_of') }} as as_of
        on activities.activity_date <= as_of.as_of_date
    where
        {{ takes_part('activities') }}
        and activities.activity_type in ({{ literals(activity_types_of_support()) }})
        and as_of.first_order_date is not null

),

-- A reply answers the customer's tickets of its name; one of nobody, which has no customer, those of nobody.
replies as (

    select distinct
        detail,
        coalesce(customer_id, '') as replied_to
    from events
    where activity_type = 'ticket_first_reply'

),

with_replies as (

    select
        events.*,
        events.activity_type = 'ticket_opened' and events.detail is not null and replies.detail is null
            as is_without_reply
    from events
    left join replies
        on
            coalesce(events.customer_id, '') = replies.replied_to
            and events.detail = replies.detail

),

in_periods as (

    {% for grain in grains %}
        {%- for channel in ['channel', "'all'"] %}
            select
                '{{ grain }}' as period_grain,
                {{ period_start(grain, 'activity_date') }} as period_start,
                {{ channel }} as channel,
                activity_type,
                customer_id,
                value,
                detail,
                is_without_reply
            from with_replies
            {{ 'union all' if not loop.last }}
        {%- endfor %}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

ranked as (

    select
        *,
        row_number() over (
            partition by period_grain, period_start, channel, activity_type
            order by value
        ) as value_rank,
        count(*) over (partition by period_grain, period_start, channel, activity_type) as values_of_type
    from in_periods

),

counted as (

    select
        period_grain,
        period_start,
        channel,
        count(case when activity_type = 'ticket_opened' then 1 end) as tickets_opened,
        count(distinct case when activity_type = 'ticket_opened' then customer_id end) as customers_with_tickets,
        count(case when activity_type = 'complaint' then 1 end) as complaints,
        {% for event, minutes in [('first_reply', 'first_reply_target_minutes'), ('solved', 'solved_target_minutes')] %}
            count(case when activity_type = 'ticket_{{ event }}' then 1 end) as {{ event }}_events,
            avg(
                case
                    when activity_type = 'ticket_{{ event }}' and {{ is_in_the_middle('value_rank', 'values_of_type') }}
                        then cast(value as double)
                end
            ) as median_{{ event }}_minutes,
            count(case when activity_type = 'ticket_{{ event }}' and value <= {{ var(minutes) }} then 1 end)
                as {{ event }}_within_target,
        {% endfor %}
        count(case when activity_type = 'csat' then 1 end) as csat_responses,
        count(case when activity_type = 'csat' and {{ is_satisfied('value') }} then 1 end) as satisfied_responses,
        sum(case when activity_type = 'csat' then value end) as csat_points
    from ranked
    group by
        period_grain,
        period_start,
        channel

),

tickets_without_reply as (

    select distinct
        period_grain,
        period_start,
        channel,
        customer_id,
        detail
    from in_periods
    where is_without_reply

),

without_reply as (

    select
        period_grain,
        period_start,
        channel,
        count(*) as tickets
    from tickets_without_reply
    group by
        period_grain,
        period_start,
        channel

),

span as (

    select
        min(activity_date) as first_date,
        max(as_of_date) as as_of_date,
        max(case when activity_type = 'ticket_first_reply' then 1 else 0 end) = 1 as has_replies
    from events

),

periods as (

    {{ periods_of_span('span', grains) | indent(4) }}

),

-- A customer is a frequent contact from the last of so many tickets on, as long as the first is less than 30 days old.
contacts as (

    select
        customer_id,
        activity_date,
        lag(activity_date, {{ var('frequent_contact_tickets') - 1 }}) over (
            partition by customer_id
            order by activity_date
        ) as first_ticket_date
    from events
    where
        activity_type = 'ticket_opened'
        and customer_id is not null

),

frequent_contacts as (

    select
        periods.period_grain,
        periods.period_start,
        count(distinct contacts.customer_id) as customers
    from periods
    inner join contacts
        on
            periods.measured_on >= contacts.activity_date
            and periods.measured_on < {{ add_days('contacts.first_ticket_date', 30) }}
    group by
        periods.period_grain,
        periods.period_start

),

channels as (

    select distinct channel
    from counted

)

select
    periods.period_grain,
    periods.period_start,
    channels.channel,
    coalesce(counted.tickets_opened, 0) as tickets_opened,
    coalesce(counted.customers_with_tickets, 0) as customers_with_tickets,
    case when span.has_replies then coalesce(without_reply.tickets, 0) end as tickets_without_reply,
    coalesce(counted.complaints, 0) as complaints,
    coalesce(counted.first_reply_events, 0) as first_replies,
    counted.median_first_reply_minutes,
    {{ rate('counted.first_reply_within_target', 'counted.first_reply_events') }} as replied_within_target_rate,
    coalesce(counted.solved_events, 0) as tickets_solved,
    counted.median_solved_minutes,
    {{ rate('counted.solved_within_target', 'counted.solved_events') }} as solved_within_target_rate,
    coalesce(counted.csat_responses, 0) as csat_responses,
    {{ rate('counted.csat_points', 'counted.csat_responses') }} as average_csat,
    {{ rate('counted.satisfied_responses', 'counted.csat_responses') }} as csat_score,
    case
        when channels.channel = 'all'
            then 100 * {{ rate('coalesce(counted.tickets_opened, 0)', 'at_end.active_customers') }}
    end as tickets_per_100_active_customers,
    case when channels.channel = 'all' then coalesce(frequent_contacts.customers, 0) end as frequent_contacts,
    periods.is_complete
from periods
cross join channels
cross join span
left join counted
    on
        periods.period_grain = counted.period_grain
        and periods.period_start = counted.period_start
        and channels.channel = counted.channel
left join without_reply
    on
        periods.period_grain = without_reply.period_grain
        and periods.period_start = without_reply.period_start
        and channels.channel = without_reply.channel
left join frequent_contacts
    on
        periods.period_grain = frequent_contacts.period_grain
        and periods.period_start = frequent_contacts.period_start
left join {{ ref('int_daily_balances') }} as at_end
    on {{ add_days('periods.measured_on', 1) }} = at_end.calendar_date
